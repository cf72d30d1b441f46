"""A folder of further rows: what may stand in it, how it joins Finland's, and clear errors."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.core.registry import Registry
from hub.data.check import problems
from hub.data.folder import COLUMNS
from hub.data.load import load_registry
from schemas.errors import Misconfigured

DAY = date(2026, 3, 2)
AREAS = """\
us:maa:US,Yhdysvallat,Förenta staterna,United States,,,,,,ISO 3166-1,verified,
us:state:AZ,Arizona,,Arizona,us:maa:US,,,,,ISO 3166-2,verified,
us:state:VT,Vermont,,Vermont,us:maa:US,,,,,ISO 3166-2,verified,
us:state:DK,Dakota Territory,,,us:maa:US,,us:state:AZ us:state:VT,1861-03-02,1889-11-01,tests,sample,not really
"""


def an_agency(**changes: Any) -> dict[str, Any]:
    names = {"fi": "Arizona Department of Economic Security"}
    row = {"id": "us-az", "kind": "foreign", "ring": "partner", "names": names, "areas": ["us:state:AZ"]}
    return row | {"source": "tests", "certainty": "sample", "note": "a note"} | changes


def a_folder(at: Path, areas: str | None = AREAS, agencies: list[dict[str, Any]] | None = None) -> Path:
    if areas is not None:
        (at / "areas.csv").write_text(f"{','.join(COLUMNS)}\n{areas}", encoding="utf-8")
    if agencies is not None:
        (at / "agencies.json").write_text(json.dumps(agencies), encoding="utf-8")
    return at


def test_the_rows_join_those_of_finland(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Where the rows come from.", encoding="utf-8")
    (tmp_path / ".hidden").write_text("", encoding="utf-8")
    finland = load_registry()
    content = load_registry("fi", a_folder(tmp_path, agencies=[an_agency()]))
    assert problems(content, DAY) == []
    assert content.offerings == finland.offerings
    assert [agency.id for agency in content.agencies[len(finland.agencies) :]] == ["us-az"]
    registry = Registry.of(1, content.areas, content.agencies, content.offerings)
    assert registry.current_code("us:state:DK", DAY) == "us:state:AZ"
    assert registry.municipalities_in("us:maa:US", DAY) == ("us:state:AZ", "us:state:VT")
    assert registry.ancestors("us:state:VT") == {"us:maa:US"}
    assert [agency.id for agency in registry.agencies_covering("us:state:AZ", DAY)] == ["us-az"]


def test_without_a_source_it_is_finland_and_a_folder_alone_is_itself(tmp_path: Path) -> None:
    assert load_registry() == load_registry("fi")
    alone = load_registry(a_folder(tmp_path))
    assert (len(alone.areas), alone.agencies, alone.offerings) == (4, (), ())


def test_a_folder_may_hold_services_only(tmp_path: Path) -> None:
    row = {"code": "U01", "names": {"fi": "x"}, "answers": ["downsizing"], "providers": ["foreign"]}
    rows = [row | {"source": "tests", "certainty": "sample"}]
    (tmp_path / "offerings.json").write_text(json.dumps(rows), encoding="utf-8")
    assert [offering.code for offering in load_registry("fi", tmp_path).offerings][-1] == "U01"


def test_what_stands_twice_is_a_problem(tmp_path: Path) -> None:
    content = load_registry("fi", a_folder(tmp_path, agencies=[an_agency(id="ta-39")]))
    assert problems(content, DAY) == ["agency ta-39 stands 2 times"]
    with pytest.raises(Misconfigured, match="two rows for the agency ta-39"):
        Registry.of(1, content.areas, content.agencies, content.offerings)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ring": "authority"}, "an agency abroad is a partner, or in no ring where it only publishes"),
        ({"areas": []}, "an agency abroad has to name its areas"),
        ({"areas": ["fi:kunta:837"]}, "fi:kunta:837 does not lie abroad"),
        ({"areas": ["us:state:XX"]}, "the area us:state:XX is unknown or not in force"),
    ],
)
def test_problems_of_an_agency_abroad(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    content = load_registry("fi", a_folder(tmp_path, agencies=[an_agency(**changes)]))
    assert any(found.startswith("agency us-az: ") and found.endswith(problem) for found in problems(content, DAY))


@pytest.mark.parametrize(
    ("areas", "agencies", "message"),
    [
        ("us:state:AZ,Arizona\n", None, "areas.csv, line 2: 12 cells expected"),
        (AREAS.replace("us:state:AZ,Ar", "AZ,Ar"), None, "areas.csv, line 3: code: "),
        (AREAS.replace("1889-11-01", "1889"), None, "areas.csv, line 5: valid_to: "),
        (AREAS, [an_agency(kind="embassy")], "agencies.json, line 1: kind: "),
        (AREAS, [an_agency(colour="red")], "agencies.json, line 1: unknown field colour"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, areas: str, agencies: Any, message: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_registry(a_folder(tmp_path, areas, agencies))
    assert message in caught.value.detail


@pytest.mark.parametrize("name", ["area.csv", "agencies.csv"])
def test_a_file_of_another_name_is_no_silent_gap(tmp_path: Path, name: str) -> None:
    a_folder(tmp_path)
    (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(Misconfigured, match=f"does not know {name}"):
        load_registry(tmp_path)


def test_an_empty_folder_and_none_are_errors(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="found none"):
        load_registry(tmp_path)
    with pytest.raises(Misconfigured, match="no folder"):
        load_registry(tmp_path / "us")
