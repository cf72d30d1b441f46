"""Topics that go, with all that they hold."""

from confluent_kafka.admin import AdminClient

from tests.waiting import PATIENCE, until


def take_away(admin: AdminClient, *names: str) -> None:
    """Delete the topics, and wait until the broker no longer lists them: who makes one anew looks there first."""
    for future in admin.delete_topics(list(names)).values():
        future.result(PATIENCE)
    until(lambda: admin.list_topics(timeout=PATIENCE).topics.keys().isdisjoint(names), f"one of {names} to go")
