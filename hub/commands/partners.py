"""Commands about partner agencies: their users on Kafka."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from connectors.outbound.kafka_users import RIGHTS, Right
from hub.addresses import partners_kafka_of
from hub.agents.hand import day_of
from hub.commands.common import AsJson, Folder, print_json, settings_for, wiring_for
from hub.commands.connecting import Key, client_for
from hub.commands.gaps import events_in_words, gap_in_words, open_events
from hub.commands.partner_life import life
from hub.kafka_doors import LIFETIME, WARNED, KafkaDoors

commands = typer.Typer()
partner = typer.Typer(no_args_is_help=True, help="Partner agencies. Example: hub partner show ta-39")
kafka = typer.Typer(no_args_is_help=True, help="Users of agencies on Kafka. Example: hub partner kafka list")
commands.add_typer(partner, name="partner")
partner.add_typer(life)
partner.add_typer(kafka, name="kafka")


@partner.command("gap", epilog="Example: hub partner gap ta-39 --events agency.ta-39.my-system")
def gap(
    agency: Annotated[str, typer.Argument(help="Id of the agency.")],
    events: Annotated[str | None, typer.Option(help="List what the channel of this name has not confirmed.")] = None,
    key: Key = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Tell how far each channel of an agency is: what was sent to it, and what it has confirmed."""
    with client_for(wiring_for(folder), None if key else agency, key, "hub partner gap") as client:
        found = open_events(client, events) if events else client.get("/v1/gap") or {}
    if as_json:
        print_json(found)
    else:
        typer.echo("\n".join(events_in_words(found) if events else gap_in_words(found)))


@kafka.command("open", epilog="Example: hub partner kafka open finnvera --label 'test system' --rights read")
def open_user(
    agency: Annotated[str, typer.Argument(help="Id of the agency, as `hub registry show` tells it.")],
    label: Annotated[str, typer.Option(help="What the user is for, to know it again.")] = "by hand",
    rights: Annotated[str, typer.Option(help="What it may do: read its outbox, write to its inbox.")] = "read,write",
    days: Annotated[int, typer.Option(help="Days until it ends by itself.", min=1, max=LIFETIME.days)] = LIFETIME.days,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Make a user for an agency's own Kafka client, and print what it needs. The password is shown this once."""
    address = partners_kafka_of(settings_for(folder))
    doors = KafkaDoors(wiring_for(folder))
    made = doors.open(agency, label, _rights(rights), day_of(datetime.now(UTC)), timedelta(days=days))
    if as_json:
        print_json({"bootstrap": address} | asdict(made))
        return
    typer.echo(
        f"bootstrap.servers={address}\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\n"
        f"sasl.username={made.user}\nsasl.password={made.password}\n"
        f"# reads {made.outbox}, writes {made.inbox}; names of consumer groups begin with {made.group}"
    )


@kafka.command("list", epilog="Example: hub partner kafka list --agency ta-39")
def list_users(
    agency: Annotated[str | None, typer.Option(help="Of that agency alone.")] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """All users, oldest first: agency, what each may do, until when; marked where that is less than 30 days."""
    found, now = KafkaDoors(wiring_for(folder)).all(agency), datetime.now(UTC)
    if as_json:
        print_json({"users": [asdict(one) | {"rights": sorted(one.rights)} for one in found]})
        return
    for one in found:
        left = (one.expires - now).days
        soon = f" (in {left} days)" if not one.closed and left < max(WARNED) else ""
        state = f"closed {one.closed:%Y-%m-%d %H:%M}" if one.closed else f"until {one.expires:%Y-%m-%d}{soon}"
        typer.echo(f"{one.user:34} {one.agency:24} {','.join(sorted(one.rights)):12} {state:32} {one.label}")


@kafka.command("close", epilog="Example: hub partner kafka close ta-39.8a464cdd")
def close_user(user: Annotated[str, typer.Argument(help="Its name.")], folder: Folder = None) -> None:
    """From now on the user can do nothing, also where it is connected."""
    KafkaDoors(wiring_for(folder)).close(user)
    typer.echo(f"{user} is closed")


def _rights(told: str) -> frozenset[Right]:
    found = frozenset(right for right in RIGHTS if right in told.split(","))
    if len(found) != len(told.split(",")):
        raise typer.BadParameter("--rights is read, write or both, parted by a comma")
    return found
