"""ISCO-08 out of what feeds write: national codes that begin with it (STYRK-08), ESCO's addresses of ISCO groups."""

import re

from hub.core.isco import GROUPS

_GROUP = re.compile(r"(?:https?://data\.europa\.eu/esco/isco/c)?(\d{1,4})(?:\.\d+)?", re.IGNORECASE)


def isco_of(code: str) -> str | None:
    """The group of ISCO-08 that a code stands for; None where it is none (an ESCO occupation, a purely national group).

    STYRK-08 (Norway) follows ISCO-08 in its first four digits, and NAV itself sends them to EURES as ISCO-08
    (pam-eures-stilling-eksport, PositionOpeningConverter.kt); digits that ISCO-08 does not have are left out.
    """
    found = _GROUP.fullmatch(code.strip())
    return found[1] if found and found[1] in GROUPS else None
