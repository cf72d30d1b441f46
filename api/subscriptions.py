"""Saved filters over an agency's outbox, with their versions, and trying one out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.answers import Preview, StandingList, StandingSubscription, SubscriptionAnswer, Tried, TriedStep, VersionList
from api.auth import MayRead, MaySubscribe
from api.bodies import JsonBody
from api.dependencies import Subscribed
from api.describing import (
    ADD_PROBLEMS,
    ADD_REQUEST,
    ADDED,
    CHANGE_REQUEST,
    FILTER_PROBLEMS,
    PREVIEW_REQUEST,
    READ_PROBLEMS,
)
from api.queries import EachOnce, NoQuery, SubscriptionPath
from api.subscribing import Subscribing
from hub.core.reading import read_as
from schemas.errors import BadSubscription, Unknown
from schemas.subscription import ChangedFilter, NewSubscription, Previewed, Subscription

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"], dependencies=[EachOnce])
Nothing = Annotated[NoQuery, Query()]


@router.post(
    "",
    status_code=201,
    operation_id="add_subscription",
    summary="Subscribe",
    responses=ADDED | ADD_PROBLEMS,
    openapi_extra=ADD_REQUEST,
)
def add_subscription(
    request: Request, response: Response, caller: MaySubscribe, subscribed: Subscribed, body: JsonBody, _: Nothing
) -> StandingSubscription:
    """Save a filter over your outbox under a name. Every clause that is given has to hold; of its alternatives one is enough.

    The same again is the same subscription; one that had ended is taken up again. A filter that can never match, is too costly
    or asks for what your agency may not see is refused, with each clause that is wrong.
    """
    wanted = read_as(NewSubscription, body.content, BadSubscription)
    subscribed.admit(caller.agency, wanted.filter)
    saved = subscribed.store.add(caller.agency, wanted.name, wanted.filter, caller.key_id)
    response.headers["Location"] = f"{_root(request)}/v1/subscriptions/{saved.id}"
    return _standing(request, subscribed, saved)


@router.get("", operation_id="list_subscriptions", summary="See your subscriptions, by name", responses=READ_PROBLEMS)
def list_subscriptions(request: Request, caller: MayRead, subscribed: Subscribed, _: Nothing) -> StandingList:
    """All that have not ended, each with what is wrong or odd about it by today's registry."""
    return StandingList(items=[_standing(request, subscribed, one) for one in subscribed.store.standing(caller.agency)])


@router.post(
    "/preview",
    operation_id="preview_subscription",
    summary="Try a filter out",
    responses=FILTER_PROBLEMS,
    openapi_extra=PREVIEW_REQUEST,
)
def preview_subscription(caller: MayRead, subscribed: Subscribed, body: JsonBody, _: Nothing) -> Preview:
    """Which of the last events in your outbox would have gone to a filter, saved or not; nothing is changed.

    With `receipt` also each step of that notice in your outbox, whether it goes, and why, clause by clause. To whom a step of a
    notice went, every later one goes, also one that takes the notice back.
    """
    wanted = read_as(Previewed, body.content, BadSubscription)
    filter = wanted.filter or subscribed.filter_of(caller.agency, str(wanted.subscription))
    remarks = subscribed.check(caller.agency, filter)
    items, verdicts = subscribed.tried(caller.agency, filter, wanted.last)
    going = [item for item in items if verdicts[item["cursor"]].matches]
    steps = subscribed.tried_on(caller.agency, filter, str(wanted.receipt)) if wanted.receipt else None
    return Preview(
        looked_at=len(items),
        matched=len(going),
        items=[Tried(**_named(item), receipt=item["receipt"], code=verdicts[item["cursor"]].code) for item in going],
        steps=steps and [TriedStep(**_named(item), verdict=found) for item, found in steps],
        remarks=remarks,
    )


@router.get("/{id:uuid}", operation_id="get_subscription", summary="See a subscription", responses=READ_PROBLEMS)
def get_subscription(
    request: Request, id: SubscriptionPath, caller: MayRead, subscribed: Subscribed, _: Nothing
) -> StandingSubscription:
    """Its newest version, with what is wrong or odd about it by today's registry."""
    return _standing(request, subscribed, subscribed.find(caller.agency, str(id)))


@router.put(
    "/{id:uuid}",
    operation_id="change_subscription",
    summary="Change what a subscription asks for",
    responses=FILTER_PROBLEMS,
    openapi_extra=CHANGE_REQUEST,
)
def change_subscription(
    request: Request, id: SubscriptionPath, caller: MaySubscribe, subscribed: Subscribed, body: JsonBody, _: Nothing
) -> StandingSubscription:
    """Its next version: the whole filter anew. The same again changes nothing."""
    wanted = read_as(ChangedFilter, body.content, BadSubscription)
    subscribed.find(caller.agency, str(id))
    subscribed.admit(caller.agency, wanted.filter)
    return _standing(request, subscribed, subscribed.store.change(caller.agency, str(id), wanted.filter, caller.key_id))


@router.delete(
    "/{id:uuid}",
    status_code=204,
    operation_id="end_subscription",
    summary="End a subscription",
    response_description="It has ended; its versions can still be seen.",
    responses=READ_PROBLEMS,
)
def end_subscription(id: SubscriptionPath, caller: MaySubscribe, subscribed: Subscribed, _: Nothing) -> None:
    """From now on nothing goes to it. Saved again under its name, it goes on with the next version."""
    subscribed.store.end(caller.agency, str(id), caller.key_id)


@router.get(
    "/{id:uuid}/versions", operation_id="list_versions", summary="See all versions of a subscription", responses=READ_PROBLEMS
)
def list_versions(id: SubscriptionPath, caller: MayRead, subscribed: Subscribed, _: Nothing) -> VersionList:
    """Oldest first, also of a subscription that has ended; when and with which key each was made."""
    found = subscribed.store.versions(caller.agency, str(id))
    if not found:
        raise Unknown("there is no such subscription of your agency")
    return VersionList(items=[SubscriptionAnswer.model_validate(_shown(one)) for one in found])


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _standing(request: Request, subscribed: Subscribing, one: Subscription) -> StandingSubscription:
    filter = one.filter
    assert filter is not None  # noqa: S101 - one that stands has a filter
    found = subscribed.problems(one.agency, filter)
    return StandingSubscription(
        **_shown(one),
        outbox=f"{_root(request)}/v1/outbox?subscription={one.id}",
        stopped=bool(subscribed.stopped(one.agency, filter)),
        problems=found,
        remarks=() if found else subscribed.check(one.agency, filter),
    )


def _shown(one: Subscription) -> dict[str, object]:
    filter = None if one.filter is None else one.filter.model_dump(mode="json", exclude_defaults=True)
    return one.model_dump(exclude={"agency", "filter"}) | {"filter": filter}


def _named(item: dict[str, object]) -> dict[str, object]:
    return {name: item[name] for name in ("cursor", "id", "step")}
