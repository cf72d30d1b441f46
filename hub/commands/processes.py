"""Commands that run one of the hub's processes. Each imports only what it needs: a worker starts in a third of the time."""

from typing import Annotated

import typer

from hub import logs
from hub.addresses import kafka_of
from hub.commands.common import AsJson, Folder, settings_for, wiring_for

commands = typer.Typer()


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
    from hub import worker

    settings = settings_for(folder)
    logs.set_up(settings.log)
    sides: list[worker.Side] = [*(["front"] if front or not back else []), *(["back"] if back or not front else [])]  # type: ignore[list-item]
    worker.run(kafka_of(settings), settings.kafka.topic_prefix, sides, from_start=from_start)


@commands.command("api", epilog="Example: hub api --port 8080")
def run_api(folder: Folder = None, port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1.")] = None) -> None:
    """Serve the HTTP API on 127.0.0.1; behind a proxy that ends TLS, as many as you like."""
    from hub import serving

    wiring = wiring_for(folder)
    logs.set_up(wiring.settings.log)
    serving.serve(wiring, port or wiring.settings.api.port)


@commands.command("project", epilog="Example: hub project")
def run_projector(folder: Folder = None) -> None:
    """Fill PostgreSQL's views from the log. One at a time: a second one makes the first stop."""
    from hub import projecting

    wiring = wiring_for(folder)
    logs.set_up(wiring.settings.log)
    projecting.project(wiring)


@commands.command("bridge", epilog="Example: hub bridge")
def run_bridge(folder: Folder = None) -> None:
    """Take over what agencies write into their inboxes on Kafka. Several of them share the inboxes."""
    from hub import bridging

    wiring = wiring_for(folder)
    logs.set_up(wiring.settings.log)
    bridging.bridge(wiring)


@commands.command("dispatch", epilog="Example: hub dispatch --once")
def run_dispatcher(
    folder: Folder = None,
    once: Annotated[bool, typer.Option("--once", help="Print what waits for each agency, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell agencies' endpoints (webhooks) what stands in their outboxes, fire clocks (the end of an embargo), purge each day."""
    from hub import dispatching
    from hub.commands.waiting import tell_what_waits

    wiring = wiring_for(folder)
    if once:
        tell_what_waits(wiring, as_json)
        return
    logs.set_up(wiring.settings.log)
    dispatching.dispatch(wiring)
