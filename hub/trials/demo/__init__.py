"""`hub demo`: plays stories and real files on a running hub, and compares what the log says with what was expected."""
