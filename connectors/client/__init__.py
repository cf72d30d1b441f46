"""A hub's partner in Python: publish, search, and be told. Of other packages it needs httpx2 alone."""

from connectors.client.client import HubClient
from connectors.client.events import Event
from connectors.client.following import Limits
from connectors.client.problems import CursorLost, Finding, HubProblem, NotLetIn, Refused, Unreachable
from connectors.client.saying import Acknowledged, Receipt, Sent
from connectors.client.stores import FileStore, MemoryStore, Store

__all__ = [
    "Acknowledged", "CursorLost", "Event", "FileStore", "Finding", "HubClient", "HubProblem", "Limits", "MemoryStore", "NotLetIn",
    "Receipt", "Refused", "Sent", "Store", "Unreachable",
]  # fmt: skip
