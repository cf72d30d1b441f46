"""The outside in memory: a twin of each port, for tests and as an example of what an adapter has to do."""
