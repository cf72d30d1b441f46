"""The life of a partner: what the operator does with it, and what it shows."""

import getpass
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.core.conformance import required
from hub.core.partners import Asked, moves_from
from hub.data.load import load_registry
from hub.kafka_doors import KafkaDoors
from hub.wiring import Wiring
from schemas.errors import NotConforming, NotReady, Refusal, Unknown
from schemas.partner import PartnerChange, PartnerState, Trial

life = typer.Typer()
Agency = Annotated[str, typer.Argument(help="Id of the agency, as `hub registry show` tells it.")]
Why = Annotated[str, typer.Option(help="The reason: it is kept in the audit, and the partner can read it.")]
By = Annotated[str | None, typer.Option(help="Who decides it; none = the user of this machine.")]
_STEPS: dict[PartnerState, str] = {
    "requested": "next: hub partner approve {0} --why '…'",
    "approved": "next: hub keys issue {0} --scopes publish,read,manage; with that key it sends POST /v1/partner/test-notices",
    "active": "it sends and is told from now on",
    "suspended": "no key of it opens anything; endpoints are told nothing until hub partner activate {0} --why '…'",
    "closed": "its keys, endpoints and users on Kafka have ended for good",
}
"""Said after each change."""


@life.command("request", epilog="Example: hub partner request finnvera --why 'their letter of 3 March'")
def request(agency: Agency, why: Why, by: By = None, folder: Folder = None) -> None:
    """An agency asks to become a partner. It can do nothing yet; the registry has to know it."""
    _move(wiring_for(folder), agency, Asked("request", why), by)


@life.command("approve", epilog="Example: hub partner approve finnvera --why 'the agreement is signed'")
def approve(agency: Agency, why: Why, by: By = None, folder: Folder = None) -> None:
    """It may send test notices and manage its keys, and nothing else."""
    _move(wiring_for(folder), agency, Asked("approve", why), by)


@life.command("activate", epilog="Example: hub partner activate finnvera --why 'its test messages are right'")
def activate(
    agency: Agency,
    why: Why,
    by: By = None,
    anyway: Annotated[bool, typer.Option(help="Also where its test messages do not show all; what was missing is kept.")] = False,
    folder: Folder = None,
) -> None:
    """It goes live, or goes on after a suspension. Exit 1 where its test messages do not show yet what they have to."""
    _move(wiring_for(folder), agency, Asked("activate", why, anyway), by)


@life.command("suspend", epilog="Example: hub partner suspend finnvera --why 'its server was broken into'")
def suspend(agency: Agency, why: Why, by: By = None, folder: Folder = None) -> None:
    """At once no key of it opens anything, open streams end, its users on Kafka are closed, its endpoints are told nothing."""
    _move(wiring_for(folder), agency, Asked("suspend", why), by)


@life.command("close", epilog="Example: hub partner close finnvera --why 'the agreement has ended'")
def close(agency: Agency, why: Why, by: By = None, folder: Folder = None) -> None:
    """As suspend, and for good: its keys are revoked, its endpoints closed."""
    _move(wiring_for(folder), agency, Asked("close", why), by)


