"""Subscriptions: what a copy says, whether a filter meets it and why, what is wrong with a filter, an index of many. Pure."""
