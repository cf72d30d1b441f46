"""The bridge: what agencies write into their inboxes goes to the one door."""
