"""Commands about topics and the registry."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from connectors.outbound.topics import apply_topics
from hub.agents.hand import day_of
from hub.commands.common import AsJson, Folder, Registries, print_json, settings_for, wiring_for
from hub.core.registry import Registry
from hub.data.check import problems_from
from hub.data.content import RegistryContent
from hub.data.load import load_registry
from hub.narrowing import MOST, Narrowing
from hub.stopping import told_to_stop
from hub.wiring import Wiring
from schemas.topics import every_topic

commands = typer.Typer()
topics = typer.Typer(no_args_is_help=True, help="The hub's topics. Example: hub topics list")
registry = typer.Typer(no_args_is_help=True, help="Agencies, areas and services. Example: hub registry show fi:kunta:837")
commands.add_typer(topics, name="topics")
commands.add_typer(registry, name="registry")


@topics.command("list", epilog="Example: hub topics list")
def list_topics() -> None:
    """Each topic with its key, partitions and how long it is kept."""
    for topic in every_topic(("<id>",)):
        kept = "compacted" if topic.compacted else f"{topic.kept_days} days"
        typer.echo(f"{topic.name:24} key: {topic.key:16} {topic.partitions:3} partitions  {kept:10}  {topic.carries}")


@topics.command("apply", epilog="Example: hub topics apply")
def make_topics(folder: Folder = None) -> None:
    """Make the topics that are missing, with offset 0 for each group that reads them."""
    wiring = wiring_for(folder)
    content = load_registry(*wiring.sources())
    agencies = content.with_doors()
    made = apply_topics(wiring.bootstrap, every_topic(agencies), wiring.prefix)
    typer.echo(f"{len(made)} topics made")


@registry.command("check", epilog="Example: hub registry check")
def check_registry(registry: Registries = None) -> None:
    """Look for municipalities without an authority, dead references and services that no notice can reach."""
    found = problems_from(_content(registry), day_of(datetime.now(UTC)))
    for problem in found:
        typer.echo(problem, err=True)
    typer.echo(f"{len(found)} problems")
    raise typer.Exit(1 if found else 0)


@registry.command("show", epilog="Example: hub registry show fi:kunta:837")
def show_area(
    code: Annotated[str, typer.Argument(help="Area code with its system, such as fi:kunta:491.")], registry: Registries = None
) -> None:
    """The agencies that cover an area today."""
    content = _content(registry)
    known = Registry.of(0, content.areas, content.agencies, content.offerings)
    covering = known.agencies_covering(code, day_of(datetime.now(UTC)))
    for agency in covering:
        typer.echo(f"{agency.id:24} {agency.ring:10} {agency.names.fi}")
    if not covering:
        typer.echo(f"no agency covers {code}; is it an area code such as fi:kunta:837?", err=True)
        raise typer.Exit(1)


def _content(registries: list[str] | None) -> RegistryContent:
    return load_registry(*Wiring(settings_for(None, registries)).sources())


@registry.command("publish", epilog="Example: hub registry publish")
def publish_registry(folder: Folder = None) -> None:
    """Take in what changed in the registry's files and tell every process."""
    wiring = wiring_for(folder)
    wiring.refuse_a_flawed_registry(day_of(datetime.now(UTC)))
    typer.echo(f"registry: revision {wiring.publish_registry()} holds")


@registry.command("status", epilog="Example: hub registry status --json")
def tell_status(folder: Folder = None, as_json: AsJson = False) -> None:
    """Whether the newest revision is in force, or pending and which agents still decide by an older one. Exit 1: pending."""
    standings = wiring_for(folder).standings()
    standing = standings.now()
    if as_json:
        print_json(standing.row())
    else:
        typer.echo(f"revision {standing.revision}: {standing.row()['state']}")
        for behind in standing.waits_for:
            by = f"revision {behind.revision}" if behind.revision else "what it has not reported"
            typer.echo(f"{behind.agent:12} partition {behind.partition:2} decides by {by}")
    raise typer.Exit(0 if standing.in_force else 1)


@registry.command("narrow", epilog="Example: hub registry narrow --json")
def narrow_outboxes(
    folder: Folder = None,
    many: Annotated[bool, typer.Option("--many", help="Also where more than 10 outboxes would be emptied at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take out of the outboxes what their agencies may see no more; the dispatcher does it by itself.

    Exit 1: pending, or hindered. It can be killed at any point and run again.
    """
    narrowing = Narrowing(wiring_for(folder), lambda: day_of(datetime.now(UTC)), most=sys.maxsize if many else MOST)
    with told_to_stop() as stop:
        looked = narrowing.look(stop)
    found = {agency: emptied.counts() for agency, emptied in looked.outboxes.items()}
    if as_json:
        print_json(looked.standing.row() | {"outboxes": found, "failed": looked.failed})
    else:
        typer.echo(f"revision {looked.standing.revision}: {looked.standing.row()['state']}; {len(found)} outboxes looked through")
        for agency, counts in found.items():
            typer.echo(f"{agency:24} " + ", ".join(f"{count} {what}" for what, count in counts.items()))
        for agency, why in looked.failed.items():
            typer.echo(f"{agency:24} not done: {why}")
    raise typer.Exit(0 if looked.standing.in_force and looked.is_done else 1)
