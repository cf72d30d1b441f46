"""Commands about mail."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from connectors.outbound.mail import Mail
from connectors.outbound.message import message_of
from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.core.answers import Answer
from hub.core.mail.letters import to_try
from hub.core.mail.writing import Language, address_findings
from hub.wiring import Wiring
from schemas.errors import Misconfigured

commands = typer.Typer()
mail = typer.Typer(no_args_is_help=True, help="Mail as a way to be told.")
commands.add_typer(mail, name="mail")


@mail.command("try", epilog="Example: hub mail try --to you@agency.example")
def try_out(
    to: Annotated[str, typer.Option(help="Address that the test mail goes to.")],
    language: Annotated[Language, typer.Option(help="Language of the mail.")] = "fi",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Send a test mail and tell what the mail server answered. Exit 1 where it did not take it."""
    if address_findings(to):
        raise Misconfigured(f"--to {to} is no plain address of mail, such as you@agency.example")
    wiring = wiring_for(folder)
    answer, said = asyncio.run(_hand_over(wiring, to, language))
    if as_json:
        print_json({"outcome": answer.outcome, "code": answer.code, "words": answer.words, "server": said})
    else:
        typer.echo(f"{answer.outcome}: {answer.words}\nthe server said: {said or 'nothing'}")
    raise typer.Exit(0 if answer.outcome == "delivered" else 1)


async def _hand_over(wiring: Wiring, to: str, language: Language) -> tuple[Answer, str]:
    now = datetime.now(UTC)
    sender: Mail = wiring.mail()
    letter = to_try(f"try/{now.isoformat()}", language)
    return await sender.hand_over(message_of(letter, wiring.settings.mail.sender or "", to, now), to)
