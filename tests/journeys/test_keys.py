"""Keys that end while those who have them go on."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from schemas.topics import RECEIVED
from tests.journeys.running import Hub, recruitment

pytestmark = [pytest.mark.broker, pytest.mark.database]
MANY = 100


def test_a_hundred_keys_that_end_in_use_are_each_told_so_and_fill_no_log(hub: Hub) -> None:
    keys = [hub.wiring.keys.issue("ta-39", f"system {number}", frozenset({"publish"})) for number in range(MANY)]

    def send(number: int) -> tuple[int, str]:
        answer = hub.ask(None, "POST", "/v1/notices", json=recruitment(f"ends-{number}"), headers={"X-API-Key": keys[number]})
        return answer.status_code, answer.json().get("code", "")

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(send, range(MANY))) == {(202, "")}
        with hub.wiring.engine.begin() as connection:
            ended = f"UPDATE {hub.wiring.schemas.work}.api_keys SET expires = now() WHERE label LIKE 'system %'"
            assert connection.execute(text(ended)).rowcount == MANY
        hub.settle()
        taken, said = len(hub.records(RECEIVED)), hub.logs().count("\n")
        for _ in range(3):
            assert set(pool.map(send, range(MANY))) == {(401, "unauthenticated")}
    assert len(hub.records(RECEIVED)) == taken
    assert hub.logs().count("\n") - said < MANY, "not a line for each"
    assert hub.ask("ta-39", "GET", "/v1/refused").status_code == 200, "and other keys go on"
