"""An employer by another country's number: one key however the number is written, its check digit where it has one. Pure.

Four neighbours give each employer one register number, and stdnum knows their check digits: Sweden, Norway, Denmark, Estonia.
Their VAT number or EUID is read as the register number in it. A number of any other country is kept as it was written, only
that small letters are the same as great ones: two numbers that may differ are never taken for one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stdnum.dk import cvr
from stdnum.ee import registrikood
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish

from schemas.errors import Finding
from schemas.notice import ForeignNumber


@dataclass(frozen=True, slots=True)
class _Register:
    """A country's register: what its number is called and looks like, how it may be written, and the test of its digits."""

    name: str
    example: str
    written: re.Pattern[str]
    test: Callable[[str], str]


_ABROAD = re.compile("(?!fi:)[a-z]{2}:")
_SEPARATORS = re.compile("[-._]")
_REGISTERS = {
    "se": _Register(
        "organisationsnummer", "123456-7897", re.compile("SE([0-9]{10})01|(?:SE[A-Z]*)?([0-9]{10})"), swedish.validate
    ),
    "no": _Register("organisasjonsnummer", "988077917", re.compile("(?:NO[A-Z]*)?([0-9]{9})(?:MVA)?"), norwegian.validate),
    "dk": _Register("CVR-nummer", "13585628", re.compile("(?:DK[A-Z]*)?([0-9]{8})"), cvr.validate),
    "ee": _Register("registrikood", "12345678", re.compile("(?:EE[A-Z]*)?([0-9]{8})"), registrikood.validate),
}
_NO_COUNTRIES = {"uk": "gb", "el": "gr"}
"""What tax offices write for a country, with its code in ISO 3166: else its employers would have two keys."""


def key_of(key: str) -> str:
    """The employer's one key, from one whose number is written in any way; a Business ID and `ref:` have one way only."""
    if not _ABROAD.match(key):
        return key
    country, number = key[:2], key[3:]
    return f"{country}:{_one_form(country, number) or number}"


def company_key(told: Mapping[str, Any]) -> str | None:
    """The key of what a notice tells of a company: `business_id`, or `foreign` with country and number. None for neither."""
    if business_id := told.get("business_id"):
        return f"fi:{business_id}"
    foreign = told.get("foreign")
    return key_of(f"{foreign.get('country')}:{foreign.get('number')}") if isinstance(foreign, Mapping) else None


def groups_of(notice: Mapping[str, Any], employer_key: str | None) -> list[str]:
    """In whose group of companies the employer is: its own, and that of the head which the notice names."""
    employer = notice.get("employer")
    group = employer.get("group") if isinstance(employer, Mapping) else None
    head = company_key(group) if isinstance(group, Mapping) else None
    return [key for key in (employer_key, head) if key]


def number_findings(foreign: ForeignNumber, place: str) -> Iterator[Finding]:
    """Why the number at that place cannot be an employer's; nothing where it can, or nobody can tell."""
    if foreign.country in _NO_COUNTRIES:
        message = f"the code of this country is {_NO_COUNTRIES[foreign.country]}"
        yield Finding(rule="unknown-country", place=f"{place}/country", message=message)
    number, register = _one_form(foreign.country, foreign.number), _REGISTERS.get(foreign.country)
    if register and number is None:
        message = f"this is no {register.name}, such as {register.example}, or its check digit is wrong"
        yield Finding(rule="foreign-number", place=f"{place}/number", message=message)
    if foreign.country == "se" and number and number[2] < "2":  # a birthday's month; that of a company begins at 20
        message = "a Swedish sole trader has its owner's personal identity number, which stands in no notice; take it out"
        yield Finding(rule="personal-code", place=f"{place}/number", message=message)


def _one_form(country: str, number: str) -> str | None:
    """The number as all its notices have it; None where the country's register has no such number."""
    register = _REGISTERS.get(country)
    if register is None:
        return number.upper()
    found = register.written.fullmatch(_SEPARATORS.sub("", number.upper()))
    plain = next(filter(None, found.groups()), "") if found else ""
    try:
        return register.test(plain)
    except StdnumError:
        return None
