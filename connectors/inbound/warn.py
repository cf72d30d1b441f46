"""US layoff notices under the WARN Act, as the WARN Notice Register exports them (`warn_notices.csv`, its data dictionary).

One downsizing notice for each row. A WARN notice tells the state, before it happens, that people lose their employment (29
U.S.C. 2101-2102), which is what a Finnish employer's notice of dismissals is: stage `dismissals`. What the state filed is
taken; what the register inferred by matching (company, industry, geography) is not, but for `employer_key`, the only number.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from connectors.inbound.counts import people
from connectors.inbound.files import csv_rows
from connectors.inbound.row import Row, filled, take
from connectors.inbound.taken import NOTHING_KNOWN, Known, Taken

SOURCE = "warn-notice-register"
FIELDS = {
    "/id": "dedupe_key",
    "/source": "state",
    "/employer": "employer_key",
    "/employer/name": "employer_name",
    "/employer/industry": "naics",
    "/workplaces": "state",
    "/workplaces/0/name": "location",
    "/measures": "employees_affected",
    "/authority_notified_on": "notice_date",
    "/noted_on": "notice_date",
    "/end_dates": "effective_date",
    "/references": "source_notice_id",
}
"""The column behind each part of the notice."""

COLUMNS = (
    *("state", "employer_name", "employer_key", "naics", "naics_basis", "location", "notice_date", "effective_date"),
    *("employees_affected", "layoff_type", "is_temporary", "is_amendment", "source_notice_id", "dedupe_key"),
)
"""The columns that are read; a table without one of them is not in this format."""

_AMENDS = re.compile(
    r"\b(amend(ed|ment)?|updated?|revis(ed|ion)|rescind(ed)?|cancell?ed|errata|supplement(al)?)\b", re.IGNORECASE
)
_LONGEST_NUMBER = 60


def read(body: bytes, known: Known = NOTHING_KNOWN) -> Iterator[Taken]:
    """A downsizing notice, or the reason why there is none, for each row."""
    return take(csv_rows(body, COLUMNS), _notice, FIELDS, known)


def _notice(row: Row, _: Known) -> dict[str, Any]:
    cells: dict[str, str] = row.values
    _hold_amendment(row, cells)
    _remark_lateness(row, cells)
    return filled(
        kind="downsizing",
        source=f"{SOURCE}/{cells['state'].lower()}",
        id=cells["dedupe_key"],
        employer=_employer(row, cells),
        workplaces=_workplaces(row, cells),
        stage="dismissals",
        measures=[_measure(row, cells)],
        authority_notified_on=_notified(row, cells["notice_date"]),
        end_dates=[{"on": cells["effective_date"]}] if cells["effective_date"] else [],
        closure=cells["layoff_type"] == "closure",
        channel="register",
        basis="29 U.S.C. 2102",
        language="en",
        references=[{"system": "warn_notice", "value": cells["source_notice_id"]}] if cells["source_notice_id"] else [],
    )


def _employer(row: Row, cells: dict[str, str]) -> dict[str, Any]:
    if not cells["employer_name"]:
        row.lacks("employer_name", "no-employer", "the employer is missing")
    if not cells["employer_key"]:
        row.lacks("employer_key", "no-employer", "the register's key of the employer is missing")
        return {}
    if cells["employer_key"].startswith("n:"):
        row.remark("employer_key", "employer-by-name", "the register knows this employer by its name only")
    number = _number(cells["employer_key"])
    return filled(foreign={"country": "us", "number": number}, name=cells["employer_name"], industry=_industry(cells))


def _workplaces(row: Row, cells: dict[str, str]) -> list[dict[str, Any]]:
    """The state, with the place as the state's own list writes it; its municipality is the register's guess."""
    if not cells["state"]:
        row.lacks("state", "no-place", "the state is missing")
        return []
    if not re.fullmatch("[A-Z]{2}", cells["state"]):
        row.wrong("state", "area-code", "a state is written with its two capital letters, such as CO")
    return [filled(area=f"us:state:{cells['state']}", name=row.kept("location", cells["location"]))]


def _number(key: str) -> str:
    """The register's key (`cik:1005730`, `n:red lobster`) in the characters of a number: `cik.1005730`, `n.red_lobster`."""
    plain = key.replace(":", ".").replace(" ", "_")
    number = re.sub(r"[^A-Za-z0-9._-]", lambda found: "".join(f".{byte:02x}" for byte in found[0].encode()), plain)
    if len(number) <= _LONGEST_NUMBER:
        return number
    return f"{number[:40]}.h{sha256(key.encode()).hexdigest()[:16]}"


def _industry(cells: dict[str, str]) -> dict[str, str] | None:
    """NAICS as the state itself gave it (`naics_basis` source); a code that the register inferred is left out."""
    said = cells["naics_basis"] == "source" and re.fullmatch(r"[0-9]{2,6}", cells["naics"])
    return {"code": cells["naics"], "edition": "NAICS"} if said else None


def _measure(row: Row, cells: dict[str, str]) -> dict[str, Any]:
    """Lay-offs of more than six months are dismissals in Finnish terms; only `is_temporary` 1 says that they end."""
    measure = "layoff" if cells["is_temporary"] == "1" else "dismissal"
    return filled(measure=measure, planned=people(row, "employees_affected", cells["employees_affected"]))


def _notified(row: Row, day: str) -> str | None:
    if not day:
        row.lacks("notice_date", "no-date", "the day on which the state was notified is missing")
    return day or None


def _hold_amendment(row: Row, cells: dict[str, str]) -> None:
    """An amendment is no new layoff; which notice it amends the row does not say, so a person has to."""
    message = "this amends an earlier notice that the row does not name; send it as a correction of that one"
    if cells["is_amendment"] == "1":
        row.lacks("is_amendment", "amendment", message)
    elif _AMENDS.search(cells["employer_name"]):
        row.lacks("employer_name", "amendment", message)


def _remark_lateness(row: Row, cells: dict[str, str]) -> None:
    if "" < cells["effective_date"] < cells["notice_date"]:
        row.remark("effective_date", "late-notice", "the layoff had begun before the state was notified; both days are kept")
