"""The dead letter of a record that could not be taken in: masked, with where it came from and why. Pure."""

from collections.abc import Iterable, Mapping

from hub.core.masking import mask
from schemas.topics import DEAD_LETTERS
from schemas.wire import Message

OWN = "hub-"
"""Begins the headers that a letter has more than the record that it is of."""


def masked(value: bytes) -> bytes:
    """The bytes with every personal identity code struck out; bytes that are no text stay as they are."""
    return mask(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def dead_letter(
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
    facts: Mapping[str, object],
    prefix: str = "",
) -> Message:
    """The record as a message for hub.dead-letters.

    `facts` become headers `hub-<name>`: by (who gives up), code, detail, and the place: topic, partition, offset, at. What the
    record itself calls so becomes `foreign-hub-<name>`: nobody decides by hand what is said of a letter, or where it goes again.
    """
    kept = [(_foreign(mask(name)), masked(found or b"")) for name, found in headers]
    told = [(OWN + name, str(fact).encode()) for name, fact in facts.items()]
    return Message(
        prefix + DEAD_LETTERS.name, None if key is None else masked(key), None if value is None else masked(value), (*kept, *told)
    )


def _foreign(name: str) -> str:
    return f"foreign-{name}" if name.startswith(OWN) else name
