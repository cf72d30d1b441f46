"""What `hub partner gap` asks and tells: how far each channel of an agency is."""

from collections.abc import Iterator
from typing import Any

from hub.trials.client import Client
from schemas.errors import Unknown

MOST = 10_000
"""Events that are listed at the most."""


def open_events(client: Client, channel: str) -> dict[str, Any]:
    """What the channel has not confirmed. Unknown where there is none of that name."""
    found: list[dict[str, Any]] = []
    query: dict[str, str | int] = {"channel": channel, "limit": 200}
    while len(found) < MOST:
        page = client.get("/v1/gap/events", **query)
        if page is None:
            raise Unknown(f"there is no channel {channel}: `hub partner gap` without --events lists them")
        found += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    return {"channel": channel, "events": found}


def gap_in_words(told: dict[str, Any]) -> Iterator[str]:
    """A line for each channel, and below it what is odd about it."""
    outbox = told["outbox"]
    yield f"outbox: {outbox['end'] - outbox['first']} events, {outbox['first']} to {outbox['end']}"
    for one in told["channels"]:
        counts = ", ".join(f"{count} {name}" for name, count in one["counts"].items())
        since = f" since {one['oldest']}" if one["oldest"] else ""
        yield f"{one['channel']:8} {one['name']:40} {one['behind']} not confirmed{since}" + (f" ({counts})" if counts else "")
        yield from (f"  {said['code']}: {said['advice']}" for said in one["remarks"])


def events_in_words(told: dict[str, Any]) -> Iterator[str]:
    """A line for each event."""
    for one in told["events"]:
        yield f"{one['time']}  {one['state']:12} {one['id']}  step {one['step']}  {one['receipt']}"
    yield f"{len(told['events'])} events are not confirmed by {told['channel']}"
