"""Who is believed to be X-Road's security server, whose client is which agency, and what is kept of a message."""

import pytest

from hub.core.networks import networks
from hub.core.xroad import CLIENT, ID, ISSUE, Servers, agency_of_client, agency_of_party, message_in, parts_of
from schemas.errors import NotPermitted, PersonalCode, Refusal
from tests.builders import DAY
from tests.speaking import BEFORE, CLIENTS, a_speaking_registry

REGISTRY = a_speaking_registry()
HEADERS = {CLIENT: "FI/GOV/0211675-2/employment", ID: "fa2e18a5-c2cb-4d09-b994-f57727f7c3fb"}
OPEN, SECRET = Servers(networks(["10.1.2.3/32"])), Servers(networks(["10.1.2.0/24"]), "s" * 32)


@pytest.mark.parametrize(
    ("servers", "address", "proxied", "shown", "believed"),
    [
        (Servers(), "10.1.2.3", False, None, False),
        (Servers(secret="s" * 32), "10.1.2.3", False, "s" * 32, False),
        (OPEN, "10.1.2.3", False, None, True),
        (OPEN, "10.1.2.4", False, None, False),
        (OPEN, "10.1.2.3", True, None, False),
        (OPEN, None, False, None, False),
        (OPEN, "testclient", False, None, False),
        (SECRET, "10.1.2.4", True, "s" * 32, True),
        (SECRET, "10.1.2.4", False, None, False),
        (SECRET, "10.1.2.4", True, "s" * 31 + "ä", False),
        (SECRET, "10.1.3.4", True, "s" * 32, False),
    ],
)
def test_only_the_server_that_the_operator_named_is_believed(
    servers: Servers, address: str | None, proxied: bool, shown: str | None, believed: bool
) -> None:
    assert servers.believed(address, proxied, shown) is believed


@pytest.mark.parametrize("agency", CLIENTS)
def test_a_client_is_the_agency_that_the_registry_names(agency: str) -> None:
    assert {agency_of_client(client, REGISTRY, DAY).id for client in CLIENTS[agency]} == {agency}


def test_a_client_is_compared_as_it_is_meant_not_as_it_is_written() -> None:
    assert agency_of_client("FI/GOV/9100020%2d8/asko%2fold", REGISTRY, DAY).id == "evk-04"


@pytest.mark.parametrize("client", ["FI/GOV/9999999-9/x", "FI/GOV/9100020-8/asko/old", "fi/gov/0211675-2/employment", "", "/"])
def test_a_client_that_the_registry_does_not_name_is_nobody(client: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        agency_of_client(client, REGISTRY, DAY)
    assert refused.value.findings[0].rule == "xroad-client"


def test_an_agency_that_has_ended_has_no_client() -> None:
    gone = a_speaking_registry(valid_to=BEFORE)
    assert agency_of_client("FI/GOV/2296962-1/asko", gone, BEFORE).id == "keha"
    with pytest.raises(NotPermitted):
        agency_of_client("FI/GOV/2296962-1/asko", gone, DAY)


@pytest.mark.parametrize(
    ("party", "agency"),
    [("GOV/0211675-2", "ta-39"), ("0211675-2", "ta-39"), ("COM/0201256-6", "ta-08"), ("0201256-6", "ta-08")],
)
def test_a_represented_party_is_found_by_its_business_id_or_the_member_of_its_clients(party: str, agency: str) -> None:
    assert agency_of_party(party, REGISTRY, DAY).id == agency


@pytest.mark.parametrize("party", ["COM/0211675-2", "GOV/9999999-9", "FI/GOV/0211675-2", "", "GOV/", "x" * 300])
def test_a_party_that_is_nobody_or_badly_written(party: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        agency_of_party(party, REGISTRY, DAY)
    assert refused.value.findings[0].place == "/header/X-Road-Represented-Party"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("FI/GOV/1-2/%C3%A4", ("FI", "GOV", "1-2", "ä")),
        ("FI/GOV/1-2", ("FI", "GOV", "1-2")),
        ("FI/GOV", None),
        ("FI/GOV/1-2/a/b", None),
        ("FI//1-2", None),
        ("FI/GOV/%00/a", None),
        ("FI/GOV/%FF/a", None),
        ("FI/GOV/ä/a", None),
        (f"FI/GOV/{'1' * 250}/a", None),
    ],
)
def test_an_identifier_has_its_parts(text: str, parts: tuple[str, ...] | None) -> None:
    assert parts_of(text) == parts


def test_of_a_message_its_client_id_and_issue_are_kept() -> None:
    kept = message_in(HEADERS | {ISSUE: "MT324223MSD", "X-Road-UserId": "FI131052-308T"})
    assert kept.model_dump() == {"client": HEADERS[CLIENT], "id": HEADERS[ID], "issue": "MT324223MSD"}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({ID: ""}, "xroad-header"),
        ({ID: "x" * 256}, "xroad-header"),
        ({ISSUE: "ä"}, "xroad-header"),
        ({ID: "a\tb"}, "xroad-header"),
    ],
)
def test_what_cannot_be_kept_is_refused(changes: dict[str, str], rule: str) -> None:
    with pytest.raises(Refusal) as refused:
        message_in(HEADERS | changes)
    assert {(one.rule, one.place) for one in refused.value.findings} == {(rule, f"/header/{name}") for name in changes}


def test_a_message_has_an_id() -> None:
    with pytest.raises(Refusal, match="X-Road"):
        message_in({CLIENT: HEADERS[CLIENT]})


@pytest.mark.parametrize("name", [ID, ISSUE])
def test_a_personal_code_in_a_header_refuses_the_request_and_is_not_repeated(name: str) -> None:
    with pytest.raises(PersonalCode) as refused:
        message_in(HEADERS | {name: "case 131052-308T"})
    assert "131052" not in str(refused.value.findings)
