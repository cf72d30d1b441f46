"""Identifiers as checked types."""

import hashlib
import re
import unicodedata
import uuid
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.fi import ytunnus

IS_AGENCY = re.compile(r"(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*")
AgencyId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
"""`ta-39`, `evk-03`, `finnvera`: part of topic names, Kafka users and ACLs."""

AreaCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}:[a-z]+:[A-Za-z0-9]+$", max_length=40)]
"""A code that names its system: `fi:kunta:491`, `fi:maakunta:06`, `fi:tyollisyysalue:39`, `us:state:AZ`."""

IscoCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")]
"""ISCO-08, one to four digits, always text: the zero of `0110` counts."""

NeedCode = Annotated[str, StringConstraints(pattern=r"^N_[A-Z_]+$", max_length=40)]

EmployerKey = Annotated[str, StringConstraints(pattern=r"^([a-z]{2}|ref):[A-Za-z0-9][A-Za-z0-9:._-]*$", max_length=120)]
"""`fi:0112038-9`; another country's number with its code; `ref:<agency>:<number>` for a starter or household."""

_RECEIPTS = uuid.UUID("6f2c1d0e-7f0b-5b7e-9d0a-2f5b8c1e4a73")


@lru_cache(4_096)  # one notice is read in four places
def _business_id(text: str) -> str:
    """Digits of one script only: an employer has one key, and full-width digits would make a second one."""
    if not re.fullmatch("[0-9]{7}-[0-9]", text):
        raise ValueError("a Business ID is seven digits, a hyphen and a check digit, such as 0112038-9")
    try:
        ytunnus.validate(text)
    except StdnumError as error:
        raise ValueError("the check digit of the Business ID is wrong") from error
    return text


BusinessId = Annotated[str, AfterValidator(_business_id)]
"""Finnish Business ID (Y-tunnus) `NNNNNNN-C`, check digit tested."""


def receipt_of(sender: str, source: str, notice_id: str) -> str:
    """The receipt of a notice: one value for one (sender, source, id), at every repeat and after any restart.

    Two spellings of the same letters (composed and decomposed, Unicode's NFC and NFD) are one id.
    """
    return _uuid5(unicodedata.normalize("NFC", "\x1f".join((sender, source, notice_id))))


def subscription_id_of(agency: str, name: str) -> str:
    """The id of an agency's subscription of that name, also when it is taken up again."""
    return _uuid5(unicodedata.normalize("NFC", "\x1f".join(("subscription", agency, name))))


def acknowledgement_id_of(agency: str, receipt: str, own_id: str) -> str:
    """The receipt of what an agency says of a notice: one value for one (agency, notice, id of its own)."""
    return _uuid5(unicodedata.normalize("NFC", "\x1f".join(("acknowledgement", agency, receipt, own_id))))


def event_id_of(receipt: str, step: int, *parts: str) -> str:
    """Id of an event about one step of a notice: the same at every replay of the same decision."""
    return _uuid5("\x1f".join((receipt, str(step), *parts)))


def _uuid5(name: str) -> str:
    """As `str(uuid.uuid5(_RECEIPTS, name))`, which takes three times as long and is asked for a dozen times for each notice."""
    raw = bytearray(hashlib.sha1(_RECEIPTS.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x50, raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
