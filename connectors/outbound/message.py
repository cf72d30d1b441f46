"""A letter as a message of mail: text and simple HTML, with the headers by which programs know what it is.

Headers are made by the standard library, which refuses a line end in one; HTML by jinja2, which escapes whatever it is given.
All of it is ASCII on the way, since no mail server has to take anything else.
"""

import hashlib
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Any

from jinja2 import Environment, StrictUndefined

from hub.core.mail.letters import Letter
from hub.core.mail.words import word

_TEXT = """\
{% for block in blocks -%}
{% if block.heading %}{{ block.heading }}
{% endif %}{% if block.text %}{{ block.text }}
{% endif %}{% for label, value in block.lines %}{{ label }}: {{ value }}
{% endfor %}{% if block.link %}{{ block.link[0] }}: {{ block.link[1] }}
{% endif %}
{% endfor %}--
{{ hub }}
{% if stop %}{{ stop_words }}: {{ stop }}
{% endif %}"""
_HTML = """\
<!doctype html>
<html lang="{{ language }}"><head><meta charset="utf-8"><title>{{ subject }}</title></head><body>
{% for block in blocks %}{% if block.heading %}<h2>{{ block.heading }}</h2>
{% endif %}{% if block.text %}<p>{{ block.text }}</p>
{% endif %}{% if block.lines %}<table>
{% for label, value in block.lines %}<tr><th align="left">{{ label }}</th><td>{{ value }}</td></tr>
{% endfor %}</table>
{% endif %}{% if block.link %}<p><a href="{{ block.link[1] }}">{{ block.link[0] }}</a></p>
{% endif %}{% endfor %}<hr><p>{{ hub }}</p>
{% if stop %}<p><a href="{{ stop }}">{{ stop_words }}</a></p>
{% endif %}</body></html>
"""
_PLAIN = Environment(autoescape=False, undefined=StrictUndefined).from_string(_TEXT)  # noqa: S701 - text, where nothing is markup
_MARKUP = Environment(autoescape=True, undefined=StrictUndefined).from_string(_HTML)


class _Subject(UnstructuredHeader, BaseHeader):
    """In encoded words as a whole, where it needs them: between several of its own the library loses blanks.

    A name that looks like an encoded word is none, and stands there as it is.
    """

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        super().parse(value, kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        plain = self.isascii() and "=?" not in self
        words = Header(str(self), "us-ascii" if plain else "utf-8", header_name=self.name)
        return f"{self.name}: {words.encode(linesep=policy.linesep)}{policy.linesep}"


class _Link(UnstructuredHeader, BaseHeader):
    """In one line, however long: the library would break it into encoded words, which are no link to any program."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _headers() -> HeaderRegistry:
    made = HeaderRegistry()
    made.map_to_type("subject", _Subject)
    made.map_to_type("list-unsubscribe", _Link)
    return made


_POLICY = SMTP.clone(header_factory=_headers(), cte_type="7bit")


def message_of(letter: Letter, sender: str, to: str, at: datetime, stop: str | None = None) -> EmailMessage:
    """The message. `stop`: the address at which its reader says that no more is to come (RFC 8058), where that can be said."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(word("hub", letter.language), addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(letter.id, to, sender)
    message["Auto-Submitted"] = "auto-generated"
    if stop is not None:
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    told = {
        "language": letter.language,
        "subject": letter.subject,
        "blocks": letter.blocks,
        "hub": word("hub", letter.language),
        "stop": stop,
        "stop_words": word("stop", letter.language),
    }
    message.set_content(_PLAIN.render(told))
    message.add_alternative(_MARKUP.render(told), subtype="html")
    message["Content-Language"] = letter.language  # not before: it would count as that of the first part
    return message


def message_id(letter: str, to: str, sender: str) -> str:
    """The same for the same letter to the same address, at every attempt; it tells nothing of either."""
    name = hashlib.sha256(f"{letter}\x1f{to}".encode()).hexdigest()[:40]
    return f"<{name}@{sender.rpartition('@')[2]}>"
