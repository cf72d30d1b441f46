"""What a key may be made for by whoever has one already: never more than its maker may do. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta

from hub.core.reading import finding_at
from schemas.errors import NotPermitted

SCOPES = ("publish", "read", "subscribe", "manage", "operate")
"""What a key may do: send, read, save subscriptions, manage endpoints and keys, see what is the operator's."""

LIFETIME = timedelta(days=365)
"""So long a key holds at the most."""


def refuse_wider(own: Collection[str], wanted: Collection[str]) -> None:
    """NotPermitted where a key with the rights `own` would make one that may do more."""
    if wider := sorted(set(wanted) - set(own)):
        message = f"your key may not {' or '.join(wider)} itself: leave that out, or use a key that may"
        raise NotPermitted(f"a key makes none that may do more: {', '.join(wider)}", (finding_at("wider", "/scopes", message),))


def ends_then(expires: datetime, now: datetime, overlap: timedelta) -> datetime:
    """When a key ends in whose place another stands: after the overlap, and never later than it would have."""
    return min(expires, now + overlap)
