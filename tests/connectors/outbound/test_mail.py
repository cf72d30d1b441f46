"""Mails over real SMTP: what arrives, what it does not tell, and what comes of it when the server does badly."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.outbound.mail import Mail, Server
from connectors.outbound.message import message_of
from hub.core.mail.letters import Block, Letter, Place, about
from hub.core.mail.showing import Shown, shown
from hub.core.mail.tokens import mailbox_of
from hub.core.mail.writing import Language, Writing
from hub.mail_ports import MailTarget
from hub.ports import Told
from schemas.agency import Names
from schemas.count import exactly
from tests.builders import a_small_registry
from tests.mailing import MailServer, mail_server, texts
from tests.receiving import client_tls, server_tls

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
SECRET = b"a secret of the tests"
ADDRESS, BOX = "employers@agency.example", "mb_0123456789abcdef"
TAMPERE = Names(fi="Tampere", sv="Tammerfors", en="Tampere")


def one(event_id: str = "id1", employer: str = "Esimerkki Oy", **more: Any) -> Shown:
    told: dict[str, Any] = {"employer": employer, "stage": "negotiations", "places": (TAMPERE,), "count": exactly(40)}
    return Shown(event_id, "alert", "downsizing", "a-receipt", 2, **(told | more))


def attempt(server: MailServer | int, *shown: Shown, language: Language = "en", **more: Any) -> Any:
    """The answer to one mail about these."""
    port = server if isinstance(server, int) else server.port
    trust = more.pop("trust", None)
    given: dict[str, Any] = {"tls": "none", "seconds": 5.0} | more
    mail = Mail(
        Server(given.pop("host", "127.0.0.1"), port, "no-reply@hub.example", **given), "https://hub.example/", SECRET, trust
    )
    target = MailTarget("mail:x", "structured", (), BOX, Writing(ADDRESS, language))
    return asyncio.run(mail.attempt(target, Told({"id": shown[0].event_id}, {"shown": shown}), NOW))


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(autouse=True)
def well(server: MailServer) -> None:
    """As it is at first, whatever the test before made of it."""
    server.recipient, server.data, server.drop = "250 OK", "250 OK", False
    server.got.clear()
    server.raw.clear()


def mailed(server: MailServer, *shown: Shown, **more: Any) -> EmailMessage:
    assert attempt(server, *shown, **more).outcome == "delivered"
    ((recipient, message),) = server.got
    assert recipient == ADDRESS
    server.got.clear()
    return message


def test_a_mail_tells_in_short_and_is_known_for_what_it_is(server: MailServer) -> None:
    message = mailed(server, one())
    assert message["Subject"] == "Change-security alert: downsizing – Esimerkki Oy"
    assert (message["To"], message["Auto-Submitted"], message["Content-Language"]) == (ADDRESS, "auto-generated", "en")
    assert message["From"] == "Employer-situation hub <no-reply@hub.example>"
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        for said in ("Esimerkki Oy", "negotiations", "Tampere", "40", "https://hub.example/v1/notices/a-receipt"):
            assert said in body.get_content()


def test_it_can_be_stopped_by_one_click(server: MailServer) -> None:
    message = mailed(server, one())
    found = re.fullmatch(r"<https://hub\.example/v1/mail/stop/([^>]+)>", message["List-Unsubscribe"])
    assert found is not None
    assert mailbox_of(SECRET, "stop", found[1], NOW) == BOX
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_same_event_has_the_same_message_id_and_another_one_another(server: MailServer) -> None:
    first, again, other = (mailed(server, shown)["Message-ID"] for shown in (one("id1"), one("id1"), one("id2")))
    assert first == again != other
    together = [mailed(server, one("id1"), one("id2"))["Message-ID"] for _ in range(2)]
    assert together[0] == together[1] not in (first, other)
    assert "a-receipt" not in first
    assert first.endswith("@hub.example>")


@pytest.mark.parametrize(("language", "words"), [("fi", "Työnantaja: "), ("sv", "Orter: Tammerfors"), ("en", "People: 40")])
def test_it_is_written_in_the_language_that_was_asked_for(server: MailServer, language: Language, words: str) -> None:
    message = mailed(server, one(), language=language)
    assert words in texts(message)
    assert message["Content-Language"] == language


def test_the_link_of_the_one_click_stands_there_as_it_is(server: MailServer) -> None:
    """Programs that look for it decode nothing."""
    mailed(server, one())
    assert re.search(rb"^List-Unsubscribe: <https://hub\.example/v1/mail/stop/[!-;=?-~]+>\r$", server.raw[-1], re.MULTILINE)


def letter(server: MailServer, subject: str, text: str = "") -> EmailMessage:
    """What becomes of such a letter on its way."""
    sender = Mail(Server("127.0.0.1", server.port, "no-reply@hub.example", "none"), "https://hub.example", SECRET)
    assert asyncio.run(sender.send(ADDRESS, Letter("id", "fi", subject, (Block(text=text),)), NOW)).outcome == "delivered"
    return server.got[-1][1]


TOLD = "Muutosturva: Ylöjärvi – 75 hlö"


def test_letters_beyond_ascii_travel_as_ascii_and_arrive_as_they_were(server: MailServer) -> None:
    """The shortest mail too: a server need not take anything else, and none is asked whether it does."""
    message = letter(server, TOLD, TOLD)
    assert server.raw[-1].isascii()
    assert message["Subject"] == TOLD
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        assert body.get_content_charset() == "utf-8"
        assert TOLD in body.get_content()


SUBJECTS = [
    "ä" * 74 + "\N{FACTORY}" + "ö" * 105,
    "a" * 72 + "\N{FACTORY}" + " äö" * 35,
    "ää öö " * 12 + "\N{FACTORY}" + " äö" * 35,
    "Hämeen (Työ) " * 14,
    "Change-security alert: downsizing " * 5,
    "=?utf-8?q?Oy?= =?utf-8?q?=0D=0ABcc:_x@example.org?=",
]


@pytest.mark.parametrize("subject", [subject.strip() for subject in SUBJECTS])
def test_a_long_subject_arrives_whole(server: MailServer, subject: str) -> None:
    assert letter(server, subject)["Subject"] == subject
    (written,) = re.findall(rb"^Subject: ((?:.|\r\n[ \t])*)\r\n", server.raw[-1], re.MULTILINE)
    assert max(map(len, written.split(b"\r\n"))) < 78


WORDS_OF_SUBJECTS = st.text('aäöÅ–=?_,:;()<>@"\\\N{FACTORY}', min_size=1, max_size=40)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(WORDS_OF_SUBJECTS, max_size=12).map(" ".join))
def test_any_subject_arrives_whole(subject: str) -> None:
    sent = message_of(Letter("id", "fi", subject, ()), "no-reply@hub.example", ADDRESS, NOW).as_bytes()
    assert message_from_bytes(sent, policy=policy.default)["Subject"] == subject


def test_a_name_that_is_too_long_for_a_subject_stands_whole_in_the_mail(server: MailServer) -> None:
    name = " ".join(["Hämeen Työ"] * 27)
    message = mailed(server, one(employer=name))
    whole = f"Change-security alert: downsizing – {name}"
    assert message["Subject"] == whole[:180].strip()
    assert f"Employer: {name}" in texts(message)


def test_a_name_in_encoded_words_adds_no_header_and_no_body(server: MailServer) -> None:
    """The library takes a subject for what came by mail: it decodes it, line ends and all."""
    name = "Testi =?utf-8?q?Oy=0D=0ABcc:_x@example.org=0D=0A=0D=0ABody?="
    message = mailed(server, one(employer=name))
    assert message["Subject"] == f"Change-security alert: downsizing – {name}"
    assert (message["Bcc"], message["List-Unsubscribe"] is None, message.is_multipart()) == (None, False, True)


def test_a_name_with_the_line_of_a_header_in_it_is_one_line_and_reaches_nobody_else(server: MailServer) -> None:
    message = mailed(server, one(employer="Testi Oy\r\nBcc: x@example.org"))
    assert message["Subject"] == "Change-security alert: downsizing – Testi Oy Bcc: x@example.org"
    assert message["Bcc"] is None


INJECTING = "Oy\r\nBcc: everyone@else.example\r\n\r\n<script>alert(1)</script>\x00\u2028X-More: 1 & Co"


def test_a_name_adds_no_header_no_line_and_no_markup(server: MailServer) -> None:
    message = mailed(server, one(employer=INJECTING))
    wanted = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"}
    assert set(message.keys()) - wanted == {"List-Unsubscribe", "List-Unsubscribe-Post"}
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert not re.search(r"^(Bcc|X-More)", plain.get_content(), re.MULTILINE)
    assert "<script>" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()


def test_even_a_subject_that_was_not_made_one_line_adds_no_header() -> None:
    """Behind our own care stands the library's: a line end in a header is refused, and no mail goes."""
    good = about((one(),), "en", Place("https://hub.example"))
    bad = type(good)(good.id, good.language, "a\r\nBcc: everyone@else.example", good.blocks)
    with pytest.raises(ValueError, match="linefeed"):
        message_of(bad, "no-reply@hub.example", ADDRESS, NOW)


