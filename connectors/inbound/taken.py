"""What becomes of each row of a foreign file: a notice ready to be sent, or the reason why there is none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol, Self

from hub.core.registry import Registry
from schemas.errors import Finding
from schemas.messages import Submission


@dataclass(frozen=True, slots=True)
class Ready:
    """A notice as its sender would POST it. `remarks` tell a person what is odd about the row; they are not sent."""

    place: str
    source: str
    id: str
    body: str
    remarks: tuple[Finding, ...] = ()

    def submission(self, sender: str) -> Submission:
        """The notice, said by that agency."""
        return Submission(sender=sender, way="file", body=self.body)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """`held`: something is missing that a person may add. `refused`: the row, or the whole file, is wrong as it stands.

    The place of a finding is the row and the field by its foreign name: `line 12/notice_date`, `/content/3/uuid`.
    """

    place: str
    outcome: Literal["held", "refused"]
    findings: tuple[Finding, ...]


Taken = Ready | NotTaken


@dataclass(frozen=True, slots=True)
class Known:
    """What whoever reads the file can add to it; nothing that the file says itself is overruled.

    `employers`: Business ID by the employer's name as the feed writes it, looked up by a person. `places`: area code by
    the name of the municipality in small letters. `historic`: the file is an archive, its notices never alert.
    """

    employers: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    historic: bool = False

    @classmethod
    def of(cls, registry: Registry, day: date, employers: Mapping[str, str] | None = None, historic: bool = False) -> Self:
        """With the Finnish municipalities in force on that day, by Finnish and Swedish name; a name of two is left out."""
        return cls(employers or {}, _places(registry, day), historic)


def _places(registry: Registry, day: date) -> dict[str, str]:
    codes = defaultdict[str, set[str]](set)
    for code, area in registry.areas.items():
        if code.startswith("fi:kunta:") and area.holds_on(day):
            for name in (area.names.fi, area.names.sv or area.names.fi):
                codes[name.casefold()].add(code)
    return {name: found.pop() for name, found in codes.items() if len(found) == 1}


NOTHING_KNOWN = Known()


class Reader(Protocol):
    """Reads one foreign format: one `Taken` for each row of the file, in its order."""

    def __call__(self, body: bytes, known: Known = NOTHING_KNOWN) -> Iterator[Taken]:
        """The rows of a file; a file that cannot be read at all gives one `NotTaken` whose place is `file`."""
