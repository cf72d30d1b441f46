"""Cutting JSON into its parts without reading it, for any JSON there is."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.slices import elements, members
from schemas.errors import MalformedMessage

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)
NAMES = st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True)


@given(st.lists(VALUES), st.sampled_from([None, 1]), st.booleans())
def test_the_elements_are_those_of_the_list(values: list[Any], indent: int | None, ascii_only: bool) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert [json.loads(part) for part in elements(body, 100)] == values


@given(st.dictionaries(NAMES, VALUES), st.sampled_from([None, 1]))
def test_the_members_are_those_of_the_object(values: dict[str, Any], indent: int | None) -> None:
    body = json.dumps(values, indent=indent).encode()
    assert {name: json.loads(part) for name, part in members(body)} == values


@given(st.binary(max_size=60))
def test_any_bytes_are_cut_or_refused(body: bytes) -> None:
    for cut in (lambda: elements(body, 100), lambda: members(body)):
        with suppress(MalformedMessage):
            cut()


@pytest.mark.parametrize("piece", [b"[", b'{"a":', b'"', b'\\"', b",", b"[],", b'"\\', b'"",', b"[0,0],", b" "])
def test_no_input_takes_long(piece: bytes) -> None:
    body = b"[" + piece * (4 * 1024 * 1024 // len(piece))
    began = time.process_time()
    with pytest.raises(MalformedMessage):
        elements(body, 1000)
    assert time.process_time() - began < 3
