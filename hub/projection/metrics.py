"""What the projector counts. No content, no receipts."""

from prometheus_client import Counter

RECORDS = Counter("hub_projector_records", "Records taken into the view", ("topic",))
BURIED = Counter("hub_projector_dead_letters", "Records that could not be taken in, by the reason", ("code",))
RESUMED = Counter("hub_projector_resumed", "Times the projector began again from its positions")
MADE_ANEW = Counter("hub_projector_starts_again", "Partitions that had to be read from the start again")