@life.command("show", epilog="Example: hub partner show finnvera --tests 20")
def show(
    agency: Agency,
    tests: Annotated[int, typer.Option(help="How many of its test messages to show, the newest first.", min=0)] = 10,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Its state and how it came there, what its test messages show, each with its findings, and what it has."""
    found = _picture(_known(wiring_for(folder), agency), agency, tests)
    if as_json:
        print_json(found)
    else:
        typer.echo("\n".join(_in_words(found)))


@life.command("list", epilog="Example: hub partner list --state suspended")
def list_partners(
    state: Annotated[str | None, typer.Option(help="Only those in that state.")] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Every partner of which anything was said: state, since when, by whom, why. An agency that is not listed is active."""
    found = [change for change in wiring_for(folder).partners.newest() if state in (None, change.state)]
    if as_json:
        print_json({"partners": [change.model_dump(mode="json") for change in found]})
        return
    for change in found:
        typer.echo(f"{change.agency:24} {_line(change)}")


def _move(wiring: Wiring, agency: str, asked: Asked, by: str | None) -> None:
    who = by or getpass.getuser()
    try:
        change = _known(wiring, agency).partners.move(agency, asked, who)
    except Refusal as error:
        _tell(error)
        raise typer.Exit(1) from None
    waived = f" without {', '.join(change.waived)}" if change.waived else ""
    typer.echo(f"{agency} is {change.state}{waived}")
    if change.state in ("suspended", "closed"):
        _close_kafka(wiring, agency, who)
    typer.echo(_STEPS[change.state].format(agency))


def _tell(error: Refusal) -> None:
    """Every finding; the advice where it is about what the partner has to do."""
    typer.echo(f"hub: {error.detail}", err=True)
    for finding in error.findings:
        typer.echo(f"     {finding.place.strip('/') or 'missing'}: {finding.message} [{finding.rule}]", err=True)
    if isinstance(error, NotConforming):
        typer.echo(f"     {error.advice}", err=True)


def _close_kafka(wiring: Wiring, agency: str, who: str) -> None:
    """Now; where the broker is away, the dispatcher does it within a minute of its return."""
    try:
        count = KafkaDoors(wiring).close_all(agency, who)
    except NotReady as error:
        typer.echo(f"its users on Kafka are not closed yet, the dispatcher goes on trying: {error.detail}", err=True)
        return
    if count:
        typer.echo(f"{count} of its users on Kafka closed: hub partner kafka open {agency} makes new ones once it is active")


def _known(wiring: Wiring, agency: str) -> Wiring:
    if agency not in {row.id for row in load_registry(*wiring.sources()).agencies}:
        raise Unknown(f"the registry has no agency {agency}: `hub registry show fi:kunta:837` lists those of an area")
    return wiring


def _picture(wiring: Wiring, agency: str, tests: int) -> dict[str, Any]:
    history, trials = wiring.partners.history(agency), wiring.partners.trials(agency)
    keys, users = wiring.keys.of(agency), KafkaDoors(wiring).all(agency)
    return {
        "agency": agency,
        "state": wiring.partners.state(agency),
        "may_follow": moves_from(history[-1].state if history else None),
        "history": [change.model_dump(mode="json") for change in history],
        "required": [one.model_dump() for one in required(trials)],
        "tests": [trial.model_dump(mode="json", exclude_none=True) for trial in trials[::-1][:tests]],
        "keys": sum(key.revoked is None for key in keys),
        "kafka_users": sum(user.closed is None for user in users),
        "endpoints": len(wiring.endpoints.of(agency)),
    }


def _in_words(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['agency']} is {found['state']}; what may follow: {', '.join(found['may_follow'])}"
    yield from (f"  {_line(PartnerChange.model_validate(change))}" for change in found["history"])
    yield f"keys {found['keys']}, users on Kafka {found['kafka_users']}, endpoints {found['endpoints']}"
    yield from (f"+ {one['rule']}" if one["met"] else f"- {one['rule']}: {one['message']}" for one in found["required"])
    for trial in found["tests"]:
        yield from _of_trial(Trial.model_validate(trial))


def _line(change: PartnerChange) -> str:
    waived = f" (without {', '.join(change.waived)})" if change.waived else ""
    return f"{change.state:10} since {change.at:%Y-%m-%d %H:%M} by {change.by}: {change.why}{waived}"


def _of_trial(trial: Trial) -> Iterator[str]:
    yield f"{trial.at:%Y-%m-%d %H:%M:%S} {trial.verdict:8} {trial.said or 'unreadable'} {trial.source or '-'} / {trial.id or '-'}"
    for finding in trial.findings:
        yield f"    {finding.place or 'the whole'}: {finding.message} [{finding.rule}]"
    if trial.would:
        told = ", ".join(one.agency for one in trial.would.recipients)
        yield f"    would be {trial.would.outcome}: {told or 'nobody'}"
