"""Settings that cannot be: each is named as it stands in the environment, and no value is told."""

import pytest

from hub.commands.common import settings_for
from schemas.errors import Misconfigured


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"HUB_XROAD__SECRET": "s3cr3t"}, ["HUB_XROAD__SECRET"]),
        ({"HUB_XROAD__SECRET": ""}, ["HUB_XROAD__SECRET"]),
        ({"HUB_WEBHOOKS__SECONDS": "s3cr3t", "HUB_LOG": "s3cr3t"}, ["HUB_WEBHOOKS__SECONDS", "HUB_LOG"]),
        ({"HUB_REGISTRY": "s3cr3t"}, ["registry"]),
        ({"HUB_MAIL__LINK": "https://työ.s3cr3t"}, ["HUB_MAIL__LINK"]),
    ],
)
def test_each_is_named_and_no_value_is_told(given: dict[str, str], named: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as error:
        settings_for(None)
    assert all(name in error.value.detail for name in named)
    assert "s3cr3t" not in error.value.detail
