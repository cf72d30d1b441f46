"""What a mail says, before it is put into a message: subject, paragraphs, lines, links. Pure.

Whatever comes from a notice is one line each: nothing that an employer is called adds a line, or a header.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.core.mail.showing import Shown
from hub.core.mail.words import counted, known, named, word
from hub.core.mail.writing import FINNISH_TIME, Language

_LONGEST_LINE = 300
_LONGEST_SUBJECT = 180


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a mail: heading, what it says, lines of label and value, and a link with its words."""

    heading: str = ""
    text: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole mail. `id`: the same for the same thing, at every attempt."""

    id: str
    language: Language
    subject: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The hub's public address, without a stroke at its end."""

    link: str

    def notice(self, receipt: str) -> str:
        """Where a notice is read."""
        return f"{self.link}/v1/notices/{receipt}"


def about(shown: Sequence[Shown], language: Language, place: Place) -> Letter:
    """A mail about one event, or a digest of several in their order."""
    blocks = tuple(_block(one, language, place) for one in shown)
    name = "+".join(one.event_id for one in shown)
    if len(shown) == 1:
        return Letter(name, language, _subject(blocks[0].heading), blocks)
    subject = f"{word('digest', language)}: {len(shown)} {word('notices', language)}"
    return Letter(name, language, subject, blocks)


def to_confirm(mailbox: str, agency: str, link: str, language: Language) -> Letter:
    """Asks whoever reads it whether the address is theirs."""
    lines = ((word("agency", language), one_line(agency)),)
    block = Block("", word("confirm", language), lines, (word("confirm-link", language), link))
    return Letter(f"confirm/{mailbox}", language, word("confirm-subject", language), (block,))


def of_an_ending(id: str, what: str, name: str, label: str, ends: datetime, language: Language) -> Letter:
    """A credential is about to end."""
    lines = ((word("name", language), one_line(f"{name} ({label})")), (word("ends", language), _moment(ends)))
    subject = f"{word('ending-subject', language)}: {word(what, language)} {name}"
    return Letter(id, language, _subject(subject), (Block("", word("ending", language), lines),))


def of_a_pause(id: str, what: str, name: str, why: str, since: datetime, language: Language) -> Letter:
    """An endpoint or address is told no more."""
    lines = (
        (word("name", language), one_line(name)),
        (word("why", language), one_line(why)),
        (word("since", language), _moment(since)),
    )
    subject = f"{word('paused-subject', language)}: {word(what, language)} {name}"
    return Letter(id, language, _subject(subject), (Block("", word("paused", language), lines),))


def to_try(id: str, language: Language) -> Letter:
    """A test."""
    return Letter(id, language, word("try-subject", language), (Block("", word("try", language)),))


def one_line(text: str) -> str:
    """The text with every run of blanks, line ends and control signs as one blank, and not too long."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:_LONGEST_LINE]


def _block(shown: Shown, language: Language, place: Place) -> Block:
    what = word(shown.kind or "unknown-kind", language)
    heading = f"{word(shown.lane, language)}: {what}"
    link = (word("read", language), place.notice(shown.receipt))
    known_of_all = ((word("step", language), f"{shown.step}"), (word("receipt", language), one_line(shown.receipt)))
    if shown.closed is not None:
        return Block(heading, word("over" if shown.closed == "over" else "came", language), known_of_all, link)
    number = word("posts" if shown.kind == "recruitment" else "people", language)
    told = (
        (word("employer", language), one_line(shown.employer or "")),
        (word("stage", language), one_line(known(shown.stage, language))),
        (word("places", language), one_line(", ".join(named(names, language) for names in shown.places))),
        (number, counted(shown.count, language)),
    )
    lines = tuple(line for line in told if line[1])
    return Block(f"{heading} – {one_line(shown.employer or '')}", "", (*lines, *known_of_all), link)


def _subject(text: str) -> str:
    return one_line(text)[:_LONGEST_SUBJECT]


def _moment(at: datetime) -> str:
    return at.astimezone(FINNISH_TIME).strftime("%Y-%m-%d %H:%M")
