"""The rules, pure: values in, values and reasons out; no I/O, no clock, no random."""
