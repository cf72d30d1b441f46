"""The `hub` command."""

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from connectors.outbound.topics import apply_topics
from hub.data.load import load_registry, problems
from hub.local import embedded, jars
from hub.local.supervisor import AlreadyRunning, Supervisor
from hub.settings import Settings
from schemas.errors import HubError
from schemas.topics import Topic, every_topic

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The employer-situation hub. Start with `hub up`; every command has --help with an example.",
)
topics = typer.Typer(no_args_is_help=True, help="The hub's topics. Example: hub topics list")
registry = typer.Typer(no_args_is_help=True, help="Agencies, areas and services. Example: hub registry show fi:kunta:837")
app.add_typer(topics, name="topics")
app.add_typer(registry, name="registry")
Folder = Annotated[Path | None, typer.Option(help="Folder for data, logs and addresses (default: var).")]


@app.command(epilog="Example: hub up --folder /tmp/my-hub")
def up(folder: Folder = None) -> None:
    """Start the hub's Kafka and PostgreSQL, make the topics, keep all running until Ctrl-C."""
    settings = Settings()
    place = (folder or settings.folder).absolute()
    with ExitStack() as stack:
        supervisor = stack.enter_context(Supervisor(place, say=lambda line: typer.echo(f"hub: {line}")))
        supervisor.run_until_signal(lambda: _start(supervisor, place, settings))


def _start(supervisor: Supervisor, place: Path, settings: Settings) -> None:
    bootstrap, url = settings.kafka.bootstrap, settings.database.url
    if bootstrap is None:
        bootstrap = embedded.start_kafka(supervisor, place, settings.kafka.heap).bootstrap
    if url is None:
        url = embedded.start_postgres(supervisor, place).url
    made = apply_topics(bootstrap, _all_topics(), settings.kafka.topic_prefix)
    supervisor.say(f"topics: {len(made)} made")
    _note_addresses(place, bootstrap, url)
    typer.echo(f"hub: Kafka at {bootstrap}; all addresses in {place / 'hub.json'}; Ctrl-C stops everything")


def _note_addresses(place: Path, bootstrap: str, url: str) -> None:
    """hub.json holds the database's password: readable by its owner only, and never half written."""
    fresh = place / "hub.json.new"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump({"kafka": bootstrap, "database": url}, out)
    fresh.replace(place / "hub.json")


def _all_topics() -> tuple[Topic, ...]:
    return every_topic(tuple(agency.id for agency in load_registry().agencies if agency.ring != "none"))


@app.command(epilog="Example: hub broker")
def broker() -> None:
    """Fetch and check the broker's 45 jars, so that `hub up` needs no network."""
    found = jars.fetch_jars(None, typer.echo)
    typer.echo(f"{len(found)} jars are there, each with the right checksum, in {found[0].parent}")


@topics.command("list", epilog="Example: hub topics list")
def list_topics() -> None:
    """Each topic with its key, partitions and how long it is kept."""
    for topic in every_topic(("<id>",)):
        kept = "compacted" if topic.compacted else f"{topic.kept_days} days"
        typer.echo(f"{topic.name:24} key: {topic.key:16} {topic.partitions:3} partitions  {kept:10}  {topic.carries}")


@registry.command("check", epilog="Example: hub registry check")
def check_registry() -> None:
    """Look for municipalities without an authority, dead references and services that no notice can reach."""
    found = problems(load_registry(), datetime.now(UTC).date())
    for problem in found:
        typer.echo(problem, err=True)
    typer.echo(f"{len(found)} problems")
    raise typer.Exit(1 if found else 0)


@registry.command("show", epilog="Example: hub registry show fi:kunta:837")
def show_area(code: Annotated[str, typer.Argument(help="Area code with its system, such as fi:kunta:491.")]) -> None:
    """The agencies that cover an area today."""
    from hub.core.registry import Registry

    content = load_registry()
    known = Registry.of(0, content.areas, content.agencies, content.offerings)
    covering = known.agencies_covering(code, datetime.now(UTC).date())
    for agency in covering:
        typer.echo(f"{agency.id:24} {agency.ring:10} {agency.names.fi}")
    if not covering:
        typer.echo(f"no agency covers {code}; is it an area code such as fi:kunta:837?", err=True)
        raise typer.Exit(1)


def main() -> None:
    """Entry point: what the hub says about itself is one line, never a trace."""
    try:
        app()
    except AlreadyRunning as error:
        raise SystemExit(f"hub: {error}") from error
    except HubError as error:
        raise SystemExit(f"hub: {error.title}: {error.detail}\n     {error.advice}") from error
