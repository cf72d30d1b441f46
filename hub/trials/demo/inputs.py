"""The four real files of others that the demo plays, and who sends them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from connectors.inbound import Known, NotTaken, Ready, formats
from hub.core.registry import Registry

SENDER = "keha"
"""Who runs the national systems sends what comes from feeds (domain 1.2, 4.2)."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file in hub/trials/inputs, and what reads it."""

    file: str
    format: str


INPUTS = (
    Input("tmt_job_market_finland_response.json", "job-market-finland"),
    Input("testbed_job_postings.json", "testbed"),
    Input("ads_page1.json", "nav"),
    Input("linked_notices_sample.csv", "warn"),
)


def rows(of: Input, registry: Registry, day: date) -> Iterator[Ready | NotTaken]:
    """What the reader makes of each row. They are played as news: an archive would be sent as historic and alert nobody."""
    body = (files("hub.trials") / "inputs" / of.file).read_bytes()
    return formats[of.format](body, Known.of(registry, day))
