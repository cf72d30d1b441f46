"""The reference registry as files, each row with its source, and what reads and checks them."""
