"""Who speaks for whom, by the registry's files: what is wrong with it is found when they are taken in."""

from datetime import date
from typing import Any

import pytest

from hub.core.registry import Registry
from hub.core.representing import may_speak_for
from hub.data.check import problems
from hub.data.content import RegistryContent
from hub.data.load import load_registry

CONTENT, DAY = load_registry("fi"), date(2026, 6, 30)


def found(**changed: dict[str, Any]) -> list[str]:
    agencies = tuple(one.model_copy(update=changed.get(one.id.replace("-", "_"), {})) for one in CONTENT.agencies)
    return problems(RegistryContent(CONTENT.areas, agencies, CONTENT.offerings), DAY)


def test_in_the_sample_keha_speaks_for_the_centres() -> None:
    registry = Registry.of(1, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)
    assert may_speak_for("keha", "evk-04", registry, DAY)
    assert not may_speak_for("keha", "ta-39", registry, DAY)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("ta-99",), "agency keha: may publish for ta-99, which is unknown"),
        (("keha",), "agency keha: may publish for itself, which every agency may: leave it out"),
    ],
)
def test_in_whose_name_an_agency_may_publish(names: tuple[str, ...], problem: str) -> None:
    assert found(keha={"may_publish_for": names}) == [problem]


@pytest.mark.parametrize("client", ["FI/GOV", "FI/GOV/1-1/a/b", "", "FI/GOV/ä/x"])
def test_a_client_of_x_road_is_well_written(client: str) -> None:
    assert found(keha={"xroad_clients": (client,)}) == [
        f"agency keha: {client!r} is no client of X-Road, such as FI/GOV/0245458-3/subsystem"
    ]


def test_a_client_is_one_agency_at_any_time() -> None:
    """However it is written; and one after the other is no flaw."""
    mine, theirs = "FI/GOV/1-1/a", "FI/GOV/1-1/%61"
    assert found(evk_04={"xroad_clients": (mine,)}, keha={"xroad_clients": (theirs,)}) == [
        f"agency keha: the X-Road client {theirs} is also that of evk-04"
    ]
    handed_over = {"xroad_clients": (mine,), "valid_to": date(2025, 12, 31), "valid_from": None}
    assert not [one for one in found(finnvera=handed_over, keha={"xroad_clients": (theirs,)}) if "X-Road" in one]
