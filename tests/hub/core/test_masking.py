"""Personal identity codes are found however they are written, and nothing else is taken for one."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fi import hetu

from hub.core.masking import MASK, mask, personal_codes

SIGNS = {1800: "+", 1900: "-YXWVU", 2000: "ABCDEF"}
CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def a_code(born: date, number: int, sign: str) -> str:
    """A personal identity code by the published rule: nine digits modulo 31."""
    digits = f"{born:%d%m%y}{number:03d}"
    return f"{digits[:6]}{sign}{digits[6:]}{CHECKS[int(digits) % 31]}"


@st.composite
def codes(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1800, 1, 1), date(2030, 12, 31)))
    sign = draw(st.sampled_from(SIGNS[born.year // 100 * 100]))
    return a_code(born, draw(st.integers(2, 999)), sign)


CODE = "131052-308T"

WRITTEN = [
    ("as it is", CODE),
    ("in lower case", CODE.lower()),
    ("in a sentence", f"Henkilö {CODE}, hitsaaja"),
    ("after a word without a blank", f"hetu{CODE}"),
    ("in a file name", f"lista_{CODE}_v2.pdf"),
    ("with an en dash", "131052–308T"),
    ("with a minus sign", "131052−308T"),
    ("with a non-breaking hyphen", "131052\u2011308T"),
    ("with a full-width hyphen", "131052\uff0d308T"),
    ("with a soft hyphen as its sign", "131052\u00ad308T"),
    ("with a soft hyphen inside", "1310\u00ad52-308T"),
    ("with blanks around the dash", "131052 - 308T"),
    ("with a no-break space", "131052\u00a0-\u00a0308T"),
    ("with blanks between its parts", "13 10 52 - 308 T"),
    ("with a zero-width space", "131052-\u200b308T"),
    ("over a line break", "131052-\n308T"),
    ("in full-width digits", "１３１０５２－３０８Ｔ"),
    ("in Arabic digits", "١٣١٠٥٢-٣٠٨T"),
    ("with a sign of the reform", "131052Y308T"),
    ("with the sign A", "131052A308T"),
    ("with the sign +", "131052+308T"),
    ("twice without a gap", CODE + CODE),
    ("temporary", a_code(date(1952, 10, 13), 912, "-")),
]


@pytest.mark.parametrize("text", [text for _, text in WRITTEN], ids=[name for name, _ in WRITTEN])
def test_a_code_is_found_and_masked(text: str) -> None:
    assert personal_codes(text)
    assert MASK in mask(text)
    assert not personal_codes(mask(text))


NO_CODES = [
    ("a Business ID", "0112038-9 9000000-3"),
    ("a wrong check character", "131052-308U"),
    ("a day that does not exist", "310252-308Y"),
    ("a phone number", "+358 40 123 4567, 040-1234567, 050 123-4567"),
    ("an EAN", "6414880020018"),
    ("dates", "13.10.1952 - 30.8.2024, 131024-300826"),
    ("an instant without a colon in its offset", "2026-01-12T120156+0300 2026-01-12T10:00:00.120156+0300"),
    ("a UUID", "ab131052-308a-4000-8000-0123456789ab"),
    ("a hash", "00aa131052a308f0ff131052a308f"),
    ("an IBAN", "FI21 1234 5600 0007 85"),
    ("a longer number", "9131052-308T"),
    ("pieces", "121024 - 100 kpl"),
]


@pytest.mark.parametrize("text", [text for _, text in NO_CODES], ids=[name for name, _ in NO_CODES])
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert personal_codes(text) == ()
    assert mask(text) == text


def test_a_code_behind_json_escapes_is_masked_and_the_body_stays_json() -> None:
    body = json.dumps({"text": 'nimi "x" \\ 131052-308T\n'}).replace("131052-", "\\u0031\\u0033105\\u0032\\u2013")
    assert not personal_codes(body)
    assert json.loads(mask(body)) == {"text": f'nimi "x" \\ {MASK} '}


def test_escapes_without_a_code_stay_as_they_are() -> None:
    body = '{"text": "\\u0041\\u00e4"}'
    assert mask(body) == body


@given(codes(), st.text(alphabet=" .,;:()<>\"'/äö\n", max_size=5), st.text(alphabet=" .,;:()<>\"'/äö\n", max_size=5))
def test_every_valid_code_is_found(code: str, before: str, after: str) -> None:
    assert hetu.is_valid(code, allow_temporary=True)
    start = len(before)
    assert personal_codes(before + code + after) == ((start, start + len(code)),)
    assert mask(before + code + after) == before + MASK + after


@given(st.text())
def test_masking_any_text_leaves_no_code_and_happens_once(text: str) -> None:
    masked = mask(text)
    assert not personal_codes(masked)
    assert mask(masked) == masked


@given(st.from_regex(r"\A[0-9]{7}-[0-9]\Z"))
def test_no_business_id_is_taken_for_a_code(text: str) -> None:
    assert personal_codes(text) == ()


def test_a_long_text_of_digits_is_read_in_linear_time() -> None:
    assert personal_codes("1" * 200_000) == ()
    assert personal_codes("13 10 52 - 30" * 20_000) == ()


@pytest.mark.parametrize("escape", ["\\n", "\\t", "\\r", "\\f", "\\u000a", "\\u0009"])
def test_a_code_parted_by_an_escaped_blank_is_masked(escape: str) -> None:
    assert "308" not in mask(f'{{"text": "131052-308{escape}T"}}')


def test_an_escaped_backslash_is_no_escape() -> None:
    text = '{"text": "C:\\\\n131052\\\\t"}'
    assert mask(text) == text


def test_thousands_of_codes_in_one_text_are_all_masked() -> None:
    text = " ".join(f"{number} {CODE}," for number in range(8_000))
    assert mask(text) == " ".join(f"{number} {MASK}," for number in range(8_000))
