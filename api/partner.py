"""An agency as a partner: its state, and the test messages by which it shows that its system is right."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.auth import CurrentCaller, MaySeeTests, MayTest
from api.bodies import CLOUDEVENT, NoticeBody
from api.dependencies import ThePartners
from api.describing import NOTICE_REQUEST, READ_PROBLEMS, SEND_PROBLEMS
from api.queries import MOST, EachOnce, NoQuery
from schemas.base import Inside, Moment
from schemas.partner import PartnerChange, PartnerState, Required, Trial

router = APIRouter(prefix="/v1/partner", tags=["partner"], dependencies=[EachOnce])


class Came(Inside):
    """How your agency came into a state."""

    state: PartnerState
    at: Moment
    why: str
    waived: tuple[str, ...] = Field(description="What its test messages did not show when it was made active all the same.")


class PartnerTold(Inside):
    """An agency as a partner."""

    agency: str
    state: PartnerState
    history: list[Came] = Field(description="Oldest first; nothing where your agency was there before partners had states.")
    conforms: bool = Field(description="Whether its test messages show all that they have to.")


class Conformance(Inside):
    """What an agency's test messages have to show, and what came of each, newest first."""

    conforms: bool
    required: tuple[Required, ...]
    items: list[Trial]


class Newest(NoQuery):
    """How many test messages to tell of."""

    limit: int = Field(default=50, ge=1, le=MOST, description="How many at the most, the newest first; more are not kept.")


@router.get("", operation_id="get_partner", summary="See your agency as a partner", responses=READ_PROBLEMS)
def get_partner(caller: CurrentCaller, partners: ThePartners, _: Annotated[NoQuery, Query()]) -> PartnerTold:
    """In which state your agency is, how it came there, and whether its test messages show what they have to."""
    required, _trials = partners.report(caller.agency)
    history = [_came(change) for change in partners.store.history(caller.agency)]
    return PartnerTold(agency=caller.agency, state=caller.state, history=history, conforms=_all_met(required))


@router.post(
    "/test-notices",
    operation_id="try_notice",
    summary="Send a test notice",
    response_description="It was judged and kept in your report; nobody else hears of it.",
    responses=SEND_PROBLEMS,
    openapi_extra=NOTICE_REQUEST,
)
def try_notice(caller: MayTest, body: NoticeBody, partners: ThePartners, _: Annotated[NoQuery, Query()]) -> Trial:
    """What the hub would make of a notice, a correction, a withdrawal or a release of your agency, by the rules of today.

    The answer tells the verdict, each finding with rule, field and place, and who would have been told and why. A test is
    never written to Kafka: no agency gets anything, and no search or count knows of it. A correction or withdrawal names a
    test notice that was sent before. A body that was refused is not kept, only its source and id with the findings.
    """
    return partners.test(caller.agency, body.content, body.media == CLOUDEVENT)


@router.get("/conformance", operation_id="get_conformance", summary="See what your test messages show", responses=READ_PROBLEMS)
def get_conformance(caller: MaySeeTests, partners: ThePartners, query: Annotated[Newest, Query()]) -> Conformance:
    """What they have to show before your agency is made active, whether they do, and what came of each of the last 200."""
    required, trials = partners.report(caller.agency)
    return Conformance(conforms=_all_met(required), required=required, items=trials[: query.limit])


def _came(change: PartnerChange) -> Came:
    return Came(**change.model_dump(include=set(Came.model_fields)))


def _all_met(required: tuple[Required, ...]) -> bool:
    return all(one.met for one in required)
