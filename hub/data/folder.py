"""A folder of further rows in the hub's own shape, such as another country's areas and agencies.

Up to three files, none of which has to be there: `areas.csv` (with `COLUMNS`; codes in full, such as `us:state:AZ`,
several in one cell parted by blanks), `agencies.json` and `offerings.json` (lists of objects with the fields of `Agency`
and `Offering`, and `note`). A page `*.md` may tell where the rows come from; any other file is an error, so that a
misspelt name is no silent gap.
"""

from collections.abc import Iterator
from importlib.resources.abc import Traversable

from hub.data.content import RegistryContent
from hub.data.rows import Place, built, common, csv_rows, json_rows
from schemas.agency import Agency, Area
from schemas.errors import Misconfigured
from schemas.offering import Offering

COLUMNS = (
    *("code", "fi", "sv", "en", "within", "languages", "successors", "valid_from", "valid_to"),
    *("source", "certainty", "note"),
)
_AREAS, _AGENCIES, _OFFERINGS = "areas.csv", "agencies.json", "offerings.json"
_FILES = frozenset({_AREAS, _AGENCIES, _OFFERINGS})


def read_folder(folder: Traversable) -> RegistryContent:
    """The rows in the folder. Misconfigured where it is none, holds none of the files, or another file."""
    files = _files_in(folder)
    return RegistryContent(
        areas=tuple(_area(cells, place) for place, cells in csv_rows(files[_AREAS], COLUMNS)) if _AREAS in files else (),
        agencies=tuple(built(Agency, row, place) for place, row in _rows(files, _AGENCIES)),
        offerings=tuple(built(Offering, row, place) for place, row in _rows(files, _OFFERINGS)),
    )


def _files_in(folder: Traversable) -> dict[str, Traversable]:
    if not folder.is_dir():
        raise Misconfigured(f"there is no folder of registry rows at {folder}")
    found = {file.name: file for file in folder.iterdir() if not file.name.endswith(".md") and file.name[0] != "."}
    strange = sorted(found.keys() - _FILES)
    if strange or not found:
        reason = f"does not know {', '.join(strange)}" if strange else "found none"
        raise Misconfigured(f"the registry reads {', '.join(sorted(_FILES))} in {folder}; it {reason}")
    return found


def _rows(files: dict[str, Traversable], name: str) -> Iterator[tuple[Place, dict[str, object]]]:
    if name in files:
        yield from json_rows(files[name])


def _area(cells: dict[str, str], place: Place) -> Area:
    lists = {column: cells[column].split() for column in ("within", "successors")}
    return built(Area, common(cells) | lists | {"code": cells["code"]}, place)
