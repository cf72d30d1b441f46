"""Topics on a real broker."""

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from connectors.outbound.topics import apply_topics
from schemas.errors import Misconfigured
from schemas.topics import RECEIVED, REGISTRY, Topic, every_topic

pytestmark = pytest.mark.broker


def test_topics_are_made_once_as_they_are_declared(bootstrap: str, topic_prefix: str) -> None:
    wanted = every_topic(("ta-39",))
    made = apply_topics(bootstrap, wanted, topic_prefix)
    assert sorted(made) == sorted(topic_prefix + topic.name for topic in wanted)
    assert apply_topics(bootstrap, wanted, topic_prefix) == ()
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for topic in (RECEIVED, REGISTRY):
        resource = ConfigResource(ResourceType.TOPIC, topic_prefix + topic.name)
        found = admin.describe_configs([resource])[resource].result()
        assert {name: found[name].value for name in topic.settings()} == topic.settings()


def test_another_partition_count_is_refused(bootstrap: str, topic_prefix: str) -> None:
    apply_topics(bootstrap, [Topic("a", "k", "c", 1, partitions=2)], topic_prefix)
    with pytest.raises(Misconfigured, match="2 partitions"):
        apply_topics(bootstrap, [Topic("a", "k", "c", 1, partitions=3)], topic_prefix)
