"""Makes the partners what they are, each by the hub's own doors: keys and users on Kafka by the operator, the rest by HTTP."""

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx2

from connectors.outbound.kafka_users import RIGHTS
from connectors.store.keys import DEMO_SCOPES
from hub.agents.hand import day_of
from hub.kafka_doors import KafkaDoors
from hub.local import ports
from hub.trials.soak.partners.members import Member, Part
from hub.trials.soak.partners.seats import Login, Seat
from hub.wiring import Wiring

LABEL = "soak"
_PATIENCE = 90.0
_AGAIN_AFTER = 0.5


class Enrolling:
    """At the hub whose API is at `url` and whose listener for agencies is at `bootstrap`."""

    def __init__(self, wiring: Wiring, url: str, bootstrap: str) -> None:
        self._wiring = wiring
        self._url = url
        self._bootstrap = bootstrap
        self._doors = KafkaDoors(wiring)

    def seats(self, members: Sequence[Member]) -> list[Seat]:
        """Each member with what its channel needs."""
        webhooks = [member.agency for member in members if member.part.channel == "webhook"]
        chosen = ports.pick(dict.fromkeys(webhooks, 0), self._wiring.settings.folder / "endpoint-ports.json")
        return [self._seat(member, chosen.get(member.agency, 0)) for member in members]

    def keys(self, agencies: Iterable[str]) -> dict[str, str]:
        """A key for each of those that publish by HTTP."""
        return {agency: self._wiring.keys.issue(agency, LABEL, frozenset({"publish"})) for agency in agencies}

    def _seat(self, member: Member, port: int) -> Seat:
        key, part = self._wiring.keys.issue(member.agency, LABEL, DEMO_SCOPES), member.part
        given: dict[str, Any] = {"port": port}
        if part.channel == "kafka":
            given["login"] = self._login(member.agency)
        if part.kinds or part.channel == "webhook":
            with closing(Asking(self._url, key)) as hub:
                given |= _registered(hub, part, port)
        return Seat(member, self._url, key, **given)

    def _login(self, agency: str) -> Login:
        made = self._doors.open(agency, LABEL, RIGHTS, day_of(datetime.now(UTC)))
        return Login(self._bootstrap, made.user, made.password, made.outbox, made.inbox, made.group)


def _registered(hub: "Asking", part: Part, port: int) -> dict[str, Any]:
    """What an agency gets for its subscription and its endpoint."""
    given: dict[str, Any] = {}
    if part.kinds:
        wanted = {"name": "what concerns us", "filter": {"kind": part.kinds}}
        given["subscription"] = hub.ask("POST", "/v1/subscriptions", wanted)["id"]
    if part.channel == "webhook":
        endpoint = {"url": f"http://127.0.0.1:{port}/", "mode": part.mode} | given
        made = hub.ask("POST", "/v1/endpoints", endpoint)
        given |= {"endpoint": made["id"], "secret": made["secret"]}
    return given


class Asking:
    """An agency's own requests; where the hub is away or busy, the same again."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=30.0, trust_env=False)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What is answered; HTTPError where it is no, or where nobody answers for so long."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._http.request(method, path, json=body)
                if answer.status_code < 429 or time.monotonic() > deadline:
                    return dict(answer.raise_for_status().json())
            except httpx2.TransportError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_AGAIN_AFTER)
