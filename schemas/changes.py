"""What changes a notice after it was sent: a correction (the whole notice anew) or a withdrawal. Each names the notice."""

from typing import Any, Self

from pydantic import TypeAdapter, model_validator

from schemas.base import Door
from schemas.notice import Notice, Reference, SourceName, Text


class NoticeName(Door):
    """A notice as its sender knows it."""

    source: SourceName
    id: Reference


class Correction(Door):
    """A new version of a notice of the same sender. `notice` is whole: what it leaves out is no longer said.

    `id` is the correction's own, so that the same sent again is taken once. The employer may change: the notice moves.
    """

    id: Reference
    corrects: NoticeName
    reason: Text | None = None
    notice: Notice

    @property
    def named(self) -> NoticeName:
        """The notice that it is about."""
        return self.corrects

    @model_validator(mode="after")
    def _about_one_notice(self) -> Self:
        if (self.notice.source, self.notice.id) != (self.corrects.source, self.corrects.id):
            raise ValueError("the corrected notice keeps the source and the id that `corrects` names")
        _test_own_id(self)
        return self


class Withdrawal(Door):
    """The sender takes a notice back. Whoever was told hears of it; nothing more is said about the notice afterwards."""

    id: Reference
    withdraws: NoticeName
    reason: Text | None = None

    @property
    def named(self) -> NoticeName:
        """The notice that it is about."""
        return self.withdraws

    @model_validator(mode="after")
    def _has_an_own_id(self) -> Self:
        _test_own_id(self)
        return self


Change = Correction | Withdrawal
CORRECTION: TypeAdapter[Correction] = TypeAdapter(Correction)
WITHDRAWAL: TypeAdapter[Withdrawal] = TypeAdapter(Withdrawal)


def _test_own_id(change: Change) -> None:
    if change.id == change.named.id:
        raise ValueError("a change has an id of its own, another one than the notice's")


def named_in_tree(body: Any) -> tuple[Any, Any]:
    """Source and id of the notice that a body is, or changes, as far as it tells them; it may be anything at all."""
    if not isinstance(body, dict):
        return None, None
    named = next((body[name] for name in ("corrects", "withdraws") if isinstance(body.get(name), dict)), body)
    return named.get("source"), named.get("id")
