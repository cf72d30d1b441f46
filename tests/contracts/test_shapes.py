"""Within a major version a shape gains fields that may be missing, and changes in no other way: both directions hold then.

An older reader ignores such a field, and a newer one does without it. Everything else, also one more value of a closed list
and a longer text, breaks one of the two: it needs the next `MAJOR` in schemas/wire.py, which stops older processes.
"""

import copy
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from api.examples import ANSWERS
from schemas import topics
from schemas.wire import MAJOR
from tests.builders import (
    a_correction,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_release,
    a_withdrawal,
)
from tests.contracts.log import COPIES, DELIVERED, MODELS, Kept, kept_log
from tests.contracts.scene import Scene
from tests.contracts.shapes import bare, differences, frozen_schemas, schemas_of_today
from tests.contracts.story import story

VALIDATORS = {name: Draft202012Validator(bare(schema)) for name, schema in frozen_schemas().items()}
SAID = {"corrects": "Correction", "withdraws": "Withdrawal", "releases": "Release"}


def written_today() -> list[Kept]:
    scene = Scene()
    story(scene)
    return scene.log


def flaws(name: str, value: Any) -> list[str]:
    return [f"{name}{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(value)]


def test_the_frozen_shapes_are_those_of_the_version_that_is_written() -> None:
    assert MAJOR == 1, "freeze the log and the shapes of the new version beside those of the old one, and compare with them"


@pytest.mark.parametrize("name", frozen_schemas())
def test_a_shape_has_only_gained_fields_that_may_be_missing(name: str) -> None:
    assert differences(bare(frozen_schemas()[name]), bare(schemas_of_today()[name])) == []


def test_each_message_of_today_has_a_frozen_shape() -> None:
    models = {model.__name__ for model in (*MODELS.values(), *COPIES.values(), *DELIVERED.values())}
    assert models <= frozen_schemas().keys()
    assert schemas_of_today().keys() == frozen_schemas().keys()


def test_what_is_written_today_is_read_by_the_frozen_shapes() -> None:
    """Each message that the hub writes, the notice in it, each entry of the registry, and what was said at a door."""
    written = written_today()
    assert len(written) >= len(kept_log())
    wrong = [flaw for record in written for flaw in _flaws_of(record)]
    assert wrong == []


def _flaws_of(record: Kept) -> list[str]:
    model, value = record.model(), orjson.loads(record.value) if _is_json(record) else None
    if record.topic == topics.REGISTRY.name and value["type"] != "snapshot" and value["body"]:
        return flaws(value["type"].capitalize(), value["body"])
    if model is None:
        return []
    event = value if record.topic == topics.EVENTS.name else {}
    return flaws(model.__name__, value) + (flaws("Notice", event["notice"]) if event.get("notice") else [])


def _is_json(record: Kept) -> bool:
    try:
        orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return False
    return True


@pytest.mark.parametrize("name", ANSWERS)
def test_what_may_be_answered_today_is_understood_by_the_frozen_shape(name: str) -> None:
    assert flaws("Answer", ANSWERS[name]) == []
    assert flaws("Answer", ANSWERS[name] | {"answer": "perhaps"})


NOTICES = [a_recruitment_notice(), a_downsizing_notice(), a_development_notice()]


@pytest.mark.parametrize(
    "body", [*NOTICES, a_correction(NOTICES[0]), a_withdrawal(NOTICES[0]), a_release(NOTICES[0])], ids=lambda body: body["id"]
)
def test_what_may_be_said_today_is_understood_by_the_frozen_shapes(body: dict[str, Any]) -> None:
    name = next((shape for word, shape in SAID.items() if word in body), "Notice")
    assert flaws(name, body) == []
    assert flaws(name, body | {"kind": 7, "id": 7}), "a shape that takes everything proves nothing"


# The rule bites


def changed(name: str, change: Any) -> list[str]:
    """What is told of a shape of today after that change."""
    today = copy.deepcopy(schemas_of_today()[name])
    change(today)
    return differences(bare(frozen_schemas()[name]), bare(today))


def test_a_field_that_may_be_missing_may_come() -> None:
    assert changed("RoutedNotice", lambda it: it["properties"].update(later={"default": None, "type": "string"})) == []
    assert changed("RoutedNotice", lambda it: it["$defs"]["Why"]["properties"].update(later={"type": "string"})) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["properties"].update(until=it["properties"].pop("held_until")),
        lambda it: it["properties"].pop("held_until"),
        lambda it: it["required"].append("held_until"),
        lambda it: it["required"].remove("outcome"),
        lambda it: it["properties"]["outcome"]["enum"].append("postponed"),
        lambda it: it["properties"]["step"].update(type="string"),
        lambda it: it["$defs"]["Recipient"]["properties"].pop("line"),
    ],
    ids=["renamed", "taken away", "demanded", "no longer given", "one more value", "another type", "taken away within"],
)
def test_no_other_change_passes(change: Any) -> None:
    assert changed("RoutedNotice", change) != []
