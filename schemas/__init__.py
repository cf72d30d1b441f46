"""The words everyone shares: what is said on topics, through the API and in files. No I/O, no rules."""
