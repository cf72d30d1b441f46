"""What the API answers, as models: they stand in the OpenAPI document."""

from typing import Any, Literal

from pydantic import Field

from api.errors import Problem
from schemas.base import Inside, Moment
from schemas.errors import Finding
from schemas.subscription import Verdict

EXAMPLE_RECEIPT = "0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10"
EXAMPLE_ACKNOWLEDGEMENT = "9a1c53d2-58b7-5f4e-b0a5-6f1d2c8e7b33"
EXAMPLE_SUBSCRIPTION = "5d1f6c1e-93a2-5b61-8f0e-2b6a4f0f6c11"


class Links(Inside):
    """Where to go on from here."""

    status: str = Field(examples=[f"/v1/notices/{EXAMPLE_RECEIPT}"])
    trace: str = Field(examples=[f"/v1/notices/{EXAMPLE_RECEIPT}/trace"])
    refused: str = Field(examples=["/v1/refused"])


class Receipt(Inside):
    """A notice that the broker has confirmed. The same sender, source and id always have the same receipt."""

    receipt: str = Field(examples=[EXAMPLE_RECEIPT])
    status: str = Field(description="Where the notice can be seen in a moment.", examples=[f"/v1/notices/{EXAMPLE_RECEIPT}"])
    links: Links


class Answered(Inside):
    """An answer to a notice that the broker has confirmed. The same agency, notice and id have the same acknowledgement."""

    acknowledgement: str = Field(examples=[EXAMPLE_ACKNOWLEDGEMENT])
    receipt: str = Field(description="The receipt of the notice.", examples=[EXAMPLE_RECEIPT])
    step: int = Field(description="The step of the notice that is answered.", examples=[1])
    status: str = Field(
        description="Where the answer can be seen in a moment.", examples=[f"/v1/notices/{EXAMPLE_RECEIPT}/acknowledgements"]
    )


class Listing(Inside):
    """Part of a longer list. Ask again with `cursor` = `next`; null = there is no more."""

    items: list[dict[str, Any]]
    next: str | None = Field(description="Cursor of the next part; null at the end.")


class LostTold(Inside):
    """Events that no outbox holds any more."""

    count: int
    first: Moment = Field(description="When the first of them came.")
    last: Moment = Field(description="When the last of them came: what is told goes on with what came after it.")
    advice: str


class Feed(Inside):
    """Part of an outbox. `next` goes on from here also where there is nothing more yet: keep it, ask again later."""

    items: list[dict[str, Any]]
    next: str | None = Field(description="Cursor to go on from; null only while the outbox has never held anything.")
    lost: LostTold | None = Field(default=None, description="With `since`, and only where something of it is lost.")


class SubscriptionAnswer(Inside):
    """One version of a subscription. `filter` null: with it the subscription ended."""

    id: str = Field(examples=[EXAMPLE_SUBSCRIPTION])
    name: str
    version: int
    filter: dict[str, Any] | None
    at: Moment
    by: str = Field(description="The id of the key with which the version was made.")


class StandingSubscription(SubscriptionAnswer):
    """A subscription as it stands today: the registry may have changed since it was saved."""

    outbox: str = Field(
        description="Where to read what goes to it.", examples=[f"/v1/outbox?subscription={EXAMPLE_SUBSCRIPTION}"]
    )
    stopped: bool = Field(description="Nothing goes to it: your agency may no longer see what it asks for.")
    problems: tuple[Finding, ...] = Field(description="What would keep it from being saved today.")
    remarks: tuple[Finding, ...] = Field(description="What is odd about it.")


class StandingList(Inside):
    """All subscriptions of the agency: there are never so many that they would come in parts."""

    items: list[StandingSubscription]


class VersionList(Inside):
    """All versions of a subscription."""

    items: list[SubscriptionAnswer]


class Tried(Inside):
    """A copy in your outbox that goes to the subscription; `code` met or had-before (an earlier step of the notice went)."""

    cursor: str
    id: str
    receipt: str
    step: int
    code: str


class TriedStep(Inside):
    """A copy about the notice that was asked for, whether it goes or not, and why, clause by clause."""

    cursor: str
    id: str
    step: int
    verdict: Verdict


class Preview(Inside):
    """Which of the last copies in your outbox would have gone to a subscription, newest last."""

    looked_at: int
    matched: int
    items: list[Tried]
    steps: list[TriedStep] | None = Field(default=None, description="Of the notice with the receipt that was given.")
    remarks: tuple[Finding, ...]


class Entry(Inside):
    """One notice of a batch, by its place in the list from 0: its receipt, or the problem with it."""

    index: int
    receipt: str | None = None
    status: str | None = None
    problem: Problem | None = None


class Batch(Inside):
    """What became of each notice of a batch, in the order sent."""

    accepted: int
    refused: int
    results: list[Entry]


class LineResult(Inside):
    """One line of the answer to a stream, by the number of the line from 1: its receipt, or the problem with it."""

    line: int
    receipt: str | None = None
    status: str | None = None
    problem: Problem | None = None


class Readiness(Inside):
    """Whether requests can be served, check by check."""

    ready: bool
    checks: dict[str, Literal["ok", "failing"]]
    reasons: dict[str, str] = Field(default={}, description="Why a check fails: on this machine, or with scope operate.")
    behind: dict[str, int] | None = Field(default=None, description="Records that the views lack, by topic; as above.")


def receipt_answer(root: str, receipt: str) -> Receipt:
    """The answer for a notice that was taken. `root` is the path under which a proxy shows this API."""
    status = f"{root}/v1/notices/{receipt}"
    return Receipt(
        receipt=receipt, status=status, links=Links(status=status, trace=f"{status}/trace", refused=f"{root}/v1/refused")
    )
