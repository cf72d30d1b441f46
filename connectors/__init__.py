"""Adapters: what the hub needs from outside, one file for each."""
