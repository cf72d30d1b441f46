"""Records of outboxes that were read, kept until they are told."""

from collections import OrderedDict

from hub.dispatch.outboxes import InOutbox

_HELD_BYTES = 32 * 1024 * 1024


class Held:
    """The newest, by agency and offset, up to so many bytes; others are read again."""

    def __init__(self, most: int = _HELD_BYTES) -> None:
        self._records: OrderedDict[tuple[str, int], InOutbox] = OrderedDict()
        self._left = most

    def put(self, record: InOutbox) -> None:
        """One more; the oldest go where it is too much."""
        before = self._records.pop((record.agency, record.offset), None)  # read again, as for an endpoint that stood further back
        self._left += len(before.value or b"") if before else 0
        self._records[record.agency, record.offset] = record
        self._left -= len(record.value or b"")
        while self._left < 0:
            _, oldest = self._records.popitem(last=False)
            self._left += len(oldest.value or b"")

    def get(self, agency: str, offset: int) -> InOutbox | None:
        """None where it is not held any more."""
        return self._records.get((agency, offset))
