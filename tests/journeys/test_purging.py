"""A notice that was erased is as if it had never been there, by every way of reading; the hub purges by itself."""

import pytest

from hub.projection.rebuild import rebuild
from tests.builders import a_correction
from tests.journeys.running import Hub, downsizing
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
EMPLOYER = "9876543-0"
LISTS = ("/v1/notices?limit=200", f"/v1/employers/fi:{EMPLOYER}/timeline?limit=200", "/v1/refused?limit=200")
EVERYTHING = {"notice": 200, "trace": 200, "search": True, "timeline": True, "refused": False, "outbox": True}
NOTHING = {"notice": 404, "trace": 404, "search": False, "timeline": False, "refused": False, "outbox": False}


def seen(hub: Hub, agency: str, receipt: str) -> dict[str, int | bool]:
    """How each way of reading answers the agency: by a status, or by whether the notice is among the rest."""
    single = [hub.ask(agency, "GET", path) for path in (f"/v1/notices/{receipt}", f"/v1/notices/{receipt}/trace")]
    assert {answer.headers["content-type"] for answer in single if answer.status_code == 404} <= {"application/problem+json"}
    listed = [receipt in hub.ask(agency, "GET", path).text for path in LISTS]
    found = [*(answer.status_code for answer in single), *listed, bool(hub.outbox(agency, receipt))]
    return dict(zip(EVERYTHING, found, strict=True))


def test_an_erased_notice_is_nowhere_and_stays_away(hub: Hub) -> None:
    notice = downsizing("to-be-erased", employer={"business_id": EMPLOYER, "name": "Poistettava Oy"})
    receipt = hub.post("ta-39", notice)
    hub.copy("evk-04", receipt)
    hub.settle()
    for agency in ("ta-39", "evk-04"):
        assert seen(hub, agency, receipt) == EVERYTHING
    assert hub.wiring.purge().notice(receipt, "operator") > 10
    for agency in ("ta-39", "evk-04"):
        assert seen(hub, agency, receipt) == NOTHING
    hub.post("ta-39", a_correction(notice, "to-be-erased/1", text="Vielä kerran"))
    other = hub.post("ta-39", downsizing("not-erased", employer={"business_id": EMPLOYER, "name": "Jäävä Oy"}))
    hub.settle()
    rebuild(hub.wiring.bootstrap, hub.wiring.views(), hub.wiring.prefix)
    for agency in ("ta-39", "evk-04"):
        assert seen(hub, agency, receipt) == NOTHING
        assert seen(hub, agency, other) == EVERYTHING


def test_the_dispatcher_purges_without_being_asked(hub: Hub) -> None:
    until(lambda: "purged" in hub.logs(), "the purge of the day")
    assert "the purge failed" not in hub.logs()
