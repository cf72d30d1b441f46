"""An agency's own API keys: several at once, each with as few rights as it needs, changed over without a gap."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.auth import MayManageKeys
from api.bodies import SmallBody
from api.dependencies import KeyStore, Now
from api.describing import KEY_REQUEST, MANAGE_PROBLEMS, READ_PROBLEMS
from api.queries import EachOnce, NoQuery, Plain
from api.reading import read_body
from hub.core.credentials import LIFETIME, refuse_wider
from hub.partner_ports import KeyInfo, NewKey
from schemas.base import Door, Inside, Moment
from schemas.errors import Unknown

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[EachOnce])
KeyPath = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", description="The key's id: the part after `hub_`.")]
Scope = Literal["publish", "read", "subscribe", "manage", "operate"]
LONGEST_OVERLAP = 30 * 24


class WantedKey(Door):
    """What a key is for, what it may do, how many days it holds."""

    label: Plain
    scopes: list[Scope] = Field(min_length=1, max_length=5, description="None that your own key has not.")
    days: int = Field(default=LIFETIME.days, ge=1, le=LIFETIME.days)


class KeyOverlap(NoQuery):
    """For how long the key goes on in whose place another stands."""

    overlap_hours: int = Field(default=24, ge=0, le=LONGEST_OVERLAP, description="0: the old key is worth nothing at once.")


class KeyTold(Inside):
    """What may be told of a key; the key itself stands nowhere."""

    id: str
    label: str
    scopes: list[str]
    issued: Moment
    expires: Moment
    revoked: Moment | None
    holds: bool
    made_by: str | None = Field(description="The id of the key with which it was made; null: the operator made it.")


class KeyMade(KeyTold):
    """A new key, which is told this once."""

    key: str


class KeyList(Inside):
    """All keys of the agency, oldest first; those that have ended for 400 days more."""

    items: list[KeyTold]


@router.get("", operation_id="list_keys", summary="List your keys", responses=READ_PROBLEMS)
def list_keys(caller: MayManageKeys, keys: KeyStore, now: Now, _: Annotated[NoQuery, Query()]) -> KeyList:
    """All of them, oldest first: what each is for, what it may do, until when it holds, and which key it was made with."""
    return KeyList(items=[KeyTold.model_validate(_told(info, now())) for info in keys.of(caller.agency)])


@router.post(
    "", status_code=201, operation_id="make_key", summary="Make a key", responses=MANAGE_PROBLEMS, openapi_extra=KEY_REQUEST
)
def make_key(caller: MayManageKeys, body: SmallBody, keys: KeyStore, now: Now, _: Annotated[NoQuery, Query()]) -> KeyMade:
    """A key of your agency that may do as much as yours or less. Keep it: it is told this once.

    Others go on beside it. It holds for a year at the most, and is ended with DELETE.
    """
    wanted = read_body(WantedKey, body.content, lambda _: ())
    refuse_wider(caller.scopes, wanted.scopes)
    made = keys.make(caller, NewKey(wanted.label, frozenset(wanted.scopes), timedelta(days=wanted.days)))
    return _made(*made, now())


@router.post("/{key_id}/rotate", operation_id="rotate_key", summary="Put a key in another's place", responses=MANAGE_PROBLEMS)
def rotate_key(
    key_id: KeyPath, caller: MayManageKeys, keys: KeyStore, now: Now, query: Annotated[KeyOverlap, Query()]
) -> KeyMade:
    """A new key that may do the same, told this once. The old one goes on while the overlap lasts, and not longer than before."""
    refuse_wider(caller.scopes, _find(keys.of(caller.agency), key_id).scopes)
    made = keys.rotate(caller, key_id, timedelta(hours=query.overlap_hours))
    return _made(*made, now())


@router.delete("/{key_id}", status_code=204, operation_id="revoke_key", summary="Revoke a key", responses=MANAGE_PROBLEMS)
def revoke_key(key_id: KeyPath, caller: MayManageKeys, keys: KeyStore, _: Annotated[NoQuery, Query()]) -> None:
    """It is worth nothing from this moment on; a stream that is open with it ends within seconds."""
    keys.end(caller, key_id)


def _find(held: list[KeyInfo], key_id: str) -> KeyInfo:
    for info in held:
        if info.key_id == key_id:
            return info
    raise Unknown("your agency has no such key")


def _made(info: KeyInfo, key: str, now: datetime) -> KeyMade:
    return KeyMade.model_validate(_told(info, now) | {"key": key})


def _told(info: KeyInfo, now: datetime) -> dict[str, object]:
    named = {name: getattr(info, name) for name in ("label", "issued", "expires", "revoked", "made_by")}
    return named | {"id": info.key_id, "scopes": sorted(info.scopes), "holds": info.revoked is None and info.expires > now}
