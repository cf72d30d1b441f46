"""Signatures agree with the vectors of Standard Webhooks."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hub.core.signing import shown, signing_headers
from schemas.errors import Misconfigured
from tests.receiving import is_signed

VECTORS = json.loads((Path(__file__).parents[2] / "data/webhooks/standard_webhooks_vectors.json").read_text())
SIGN = VECTORS["sign"]
AT = datetime.fromtimestamp(1614265330, UTC)


@pytest.mark.parametrize("vector", SIGN)
def test_a_signature_is_that_of_the_vectors(vector: dict[str, str]) -> None:
    found = signing_headers([vector["secret"]], vector["webhook-id"], AT, vector["payload"].encode())
    assert found == {name: vector[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}


def test_a_receiver_by_the_specification_takes_the_vector_and_refuses_its_false_neighbours() -> None:
    """The receiver of the tests is itself held to the vectors."""
    vector = SIGN[0]
    body = vector["payload"].encode()
    assert is_signed(vector["secret"], vector, body, AT.timestamp())
    assert is_signed(vector["secret"], vector | {"webhook-signature": VECTORS["multi_signature_header"]}, body, AT.timestamp())
    for wrong in VECTORS["signature_headers_other_than_the_valid_one"]:
        assert not is_signed(vector["secret"], vector | {"webhook-signature": wrong}, body, AT.timestamp())
    assert not is_signed(vector["secret"], vector, body + b" ", AT.timestamp())
    assert not is_signed(vector["secret"], vector, body, AT.timestamp() + VECTORS["tolerance_seconds"] + 1)


@pytest.mark.parametrize("secret", VECTORS["secrets_unpadded_base64"])
def test_a_secret_may_come_without_padding_or_prefix(secret: str) -> None:
    assert signing_headers([secret], "msg", AT, b"{}")["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize("secret", [*VECTORS["secrets_that_must_be_refused"], "whsec_ä", "whsec_!!!!"])
def test_what_is_no_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(Misconfigured, match="rotate"):
        signing_headers([secret], "msg", AT, b"{}")


def test_while_a_secret_is_changed_over_either_opens_it() -> None:
    new, old = shown(b"n" * 32), shown(b"o" * 32)
    headers = signing_headers([new, old], "msg", AT, b"{}")
    assert is_signed(new, headers, b"{}", AT.timestamp())
    assert is_signed(old, headers, b"{}", AT.timestamp())
    assert not is_signed(shown(b"x" * 32), headers, b"{}", AT.timestamp())


def test_the_second_is_the_same_in_every_time_zone() -> None:
    helsinki = AT.astimezone(timezone(timedelta(hours=3)))
    assert signing_headers([shown(b"k" * 32)], "m", helsinki, b"") == signing_headers([shown(b"k" * 32)], "m", AT, b"")
