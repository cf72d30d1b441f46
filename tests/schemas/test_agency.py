"""What no agency can be."""

import pytest
from pydantic import ValidationError

from schemas.agency import Agency
from tests.builders import an_agency


def test_no_agency_has_the_hub_s_own_name() -> None:
    """What the hub does by itself stands in the audit under that name, and its operator reads everything."""
    known = an_agency("hub-of-the-north").model_dump()
    assert Agency.model_validate(known).id == "hub-of-the-north"
    with pytest.raises(ValidationError, match="the hub's own name"):
        Agency.model_validate(known | {"id": "hub"})
