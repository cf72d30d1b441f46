"""The steps by which registry and work become what tables.py says. `view` has none: it is built anew."""
