"""hub.confirming.PartnerGroups over the broker: how far agencies' own consumer groups are in their outboxes."""

from collections.abc import Callable, Collection, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.offsets import EARLIEST, LATEST, committed, offsets, reader_of
from hub.confirming import PartnerGroups
from hub.core.gap import GroupAt, OutboxAt
from schemas.errors import NotReady
from schemas.topics import outbox

ANSWER_WITHIN = 10.0


class KafkaPartnerGroups:
    """`epochs` tells the epochs of topics by their names without the prefix."""

    def __init__(self, bootstrap: str, epochs: Callable[[Collection[str]], Mapping[str, str]], prefix: str = "") -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._bootstrap = bootstrap
        self._epochs = epochs
        self._prefix = prefix

    def of(self, agency: str) -> tuple[OutboxAt, list[GroupAt]]:
        """From where to where the agency's outbox reaches, and its groups that have members or have committed anything there."""
        name = outbox(agency).name
        epoch = self._epochs([name]).get(name)
        if epoch is None:
            return OutboxAt(None, 0, 0), []
        place = (self._prefix + name, 0)
        first, end = (offsets(self._admin, [place], spec)[place] for spec in (EARLIEST, LATEST))
        try:
            found = [self._group(group, place) for group in self._names(agency)]
        except KafkaException as error:
            raise NotReady(f"the broker does not tell how far the groups of {agency} are") from error
        return OutboxAt(epoch, first, end), [one for one in found if one.committed is not None or one.members]

    def _names(self, agency: str) -> list[str]:
        listed = self._admin.list_consumer_groups(request_timeout=ANSWER_WITHIN).result().valid or []
        return sorted(one.group_id for one in listed if one.group_id.startswith(f"{self._prefix}agency.{agency}."))

    def _group(self, group: str, place: tuple[str, int]) -> GroupAt:
        reader = reader_of(self._bootstrap, group)
        try:
            offset = committed(reader, [place])[place]
        finally:
            reader.close()
        described = self._admin.describe_consumer_groups([group], request_timeout=ANSWER_WITHIN)[group].result()
        return GroupAt(group.removeprefix(self._prefix), offset if offset >= 0 else None, len(described.members))


_: type[PartnerGroups] = KafkaPartnerGroups
