"""How a hub is asked: its address, the key, and how long to wait before asking again."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a hub is, and the key. ValueError where one of them can be none."""

    url: str
    key: str

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname:
            raise ValueError(f"{self.url!r} is no address of a hub: write it such as https://hub.example")
        if not self.key or not self.key.isascii() or not self.key.isprintable() or " " in self.key:
            raise ValueError("the key has characters that no key has: copy it again, without blanks or line breaks")

    def __repr__(self) -> str:
        return f"Address({self.url!r})"

    def settings(self) -> dict[str, Any]:
        """For a client of httpx2. A proxy of the environment knows nothing of this machine's own hub."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return {"base_url": self.url.rstrip("/"), "headers": headers, "timeout": TIMEOUT, "trust_env": not self._is_here()}

    def _is_here(self) -> bool:
        name = urlsplit(self.url).hostname or ""
        try:
            return name == "localhost" or ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def pauses() -> Iterator[float]:
    """Seconds before each further try, where the hub does not say how many."""
    pause = 0.5
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)