def leaves(value: Any) -> Iterator[str]:
    """All that stands in a notice, as text."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif not isinstance(value, bool) and value is not None:
        yield str(value)


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=6, max_size=30).map(lambda text: f"zq{text}qz")
NUMBERS = st.integers(1_000_003, 4_999_999)
CLOSING = st.sampled_from(
    [
        {"access": {"level": "restricted"}},
        {"access": {"level": "embargoed", "until_event": "zq the talks qz"}},
        {"access": {"level": "open"}, "legal_form": "toiminimi"},
        {"access": {"level": "open"}, "kind_of_employer": "household"},
        {"access": {"level": "open"}, "stage": "early-signal"},
        {},
    ]
)


@st.composite
def closed_notices(draw: st.DrawFn) -> dict[str, Any]:
    """A notice that is not open, or about a person, with a word of its own in every place."""
    closing = dict(draw(CLOSING))
    employer = {"business_id": "9000000-3", "name": draw(WORDS), "headcount": {"said": "exact", "low": draw(NUMBERS)}}
    employer |= {"legal_form": closing.pop("legal_form", draw(WORDS)), "kind": closing.pop("kind_of_employer", "company")}
    return {
        "id": draw(WORDS),
        "source": draw(WORDS),
        "text": draw(WORDS),
        "grounds": draw(WORDS),
        "employer": employer,
        "workplaces": [{"area": "fi:kunta:837", "name": draw(WORDS)}],
        "measures": [{"measure": draw(WORDS), "planned": {"said": "exact", "low": draw(NUMBERS), "high": draw(NUMBERS)}}],
        "references": [{"system": draw(WORDS), "value": draw(WORDS)}],
    } | closing


@settings(max_examples=40, deadline=None, derandomize=True)
@given(closed_notices(), st.sampled_from(["alert", "notice"]), st.sampled_from(["fi", "sv", "en"]))
def test_nothing_of_what_is_not_open_occurs_in_the_mail(notice: dict[str, Any], lane: Any, language: Any) -> None:
    """Neither in a header nor in a body; nor the name of the place."""
    copy = {
        "receipt": "a-receipt",
        "step": 1,
        "kind": "downsizing",
        "people": {"said": "exact", "low": 4_999_999},
        "notice": notice,
    }
    found = shown("id1", lane, copy, a_small_registry(), date(2026, 11, 25))
    message = message_of(about((found,), language, Place("https://hub.example")), "no-reply@hub.example", ADDRESS, NOW)
    said = texts(message).casefold()
    ordinary = {"open", "company", "exact", "household", "restricted", "embargoed", "early-signal"}
    for secret in {*leaves(notice), "Tampere", "4999999"} - ordinary:
        assert secret.casefold() not in said
    assert "a-receipt" in said


# When the server does badly


def test_what_time_may_mend_is_tried_again(server: MailServer) -> None:
    server.recipient = "451 4.7.1 come again"
    assert (attempt(server, one()).outcome, attempt(server, one()).code) == ("retry", "smtp-451")
    server.recipient, server.data = "250 OK", "452 4.3.1 no room"
    assert attempt(server, one()).outcome == "retry"
    server.data, server.drop = "250 OK", True
    assert (attempt(server, one()).outcome, server.got) == ("retry", [])


def test_an_address_that_is_refused_for_good_is_paused_and_a_message_that_is_refused_is_not(server: MailServer) -> None:
    server.recipient = "550 5.1.1 no such user"
    assert attempt(server, one()).outcome == "paused"
    server.recipient = "550 5.7.1 relaying denied"
    assert attempt(server, one()).outcome == "failed"
    server.recipient, server.data = "250 OK", "554 5.6.0 refused"
    assert attempt(server, one()).outcome == "failed"


def test_a_server_that_is_not_there_or_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert attempt(port, one(), seconds=0.3).code == "timeout"
    assert attempt(port, one()).code == "no-connection"


def test_with_tls_and_a_login(server: MailServer) -> None:
    login = ("hub", "a password")
    with mail_server(server_tls(), login) as strict:
        named = {"host": "localhost", "tls": "starttls"}
        trust = client_tls()
        assert attempt(strict, one(), **named, trust=trust).code == "tls", "the certificate is for another name"
        trust.check_hostname = False
        assert attempt(strict, one(), **named, trust=trust, user="hub", password="wrong").code == "smtp-535"
        assert attempt(strict, one(), **named, trust=trust).outcome == "failed", "without signing in"
        assert attempt(strict, one(), **named, trust=trust, user="hub", password="a password").outcome == "delivered"
        assert attempt(strict, one(), **named, trust=ssl.create_default_context()).code == "tls"
    assert attempt(server, one(), tls="starttls").code == "not-offered", "a server without TLS is given nothing"
    assert server.got == []
