"""The reference registry out of its files: `load_registry()`. Every row is validated; errors name file and line."""

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from hub.data.check import problems as problems
from hub.data.content import RegistryContent as RegistryContent
from hub.data.folder import read_folder
from hub.data.rows import Place, built, common, csv_rows, json_rows
from schemas.agency import Agency, Area
from schemas.errors import Misconfigured
from schemas.offering import Offering

_SOURCED = ("source", "certainty")
_NAMED = ("code", "fi", "sv", "en")
_AREA_TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "countries.csv": ("maa", (*_NAMED, *_SOURCED)),
    "regions.csv": ("maakunta", (*_NAMED, "evk", "nuts2", "nuts3", *_SOURCED, "note")),
    "evk.csv": ("evk", (*_NAMED, "regions", "valid_from", *_SOURCED, "note")),
    "employment_areas.csv": ("tyollisyysalue", (*_NAMED, "regions", "evks", "valid_from", *_SOURCED, "note")),
    "municipalities.csv": (
        "kunta",
        (*_NAMED, "employment_area", "region", "evk", "languages", *_SOURCED, "note"),
    ),
    "merged_municipalities.csv": ("kunta", ("code", "fi", "sv", "successor", "valid_to", *_SOURCED, "note")),
}
"""Each table of areas: the kind of its codes, and its columns."""

_PARTNER_COLUMNS = (
    *("id", "kind", "fi", "sv", "en", "areas", "needs", "competences", "mailbox", "valid_from", "agreement_until"),
    "business_id",
    *_SOURCED,
    "note",
)
_AGENCY_FILES = ("agencies_authorities.json", "agencies_evk.json", "agencies_ely.json", "agencies_national.json")
_OF_SOME_TIMES = frozenset({"evk.csv", "employment_areas.csv", "agencies_evk.json", "agencies_ely.json"})
"""Files that a registry may lack, since what they list does not exist at its time; `problems` finds what is missed."""
_WITHIN = {"employment_area": "tyollisyysalue", "region": "maakunta", "evk": "evk"}


def load_registry(*sources: str | Traversable) -> RegistryContent:
    """The rows of all sources together: a name stands for a country in the package, a path for a folder of further rows.

    Without a source it is Finland: `load_registry("fi", Path("tests/data/us"))` adds the states of the USA to it. A name
    with a year is the country as it was then, instead of today's: `fi-2013` has TE offices, `fi` employment areas.
    """
    return RegistryContent.of(
        _packaged(source) if isinstance(source, str) else read_folder(source) for source in sources or ("fi",)
    )


def _packaged(name: str) -> RegistryContent:
    found = re.fullmatch(r"([a-z]+)(-[0-9]{4})?", name)
    if found is None or not (files("hub.data") / name).is_dir():
        raise Misconfigured(f"there is no registry named {name!r} in hub/data")
    return read_registry(files("hub.data") / name, found[1])


def read_registry(folder: Traversable, country: str = "fi") -> RegistryContent:
    """The registry in a folder that has the same files, apart from those of another time."""
    return RegistryContent(
        areas=tuple(_areas(folder, country)),
        agencies=tuple(_agencies(folder)),
        offerings=tuple(built(Offering, row, place) for place, row in json_rows(folder / "offerings.json")),
    )


def _areas(folder: Traversable, country: str) -> Iterator[Area]:
    for name, (kind, columns) in _AREA_TABLES.items():
        for place, cells in csv_rows(folder / name, columns) if _has(folder, name) else ():
            yield _area(cells, place, kind, country)


def _has(folder: Traversable, name: str) -> bool:
    return name not in _OF_SOME_TIMES or (folder / name).is_file()


def _area(cells: dict[str, str], place: Place, kind: str, country: str) -> Area:
    within = [f"{country}:{_WITHIN[column]}:{cells[column]}" for column in _WITHIN if cells.get(column)]
    if kind in ("maakunta", "evk", "tyollisyysalue"):
        within.append(f"{country}:maa:{country.upper()}")
    row = common(cells) | {
        "code": f"{country}:{kind}:{cells['code']}",
        "within": within,
        "successors": [f"{country}:kunta:{code}" for code in cells.get("successor", "").split()],
    }
    return built(Area, row, place)


def _agencies(folder: Traversable) -> Iterator[Agency]:
    for name in _AGENCY_FILES:
        for place, row in json_rows(folder / name) if _has(folder, name) else ():
            yield built(Agency, row, place)
    for place, cells in csv_rows(folder / "agencies_partners.csv", _PARTNER_COLUMNS):
        lists = {column: cells[column].split() for column in ("areas", "needs", "competences")}
        row = common(cells) | lists | {"id": cells["id"], "kind": cells["kind"], "ring": "partner"}
        yield built(Agency, row, place)
