"""What `hub demo` prints."""

from connectors.inbound import NotTaken
from hub.trials.demo.inputs import INPUTS
from hub.trials.demo.playing import Played
from hub.trials.demo.sent import Came, Miss, Result, Sent
from hub.trials.demo.telling import SHOWN, lines, summary
from schemas.errors import Finding

FOUND = Finding(rule="unknown-area", place="/workplaces/0/area", message="m")
CAME = Came(
    "accepted",
    outcome="kept",
    told={"ta-17": frozenset({"own-area"})},
    alerts=frozenset({"ta-17"}),
    offers=frozenset({"V06", "V01"}),
)
COUNTS = dict.fromkeys(
    (
        "received",
        "accepted",
        "repeat",
        "refused",
        "quarantined",
        "delivered",
        "routed",
        "kept",
        "held",
        "fallback",
        "dead_lettered",
    ),
    1,
) | {"unaccounted": 0}


def story(name: str, came: Came, *misses: Miss, note: str = "") -> Result:
    return Result(Sent(name, f"Title of {name}", "r", "{}"), came, misses, note)


def played(*stories: Result, rows: tuple[Result, ...] = ()) -> Played:
    held = NotTaken("line 3", "held", (Finding(rule="no-date", place="line 3/notice_date", message="m"),))
    return Played({}, stories, {INPUTS[3]: rows}, {INPUTS[3]: (held,)})


def test_a_story_is_one_line_with_verdict_outcome_recipients_alerts_and_offers() -> None:
    told = list(lines(played(story("08-nine", CAME))))
    assert told[0] == "ok   08 Title of 08-nine: accepted, kept; to ta-17; alerts ta-17; offers V01 V06"


def test_a_refusal_names_rules_and_places_and_a_note_why_it_is_right() -> None:
    told = list(lines(played(story("20-abroad", Came("refused", (FOUND,)), note="no rows of that country"))))
    assert told[:2] == [
        "ok   20 Title of 20-abroad: refused (unknown-area at /workplaces/0/area)",
        "      (no rows of that country)",
    ]
    assert next(lines(played(story("09-late", Came(None))))) == "ok   09 Title of 09-late: no verdict"


def test_each_miss_says_what_was_expected_and_what_came() -> None:
    told = list(lines(played(story("07-ferry", CAME, Miss("outcome", "routed", "kept"), Miss("alerts", "", "ta-17")))))
    assert told[0].startswith("FAIL 07")
    assert told[1:3] == ["      MISSED outcome: expected routed, came kept", "      MISSED alerts: expected none, came ta-17"]


def test_rows_of_a_file_are_told_in_groups_and_those_that_missed_one_by_one() -> None:
    good = tuple(story(f"warn line {number}", CAME) for number in range(5))
    bad = tuple(
        story(f"warn bad {number}", Came("refused", (FOUND,)), Miss("verdict", "accepted", "refused"))
        for number in range(SHOWN + 2)
    )
    told = list(lines(played(rows=good + bad)))
    assert told[0] == f"FAIL linked_notices_sample.csv (warn): {len(good) + len(bad) + 1} rows"
    assert "      5 sent: accepted, kept, alerted" in told
    assert "      1 not sent: held by its reader (no-date)" in told
    assert sum("MISSED" in line for line in told) == SHOWN
    assert told[-1] == "      and 2 rows more that missed something"


def test_the_summary_has_the_counts_of_the_reckoning_and_the_expectations() -> None:
    found = summary(COUNTS, played(story("a", CAME), story("b", CAME, Miss("x", "y", "z"))))
    assert found == {
        "received": 1, "accepted": 1, "repeat": 1, "refused": 1, "quarantined": 1, "delivered": 1, "kept": 1, "held": 1,
        "fallback": 1, "unaccounted": 0, "expectations": {"met": 1, "missed": 1},
    }  # fmt: skip
