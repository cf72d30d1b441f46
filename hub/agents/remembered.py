"""The keys and marks of what intake remembers, shared by notices, changes and answers."""

CHANGE = b"c"
"""Begins what is remembered of a change or an answer; what is remembered of a notice begins with its standing."""


def key_of(receipt: str) -> bytes:
    """Under which key a notice, a change or an answer is remembered."""
    return bytes.fromhex(receipt.replace("-", ""))
