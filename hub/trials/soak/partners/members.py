"""The partners of the soak: which agencies, by which channel each is told, and how its own side behaves. Pure.

A further channel needs a name and its parts here, its rules in judge.py, what it is given in enrolling.py, and what receives it
in receivers.py.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from hub.ports import Mode
from hub.trials.soak.history.sayings import Saying
from hub.trials.soak.model import FALLBACK, reached
from hub.trials.soak.places import Places

Channel = Literal["kafka", "webhook", "stream", "feed", "client"]
Habit = Literal[
    "well", "errors", "forgets", "breaks", "hangs", "slow", "closed", "busy", "gone", "drops", "leaves", "without-streams"
]
"""How a partner's side behaves as long as the trial is not calm.

Of endpoints: `errors` answers 500, `forgets` keeps the event and answers 500, `breaks` keeps it and closes the connection,
`hangs` never answers, `slow` answers late, `closed` is away for seconds, `busy` asks to be left alone (429, 503 with
Retry-After), `gone` says 410. Of readers: `drops` breaks the stream off, `leaves` goes without a word (nothing committed or
acknowledged) and begins again, `without-streams` reads the feed.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A way to be told. `kinds`: what its subscription asks for, none = it has no subscription."""

    channel: Channel
    habit: Habit = "well"
    kinds: tuple[str, ...] = ()
    mode: Mode = "structured"


PARTS: tuple[Part, ...] = (
    Part("kafka", "leaves"),
    Part("webhook", "errors"),
    Part("webhook", "hangs", ("downsizing",), "binary"),
    Part("stream", "drops"),
    Part("feed", "well", ("recruitment", "development")),
    Part("client", "leaves"),
    Part("webhook", "closed"),
    Part("webhook", "gone"),
    Part("kafka"),
    Part("stream"),
    Part("webhook", "busy"),
    Part("feed"),
    Part("kafka", "leaves"),
    Part("client", "without-streams"),
    Part("webhook", "forgets"),
    Part("webhook", "breaks", mode="binary"),
    Part("webhook", "slow"),
    Part("kafka"),
    Part("stream", "drops"),
    Part("webhook", "errors", ("development",)),
    Part("feed", "well", ("downsizing",)),
    Part("webhook"),
    Part("client"),
    Part("feed"),
    Part("kafka"),
    Part("webhook", "closed", mode="binary"),
    Part("stream"),
    Part("webhook", "hangs"),
    Part("client", "leaves"),
    Part("feed"),
)
"""Each channel stands among the first few, so that a short run has them all."""


@dataclass(frozen=True, slots=True)
class Member:
    """An agency and its way to be told."""

    agency: str
    part: Part


def choose(sayings: Sequence[Saying], places: Places, count: int) -> list[Member]:
    """So many of the agencies that these sayings reach most: authorities that write themselves and others, in turns."""
    heard: Counter[str] = Counter()
    for saying in sayings:
        heard.update(sorted(_reached(saying, places)))
    authors = {saying.item.author.sender for saying in sayings}
    writing = [agency for agency, _ in heard.most_common() if agency in authors]
    others = [agency for agency, _ in heard.most_common() if agency not in authors]
    return [Member(agency, part) for agency, part in zip(_in_turns(writing, others), PARTS[:count], strict=False)]


def _reached(saying: Saying, places: Places) -> frozenset[str]:
    if saying.act == "withdrawal" or saying.situation.verdict == "refused":
        return frozenset()
    notice, alert = reached(saying.item.employer, saying.situation, places)
    return (notice | alert) - {FALLBACK}


def _in_turns(first: Sequence[str], second: Sequence[str]) -> Iterator[str]:
    for pair in zip_longest(first, second):
        yield from (agency for agency in pair if agency is not None)
