"""The dispatcher: from outboxes to agencies' webhooks, clocks, and what is done once a day."""
