"""Sections and divisions of TOL 2025, which are those of NACE Rev. 2.1 (Commission Delegated Regulation (EU) 2023/137)."""

from functools import lru_cache

_SECTIONS = {
    "A": "01 02 03",
    "B": "05 06 07 08 09",
    "C": "10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33",
    "D": "35",
    "E": "36 37 38 39",
    "F": "41 42 43",
    "G": "46 47",
    "H": "49 50 51 52 53",
    "I": "55 56",
    "J": "58 59 60",
    "K": "61 62 63",
    "L": "64 65 66",
    "M": "68",
    "N": "69 70 71 72 73 74 75",
    "O": "77 78 79 80 81 82",
    "P": "84",
    "Q": "85",
    "R": "86 87 88",
    "S": "90 91 92 93",
    "T": "94 95 96",
    "U": "97 98",
    "V": "99",
}
SECTION_OF = {division: section for section, divisions in _SECTIONS.items() for division in divisions.split()}
"""By division (two digits) its section, a letter. Division 45 of TOL 2008 is gone, and the letters after I have moved."""

TOL_2025 = frozenset({"TOL2025", "NACE2.1"})
"""Editions whose codes are those of TOL 2025 as far as they go (NACE has no fifth digit)."""


def plain(code: str) -> str:
    """A code without its full stops: `28.990` and `28990` are one."""
    return code.replace(".", "")


def is_known(code: str) -> bool:
    """Whether TOL 2025 has the section, or the division with which the code begins. Longer codes are not looked up."""
    return code in _SECTIONS or code[:2] in SECTION_OF


@lru_cache(2_048)
def chain(code: str) -> tuple[str, ...]:
    """The code, then every shorter one that it begins with down to its division, then its section."""
    digits = plain(code)
    if not digits.isdecimal():
        return (digits,)
    shorter = tuple(digits[:length] for length in range(len(digits), 1, -1))
    section = SECTION_OF.get(digits[:2])
    return (*shorter, section) if section else shorter
