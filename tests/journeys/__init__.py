"""Journeys through one running hub: a package, so that the hub ends with the last of them."""
