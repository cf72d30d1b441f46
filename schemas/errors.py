"""The error tree. Each error has a stable `code`, and says what to do about it.

HubError
├── Refusal               the sender can mend it: a notice or request that cannot be taken
│   ├── MalformedMessage  bytes that are no message
│   ├── NotPermitted      the sender may not say this
│   ├── BadSubscription   a subscription that cannot stand
│   ├── NotConforming     a partner that has not shown that its messages are right
│   └── PersonalCode      a personal identity code stands in it
├── Unauthenticated       no valid key
├── Unknown               what was asked for is not there (or not for the asker)
├── Conflict              the same identity with another content
│   ├── NameTaken         an agency has a subscription of that name, with another filter
│   └── WrongState        a step that does not follow on the state of a partner
├── NotReady              the hub cannot do it now; trying again helps
├── TooMuch               the sender has used up what it may send in this time
└── Misconfigured         the operator has to mend it; trying again does not help
"""

from typing import ClassVar

from schemas.base import Inside


class Finding(Inside):
    """One thing that is wrong with a message: rule broken, place (JSON pointer, "" = the whole), what to do.

    `message` never repeats the value itself: it may hold what must not be logged.
    """

    rule: str
    place: str
    message: str


class HubError(Exception):
    """Root of the tree."""

    code: ClassVar[str] = "hub-error"
    title: ClassVar[str] = "The hub met an error"
    advice: ClassVar[str] = "Look at the detail."
    retry: ClassVar[bool] = False

    def __init__(self, detail: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.findings = findings


class Refusal(HubError):
    """The message cannot be taken as it is; its sender can correct it."""

    code = "refused"
    title = "The notice was refused"
    advice = "Correct what the findings name and send it again; the same id may be used."


class MalformedMessage(Refusal):
    """The bytes are no message of this hub."""

    code = "malformed"
    title = "The body is not a readable message"
    advice = "Send one JSON object in UTF-8 without a byte order mark, within the size limit."


class NotPermitted(Refusal):
    """The sender's agency may not say or see this."""

    code = "not-permitted"
    title = "Your agency may not do this"
    advice = "Use a key of the agency concerned, or ask the operator for the right."


class BadSubscription(Refusal):
    """The subscription can never match, costs too much, or asks for what its agency may not see."""

    code = "bad-subscription"
    title = "The subscription cannot stand"
    advice = "Correct the clauses that the findings name; a preview tries a filter without saving it."


class NotConforming(Refusal):
    """A partner is to go live and its test messages do not show all that they have to."""

    code = "not-conforming"
    title = "The messages of the partner are not all right yet"
    advice = "Have it send what is missing as test notices. `--anyway` activates it all the same; who did it and why is kept."


class PersonalCode(Refusal):
    """A personal identity code stands in the message: it is refused before anything of it is logged or kept."""

    code = "personal-code"
    title = "The notice holds a personal identity code"
    advice = "Take the personal identity code out; a notice is about an employer, never about a person."


class Unauthenticated(HubError):
    """No key, or one that is wrong, expired or revoked."""

    code = "unauthenticated"
    title = "A valid API key is needed"
    advice = "Send the header 'Authorization: Bearer <key>'. A first key stands in var/hub.json of a local hub."


class Unknown(HubError):
    """What was asked for does not exist, or not for the asker."""

    code = "unknown"
    title = "Not found"
    advice = "Check the identifier; what belongs to another agency is answered the same way."


class Conflict(HubError):
    """The same identity was used before with another content."""

    code = "conflict"
    title = "The same id was sent before with another content"
    advice = "Send a correction that names the notice, or use a new id for a new notice."


class NameTaken(Conflict):
    """The agency has a subscription of that name, with another filter."""

    code = "name-taken"
    title = "There is a subscription of this name already"
    advice = "Change that one with PUT, or take another name."


class WrongState(Conflict):
    """What is to be done with a partner does not follow on the state that it is in."""

    code = "wrong-state"
    title = "The partner is in another state"
    advice = "`hub partner show` tells the state that it is in and how it came there."


class NotReady(HubError):
    """The hub cannot do it at this moment."""

    code = "not-ready"
    title = "The hub cannot take this now"
    advice = "Try again after the time in Retry-After; the same again is safe, an id is taken once."
    retry = True


class TooMuch(HubError):
    """The sender has used up what it may send in this time."""

    code = "too-much"
    title = "Too many requests"
    advice = "Wait for the time in Retry-After."
    retry = True


class Misconfigured(HubError):
    """A setting, file or topic is not as it has to be."""

    code = "misconfigured"
    title = "The hub is not set up right"
    advice = "Run `hub doctor`; it names what is missing and the command that mends it."


def every_error() -> tuple[type[HubError], ...]:
    """All error classes, root first, in the order of the tree."""

    def below(cls: type[HubError]) -> tuple[type[HubError], ...]:
        return (cls, *(deep for child in cls.__subclasses__() for deep in below(child)))

    return below(HubError)
