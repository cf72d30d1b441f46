"""Demo, soak and bench."""
