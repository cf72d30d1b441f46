"""Commands that run the hub or one of its processes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub import logs, projecting, serving, worker
from hub.agents.hand import day_of
from hub.commands.common import Folder, Registries, settings_for, wiring_for
from hub.local import embedded, jars
from hub.local.supervisor import Supervisor
from hub.local.whole import Running, start_whole
from hub.wiring import Wiring
from hub.worker import Side

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


def _process(folder: Path | None) -> Wiring:
    """Adapters of a process that runs alone, which logs."""
    wiring = wiring_for(folder)
    logs.set_up(wiring.settings.log)
    return wiring


EXAMPLE = (
    '{"kind":"downsizing","id":"first-1","source":"trying-it-out","employer":{"business_id":"9000000-3","name":"Esimerkki Oy"},'
    '"workplaces":[{"area":"fi:kunta:837"}],"stage":"negotiations","measures":[{"measure":"dismissal","planned":40}]}'
)
"""A notice to paste: forty people in Tampere may lose their work."""


@commands.command("worker", epilog="Example: hub worker --front")
def run_worker(
    folder: Folder = None,
    front: Annotated[bool, typer.Option("--front", help="Only intake and cases.")] = False,
    back: Annotated[bool, typer.Option("--back", help="Only routing and enrichment.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read a topic from its start where no offset is known.")
    ] = False,
) -> None:
    """Run agents: those of the front, of the back, or all of them. Run as many as there are partitions."""
    wiring = _process(folder)
    sides: list[Side] = [*(["front"] if front or not back else []), *(["back"] if back or not front else [])]  # type: ignore[list-item]
    worker.run(wiring.bootstrap, wiring.prefix, sides, from_start=from_start)


@commands.command("api", epilog="Example: hub api --port 8080")
def run_api(folder: Folder = None, port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1.")] = None) -> None:
    """Serve the HTTP API on 127.0.0.1; behind a proxy that ends TLS, as many as you like."""
    wiring = _process(folder)
    serving.serve(wiring, port or wiring.settings.api.port)


@commands.command("project", epilog="Example: hub project")
def run_projector(folder: Folder = None) -> None:
    """Fill PostgreSQL's views from the log. One at a time: a second one makes the first stop."""
    projecting.project(_process(folder))


@commands.command(epilog="Example: hub broker --run")
def broker(folder: Folder = None, run: Annotated[bool, typer.Option("--run", help="Also run it until Ctrl-C.")] = False) -> None:
    """Fetch and check the broker's 45 jars, so that `hub up` needs no network; with --run, run a broker alone."""
    found = jars.fetch_jars(None, typer.echo)
    typer.echo(f"{len(found)} jars are there, each with the right checksum, in {found[0].parent}")
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
