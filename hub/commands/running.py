"""Commands that run the whole hub, or one of the servers that it needs."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from hub.agents.hand import day_of
from hub.commands.common import Folder, Registries, settings_for
from hub.local import embedded, jars
from hub.local.classes import ready_made
from hub.local.supervisor import Supervisor
from hub.local.whole import Running, start_whole
from hub.wiring import Wiring

commands = typer.Typer()


@commands.command(epilog="Example: hub up --folder /tmp/my-hub")
def up(folder: Folder = None, registry: Registries = None) -> None:
    """Start the whole hub on this machine and keep it running until Ctrl-C."""
    settings = settings_for(folder, registry)
    Wiring(settings).refuse_a_flawed_registry(day_of(datetime.now(UTC)))
    with Supervisor(settings.folder, say=lambda line: typer.echo(f"hub: {line}")) as supervisor:
        supervisor.run_until_signal(lambda: _welcome(start_whole(supervisor, settings), supervisor))


def _welcome(running: Running, supervisor: Supervisor) -> None:
    typer.echo(
        f"""
The hub is ready. Kafka at {running.kafka}, API at {running.api} (its pages: {running.api}/docs).
Addresses and a key of the agency {running.agency} stand in {supervisor.folder / "hub.json"}. Ctrl-C stops everything.

In another terminal:

  curl -sS {running.api}/v1/notices -H 'Authorization: Bearer {running.key}' -H 'Content-Type: application/json' -d '{EXAMPLE}'
  curl -sS {running.api}/v1/outbox -H 'Authorization: Bearer {running.key}'
  .venv/bin/hub demo
"""
    )


EXAMPLE = (
    '{"kind":"downsizing","id":"first-1","source":"trying-it-out","employer":{"business_id":"9000000-3","name":"Esimerkki Oy"},'
    '"workplaces":[{"area":"fi:kunta:837"}],"stage":"negotiations","measures":[{"measure":"dismissal","planned":40}]}'
)
"""A notice to paste: forty people in Tampere may lose their work."""


@commands.command(epilog="Example: hub broker --run")
def broker(folder: Folder = None, run: Annotated[bool, typer.Option("--run", help="Also run it until Ctrl-C.")] = False) -> None:
    """Fetch and check the broker's 45 jars, so that `hub up` needs no network, and make it start quickly; --run: run it alone."""
    found = jars.fetch_jars(None, typer.echo)
    typer.echo(f"{len(found)} jars are there, each with the right checksum, in {found[0].parent}")
    ready_made(found, found[0].parent, typer.echo)
    if not run:
        return
    settings = settings_for(folder)
    with Supervisor(settings.folder, say=typer.echo) as supervisor:
        supervisor.run_until_signal(
            lambda: typer.echo(f"Kafka at {embedded.start_kafka(supervisor, settings.folder, settings.kafka.heap).bootstrap}")
        )


@commands.command(epilog="Example: hub database")
def database(folder: Folder = None) -> None:
    """Run PostgreSQL alone until Ctrl-C; data below the folder."""
    settings = settings_for(folder)
    with Supervisor(settings.folder, say=typer.echo) as supervisor:
        supervisor.run_until_signal(
            lambda: typer.echo(f"PostgreSQL at {embedded.start_postgres(supervisor, settings.folder).url}")
        )
