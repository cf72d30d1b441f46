"""What changes a notice after it was sent: correction (the whole notice anew), withdrawal, release. Each names the notice."""

from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, model_validator

from schemas.base import Door
from schemas.ids import AgencyId
from schemas.notice import DevelopmentNotice, DownsizingNotice, Notice, RecruitmentNotice, Reference, SourceName, Text


class NoticeName(Door):
    """A notice as its sender knows it. `sender` where another agency sent it, in whose place this one stands today."""

    source: SourceName
    id: Reference
    sender: AgencyId | None = None


class Correction(Door):
    """A new version of a notice of the same sender, or of one in whose place it stands.

    `notice` is whole: what it leaves out is no longer said. `id` is the correction's own, so that the same sent again is taken
    once. The employer may change: the notice moves.
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
        _test_ids(self, self.notice)
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
        _test_ids(self)
        return self


class Release(Door):
    """An embargo ends: the event that it waited for has come, or its time (then the hub's own clock says it).

    `notice` is the notice as it was, whole; with `step` it holds only as long as that is the notice's last step.
    """

    id: Reference
    releases: NoticeName
    step: Annotated[int, Field(ge=1, strict=True)] | None = None
    reason: Text | None = None
    notice: Notice

    @property
    def named(self) -> NoticeName:
        """The notice that it is about."""
        return self.releases

    @model_validator(mode="after")
    def _about_one_notice(self) -> Self:
        _test_ids(self, self.notice)
        return self


Change = Correction | Withdrawal | Release
CHANGES: dict[str, TypeAdapter[Any]] = {
    "corrects": TypeAdapter(Correction),
    "withdraws": TypeAdapter(Withdrawal),
    "releases": TypeAdapter(Release),
}
"""By the field that names the notice, which tells a change from a notice."""


def _test_ids(change: Change, notice: RecruitmentNotice | DownsizingNotice | DevelopmentNotice | None = None) -> None:
    if notice and (notice.source, notice.id) != (change.named.source, change.named.id):
        raise ValueError("the notice inside keeps the source and the id of the notice that is changed")
    if change.id == change.named.id:
        raise ValueError("a change has an id of its own, another one than the notice's")


def named_in_tree(body: Any) -> tuple[Any, Any]:
    """Source and id of the notice that a body is, or changes, as far as it tells them; it may be anything at all."""
    if not isinstance(body, dict):
        return None, None
    named = next((body[name] for name in CHANGES if isinstance(body.get(name), dict)), body)
    return named.get("source"), named.get("id")
