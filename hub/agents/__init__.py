"""Faust agents; only stage.py loops over a stream."""
