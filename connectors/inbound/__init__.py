"""Files and feeds of others become notices."""
