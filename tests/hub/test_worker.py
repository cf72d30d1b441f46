"""How a worker begins: from the first record of what is new, and never unasked from the start of what was read before."""

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from connectors.outbound.groups import Groups
from connectors.outbound.topics import apply_topics
from hub.worker import run
from schemas.errors import Misconfigured
from schemas.topics import EVENTS, FRONT, RECEIVED

pytestmark = pytest.mark.broker


def test_a_new_group_begins_at_the_first_record_and_one_that_lost_its_place_asks_what_to_do(
    bootstrap: str, topic_prefix: str
) -> None:
    apply_topics(bootstrap, [RECEIVED, EVENTS], topic_prefix)
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic_prefix + RECEIVED.name, b"sent before any worker ran", b"k")
    assert producer.flush(30) == 0
    groups = Groups(bootstrap, topic_prefix)
    assert (groups.without_offset(FRONT), groups.lag(FRONT, RECEIVED.name)) == ((), 1)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_consumer_groups([topic_prefix + FRONT])[topic_prefix + FRONT].result(20)
    with pytest.raises(Misconfigured, match="--from-start"):
        run(bootstrap, topic_prefix, ["front"])
