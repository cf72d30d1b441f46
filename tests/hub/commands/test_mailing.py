"""`hub mail try` on a real mail server."""

import json

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from tests.mailing import mail_server, texts


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "a secret of the tests of 32 bytes"
    given = {"HOST": "127.0.0.1", "TLS": "none", "SENDER": "no-reply@hub.example", "LINK": "https://hub.example"}
    for name, value in given.items():
        monkeypatch.setenv(f"HUB_MAIL__{name}", value)
    monkeypatch.setenv("HUB_SECRETS__KEYS", secret)
    monkeypatch.setenv("HUB_SECRETS__CURSORS", secret)


def tried(*more: str) -> Result:
    return CliRunner().invoke(app, ["mail", "try", "--to", "you@agency.example", "--json", *more])


def test_it_sends_a_mail_and_says_what_the_server_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        monkeypatch.setenv("HUB_MAIL__PORT", str(server.port))
        result = tried("--language", "en")
        assert result.exit_code == 0, result.output
        assert json.loads(result.output)["outcome"] == "delivered"
        assert "This is a test" in texts(server.wait(1)[0])
        server.recipient = "550 5.7.1 not through this server"
        refused = tried()
    assert refused.exit_code == 1
    assert json.loads(refused.output)["server"] == "550 5.7.1 not through this server"
    assert json.loads(refused.output)["outcome"] == "failed"


def test_what_is_no_address_is_not_tried() -> None:
    result = CliRunner().invoke(app, ["mail", "try", "--to", "nobody"])
    assert result.exit_code != 0
    assert "plain address" in str(result.exception)
