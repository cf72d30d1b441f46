"""The load: what authors say of their notices one after the other, made up from a seed so that two runs send the same.

Each notice has its story: it comes, and then up to three times it is corrected (other content, other town, other employer,
nothing new, or something that cannot be taken), withdrawn, or something is said again. Some begin with a withdrawal or a
correction that came too early. The stories of all are told at once, each in its own order.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from hub.trials.load import FOR_EACH_EMPLOYER, Employer, Item, make_employers, name_of, notice_about
from hub.trials.soak.places import Places
from hub.trials.soak.situations import SECRET, SITUATIONS, Situation

Act = Literal["notice", "correction", "withdrawal"]
Later = Literal["content", "town", "employer", "nothing", "spoilt", "withdrawal", "again"]

_EMBARGO = {"access": {"level": "embargoed", "until": "2099-01-01T00:00:00Z"}}
_POSTS = {"posts": 12, "occupations": [{"isco": "7212", "count": 12}]}
_NEEDS = frozenset({"N_RECRUIT", "N_RECRUIT_LARGE"})
_HELD = Situation("posts-under-embargo", 3, "recruitment", _POSTS | _EMBARGO, _NEEDS, True, "nobody")
"""A downsizing may turn into it: the alert is over, and nobody may be told why."""

CONTENTS = {one.name: one for one in (*SITUATIONS, _HELD)}
_SOUND = [one for one in CONTENTS.values() if one.verdict == "accepted"]
_SPOILT = [one for one in CONTENTS.values() if one.verdict == "refused"]
_LATER: dict[Later, int] = {
    "content": 34, "town": 14, "employer": 16, "nothing": 5, "spoilt": 5, "withdrawal": 14, "again": 12,
}  # fmt: skip
_TIMES = (30, 36, 22, 12)
"""Of a hundred notices, how many are changed never, once, twice, three times."""
_GAPS = (0.5, 2.0, 30.0, 400.0)
"""How many other notices begin before the next is said: at once, so that one overtakes the other where anything can, or late."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One submission: `item` as it is sent, with the employer (in its town) and situation that hold from then on.

    `change` is the id of the correction or withdrawal, empty for the notice itself.
    """

    item: Item
    act: Act
    change: str = ""

    @property
    def situation(self) -> Situation:
        """What it tells."""
        return CONTENTS[self.item.situation]


def generate(notices: int, places: Places, seed: int = 1) -> list[Saying]:
    """What is said of that many notices, in the order in which it is to be sent."""
    chance = random.Random(seed)
    employers = make_employers(max(10, notices // FOR_EACH_EMPLOYER), places, chance)
    placed: list[tuple[float, Saying]] = []
    for number in range(notices):
        at = float(number)
        for saying in _Story(number, employers, chance).told():
            placed.append((at, saying))
            at += chance.choice(_GAPS) * (0.5 + chance.random())
    return [saying for _, saying in sorted(placed, key=lambda one: one[0])]


class _Story:
    """What is said of one notice."""

    def __init__(self, number: int, employers: list[Employer], chance: random.Random) -> None:
        self._number = number
        self._employers = employers
        self._chance = chance
        self._employer = chance.choice(employers)
        self._author = chance.choice(self._employer.authors)
        self._situation = _one_of(_SOUND, chance)
        self._changes = 0
        self._said: list[Saying] = []

    def told(self) -> Iterator[Saying]:
        """From the first word to the last."""
        first = self._notice(self._situation)
        early = self._chance.random()
        if early < 0.04:
            yield self._keep(self._withdrawal())
        elif early < 0.08:
            yield self._keep(self._correction(self._situation))
        if self._chance.random() < 0.03:
            yield self._notice(_one_of(_SPOILT, self._chance))
        yield self._keep(first)
        for _ in range(self._chance.choices(range(4), _TIMES)[0]):
            yield self._keep(self._next())

    def _keep(self, saying: Saying) -> Saying:
        self._said.append(saying)
        return saying

    def _next(self) -> Saying:
        later = self._chance.choices(list(_LATER), list(_LATER.values()))[0]
        if later == "again":
            return self._chance.choice(self._said)
        if later == "withdrawal":
            return self._withdrawal()
        if later == "spoilt":
            return self._correction(_one_of(_SPOILT, self._chance))
        if later == "content":
            self._situation = self._other_content()
        elif later == "town":
            self._employer = replace(self._employer, town=self._chance.choice(self._employers).town)
        elif later == "employer":
            self._employer = self._other_employer()
        return self._correction(self._situation)

    def _other_content(self) -> Situation:
        """Mostly of the same kind; a downsizing may also turn out to be a recruitment, and the other way."""
        of_kind = [one for one in _SOUND if one.kind == self._situation.kind]
        return _one_of(of_kind if self._chance.random() < 0.7 else _SOUND, self._chance)

    def _other_employer(self) -> Employer:
        """Half of them in the same town: whoever was told goes on being told, under the other employer."""
        other = self._chance.choice(self._employers)
        return other if self._chance.random() < 0.5 else replace(other, town=self._employer.town)

    def _notice(self, situation: Situation) -> Saying:
        return self._saying("notice", situation, "", self._content(situation))

    def _correction(self, situation: Situation) -> Saying:
        change = self._new_id()
        body = self._change(change, "corrects") | {"notice": self._content(situation)}
        return self._saying("correction", situation, change, body)

    def _withdrawal(self) -> Saying:
        change = self._new_id()
        return self._saying("withdrawal", self._situation, change, self._change(change, "withdraws"))

    def _new_id(self) -> str:
        self._changes += 1
        return f"{name_of(self._number)}-c{self._changes}"

    def _change(self, change: str, what: str) -> dict[str, Any]:
        named = {"source": self._author.source, "id": name_of(self._number)}
        return {"id": change, what: named, "reason": f"{SECRET} luettu uudelleen"}

    def _content(self, situation: Situation) -> dict[str, Any]:
        return notice_about(self._number, self._employer, self._author, situation)

    def _saying(self, act: Act, situation: Situation, change: str, body: dict[str, Any]) -> Saying:
        text = situation.spoil(json.dumps(body, ensure_ascii=False)) if act != "withdrawal" else json.dumps(body)
        return Saying(Item(self._number, self._author, self._employer, situation.name, text), act, change)


def _one_of(situations: list[Situation], chance: random.Random) -> Situation:
    return chance.choices(situations, [one.weight for one in situations])[0]
