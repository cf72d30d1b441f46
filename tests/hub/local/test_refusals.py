"""What the broker's log tells of refused log-ins."""

from datetime import UTC, datetime

import pytest

from hub.local.refusals import Refusal, Refused, SaidOnce, counted, refusal

WHY = "(Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512)"


def line(at: str, address: str, word: str = "authentication") -> str:
    where = f"{address} (channelId=127.0.0.1:19194-127.0.0.1:59518-2-9)"
    logger = "org.apache.kafka.common.network.Selector"
    return f"2026-11-28T{at}Z INFO {logger} - [SocketServer listenerType=BROKER, nodeId=1] Failed {word} with {where} {WHY}\n"


def moment(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 28, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize("word", ["authentication", "re-authentication"])
@pytest.mark.parametrize("address", ["/10.1.2.3", "client.example/10.1.2.3"])
def test_a_refused_log_in_has_its_address_and_its_time(address: str, word: str) -> None:
    assert refusal(line("11:33:00.711", address, word)) == Refusal("10.1.2.3", moment(11, 33))


def test_an_address_of_the_longer_kind_is_one() -> None:
    found = refusal(line("11:33:00.711", "/2001:db8:0:0:0:0:0:1%eth0"))
    assert found == Refusal("2001:db8:0:0:0:0:0:1", moment(11, 33))


@pytest.mark.parametrize(
    "other",
    [
        "",
        "at org.apache.kafka.common.network.Selector.poll(Selector.java:481)",
        line("11:33:00.711", "/10.1.2.3").replace("INFO", "WARN").replace("Failed authentication", "Unexpected error"),
        "a client says: " + line("11:33:00.711", "/10.1.2.3"),
        line("25:33:00.711", "/10.1.2.3"),
        line("11:33:00.711", "/10.1.2.3").replace(WHY, "(Unsupported SASL mechanism PLAIN)"),
        line("11:33:00.711", "/\x1b[31mred"),
    ],
)
def test_any_other_line_is_none(other: str) -> None:
    assert refusal(other) is None


def test_they_are_counted_by_address_the_newest_first_and_older_ones_left_out() -> None:
    lines = [line("08:59:59.999", "/10.0.0.1"), line("09:00:00.000", "/10.0.0.1"), line("09:10:00.000", "/10.0.0.1"), "else\n"]
    lines += [line("09:05:00.000", "/10.0.0.2")]
    wanted = [Refused("10.0.0.1", 2, moment(9, 10)), Refused("10.0.0.2", 1, moment(9, 5))]
    assert counted(lines, moment(9, 0)) == wanted
    assert counted(lines, moment(9, 11)) == []


def test_each_address_is_said_once_with_what_to_do() -> None:
    say = SaidOnce()
    said = [say(line("11:33:00.711", address)) for address in ("/10.0.0.1", "/10.0.0.1", "/10.0.0.2")]
    assert ["10.0.0.1" in said[0], said[1], "10.0.0.2" in said[2]] == [True, "", True]
    assert "hub partner kafka list" in said[0]
    assert say("anything else\n") == ""


def test_an_address_is_said_again_after_a_day_without_a_refusal() -> None:
    say, days = SaidOnce(), ("28T11:33", "29T11:32", "30T11:31", "30T11:32")
    told = [say(line("00.711", "/10.0.0.1").replace("28T00", f"{day}:00")) for day in days]
    assert [bool(one) for one in told] == [True, False, False, False]
    later = line("11:33:00.711", "/10.0.0.1").replace("2026-11-28", "2026-12-01")
    assert "10.0.0.1" in say(later)
