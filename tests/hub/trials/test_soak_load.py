"""The load and its model: the same from one seed, mixed enough, and as the door and the registry would have it."""

import json
from collections import Counter
from datetime import UTC, datetime

from api.door import submission
from hub.core.admission import read_notice
from hub.ports import Caller
from hub.trials.load import generate, record_of
from hub.trials.soak.faults import KINDS, WORKERS, plan
from hub.trials.soak.model import wanted
from hub.trials.soak.places import read_places
from hub.trials.soak.reading import NOT_FOR_PARTNERS, holds
from hub.trials.soak.run import expected
from hub.trials.soak.situations import BY_NAME, SECRET, SITUATIONS

PLACES = read_places()
ITEMS = generate(2_000, PLACES)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_one_seed_gives_one_load() -> None:
    assert generate(300, PLACES) == generate(300, PLACES)
    assert generate(300, PLACES, seed=2) != generate(300, PLACES)


def test_every_situation_comes_and_some_say_again() -> None:
    found = Counter(item.situation for item in ITEMS)
    assert set(found) == {*BY_NAME, "conflict"}
    assert sum(item.twin is not None for item in ITEMS) > 60


def test_most_employers_have_several_notices_and_some_have_two_authors() -> None:
    of = Counter(item.employer.business_id for item in ITEMS)
    assert sum(count > 3 for count in of.values()) > len(of) / 2
    assert any(len(item.employer.authors) > 1 for item in ITEMS)


def test_what_must_be_accepted_can_be_read_and_what_is_spoilt_differs() -> None:
    for item in ITEMS:
        if wanted(item, PLACES).accepted:
            assert read_notice(item.body.encode()).id == f"n-{item.number if item.twin is None else item.twin:07d}"


def test_the_record_is_the_one_that_the_door_writes() -> None:
    item = next(item for item in ITEMS if wanted(item, PLACES).accepted)
    body = item.body.encode()
    told = submission(Caller(item.author.sender, "k1", frozenset(), "active"), read_notice(body), body, "notices.received", NOW)
    assert record_of(item, "notices.received", NOW) == told.message


def test_who_must_hear_is_simple_to_say() -> None:
    by_situation = {item.situation: wanted(item, PLACES) for item in ITEMS}
    assert len(by_situation["few-posts"].notice) == 1
    assert {"business-finland", "keha"} < by_situation["from-abroad"].notice
    assert {"tem", "jotpa", "keha"} < by_situation["structural-change"].notice
    assert not by_situation["embargoed"].notice
    assert by_situation["embargoed"].alert
    assert by_situation["nobody-responsible"].notice == {"fallback"}
    assert not any(name.startswith("evk") for name in by_situation["restricted"].notice)
    assert not by_situation["personal-code"].accepted
    assert expected(ITEMS, PLACES) > 3 * len(ITEMS)


def test_what_partners_may_not_see_stands_in_the_load() -> None:
    to_partners = next(json.loads(item.body) for item in ITEMS if item.situation == "structural-change")
    assert SECRET in json.dumps(to_partners)
    assert holds(to_partners, frozenset({"homes", "grounds", "staff_group"}))
    assert not holds({"id": "x", "needs": [{"code": "N_REDUCE"}]}, NOT_FOR_PARTNERS)


def test_three_rounds_kill_and_stop_every_worker() -> None:
    faults = plan(3)
    assert Counter(fault.kind for fault in faults) == dict.fromkeys(KINDS, 3)
    for kind in ("kill_worker", "stop_worker"):
        assert {fault.victim for fault in faults if fault.kind == kind} == set(WORKERS)


def test_weights_leave_room_for_refusals() -> None:
    assert sum(one.weight for one in SITUATIONS if one.verdict == "refused") == 4
