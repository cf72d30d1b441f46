"""How the hub's processes log: one line for each event on standard error, with names instead of prose around values.

Nothing that a notice holds is logged: receipts, offsets and codes only (DESIGN §5.4).
"""

import logging
import sys
import traceback
from typing import Any, Literal

import structlog

Form = Literal["plain", "json"]
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _where_it_happened(_: Any, __: str, event: Any) -> Any:
    """The frames of an exception, never its words: they may repeat what a notice holds."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error is not None:
        event["exception"] = f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
    return event


def set_up(form: Form = "plain") -> None:
    """Once in each process, before anything is logged. Libraries' warnings go the same way."""
    last: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _where_it_happened, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for chatty in ("aiokafka", "faust", "mode", "kafka", "alembic", "httpx2"):  # httpx2 would tell each URL of an endpoint
        logging.getLogger(chatty).setLevel(logging.WARNING)
