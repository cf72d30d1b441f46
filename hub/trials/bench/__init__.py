"""The bench: the whole path against the same rules in a plain Faust app and in a bare loop, on the machine as it is."""
