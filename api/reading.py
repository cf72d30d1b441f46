"""Small JSON bodies as models: every flaw with its place, no value repeated."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from schemas.errors import Finding

M = TypeVar("M", bound=BaseModel)


def read_body(model: type[M], content: bytes, look: Callable[[M], Iterable[Finding]]) -> M:
    """The body as that model; `look` finds what the model alone cannot. Invalid where either finds anything."""
    try:
        said = model.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise RequestValidationError([one | {"loc": ("body", *one["loc"])} for one in found]) from error
    if findings := [_as_pydantic_has_it(finding) for finding in look(said)]:
        raise RequestValidationError(findings)
    return said


def _as_pydantic_has_it(finding: Finding) -> dict[str, object]:
    return {"type": finding.rule, "loc": ("body", *finding.place.strip("/").split("/")), "msg": finding.message}
