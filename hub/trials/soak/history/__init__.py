"""The soak of the history: what is corrected, withdrawn and moved under kills, while the registry changes too."""
