"""Makes tests/data/log-v1, schemas-v1 and asyncapi-v1.json: `python -m tests.contracts.freeze`. What is there stays so: a message
or a channel that came since gets its own file or entry, once.

The hub's own code writes every record here: doors, bridge, the agents' steps with their state, the dispatcher's firing of a
clock, the publisher of the registry, the projector's dead letters. Only Kafka is left out. Never make the files of a version
anew after it was in use: what they are good for is that they are old. The files of a newer version stand beside them.
"""

import json

from tests.contracts.described import OUTLINE, frozen_outline, outline
from tests.contracts.log import LOG, SCHEMAS, write_log
from tests.contracts.scene import Scene
from tests.contracts.shapes import schemas_of_today
from tests.contracts.story import story


def main() -> None:
    """Write what is not there."""
    if not LOG.exists():
        scene = Scene()
        story(scene)
        write_log(sorted(scene.log, key=lambda kept: (kept.topic, kept.offset)), LOG)
    SCHEMAS.mkdir(exist_ok=True)
    for name, schema in schemas_of_today().items():
        if not (SCHEMAS / f"{name}.json").exists():
            (SCHEMAS / f"{name}.json").write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    known = frozen_outline() if OUTLINE.exists() else {}
    OUTLINE.write_text(json.dumps({**outline(), **known}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
