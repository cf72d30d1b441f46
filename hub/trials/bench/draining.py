"""How many notices a second a set of processes takes from the door to the last outbox record."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from hub.trials.bench.field import Field, field
from hub.trials.bench.processes import processes
from hub.trials.load import Item
from hub.trials.soak.ground import Ground, Say
from hub.trials.soak.places import Places

_LOOK = 0.5
_BEGINS_WITHIN = 90.0
_MOVES_WITHIN = 60.0


class Stuck(RuntimeError):
    """A measured run stood still before its end."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measured runs share."""

    ground: Ground
    items: Sequence[Item]
    places: Places
    say: Say


def drain(bench: Bench, name: str, number: int, count: int = 1) -> float:
    """Notices a second through `count` processes of that kind, from the first that is taken to the last copy."""
    with field(bench.ground, f"{name}{number}.", bench.items, bench.places) as here:
        commands = [command(name, here)] * count
        with processes(commands, bench.ground.settings.folder / "log" / f"bench-{name}.log"):
            per_second = len(bench.items) / _seconds(here)
    bench.say(f"{name}, {count} process{'es' if count > 1 else ''}: {per_second:.0f} notices a second")
    return per_second


def command(name: str, here: Field) -> list[str]:
    """The arguments of a process: `path` is the hub's own worker."""
    module = {"path": "worker", "plain": "plain_faust", "bare": "bare_loop"}[name]
    return ["-m", f"hub.trials.bench.{module}", here.bootstrap, here.prefix]


def _seconds(here: Field) -> float:
    began = _once_begun(here)
    last, moved = 0, began
    while (arrived := here.arrived()) < here.copies:
        if arrived > last:
            last, moved = arrived, time.monotonic()
        if time.monotonic() - moved > _MOVES_WITHIN:
            raise Stuck(f"{arrived} of {here.copies} copies came, then nothing more")
        time.sleep(_LOOK)
    return time.monotonic() - began


def _once_begun(here: Field) -> float:
    deadline = time.monotonic() + _BEGINS_WITHIN
    while not here.begun():
        if time.monotonic() > deadline:
            raise Stuck(f"nothing was taken within {_BEGINS_WITHIN:.0f} s")
        time.sleep(_LOOK / 20)
    return time.monotonic()
