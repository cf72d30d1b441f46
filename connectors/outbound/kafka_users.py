"""The users of agencies on the broker (SCRAM), and what each may do there: its agency's two topics, and groups of its name."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Literal, get_args

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it hands these on without saying so
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from confluent_kafka.cimpl import KafkaError

from schemas.errors import NotReady
from schemas.ids import AgencyId
from schemas.topics import inbox, outbox

Right = Literal["read", "write"]
"""`read`: the outbox, in groups of the agency's name. `write`: the inbox."""
RIGHTS: frozenset[Right] = frozenset(get_args(Right))
ITERATIONS = 8192
ANSWER_WITHIN = 10.0
HEEDED_WITHIN = 30.0
"""Seconds in which the broker goes by what its controller has noted: a moment, but for a disk that stands still."""
_LOOK = 0.05
_SCRAM = ScramMechanism.SCRAM_SHA_512
_NO_SUCH_USER: int = KafkaError.RESOURCE_NOT_FOUND


class KafkaUsers:
    """On one broker. Every method raises NotReady where the broker does not do it; each may be done again."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._prefix = prefix

    def open(self, user: str, agency: AgencyId, rights: Iterable[Right], password: str) -> None:
        """From now on the user may do that, and nothing else: a moment is waited for the broker to go by it."""
        _done("rights could not be given", self._admin.create_acls(self._rights(user, agency, rights)).values())
        info = ScramCredentialInfo(_SCRAM, ITERATIONS)
        _done("the user could not be made", self._alter(UserScramCredentialUpsertion(user, info, password.encode())))
        self._wait("the user is not let in", "made", lambda: user in self.there())

    def close(self, user: str) -> None:
        """From now on the user may do nothing, also in a session that is open; then it is gone.

        The controller says that it is done before the broker goes by it: a moment is waited for that. For the same
        reason the broker is not asked whether there is such a user: of one made just now it may not know yet.
        """
        _done("rights could not be taken away", self._admin.delete_acls([_all_of(user)]).values())
        _done("the user could not be ended", self._alter(UserScramCredentialDeletion(user, _SCRAM)), _NO_SUCH_USER)
        self._wait("the user is still let in", "ended", lambda: user not in self.there() and not self._may(user))

    def _may(self, user: str) -> list[AclBinding]:
        """What the broker that is asked lets the user do."""
        try:
            found: list[AclBinding] = self._admin.describe_acls(_all_of(user), request_timeout=ANSWER_WITHIN).result()
            return found
        except KafkaException as error:
            raise _not_done("rights could not be listed", error) from error

    def _wait(self, what: str, after: str, done: Callable[[], bool]) -> None:
        until = time.monotonic() + HEEDED_WITHIN
        while not done():
            if time.monotonic() > until:
                raise NotReady(f"{what}, {HEEDED_WITHIN:.0f} s after it was {after}")
            time.sleep(_LOOK)

    def there(self) -> frozenset[str]:
        """All users that the broker would let in."""
        try:
            asked: Any = self._admin.describe_user_scram_credentials(request_timeout=ANSWER_WITHIN)
            return frozenset(asked.result())
        except KafkaException as error:
            raise _not_done("users could not be listed", error) from error

    def _rights(self, user: str, agency: AgencyId, rights: Iterable[Right]) -> list[AclBinding]:
        made = {
            "read": [
                (ResourceType.TOPIC, self._prefix + outbox(agency).name, ResourcePatternType.LITERAL, AclOperation.READ),
                (ResourceType.GROUP, f"{self._prefix}agency.{agency}.", ResourcePatternType.PREFIXED, AclOperation.READ),
            ],
            "write": [(ResourceType.TOPIC, self._prefix + inbox(agency).name, ResourcePatternType.LITERAL, AclOperation.WRITE)],
        }
        return [
            AclBinding(kind, name, pattern, _principal(user), "*", operation, AclPermissionType.ALLOW)
            for right in sorted(rights)
            for kind, name, pattern, operation in made[right]
        ]

    def _alter(self, change: Any) -> Iterable[Future[None]]:
        asked: Mapping[str, Future[None]] = self._admin.alter_user_scram_credentials([change], request_timeout=ANSWER_WITHIN)
        return asked.values()


def _all_of(user: str) -> AclBindingFilter:
    any_: Any = None
    places = (ResourceType.ANY, any_, ResourcePatternType.ANY)
    return AclBindingFilter(*places, _principal(user), any_, AclOperation.ANY, AclPermissionType.ANY)


def _principal(user: str) -> str:
    return f"User:{user}"


def _done(what: str, asked: Iterable[Future[Any]], unless: int | None = None) -> None:
    """NotReady where one was not done; an answer of the code `unless` is as good as done."""
    for future in asked:
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != unless:
                raise _not_done(what, error) from error


def _not_done(what: str, error: KafkaException) -> NotReady:
    found: KafkaError = error.args[0]
    return NotReady(f"{what}: {found.str()}")
