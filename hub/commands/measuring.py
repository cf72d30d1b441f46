"""Commands that put the hub under load: soak and bench. Each runs on a hub of its own."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from hub.commands.common import AsJson, print_json
from hub.local.supervisor import tell
from hub.trials.bench import identity, path, rebuilding, subscribing, webhooks
from hub.trials.soak.ground import Say
from hub.trials.soak.history.run import soak_history
from hub.trials.soak.partners.run import soak_partners
from hub.trials.soak.run import Wish, soak

commands = typer.Typer()
bench = typer.Typer(no_args_is_help=True, help="Measure, as ratios in one run. Example: hub bench path --notices 12000")
commands.add_typer(bench, name="bench")
_A_ROUND = 12_500
"""Submissions for each round of faults: more of them, more faults, three rounds at the least."""


_Act = Callable[[Wish, Say], tuple[dict[str, Any], bool]]


class Soak(StrEnum):
    """What is soaked."""

    NOTICES = "notices"
    HISTORY = "history"
    PARTNERS = "partners"


_SOAKS: dict[Soak, tuple[_Act, int]] = {
    Soak.NOTICES: (soak, 50_000),
    Soak.HISTORY: (soak_history, 20_000),
    Soak.PARTNERS: (soak_partners, 5_000),
}
"""By what is soaked, how, and of how many notices."""


@commands.command("soak", epilog="Example: hub soak history --notices 20000")
def run_soak(
    what: Annotated[
        Soak,
        typer.Argument(
            help="history: corrected, withdrawn and moved, while the registry changes too. "
            "partners: 30 agencies on every channel, whose side fails too."
        ),
    ] = Soak.NOTICES,
    notices: Annotated[
        int | None,
        typer.Option(
            help="Notices to send while processes are killed (default: 50000, of history 20000, of partners 5000).", min=100
        ),
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Rounds of faults, each kind once a round (default: three or more).")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other submissions.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Kill and stop workers, broker, database and projector under load, then count what was lost. Exit 1 where anything was."""
    act, usual = _SOAKS[what]
    many = notices or usual
    result, good = act(Wish(many, rounds or max(3, many // _A_ROUND), seed=seed), lambda line: tell(f"soak: {line}"))
    if not as_json:
        tell("soak: nothing was lost" if good else "soak: something happened that must not, see above")
    print_json(result)
    raise typer.Exit(0 if good else 1)


@bench.command("path", epilog="Example: hub bench path --notices 12000 --seconds 60")
def bench_path(
    notices: Annotated[int, typer.Option(help="Notices that each measured run takes.", min=100)] = 12_000,
    seconds: Annotated[float, typer.Option(help="Seconds of the steady flow in which times are taken.", min=2)] = 60.0,
    rounds: Annotated[int, typer.Option(help="How often each run is repeated, in turns; the median counts.", min=1)] = 3,
    as_json: AsJson = False,
) -> None:
    """The whole path against a plain Faust app and a bare loop with the same rules; then times and memory."""
    found = path.bench_path(path.Wish(notices, notices // 3, rounds, seconds), lambda line: tell(f"bench: {line}"))
    if not as_json:
        for name, value in found.items():
            tell(f"bench: {name}: {value}")
    print_json(found)


@bench.command("identity", epilog="Example: hub bench identity --ids 1000000")
def bench_identity(
    ids: Annotated[int, typer.Option(help="Ids that intake has to remember.", min=100)] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """What it costs to remember every id ever seen: memory of the front worker, and how long its restart takes."""
    found = identity.bench_identity(ids, lambda line: tell(f"bench: {line}"))
    if not as_json:
        tell(f"bench: {found['ids']} ids: {found['rss_mb']} MB, at work again after {found['restart_s']} s")
    print_json(found)


@bench.command("rebuild", epilog="Example: hub bench rebuild --notices 100000")
def bench_rebuild(
    notices: Annotated[int, typer.Option(help="Notices that stand in the views.", min=100)] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Build the views of many notices anew while the API is read: they have to say the same. Exit 1 where they do not."""
    found, good = rebuilding.bench_rebuild(notices, lambda line: tell(f"bench: {line}"))
    if not as_json:
        tell(f"bench: {found['rows']} rows built anew in {found['rebuild_s']} s; {found['not_answered']} questions unanswered")
    print_json(found)
    raise typer.Exit(0 if good else 1)


@bench.command("subscriptions", epilog="Example: hub bench subscriptions --json")
def bench_subscriptions(
    copies: Annotated[int, typer.Option(help="Copies that each measured run matches.", min=10)] = 2_000,
    rounds: Annotated[int, typer.Option(help="How often each run is repeated, in turns; the median counts.", min=1)] = 7,
    as_json: AsJson = False,
) -> None:
    """Find the subscriptions that a copy meets among 100 and among 10,000: the same copies, as many matches."""
    found = subscribing.bench_subscriptions(subscribing.Wish(copies, rounds), lambda line: tell(f"bench: {line}"))
    if not as_json:
        tell(f"bench: 10,000 subscriptions are {found['dearer_percent']} % dearer than 100; in one hand, {_in_one_hand(found)} %")
    print_json(found)


def _in_one_hand(found: dict[str, Any]) -> float:
    return float(found["one_agency"]["dearer_percent"])


@bench.command("webhooks", epilog="Example: hub bench webhooks --events 25 --rounds 8")
def bench_webhooks(
    endpoints: Annotated[int, typer.Option(help="Endpoints, each of an agency of its own.", min=2, max=150)] = 100,
    events: Annotated[int, typer.Option(help="Events for each endpoint in each round.", min=1)] = 25,
    rounds: Annotated[int, typer.Option(help="How often each kind of round is run, in turns; the median counts.", min=1)] = 8,
    as_json: AsJson = False,
) -> None:
    """What one endpoint that hangs costs the others: what they take in a second, with that one well and hanging."""
    found = webhooks.bench_webhooks(endpoints, events, rounds, lambda line: tell(f"bench: {line}"))
    if not as_json:
        tell(f"bench: {found['per_s']} events a second, {found['per_s_one_hanging']} with one that hangs: {found['ratio']} of it")
    print_json(found)
