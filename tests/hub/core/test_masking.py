"""Personal identity codes are found wherever they hide, and only they."""

import pytest

from hub.core.masking import mask, personal_codes

CODE = "131052-308T"  # the example of the register's own public description


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        "131052\u2013308T",
        "131052\u2011308T",
        "henkilö 131052-308T irtisanottu",
        "\uff11\uff13\uff11\uff10\uff15\uff12-308T",
    ],
)
def test_a_code_is_found_and_masked(text: str) -> None:
    assert len(personal_codes(text)) == 1
    assert "308" not in mask(text)


@pytest.mark.parametrize("text", ["9000000-3", "131052-308A", "2026-03-02", "+358 40 131052", "6417182041488", "", "ei mitään"])
def test_business_ids_dates_and_telephone_numbers_are_none(text: str) -> None:
    assert personal_codes(text) == ()
    assert mask(text) == text
