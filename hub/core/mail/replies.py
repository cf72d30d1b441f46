"""What a mail server's reply means (RFC 5321, enhanced codes of RFC 3463). Pure.

Only what it says of the recipient is about the address, and pauses it for good reasons (there is no such mailbox); what it says
of us (not permitted to relay, not signed in) or of the message somebody has to mend, and it is tried again meanwhile.
"""

import re

from hub.core.answers import Answer

TAKEN = Answer("delivered", "delivered", "taken", 250)
NO_SERVER = Answer("retry", "no-connection", "the mail server could not be reached, or the connection broke")
NO_ANSWER = Answer("retry", "timeout", "the mail server did not answer within the time that an attempt may take")
NO_MAIL = Answer("retry", "no-smtp", "what answered is no mail server, or it spoke out of turn")
BROKEN_TLS = Answer("failed", "tls", "TLS with the mail server failed: see HUB_MAIL__TLS and the server's certificate")

NOT_OFFERED = Answer(
    "failed", "not-offered", "the mail server offers no TLS, or no signing in: see HUB_MAIL__TLS and HUB_MAIL__USER"
)

_OF_THE_RECIPIENT = re.compile(r"5\.[12]\.\d{1,3}\b")
_OF_US = re.compile(r"5\.[3-7]\.\d{1,3}\b")
_RECIPIENT_CODES = (550, 551, 552, 553, 556)


def to_recipient(code: int, said: str) -> Answer:
    """The server's reply to whom the mail is for."""
    if code < 500:
        return _later(code)
    is_theirs = code in _RECIPIENT_CODES and not _OF_US.match(said.strip())
    if is_theirs or _OF_THE_RECIPIENT.match(said.strip()):
        return Answer("paused", f"smtp-{code}", f"the mail server refuses the address for good ({code})", code)
    return _ours(code)


def to_the_rest(code: int) -> Answer:
    """Its reply to anything else: greeting, sign-in, sender, the message itself."""
    return _later(code) if 400 <= code < 500 else _ours(code) if code >= 500 else NO_MAIL


def _later(code: int) -> Answer:
    return Answer("retry", f"smtp-{code}", f"the mail server cannot take it now ({code})", code)


def _ours(code: int) -> Answer:
    return Answer("failed", f"smtp-{code}", f"the mail server refuses it ({code}); the address is not to blame", code)
