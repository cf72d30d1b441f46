"""How an address is written to, as it stands in `work.endpoints`."""

from typing import Any

from pydantic import TypeAdapter

from hub.core.mail.writing import Writing

_WRITING = TypeAdapter(Writing)


def writing_of(row: Any) -> Writing:
    """What the column `writing` of a row holds."""
    return _WRITING.validate_python(row)


def column_of(writing: Writing) -> dict[str, Any]:
    """What the column is to hold."""
    found: dict[str, Any] = _WRITING.dump_python(writing, mode="json")
    return found
