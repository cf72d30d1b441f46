"""Subscriptions over HTTP: saved, changed, ended, tried out, and the feed that goes by one."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.examples import DOWNSIZING, NOTICES, SUBSCRIPTION
from hub.core.registry import Registry
from hub.core.views import stub
from schemas.subscription import MOST_SUBSCRIPTIONS
from tests.api.conftest import AGENCY, OTHER, Hub, is_problem
from tests.builders import an_agency, an_event

PATH = "/v1/subscriptions"
PARTNER = "business-tampere"
NOWHERE = "00000000-0000-5000-8000-000000000000"
RECEIPTS = {name: f"00000000-0000-5000-8000-00000000000{number}" for number, name in enumerate("abc", 1)}


def a_body(**filter: Any) -> dict[str, Any]:
    return {"name": "mine", "filter": filter}


def deliver(hub: Hub, name: str, step: int, notice: dict[str, Any] | None, agency: str = AGENCY) -> None:
    """A copy at the end of the outbox; None = one that only says that the notice no longer concerns the agency."""
    content = stub(an_event(DOWNSIZING, type="withdrawal")) if notice is None else notice
    receipt = RECEIPTS[name]
    data = {"receipt": receipt, "step": step, "agency": agency, "notice": content}
    hub.reading.deliver(
        agency, {"id": f"{name}{step}", "receipt": receipt, "step": step, "subject": "fi:9543210-4", "data": data}
    )


def posts(number: int) -> dict[str, Any]:
    return NOTICES["recruitment"] | {"posts": number}


@pytest.fixture
def filled(hub: Hub) -> Hub:
    """Three notices: one small, one large that shrinks and is withdrawn, one that was small and grows."""
    deliver(hub, "a", 1, posts(2))
    deliver(hub, "b", 1, posts(40))
    deliver(hub, "c", 1, posts(3))
    deliver(hub, "b", 2, posts(4))
    deliver(hub, "c", 2, posts(50))
    deliver(hub, "b", 3, None)
    deliver(hub, "a", 2, None)
    return hub


def saved(client: TestClient, **filter: Any) -> dict[str, Any]:
    response = client.post(PATH, json=a_body(**filter))
    assert response.status_code == 201, response.text
    return dict(response.json())


# Its life


def test_a_subscription_is_saved_seen_changed_and_ended_with_all_its_versions(client: TestClient) -> None:
    made = client.post(PATH, json=SUBSCRIPTION)
    told = made.json()
    assert made.status_code == 201
    assert made.headers["location"] == f"{PATH}/{told['id']}"
    assert (told["version"], told["filter"], told["stopped"], told["problems"]) == (1, SUBSCRIPTION["filter"], False, [])
    assert client.get(f"{PATH}/{told['id']}").json() == told
    assert client.get(PATH).json() == {"items": [told]}
    changed = client.put(f"{PATH}/{told['id']}", json={"filter": {"kind": ["recruitment"]}}).json()
    assert (changed["version"], changed["filter"]) == (2, {"kind": ["recruitment"]})
    assert client.delete(f"{PATH}/{told['id']}").status_code == 204
    assert client.get(PATH).json() == {"items": []}
    versions = client.get(f"{PATH}/{told['id']}/versions").json()["items"]
    assert [(one["version"], one["filter"]) for one in versions] == [
        (1, SUBSCRIPTION["filter"]),
        (2, {"kind": ["recruitment"]}),
        (3, None),
    ]
    assert {one["by"] for one in versions} == {told["by"]}
    is_problem(client.get(f"{PATH}/{told['id']}"), 404, "unknown")
    is_problem(client.delete(f"{PATH}/{told['id']}"), 404, "unknown")
    is_problem(client.put(f"{PATH}/{told['id']}", json={"filter": {}}), 404, "unknown")


def test_the_same_again_is_the_same_and_something_else_under_its_name_a_conflict(client: TestClient) -> None:
    first = saved(client, kind=["downsizing"])
    assert saved(client, kind=["downsizing"]) == first
    is_problem(client.post(PATH, json=a_body(kind=["recruitment"])), 409, "name-taken")
    assert client.put(f"{PATH}/{first['id']}", json={"filter": {"kind": ["downsizing"]}}).json()["version"] == 1


def test_one_that_had_ended_is_taken_up_again(client: TestClient) -> None:
    first = saved(client, kind=["downsizing"])
    client.delete(f"{PATH}/{first['id']}")
    again = saved(client, kind=["recruitment"])
    assert (again["id"], again["version"]) == (first["id"], 3)


def test_what_is_another_agencys_is_as_if_it_were_not_there(hub: Hub, client: TestClient) -> None:
    mine = saved(client, kind=["downsizing"])
    others = {"headers": hub.headers("evk-04")}
    assert client.get(PATH, **others).json() == {"items": []}
    for path in (f"{PATH}/{mine['id']}", f"{PATH}/{mine['id']}/versions", f"/v1/outbox?subscription={mine['id']}"):
        is_problem(client.get(path, **others), 404, "unknown")
    is_problem(client.put(f"{PATH}/{mine['id']}", json={"filter": {}}, **others), 404, "unknown")
    is_problem(client.delete(f"{PATH}/{mine['id']}", **others), 404, "unknown")
    is_problem(client.post(f"{PATH}/preview", json={"subscription": mine["id"]}, **others), 404, "unknown")
    theirs = client.post(PATH, json=a_body(kind=["recruitment"]), **others).json()
    assert theirs["id"] != mine["id"]
    assert client.get(f"{PATH}/{mine['id']}").json() == mine


def test_a_key_that_only_reads_changes_nothing(hub: Hub, client: TestClient) -> None:
    mine = saved(client)
    only = {"headers": hub.headers(scopes=frozenset({"read"}))}
    assert client.get(PATH, **only).json() == {"items": [mine]}
    assert client.post(f"{PATH}/preview", json={"filter": {}}, **only).status_code == 200
    is_problem(client.post(PATH, json=a_body(), **only), 403, "not-permitted")
    is_problem(client.put(f"{PATH}/{mine['id']}", json={"filter": {}}, **only), 403, "not-permitted")
    is_problem(client.delete(f"{PATH}/{mine['id']}", **only), 403, "not-permitted")


def test_an_agency_that_the_registry_does_not_know_has_nothing_to_subscribe_to(hub: Hub, client: TestClient) -> None:
    is_problem(client.post(PATH, json=a_body(), headers=hub.headers(OTHER)), 403, "not-permitted")


def test_an_agency_has_no_more_than_it_may_have(client: TestClient) -> None:
    for number in range(MOST_SUBSCRIPTIONS):
        assert client.post(PATH, json=a_body() | {"name": f"n-{number}"}).status_code == 201
    told = is_problem(client.post(PATH, json=a_body()), 422, "bad-subscription")
    assert [one["rule"] for one in told["findings"]] == ["too-many"]
    assert client.post(PATH, json=a_body() | {"name": "n-7"}).status_code == 201, "one that is there already"


# Bad input

BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("can never match: reversed", {"count": [{"least": 9, "most": 1}]}, "/filter/count/0", "never-matches"),
    ("can never match: stage", {"kind": ["recruitment"], "stage": ["closed"]}, "/filter/stage", "never-matches"),
    ("an area that is no more", {"area": ["fi:kunta:289"]}, "/filter/area/0", "area-not-in-force"),
    ("an area that never was", {"area": ["fi:kunta:837", "fi:kunta:9"]}, "/filter/area/1", "unknown-area"),
    ("too costly", {"area": ["fi:kunta:837"] * 101}, "/filter/area", "too-costly"),
    ("too many employers", {"employer": ["0112038-9"] * 1_001}, "/filter/employer", "too-costly"),
    ("an industry that is none", {"industry": ["34"]}, "/filter/industry/0", "unknown-industry"),
    ("an occupation that is none", {"occupation": ["110"]}, "/filter/occupation/0", "unknown-occupation"),
    ("a need that is none", {"need": ["N_NOTHING"]}, "/filter/need/0", "unknown-need"),
    ("a wrong check digit", {"employer": ["0112038-8"]}, "/filter/employer/0", "business-id"),
    ("no alternative at all", {"kind": []}, "/filter/kind", "too-short"),
    ("a clause that is none", {"headcount": [{"least": 1}]}, "/filter/headcount", "extra-forbidden"),
    ("an area of nowhere", {"area": ["fi:kunta:999"]}, "/filter/area/0", "unknown-area"),
    ("an occupation of five digits", {"occupation": ["99999"]}, "/filter/occupation/0", "string-pattern-mismatch"),
    ("the opposite of a clause", {"area": {"not": ["fi:maakunta:19"]}}, "/filter/area", "tuple-type"),
    ("the opposite of a filter", {"not": {"area": ["fi:maakunta:19"]}}, "/filter/not", "extra-forbidden"),
    ("a range without an end", {"count": [{}]}, "/filter/count/0", "value-error"),
    ("a number as text", {"count": [{"least": "10"}]}, "/filter/count/0/least", "int-type"),
    ("a word in place of a list", {"kind": "downsizing"}, "/filter/kind", "tuple-type"),
]


@pytest.mark.parametrize(("filter", "place", "rule"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_filter_that_cannot_stand_is_refused_with_its_clause(
    client: TestClient, filter: dict[str, Any], place: str, rule: str
) -> None:
    sent = [(client.post, PATH, a_body(**filter)), (client.post, f"{PATH}/preview", {"filter": filter})]
    for send, path, body in sent:
        told = is_problem(send(path, json=body), 422, "bad-subscription")
        assert (place, rule) in [(one["place"], one["rule"]) for one in told["findings"]]
        assert all(one["message"] for one in told["findings"])
    assert client.get(PATH).json() == {"items": []}


@pytest.mark.parametrize("word", ["", " ", "*", "**", "d*", "downsizing*", "fi:kunta:*", "fi:**", "72*", "?", "%", ".*"])
def test_no_word_stands_for_any_other(client: TestClient, word: str) -> None:
    """Neither an empty one nor a pattern: every clause of words refuses both at their place."""
    for clause in ("kind", "stage", "area", "industry", "occupation", "need", "employer", "language"):
        told = is_problem(client.post(PATH, json=a_body(**{clause: [word]})), 422, "bad-subscription")
        assert f"/filter/{clause}/0" in [one["place"] for one in told["findings"]]


@pytest.mark.parametrize("filter", [[], None, "", "*", 0, False, [{}]])
def test_only_an_empty_filter_asks_for_everything(filled: Hub, client: TestClient, filter: Any) -> None:
    is_problem(client.post(PATH, json={"name": "mine", "filter": filter}), 422, "bad-subscription")
    is_problem(client.post(PATH, json={"name": "mine"}), 422, "bad-subscription")
    mine = saved(client)
    for body in ({"filter": filter}, {}):
        is_problem(client.put(f"{PATH}/{mine['id']}", json=body), 422, "bad-subscription")
    assert read_all(client, subscription=mine["id"]) == read_all(client)


def test_a_clause_that_is_null_is_one_that_is_left_out(filled: Hub, client: TestClient) -> None:
    mine = saved(client, kind=["recruitment"], area=None, count=None)
    assert mine["filter"] == {"kind": ["recruitment"]}, "and is told back as one"
    assert read_all(client, subscription=mine["id"]) == read_all(client)


def test_a_change_to_what_cannot_stand_changes_nothing(client: TestClient) -> None:
    mine = saved(client, kind=["downsizing"])
    response = client.put(f"{PATH}/{mine['id']}", json={"filter": {"area": ["fi:kunta:999"]}})
    is_problem(response, 422, "bad-subscription")
    assert client.get(f"{PATH}/{mine['id']}").json() == mine


def test_a_field_that_the_partner_may_not_see_is_refused(hub: Hub, client: TestClient) -> None:
    filter = {"size": [{"least": 250}], "area": ["fi:kunta:837"]}
    told = is_problem(client.post(PATH, json=a_body(**filter), headers=hub.headers(PARTNER)), 422, "bad-subscription")
    assert [(one["place"], one["rule"]) for one in told["findings"]] == [("/filter/size", "not-permitted")]
    assert saved(client, **filter)["stopped"] is False, "an authority sees it"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "malformed"),
        (b"[]", "malformed"),
        (b'{"name": "x"', "malformed"),
        (b'{"name": "x", "name": "y", "filter": {}}', "malformed"),
        (b'{"name": "", "filter": {}}', "bad-subscription"),
        (b'{"name": "x"}', "bad-subscription"),
        (b'{"name": "Matti 131052-308T", "filter": {}}', "personal-code"),
        (b'{"name": "x", "filter": {"count": [{"least": NaN}]}}', "malformed"),
    ],
)
def test_a_body_that_is_no_subscription(client: TestClient, content: bytes, code: str) -> None:
    response = client.post(PATH, content=content, headers={"Content-Type": "application/json"})
    is_problem(response, 422, code)
    assert "308T" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"filter": {}, "subscription": NOWHERE},
        {"filter": {}, "last": 0},
        {"filter": {}, "last": 501},
        {"filter": {}, "receipt": "x"},
    ],
)
def test_a_preview_of_nothing_or_too_much(client: TestClient, body: dict[str, Any]) -> None:
    is_problem(client.post(f"{PATH}/preview", json=body), 422, "bad-subscription")


def test_what_is_odd_is_told_and_saved(client: TestClient) -> None:
    mine = saved(client, area=["fi:kunta:091"])
    assert [(one["place"], one["rule"]) for one in mine["remarks"]] == [("/filter/area/0", "outside-territory")]


# Trying out


def test_a_preview_tells_which_of_the_last_events_would_have_gone(filled: Hub, client: TestClient) -> None:
    told = client.post(f"{PATH}/preview", json={"filter": {"count": [{"least": 10}]}}).json()
    assert (told["looked_at"], told["matched"], told["steps"]) == (7, 4, None)
    assert [(one["id"], one["code"]) for one in told["items"]] == [
        ("b1", "met"),
        ("b2", "had-before"),
        ("c2", "met"),
        ("b3", "had-before"),
    ]
    assert client.get(PATH).json() == {"items": []}, "nothing was saved"


def test_of_the_last_few_a_later_step_still_knows_what_went_before(filled: Hub, client: TestClient) -> None:
    told = client.post(f"{PATH}/preview", json={"filter": {"count": [{"least": 10}]}, "last": 2}).json()
    assert (told["looked_at"], [one["id"] for one in told["items"]]) == (2, ["b3"])


def test_a_preview_of_a_saved_one_is_that_of_its_filter(filled: Hub, client: TestClient) -> None:
    mine = saved(client, count=[{"least": 10}])
    by_id, by_filter = (
        client.post(f"{PATH}/preview", json=body).json() for body in ({"subscription": mine["id"]}, {"filter": mine["filter"]})
    )
    assert by_id == by_filter
    is_problem(client.post(f"{PATH}/preview", json={"subscription": NOWHERE}), 404, "unknown")


def test_why_or_why_not_clause_by_clause(filled: Hub, client: TestClient) -> None:
    body = {"filter": {"kind": ["recruitment"], "count": [{"least": 10}]}, "receipt": RECEIPTS["c"]}
    first, second = client.post(f"{PATH}/preview", json=body).json()["steps"]
    assert (first["verdict"]["matches"], first["verdict"]["code"]) == (False, "not-met")
    assert [(one["clause"], one["met"], one["code"]) for one in first["verdict"]["clauses"]] == [
        ("kind", True, "met"),
        ("count", False, "not-met"),
    ]
    assert first["verdict"]["clauses"][1]["words"]["en"] == "Number of people: 3, asked for is 10–"
    assert (second["step"], second["verdict"]["code"]) == (2, "met")
    ended = client.post(f"{PATH}/preview", json=body | {"receipt": RECEIPTS["a"]}).json()["steps"]
    assert [step["verdict"]["code"] for step in ended] == ["not-met", "no-content"]
    is_problem(client.post(f"{PATH}/preview", json=body | {"receipt": NOWHERE}), 404, "unknown")


# The feed


def read_all(client: TestClient, **query: Any) -> list[str]:
    """The ids of all that is read, part by part; the end is where the cursor stands still."""
    found: list[str] = []
    cursor: str | None = None
    for _ in range(50):
        given = query | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/outbox", params=given).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] == cursor:
            return found
        cursor = page["next"]
    raise AssertionError("the cursor never stands still")


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_the_feed_of_a_subscription_is_the_outbox_with_less_in_it(filled: Hub, client: TestClient, limit: int) -> None:
    mine = saved(client, count=[{"least": 10}])
    assert read_all(client, subscription=mine["id"], limit=limit) == ["b1", "b2", "c2", "b3"]
    assert read_all(client, limit=limit) == ["a1", "b1", "c1", "b2", "c2", "b3", "a2"]


def test_a_part_without_anything_still_moves_the_cursor_of_the_outbox(filled: Hub, client: TestClient) -> None:
    mine = saved(client, count=[{"least": 10}])
    page = client.get("/v1/outbox", params={"subscription": mine["id"], "limit": 1}).json()
    assert page == {"items": [], "next": "memory.0"}
    rest = client.get("/v1/outbox", params={"cursor": page["next"]}).json()
    assert [item["id"] for item in rest["items"]] == ["b1", "c1", "b2", "c2", "b3", "a2"], "it is a cursor of the outbox"


def test_a_change_holds_at_once_and_an_ended_one_is_gone(filled: Hub, client: TestClient) -> None:
    mine = saved(client, count=[{"least": 10}])
    client.put(f"{PATH}/{mine['id']}", json={"filter": {"kind": ["downsizing"]}})
    assert read_all(client, subscription=mine["id"]) == []
    client.delete(f"{PATH}/{mine['id']}")
    is_problem(client.get("/v1/outbox", params={"subscription": mine["id"]}), 404, "unknown")


def test_an_agency_that_is_no_more_sees_what_it_has_and_saves_nothing(hub: Hub, client: TestClient) -> None:
    """It would be its successor's within a minute, for which only that one itself asks."""
    mine = saved(client, kind=["downsizing"])
    hub.reading.ended.add(AGENCY)
    is_problem(client.post(PATH, json=SUBSCRIPTION), 403, "not-permitted")
    is_problem(client.put(f"{PATH}/{mine['id']}", json={"filter": {}}), 403, "not-permitted")
    assert client.get(PATH).json() == {"items": [mine]}


