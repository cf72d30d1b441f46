"""What is searched in a notice or an agency's copy of one: its words, its areas, its stage. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.core.subscriptions.told import areas_named

_WORDS = frozenset({
    "name", "text", "title", "detail", "grounds", "staff_group", "business_id", "number", "referral_number",
    "diary_number", "value", "id", "skills", "code", "isco",
})  # fmt: skip
"""The fields whose texts are found by a search; other fields hold codes that are asked for by name."""


def words_of(notice: Mapping[str, Any]) -> str:
    """All words of a notice, in one spelling: small letters, each as one sign (`a` with its dots apart is `ä`).

    The database cannot be left to do it: one made with the locale C does not know that `Ä` is a great `ä`.
    """
    return unicodedata.normalize("NFC", "\n".join(_texts(notice, False))).lower()


def areas_of(notice: Mapping[str, Any]) -> list[str]:
    """The areas that a notice names: workplaces, measures, home municipalities; each once."""
    return sorted(areas_named(notice))


def tags_of(agency: str, kind: str | None, stage: str | None, areas: Iterable[str], groups: Iterable[str]) -> list[str]:
    """What a row is found by beside its words. The `=` in it stands in no word, so that no text is taken for a tag."""
    single = {"agency": agency, "kind": kind, "stage": stage}
    several = {"area": areas, "group": groups}
    return [f"{name}={value}" for name, value in single.items() if value] + [
        f"{name}={value}" for name, values in several.items() for value in values
    ]


def stage_of(notice: Mapping[str, Any]) -> str | None:
    """The stage of a downsizing."""
    stage = notice.get("stage")
    return stage if isinstance(stage, str) else None


def _texts(value: Any, wanted: bool) -> Iterator[str]:
    if isinstance(value, str):
        if wanted:
            yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, name in _WORDS)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, wanted)
