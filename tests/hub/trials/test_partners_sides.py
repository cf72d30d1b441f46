"""Which agencies the soak of the partners chooses, how their endpoints behave, and that what they got outlives a kill."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from hub.trials.soak.history.log import Log
from hub.trials.soak.history.sayings import generate
from hub.trials.soak.log import Seen
from hub.trials.soak.partners.endpoints import Reply, event_in, reply_to
from hub.trials.soak.partners.log import Got
from hub.trials.soak.partners.members import PARTS, Habit, Member, Part, choose
from hub.trials.soak.partners.reading import Read, at_doors
from hub.trials.soak.partners.recording import Recorder, Recordings, last_place
from hub.trials.soak.partners.seats import Login, Seat, read_seats, write_seats
from hub.trials.soak.places import read_places

PLACES = read_places()
SAYINGS = generate(300, PLACES)
EVENT = Got("e-1", "notice", "r-1", 1, "ta-39", "digest", "epoch.1")


# Members


def test_thirty_agencies_are_chosen_on_every_channel_and_no_one_twice() -> None:
    members = choose(SAYINGS, PLACES, len(PARTS))
    assert len({member.agency for member in members}) == 30
    assert [member.part for member in members] == list(PARTS)
    assert Counter(part.channel for part in PARTS) == {"webhook": 12, "kafka": 5, "feed": 5, "stream": 4, "client": 4}


def test_some_write_to_their_inbox_themselves() -> None:
    """Those that have a user on Kafka and are authors; so also in a short run."""
    authors = {saying.item.author.sender for saying in SAYINGS}
    inboxes = [member.agency for member in choose(SAYINGS, PLACES, 7) if member.part.channel == "kafka"]
    assert inboxes
    assert authors.issuperset(inboxes)


def test_the_same_sayings_give_the_same_members() -> None:
    assert choose(SAYINGS, PLACES, 12) == choose(generate(300, PLACES), PLACES, 12)


# Endpoints


@pytest.mark.parametrize("habit", ["errors", "forgets", "breaks", "hangs", "slow", "gone", "busy"])
def test_an_endpoint_shows_its_habit_and_takes_most_of_what_comes(habit: Habit) -> None:
    replies = [reply_to(habit, number) for number in range(1, 101)]
    assert 50 <= replies.count(Reply()) < 100
    assert Reply() not in (bad := [one for one in replies if one != Reply()])
    assert len(bad) >= 5


def test_an_endpoint_that_is_well_takes_everything() -> None:
    assert {reply_to("well", number) for number in range(1, 101)} == {Reply()}


def test_a_binary_and_a_structured_request_hold_the_same_event() -> None:
    data = {"receipt": "r", "step": 3, "agency": "ta-39"}
    event = {"id": "e", "type": "a.alert.b", "data": data}
    structured = event_in({"content-type": "application/cloudevents+json; charset=utf-8"}, orjson.dumps(event))
    binary = event_in({"content-type": "application/json", "ce-id": "e", "ce-type": "a.alert.b"}, orjson.dumps(data))
    assert structured == binary
    assert binary.lane == "alert"


# Recordings


def test_what_was_kept_is_read_on_as_it_grows(tmp_path: Path) -> None:
    recorder, recordings = Recorder(tmp_path, "ta-39"), Recordings(tmp_path, ["ta-39", "evk-04"])
    recorder.keep(EVENT)
    assert recordings.look() == 1
    recorder.keep(replace(EVENT, event_id="e-2", place="epoch.2"))
    assert recordings.look() == 2
    assert recordings.look() == 2
    assert recordings.came == {"ta-39": [EVENT, replace(EVENT, event_id="e-2", place="epoch.2")], "evk-04": []}
    assert last_place(tmp_path, "ta-39") == "epoch.2"
    assert last_place(tmp_path, "evk-04") is None


def test_a_line_that_a_kill_cut_short_is_not_kept_and_spoils_no_other(tmp_path: Path) -> None:
    Recorder(tmp_path, "ta-39").keep(EVENT)
    file = tmp_path / "ta-39.events"
    file.write_bytes(file.read_bytes() + b'{"event_id": "e-2", "la')
    recordings = Recordings(tmp_path, ["ta-39"])
    assert recordings.look() == 1
    Recorder(tmp_path, "ta-39").keep(replace(EVENT, event_id="e-3"))
    recordings.look()
    assert [one.event_id for one in recordings.came["ta-39"]] == ["e-1", "e-3"]


def test_what_went_wrong_on_purpose_is_counted(tmp_path: Path) -> None:
    recorder, recordings = Recorder(tmp_path, "ta-39"), Recordings(tmp_path, ["ta-39", "evk-04"])
    for what in ("hangs", "hangs", "closed"):
        recorder.fault(what)
    assert recordings.faults() == {"hangs": 2, "closed": 1}
    assert recordings.failed() == {"ta-39"}


def test_seats_are_read_as_they_were_written_by_their_owner_alone(tmp_path: Path) -> None:
    login = Login("127.0.0.1:1", "ta-39.x", "password", "outbox", "inbox", "agency.ta-39.")
    members = [Member("ta-39", Part("kafka", "leaves")), Member("evk-04", Part("feed", kinds=("downsizing",)))]
    seats = [Seat(members[0], "http://hub", "key", login=login), Seat(members[1], "http://hub", "key", subscription="s")]
    write_seats(tmp_path / "seats.json", seats)
    assert read_seats(tmp_path / "seats.json") == seats
    assert (tmp_path / "seats.json").stat().st_mode & 0o077 == 0


# Doors

SPOILT = [saying for saying in SAYINGS if saying.act != "withdrawal" and saying.situation.verdict == "refused"]
SOUND = [saying for saying in SAYINGS if saying not in SPOILT]


def arrived(*sayings: object) -> Read:
    """What stands on notices.received when these came past the doors."""
    seen = [Seen((0, number), one.item.author.sender, one.item.body) for number, one in enumerate(sayings)]  # type: ignore[attr-defined]
    return Read(log=Log(received=seen))


def test_what_cannot_be_taken_is_refused_at_a_door_or_later() -> None:
    found = at_doors(SAYINGS, SPOILT[1:], [], arrived(SPOILT[0], *SOUND))
    assert (found.wrong, found.refused) == ([], len(SPOILT) - 1)
    assert found.went_on == [saying for saying in SAYINGS if saying not in SPOILT[1:]]


def test_what_is_right_must_not_be_refused() -> None:
    found = at_doors(SAYINGS, [*SPOILT, SOUND[0]], [], arrived(*SOUND[1:]))
    assert len(found.wrong) == 1
    assert SOUND[0] in found.went_on, "so that the judge of the history misses it, too"


def test_a_refusal_that_nobody_was_told_is_wrong() -> None:
    assert len(at_doors(SAYINGS, SPOILT[1:], [], arrived(*SOUND)).wrong) == 1


def test_what_vanished_from_an_inbox_is_wrong() -> None:
    sender = SPOILT[0].item.author.sender
    mine = [saying for saying in SPOILT if saying.item.author.sender == sender]
    others = [saying for saying in SPOILT if saying not in mine]
    read = arrived(*SOUND)
    read.at_inboxes[sender] = len(mine) - 1
    assert len(at_doors(SAYINGS, others, [sender], read).wrong) == 1
    read.at_inboxes[sender] += 1
    assert at_doors(SAYINGS, others, [sender], read).wrong == []
