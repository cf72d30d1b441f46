"""What links in mails lead to: an address is confirmed, or mails end. They need no key but the token in them.

Following a link changes nothing: programs that look at mails follow all of them. A person presses the button; a mail program that
its reader told to stop asks by POST (RFC 8058).
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from api.dependencies import MailParts, Now, TheMail
from api.html import button, page, wants_html
from hub.core.mail.tokens import Purpose, mailbox_of
from schemas.errors import Unknown

router = APIRouter(prefix="/v1/mail", include_in_schema=False)
Token = Annotated[str, Path(max_length=200)]
_ASKED = {
    "confirm": ("Vahvista osoite · Bekräfta adressen · Confirm the address", "Vahvista · Bekräfta · Confirm"),
    "stop": ("Lopeta viestit · Avsluta meddelandena · Stop the mails", "Lopeta · Avsluta · Stop"),
}
_DONE = {
    "confirm": "Osoite on vahvistettu. · Adressen är bekräftad. · The address is confirmed.",
    "stop": "Viestejä ei enää lähetetä. · Inga fler meddelanden skickas. · No more mails are sent.",
}


@router.get("/confirm/{token}")
def ask_to_confirm(token: Token, mail: TheMail, now: Now) -> Response:
    """A page with a button."""
    return _asked("confirm", token, mail, now)


@router.post("/confirm/{token}")
def confirm(request: Request, token: Token, mail: TheMail, now: Now) -> Response:
    """The address is told what comes from now on."""
    if not mail.boxes.confirm(_mailbox("confirm", token, mail, now)):
        raise Unknown("the address was closed meanwhile: its agency may register it again")
    return _done(request, "confirm")


@router.get("/stop/{token}")
def ask_to_stop(token: Token, mail: TheMail, now: Now) -> Response:
    """A page with a button."""
    return _asked("stop", token, mail, now)


@router.post("/stop/{token}")
def stop(request: Request, token: Token, mail: TheMail, now: Now) -> Response:
    """Nothing more is sent to the address."""
    mail.boxes.stop(_mailbox("stop", token, mail, now))
    return _done(request, "stop")


def _asked(purpose: Purpose, token: str, mail: MailParts, now: Now) -> Response:
    _mailbox(purpose, token, mail, now)
    title, words = _ASKED[purpose]
    return page(title, button(words), forms=True)


def _done(request: Request, purpose: Purpose) -> Response:
    said = _DONE[purpose]
    return page(said, "") if wants_html(request) else JSONResponse({"done": said})


def _mailbox(purpose: Purpose, token: str, mail: MailParts, now: Now) -> str:
    found = mailbox_of(mail.secret, purpose, token, now())
    if found is None:
        raise Unknown("this link is none of ours, or its time is over: a link that confirms an address holds for a week")
    return found
