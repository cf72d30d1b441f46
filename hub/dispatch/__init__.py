"""The dispatcher: from outboxes and alerts to the channels that the hub itself serves. No channel is there yet."""
