"""Lines out of a stream of bytes: cut as they arrive, numbered, none kept that is longer than a notice may be."""

from dataclasses import dataclass

from schemas.topics import LARGEST_INPUT

MOST_LINES = 10_000
_BLANK_AT_THE_END = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, with its number from 1. `flaw` names why it cannot be read at all."""

    number: int
    content: bytes
    flaw: str | None = None
    ended: bool = True


class LineReader:
    """Feed it what arrives. Once a limit was met nothing more is read; the last line says so."""

    def __init__(self, most_bytes: int, most_lines: int = MOST_LINES, longest: int = LARGEST_INPUT) -> None:
        self._most_bytes = most_bytes
        self._most_lines = most_lines
        self._longest = longest
        self._open = bytearray()
        self._too_long = False
        self._bytes = 0
        self._number = 0
        self._stopped = False

    def is_done(self) -> bool:
        """Whether a limit was met, so that nothing more is read."""
        return self._stopped

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that end in this chunk."""
        if self.is_done():
            return []
        self._bytes += len(chunk)
        if self._bytes > self._most_bytes:
            return [self._stop("stream-too-large")]
        lines: list[Line] = []
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            self._keep(piece)
            lines += self._close(ended=True)
            if self.is_done():
                return lines
        self._keep(rest)
        return lines

    def rest(self) -> list[Line]:
        """The last line where no newline ended it."""
        return [] if self.is_done() or not (self._open or self._too_long) else self._close(ended=False)

    def _keep(self, piece: bytes) -> None:
        if self._too_long or len(self._open) + len(piece) > self._longest + 1:
            self._too_long = True
            self._open.clear()
        else:
            self._open += piece

    def _close(self, ended: bool) -> list[Line]:
        content, flaw = bytes(self._open).strip(b" \t\r"), "line-too-large" if self._too_long else None
        self._open.clear()
        self._too_long = False
        over = self._number - self._most_lines
        if over >= (0 if content or flaw else _BLANK_AT_THE_END):
            return [self._stop("too-many-lines")]
        self._number += 1
        return [Line(self._number, content, flaw, ended)] if content or flaw else []

    def _stop(self, flaw: str) -> Line:
        self._stopped = True
        self._open.clear()
        return Line(self._number + 1, b"", flaw)
