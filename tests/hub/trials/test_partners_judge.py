"""The judge of the partners: who got all of its own counts nothing, and each fault put into a recording gives its figure."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.trials.soak.history.log import About, Copy, Mode
from hub.trials.soak.model import Lane
from hub.trials.soak.partners.judge import RULES, Counts, judge, part_of
from hub.trials.soak.partners.log import Got, Posted, digest_of, got
from hub.trials.soak.partners.members import Channel, Member, Part

OURS, THEIRS = "ta-39", "evk-04"
CHANNELS: list[Channel] = list(RULES)


def posted(receipt: str, step: int, lane: Lane = "notice", mode: Mode = "shown", kind: str = "recruitment") -> Posted:
    """A record of our outbox."""
    about = About(kind, "9000000-3", "fi:kunta:837") if mode == "shown" else None
    copy = Copy(OURS, lane, f"{receipt}/{step}/{lane}", receipt, step, f"fi:{receipt[0]}", mode, "own-area", about)
    return Posted(copy, f"digest of {copy.event_id}")


def taken(one: Posted) -> Got:
    """It as it comes to us."""
    copy = one.copy
    return Got(copy.event_id, copy.lane, copy.receipt, copy.number, copy.agency, one.digest)


OUTBOX = [
    posted("a", 1),
    posted("b", 1, "alert", kind="downsizing"),
    posted("b", 1, kind="downsizing"),
    posted("a", 2),
    posted("c", 1, kind="development"),
    posted("b", 2, "alert", mode="withdrawn"),
    posted("b", 2, mode="withdrawn"),
]


@pytest.fixture
def came() -> list[Got]:
    return [taken(one) for one in OUTBOX]


def counted(came: Sequence[Got], channel: Channel = "kafka", kinds: tuple[str, ...] = ()) -> Counts:
    return judge([Member(OURS, Part(channel, kinds=kinds))], {OURS: OUTBOX}, {OURS: came})


def figures(counts: Counts) -> dict[str, int]:
    """The figures that are not 0."""
    names = ("missing", "foreign", "order_breaks", "twice", "skipped")
    return {name: number for name in names if (number := getattr(counts, name))}


@pytest.mark.parametrize("channel", CHANNELS)
def test_whoever_got_all_of_its_own_counts_nothing(came: list[Got], channel: Channel) -> None:
    assert counted(came, channel) == Counts()
    assert counted(came, channel).good


# Missing


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_last_step_that_never_came_is_missing_on_every_channel(came: list[Got], channel: Channel) -> None:
    del came[3]
    counts = counted(came, channel)
    assert figures(counts) == {"missing": 1}
    assert "a for ta-39" in counts.examples[0]
    assert not counts.good


def test_an_agency_that_got_nothing_misses_everything() -> None:
    assert figures(judge([Member(OURS, Part("kafka"))], {OURS: OUTBOX}, {})) == {"missing": len(OUTBOX)}


@pytest.mark.parametrize(
    ("channel", "wanted"), [("webhook", {"skipped": 1}), ("client", {"skipped": 1}), ("kafka", {"missing": 1})]
)
def test_a_newer_step_stands_for_an_older_one_where_the_channel_says_so(
    came: list[Got], channel: Channel, wanted: dict[str, int]
) -> None:
    del came[0]
    assert figures(counted(came, channel)) == wanted


def test_a_notice_stands_for_no_alert(came: list[Got]) -> None:
    del came[5], came[1]
    assert figures(counted(came, "webhook")) == {"missing": 2}


# Foreign


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_does_not_stand_in_the_outbox_is_foreign(came: list[Got], channel: Channel) -> None:
    came.append(Got("x/1/notice", "notice", "x", 1, OURS, "digest"))
    counts = counted(came, channel)
    assert figures(counts) == {"foreign": 1}
    assert not counts.good


def test_what_says_that_it_is_for_another_agency_is_foreign(came: list[Got]) -> None:
    came[0] = replace(came[0], owner=THEIRS)
    assert figures(counted(came)) == {"foreign": 1}


def test_an_event_that_says_another_thing_than_the_outbox_is_foreign_once(came: list[Got]) -> None:
    came[0] = replace(came[0], digest="another")
    came.insert(1, came[0])
    assert figures(counted(came)) == {"foreign": 1, "twice": 1}


def test_what_the_subscription_does_not_ask_for_is_foreign(came: list[Got]) -> None:
    assert figures(counted(came, "webhook", ("downsizing",))) == {"foreign": 3}


def test_the_recordings_of_two_agencies_that_were_mixed_up_count_on_both() -> None:
    theirs = [Posted(replace(OUTBOX[0].copy, agency=THEIRS, event_id="t"), "digest of t")]
    members = [Member(OURS, Part("kafka")), Member(THEIRS, Part("feed"))]
    came = {OURS: [taken(theirs[0])], THEIRS: [taken(one) for one in OUTBOX]}
    counts = judge(members, {OURS: OUTBOX, THEIRS: theirs}, came)
    assert figures(counts) == {"missing": len(OUTBOX) + 1, "foreign": len(OUTBOX) + 1}


# Order


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_older_step_after_a_newer_one_is_a_break(came: list[Got], channel: Channel) -> None:
    came[0], came[3] = came[3], came[0]
    assert counted(came, channel).order_breaks >= 1
    assert not counted(came, channel).good


@pytest.mark.parametrize("channel", CHANNELS)
def test_two_notices_may_change_places_where_only_the_steps_of_each_are_in_order(came: list[Got], channel: Channel) -> None:
    came[3], came[4] = came[4], came[3]
    assert figures(counted(came, channel)) == ({"order_breaks": 1} if RULES[channel].in_order else {})


def test_an_older_step_that_stands_after_the_newer_one_may_come_after_it() -> None:
    """A notice that moved stands under two employers, between which nothing is promised but the step."""
    outbox = [posted("m", 3), posted("m", 2, mode="over")]
    counts = judge([Member(OURS, Part("kafka"))], {OURS: outbox}, {OURS: [taken(one) for one in outbox]})
    assert counts == Counts()


def test_the_same_again_is_no_break_however_late(came: list[Got]) -> None:
    assert figures(counted([*came, came[0], came[1]])) == {"twice": 2}
    assert counted([*came, came[0]]).good


def test_only_the_first_examples_are_told() -> None:
    strange = [Got(f"x/{number}", "notice", "x", number, OURS, "") for number in range(50)]
    counts = counted(strange)
    assert counts.foreign == 50
    assert len(counts.examples) == 20


# Subscriptions


def test_to_a_subscription_goes_what_is_of_its_kinds_and_each_later_step() -> None:
    outbox = [
        posted("a", 1),
        posted("b", 1, kind="downsizing"),
        posted("a", 2, kind="downsizing"),
        posted("c", 1, mode="over"),
        posted("a", 3, mode="withdrawn"),
        posted("b", 2, kind="development"),
        posted("b", 1, kind="downsizing"),
    ]
    ids = [one.copy.event_id for one in part_of(outbox, ("downsizing",))]
    assert ids == ["b/1/notice", "a/2/notice", "a/3/notice", "b/2/notice"]


def test_without_a_subscription_everything_goes_once() -> None:
    assert [one.copy for one in part_of([*OUTBOX, OUTBOX[2]], ())] == [one.copy for one in OUTBOX]


# Events as partners read them


def test_an_event_is_known_by_what_stands_in_it() -> None:
    data = {"receipt": "r", "step": 2, "agency": OURS, "notice": {"id": "1"}}
    assert got("e", "org.example.alert.layoff", data) == Got("e", "alert", "r", 2, OURS, digest_of(data))
    assert got("e", "org.example.notice.downsizing", data, "epoch.7").place == "epoch.7"


def test_the_digest_is_that_of_the_content_and_not_of_its_bytes() -> None:
    assert digest_of({"a": 1, "b": [{"c": None, "d": "ä"}]}) == digest_of({"b": [{"d": "ä", "c": None}], "a": 1})
    assert digest_of({"a": [1, 2]}) != digest_of({"a": [2, 1]})
