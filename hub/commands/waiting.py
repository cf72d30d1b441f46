"""What waits for each agency, as `hub dispatch --once` prints it."""

from typing import Any

import typer

from hub.commands.common import print_json
from hub.dispatch.due import CHANNELS
from hub.dispatching import waiting
from hub.wiring import Wiring


def tell_what_waits(wiring: Wiring, as_json: bool) -> None:
    """A line for each agency, or one JSON object."""
    rows = [due.row() for due in waiting(wiring).due()]
    if as_json:
        print_json({"channels": CHANNELS, "agencies": rows})
        return
    for row in rows:
        typer.echo(_line(row))
    typer.echo(
        "This is what stands there, whatever was taken of it; what waits for an endpoint its agency sees at /v1/endpoints."
    )


def _line(row: dict[str, Any]) -> str:
    outbox, since = row["outbox"], f", the oldest of {row['oldest_alert']}" if row["oldest_alert"] else ""
    held = f"outbox {outbox['records']} records ({outbox['first']} to {outbox['end']})"
    return f"{row['agency']:24} {held:36} {row['alerts_due']} alerts due{since}"
