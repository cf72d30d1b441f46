"""The commands of `hub`, one file for each group of them."""
