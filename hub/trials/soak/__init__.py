"""The soak: processes are killed and stopped under load, then an independent reader counts what came of each submission."""