@pytest.mark.parametrize("name", [NOWHERE[:-1], "x", ""])
def test_what_is_no_id_of_a_subscription(client: TestClient, name: str) -> None:
    is_problem(client.get("/v1/outbox", params={"subscription": name}), 422, "invalid-request")


def test_a_right_that_was_withdrawn_stops_it_at_once(filled: Hub, client: TestClient) -> None:
    """The authority becomes a partner, which may not see how large companies are."""
    mine = saved(client, size=[{"least": 10}])
    assert read_all(client, subscription=mine["id"]) != []
    before, partner = filled.registry, an_agency(AGENCY, ring="partner", kind="education-provider")
    others = (agency for agency in before.all_agencies.values() if agency.id != AGENCY)
    filled.registry = Registry.of(8, before.areas.values(), (partner, *others), before.all_offerings.values())
    for response in (
        client.get("/v1/outbox", params={"subscription": mine["id"]}),
        client.post(f"{PATH}/preview", json={"subscription": mine["id"]}),
    ):
        told = is_problem(response, 403, "not-permitted")
        assert [one["place"] for one in told["findings"]] == ["/filter/size"]
    seen = client.get(f"{PATH}/{mine['id']}").json()
    assert (seen["stopped"], [one["rule"] for one in seen["problems"]]) == (True, ["not-permitted"])
    filled.registry = before
    assert read_all(client, subscription=mine["id"]) != []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_preview_is_no_subscription_of_that_name(client: TestClient, method: str) -> None:
    answer = client.request(method, "/v1/subscriptions/preview")
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST"
