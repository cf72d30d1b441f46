"""Commands of the operator: what is wrong, and views built anew."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from confluent_kafka import KafkaException

from hub.commands.checks import CHECKS, Check, Remark
from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.projection import metrics
from hub.projection.rebuild import rebuild
from hub.projection.sources import Lag, Sources
from hub.stopping import told_to_stop
from hub.wiring import Wiring
from schemas.errors import HubError

commands = typer.Typer()
WELL = ("ok", "remark")
"""States of checks that found no fault of the hub."""


@commands.command("doctor", epilog="Example: hub doctor --json")
def doctor(folder: Folder = None, as_json: AsJson = False) -> None:
    """Look at everything that the hub needs, one by one; say what is wrong and what to do. Exit 1 where something is."""
    wiring = wiring_for(folder)
    states: dict[str, str] = {}
    told = []
    for check in CHECKS:
        found = examine(check, wiring, states)
        states[check.name] = found["state"]
        told.append(found)
        typer.echo(_line(found), err=as_json)
    healthy = all(state in WELL for state in states.values())
    if as_json:
        print_json({"healthy": healthy, "checks": told})
    raise typer.Exit(0 if healthy else 1)


def examine(check: Check, wiring: Wiring, states: dict[str, str]) -> dict[str, Any]:
    """What the check found. One that stands on a failed one is not asked: it would only wait and say the same."""
    found = {"check": check.name, "advice": None}
    if check.needs and states[check.needs] != "ok":
        return found | {"state": "not asked", "seen": f"{check.needs} comes first"}
    advice = check.advice.replace("<folder>", str(wiring.settings.folder))
    try:
        seen = check.look(wiring)
        return found | ({"state": "remark", "advice": advice} if isinstance(seen, Remark) else {"state": "ok"}) | {"seen": seen}
    except Exception as error:  # whatever a broken part does, the other checks are made
        return found | {"state": "failed", "seen": _said(error), "advice": advice}


def _said(error: Exception) -> str:
    """What is wrong, in words that hold no value of a record."""
    if isinstance(error, HubError):
        return error.detail
    return f"Kafka: {error.args[0].str()}" if isinstance(error, KafkaException) else type(error).__name__


def _line(found: dict[str, Any]) -> str:
    advice = f"\n{'':26}{found['advice']}" if found["advice"] else ""
    return f"{found['state']:10} {found['check']:14} {found['seen']}{advice}"


@commands.command("rebuild", epilog="Example: hub rebuild")
def rebuild_views(folder: Folder = None, as_json: AsJson = False) -> None:
    """Build the views anew from the log, beside those that serve, and swap them. Readers and the projector go on."""
    wiring, began = wiring_for(folder), time.monotonic()
    with told_to_stop() as stop, _progress(wiring):
        done = rebuild(wiring.bootstrap, wiring.views(), wiring.prefix, stop=stop)
    seconds = time.monotonic() - began
    found = {"records": done.records, "carried_over": done.carried, "seconds": round(seconds, 1)}
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{done.records} records read, {done.carried} rows carried over, {seconds:.1f} s; the new views serve")


@contextmanager
def _progress(wiring: Wiring) -> Iterator[None]:
    """A line each second on standard error: how much of the log is read."""
    whole = sum(Lag(Sources(wiring.bootstrap, wiring.prefix))({}).values())
    done = threading.Event()

    def tell() -> None:
        while not done.wait(1.0):
            typer.echo(f"{_records_read()} of {whole} records read", err=True)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _records_read() -> int:
    samples = (sample for family in metrics.RECORDS.collect() for sample in family.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))
