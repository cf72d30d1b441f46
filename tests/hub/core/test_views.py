"""What an agency may see: only what stands in the table of its purpose, whatever the notice holds."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from hub.core.views import ALLOWED, Cuts, Purpose, cut, cut_for, purpose_for, stub
from schemas.count import Count
from schemas.messages import Role
from schemas.notice import DevelopmentNotice, DownsizingNotice, RecruitmentNotice
from tests.builders import TAMPERE, a_downsizing_notice, a_small_registry, an_agency, an_event

PURPOSES: tuple[Purpose, ...] = ("coordinator", "authority", "partner", "statistics")


# The table


def paths_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _paths(field.annotation, f"{above}{name}")


def _paths(said: Any, path: str) -> Iterator[str]:
    if get_origin(said) is Annotated:
        yield from _paths(get_args(said)[0], path)
    elif get_origin(said) in (Union, types.UnionType, tuple):
        inner = [part for part in get_args(said) if part not in (type(None), Ellipsis)]
        yield from (found for part in inner for found in _paths(part, path))
    elif said is Count:
        yield f"{path}#"
    elif isinstance(said, type) and issubclass(said, BaseModel):
        yield from paths_of(said, f"{path}.")
    else:
        yield path


def test_every_field_of_the_models_is_decided_and_no_other_stands_in_the_table() -> None:
    models = (RecruitmentNotice, DownsizingNotice, DevelopmentNotice)
    assert {path for model in models for path in paths_of(model)} == ALLOWED["authority"]


def test_each_purpose_is_part_of_the_wider_one() -> None:
    assert ALLOWED["statistics"] < ALLOWED["partner"] < ALLOWED["authority"] == ALLOWED["coordinator"]


WITHHELD = {
    "partner": [
        *("grounds", "text", "diary_number", "references.system", "references.value", "access.consent.scope", "basis"),
        *("employer.headcount#", "workplaces.headcount#", "over_55_count#", "homes.area", "homes.count#"),
        *("employer.referral_number", "needs.detail", "measures.staff_group", "employer.in_difficulty"),
    ],
    "statistics": [
        *("id", "source", "employer.business_id", "employer.name", "employer.referral_number", "workplaces.name"),
        *("end_dates.on", "stage", "skills", "text"),
    ],
}


@pytest.mark.parametrize(("purpose", "path"), [(purpose, path) for purpose, paths in WITHHELD.items() for path in paths])
def test_what_is_withheld(purpose: Purpose, path: str) -> None:
    assert path not in ALLOWED[purpose]


# The cut

FULL = a_downsizing_notice(
    employer={"headcount": 220, "in_difficulty": True, "legal_form": "Osakeyhtiö"},
    workplaces=[{"area": TAMPERE, "name": "CANARY-workplace", "headcount": 150}],
    needs=[{"code": "N_REDUCE", "priority": 1, "detail": "CANARY-detail"}],
    access={"level": "open", "consent": {"given_by_role": "CANARY-role", "given_on": "2026-02-01", "scope": "all"}},
    references=[{"system": "ura_assignment", "value": "17"}, {"system": "crm.secret", "value": "CANARY-secret"}],
    diary_number="CANARY-diary",
    text="CANARY-text",
    homes=[{"area": TAMPERE, "count": 40}],
    over_55_count=6,
    end_dates=[{"on": "2026-09-30", "count": 40}],
)


def test_an_authority_sees_all_but_references_into_systems_of_others() -> None:
    event = an_event(FULL, sender="ta-39")
    for purpose in ("authority", "coordinator"):
        seen = cut(event, "ta-08", purpose)
        assert seen["grounds"] == FULL["grounds"]
        assert seen["over_55_count"] == {"said": "exact", "low": 6, "high": 6}
        assert seen["references"] == [{"system": "ura_assignment", "value": "17"}]
        assert "CANARY-secret" not in str(seen)


def test_an_agency_sees_all_that_it_sent_itself() -> None:
    event = an_event(FULL, sender="ta-39")
    assert cut(event, "ta-39", "authority") == event.notice


def test_copies_of_one_step_are_the_cuts_of_each_purpose_and_the_sender_has_its_own() -> None:
    event = an_event(a_downsizing_notice())
    copies = Cuts(event)
    assert copies.copy_for(event.sender, "partner") == event.notice
    for purpose in PURPOSES:
        assert copies.copy_for("evk-08", purpose) == copies.copy_for("evk-09", purpose) == cut(event, "evk-08", purpose)


def test_a_partner_sees_what_it_needs_to_act() -> None:
    assert cut(an_event(FULL), "takk", "partner") == {
        "kind": "downsizing",
        "id": "D-1",
        "source": "muutosturva/tampere",
        "language": "fi",
        "employer": {
            "business_id": "9000000-3",
            "kind": "company",
            "name": "Esimerkki Oy",
            "segment": "DOMESTIC",
            "industry": {"code": "28.990", "edition": "TOL2025"},
        },
        "workplaces": [{"area": TAMPERE, "name": "CANARY-workplace"}],
        "needs": [{"code": "N_REDUCE", "priority": 1}],
        "stage": "negotiations",
        "measures": [
            {
                "measure": "dismissal",
                "planned": {"said": "exact", "low": 40, "high": 40},
                "occupations": [{"isco": "7212", "count": {"said": "exact", "low": 25, "high": 25}}],
            }
        ],
        "closure": False,
        "bankruptcy": False,
        "end_dates": [{"on": "2026-09-30", "count": {"said": "exact", "low": 40, "high": 40}}],
    }


def test_statistics_gets_kind_areas_industry_and_counts() -> None:
    assert cut(an_event(FULL), "tem", "statistics") == {
        "kind": "downsizing",
        "employer": {"industry": {"code": "28.990", "edition": "TOL2025"}},
        "workplaces": [{"area": TAMPERE}],
        "measures": [{"measure": "dismissal", "planned": {"said": "exact", "low": 40, "high": 40}}],
    }


@pytest.mark.parametrize("form", ["Toiminimi", "yksityinen elinkeinonharjoittaja", "Enskild näringsidkare", "Tmi"])
def test_a_sole_traders_name_goes_to_no_partner(form: str) -> None:
    event = an_event(a_downsizing_notice(employer={"legal_form": form, "name": "Maija Esimerkki"}))
    assert "Maija" not in str(cut(event, "takk", "partner"))
    assert "Maija" in str(cut(event, "ta-08", "authority"))


def test_a_stub_names_the_notice_and_nothing_of_it() -> None:
    assert stub(an_event(FULL)) == {"id": "D-1", "source": "muutosturva/tampere", "no_longer_concerns_you": True}


NAMES = st.sampled_from(sorted({part.rstrip("#") for path in ALLOWED["authority"] for part in path.split(".")} | {"new"}))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.just("CANARY"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaves(below, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for item in value:
            yield from leaves(item, path)
    elif value != []:
        yield path


def is_allowed(path: str, purpose: Purpose) -> bool:
    count = f"{path.rpartition('.')[0]}#"
    return {path, f"{path}#", count if path.endswith((".said", ".low", ".high")) else path} & ALLOWED[purpose] != set()


@given(st.dictionaries(NAMES, JSON, max_size=12), st.sampled_from(PURPOSES))
def test_no_cut_gives_a_field_outside_its_list(notice: dict[str, Any], purpose: Purpose) -> None:
    for path in leaves(cut_for(notice, purpose)):
        assert is_allowed(path, purpose), path


# Purposes


PARTNER = an_agency("takk", kind="education-provider", ring="partner")
AUTHORITY = an_agency("ta-08")
FOREIGN = an_agency("az-des", kind="foreign", ring="partner")
GROUP = an_agency("evk-04", kind="evk", ring="tem-group")


@pytest.mark.parametrize(
    ("agency", "role", "purpose"),
    [
        (AUTHORITY, "coordinator", "coordinator"),
        (AUTHORITY, "own-area", "authority"),
        (AUTHORITY, "home-area", "authority"),
        (AUTHORITY, "eures", "authority"),
        (GROUP, "tem-group", "authority"),
        (GROUP, "subscription", "authority"),
        (PARTNER, "partner", "partner"),
        (PARTNER, "subscription", "partner"),
        (PARTNER, "former-recipient", "statistics"),
        (FOREIGN, "own-area", "partner"),
        (a_small_registry().agency("fallback"), "fallback", "authority"),
        (None, "fallback", "authority"),
        (None, "partner", "statistics"),
    ],
    ids=lambda value: getattr(value, "id", value),
)
def test_purpose_follows_from_agency_and_role(agency: Any, role: Role, purpose: Purpose) -> None:
    assert purpose_for(agency, role) == purpose
