"""Files and feeds of others become notices: `formats["warn"](body)` gives a notice, or a reason, for each row of the file.

Readers are pure: bytes in, values out. A new format is one file here and one line below.
"""

from connectors.inbound import job_market_finland, nav, testbed, warn
from connectors.inbound.taken import NOTHING_KNOWN as NOTHING_KNOWN
from connectors.inbound.taken import Known as Known
from connectors.inbound.taken import NotTaken as NotTaken
from connectors.inbound.taken import Reader as Reader
from connectors.inbound.taken import Ready as Ready
from connectors.inbound.taken import Taken as Taken

formats: dict[str, Reader] = {
    "job-market-finland": job_market_finland.read,
    "testbed": testbed.read,
    "nav": nav.read,
    "warn": warn.read,
}
"""The reader of each format, by the name that `hub publish --format` takes."""
