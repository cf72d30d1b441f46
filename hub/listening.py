"""Limits of the sockets on which clients are served, whoever holds them: the supervisor, systemd or the server itself."""

import socket
from typing import Any

PATIENCE = 60.0
"""Seconds after which a client that takes nothing of what it is sent is cut off; whoever reads on goes on at its place."""
UNSENT = 256 * 1024
"""Bytes that wait in the system for one client; left to itself it may keep 4 MiB for each that has stopped reading."""


def limit(listening: Any, patience: float = PATIENCE) -> None:
    """How long and how much is kept for who takes nothing. The system alone knows whether a client has taken anything.

    A connection has the limits that the listening socket had when it was made, also where nobody had taken it in yet. A probe
    that a client answers without making room is no sign of life here. Systems other than Linux know no such limit.
    """
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(patience * 1000))
