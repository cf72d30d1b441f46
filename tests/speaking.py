"""The small registry with agencies that speak for others and are clients of X-Road."""

from datetime import date
from functools import cache
from typing import Any

from hub.core.registry import Registry
from tests.builders import a_small_registry

CLIENTS = {
    "ta-39": ("FI/GOV/0211675-2/employment",),
    "keha": ("FI/GOV/2296962-1/asko", "FI/GOV/2296962-1"),
    "evk-04": ("FI/GOV/9100020-8/asko%2Fold",),
}


@cache
def a_speaking_registry(**changes: Any) -> Registry:
    """KEHA may publish for Tampere (ta-39) and for evk-04; Helsinki (ta-08) for Tampere. `changes` are KEHA's."""
    known = a_small_registry()
    keha = known.all_agencies["tem"].model_copy(update={"id": "keha", "kind": "keha", "may_publish_for": ("ta-39", "evk-04")})
    rows = {**known.all_agencies, "keha": keha}
    rows = {name: row.model_copy(update={"xroad_clients": CLIENTS.get(name, ())}) for name, row in rows.items()}
    rows["keha"] = rows["keha"].model_copy(update=changes)
    rows["ta-08"] = rows["ta-08"].model_copy(update={"may_publish_for": ("ta-39",), "business_id": "0201256-6"})
    return Registry.of(8, known.areas.values(), rows.values(), known.all_offerings.values())


BEFORE = date(2025, 12, 31)
