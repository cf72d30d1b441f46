"""Topics that go, with all that they hold."""

import time

from confluent_kafka.admin import AdminClient

WITHIN = 20.0


def take_away(admin: AdminClient, *names: str) -> None:
    """Delete the topics, and wait until the broker no longer lists them: who makes one anew looks there first."""
    for future in admin.delete_topics(list(names)).values():
        future.result(WITHIN)
    deadline = time.monotonic() + WITHIN
    while not admin.list_topics(timeout=WITHIN).topics.keys().isdisjoint(names):
        assert time.monotonic() < deadline, f"still listed after {WITHIN:.0f} s: one of {names}"
        time.sleep(0.02)
