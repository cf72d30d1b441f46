"""Load for trials: submissions made up from a seed, so that two runs send the same.

Many employers, each in one town and written about by one author (some by two); the three kinds in situations of which it
is simple to say who has to hear of them (hub.trials.soak.model); some said again, some that have to be refused. What a
partner may never see holds the words `SECRET`.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.trials.soak.places import Places, Town
from hub.trials.soak.situations import BY_NAME, SECRET, SITUATIONS, Situation
from schemas.ids import receipt_of
from schemas.messages import Submission
from schemas.wire import Message, event, type_of

SEPARATOR = "\x1f"
FOR_EACH_EMPLOYER = 8
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: an agency, and the system in which the notice has its number."""

    sender: str
    source: str


@dataclass(frozen=True, slots=True)
class Employer:
    """An employer, where it is, where (some of) its people live, and who writes about it."""

    business_id: str
    town: Town
    homes: tuple[Town, ...]
    authors: tuple[Author, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One submission. `twin` is the number of the submission whose id it says again, None for an id of its own."""

    number: int
    author: Author
    employer: Employer
    situation: str
    body: str
    twin: int | None = None


def generate(notices: int, places: Places, seed: int = 1) -> list[Item]:
    """That many submissions, in the order in which they are to be sent."""
    chance = random.Random(seed)
    employers = make_employers(max(10, notices // FOR_EACH_EMPLOYER), places, chance)
    return list(_items(notices, employers, chance))


def record_of(item: Item, topic: str, now: datetime) -> Message:
    """The record as the API's door writes it, the bytes of the body untouched."""
    sender, source = item.author.sender, item.author.source
    number = item.number if item.twin is None else item.twin
    return event(
        topic,
        sender + SEPARATOR + source,
        Submission(sender=sender, way="api", body=item.body),
        id=receipt_of(sender, source, name_of(number)),
        type=type_of("submission"),
        source=f"urn:employersituation:agency:{sender}",
        time=now,
    )


def name_of(number: int) -> str:
    """A notice's id with its author."""
    return f"n-{number:07d}"


def make_employers(count: int, places: Places, chance: random.Random) -> list[Employer]:
    """That many, in at most forty towns, so that each town has several."""
    towns = chance.sample(places.towns, min(40, len(places.towns)))
    ids = _business_ids(9_000_000)
    return [_employer(next(ids), towns, chance) for _ in range(count)]


def _employer(business_id: str, towns: list[Town], chance: random.Random) -> Employer:
    town = chance.choice(towns)
    authors = [_author(town.authority, chance)]
    if chance.random() < 0.1:
        authors.append(_author(chance.choice(towns).authority, chance))
    return Employer(business_id, town, tuple(chance.sample(towns, 2)), tuple(authors))


def _author(sender: str, chance: random.Random) -> Author:
    return Author(sender, f"register-{chance.randrange(4)}")


def _business_ids(start: int) -> Iterator[str]:
    for number in range(start, 10_000_000):
        rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, f"{number:07d}", strict=True)) % 11
        if rest != 1:
            yield f"{number:07d}-{11 - rest if rest else 0}"


def _items(notices: int, employers: list[Employer], chance: random.Random) -> Iterator[Item]:
    plain: list[Item] = []
    names, weights = [one.name for one in SITUATIONS], [one.weight for one in SITUATIONS]
    for number in range(notices):
        said_before = plain and chance.random() < 0.06
        if said_before:
            yield _again(number, chance.choice(plain[-200:]), chance)
            continue
        employer = chance.choice(employers)
        situation = BY_NAME[chance.choices(names, weights)[0]]
        item = _new(number, employer, chance.choice(employer.authors), situation)
        if situation.verdict == "accepted":
            plain.append(item)
        yield item


def _new(number: int, employer: Employer, author: Author, situation: Situation) -> Item:
    body = json.dumps(notice_about(number, employer, author, situation), ensure_ascii=False)
    return Item(number, author, employer, situation.name, situation.spoil(body))


def _again(number: int, before: Item, chance: random.Random) -> Item:
    """The same once more; one in three with other content under the same id."""
    if chance.random() < 0.67:
        return Item(number, before.author, before.employer, before.situation, before.body, before.number)
    changed = json.loads(before.body) | {"language": "sv"}
    return Item(number, before.author, before.employer, "conflict", json.dumps(changed, ensure_ascii=False), before.number)


def notice_about(number: int, employer: Employer, author: Author, situation: Situation) -> dict[str, Any]:
    """The notice as its author writes it, before anything is spoilt."""
    notice = {
        "id": name_of(number),
        "source": author.source,
        "kind": situation.kind,
        "employer": _about(employer),
        "workplaces": [{"area": situation.area or employer.town.code, "headcount": 230}],
        "channel": "visit",
        "text": f"{SECRET} asiakkaan oma kuvaus",
        "diary_number": f"{SECRET}/{number}",
        "basis": SECRET,
        "references": [{"system": "ura_customer", "value": f"{SECRET}-{number}"}],
    }
    return notice | dict(situation.fields) | (_downsizing(employer) if situation.kind == "downsizing" else {})


def _about(employer: Employer) -> dict[str, Any]:
    name = f"Esimerkki {employer.business_id} Oy"
    return {"business_id": employer.business_id, "name": name, "headcount": 230, "growth_plans": False, "legal_form": SECRET}


def _downsizing(employer: Employer) -> dict[str, Any]:
    homes = [{"area": home.code, "count": 4} for home in employer.homes]
    return {"grounds": f"{SECRET} tuotannolliset syyt", "over_55_count": 3, "homes": homes}
