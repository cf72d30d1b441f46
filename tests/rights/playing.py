"""Plays situations through the agents' steps and keeps what each agency was told, with what the model says of it."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hub.core.registry import Registry
from hub.data.load import load_registry
from hub.trials.soak.places import Places, read_places
from schemas.messages import AgencyNotice, LayoffAlert
from schemas.wire import Message
from tests.builders import body_of
from tests.hub.agents.steps import Said, Steps, name_of, submitted
from tests.rights.generated import changed, notice_of, situations
from tests.rights.model import Situation

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLACES: Places = read_places()


@cache
def finland() -> Registry:
    """The registry as it is shipped."""
    content = load_registry("fi")
    return Registry.of(1, content.areas, content.agencies, content.offerings)


@dataclass(frozen=True)
class Played:
    """A notice, perhaps with a correction: each step's situation, and all that the hub said of it."""

    steps: tuple[Situation, ...]
    said: tuple[Said, ...]
    answers: tuple[tuple[str, Said], ...]
    """After the last step, who answered the notice, told or not, and what came of it; each says so with its own name."""
    messages: tuple[Message, ...]
    """Everything that stands on the hub's topics, submissions too, without the prefix of topics."""

    def told(self, step: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each agency with its copy of that step."""
        for agency, copy in self.said[step - 1].outboxes(AgencyNotice).items():
            yield agency, copy.model_dump(mode="json")

    def alerted(self, step: int) -> Iterator[tuple[str, LayoffAlert]]:
        """Each agency with its alert of that step."""
        yield from self.said[step - 1].outboxes(LayoffAlert).items()


def played(count: int, seed: int, towns: int = 12, answered: bool = False) -> Iterator[Played]:
    """That many situations, half of them with a correction to another; `answered`: by some agencies, at the end."""
    chance, steps = random.Random(seed), Steps(finland)
    known = tuple(random.Random(seed).sample(PLACES.towns, towns))
    for first in situations(count, PLACES, seed, towns):
        both = (first,) if chance.random() < 0.5 else (first, changed(first, known, chance))
        yield _play(steps, both, answered)


def _play(steps: Steps, both: tuple[Situation, ...], answered: bool) -> Played:
    said, messages = list[Said](), list[Message]()
    for number, told in enumerate(both, 1):
        notice = notice_of(told, number)
        names = {"source": notice["source"], "id": notice["id"]}
        body = notice if number == 1 else {"id": f"c-{told.number}", "corrects": names, "notice": notice}
        message, at = submitted(body_of(body), told.sender), AT + timedelta(minutes=number)
        said.append(steps.run(message, at))
        assert said[-1].verdicts() == {"accepted": 1}, told
        messages += [replace(one, topic=name_of(one)) for one in (message, *said[-1].messages)]
    answers = tuple((by, _answer(steps, both, by)) for by in (_answering(both, said) if answered else ()))
    messages += [replace(one, topic=name_of(one)) for _, came in answers for one in came.messages]
    return Played(both, tuple(said), answers, tuple(messages))


def _answering(both: tuple[Situation, ...], said: list[Said]) -> list[str]:
    """Two who were told, if so many were, and one who may not have been."""
    told = {agency for one in said for model in (AgencyNotice, LayoffAlert) for agency in one.outboxes(model)} - {"fallback"}
    chance = random.Random(both[0].number)
    return [*chance.sample(sorted(told), min(2, len(told))), chance.choice([body.id for body in PLACES.bodies])]


def _answer(steps: Steps, both: tuple[Situation, ...], by: str) -> Said:
    answer = {"id": by, "answer": "claim", "reason": f"SAID-BY-{by}."}
    return steps.answer(notice_of(both[-1], len(both)), answer, by, len(both), both[0].sender, AT + timedelta(minutes=9))
