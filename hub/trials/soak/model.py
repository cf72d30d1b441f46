"""What each submission must give: verdict, copies, alerts. Made from the load alone, by no rule of hub.core."""

from dataclasses import dataclass
from typing import Literal

from hub.trials.load import Employer, Item
from hub.trials.soak.places import Body, Places
from hub.trials.soak.situations import BY_NAME, Situation

FALLBACK = "fallback"
Lane = Literal["notice", "alert"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a submission must lead to when it is the first with its id."""

    accepted: bool
    employer: str
    notice: frozenset[str] = frozenset()
    alert: frozenset[str] = frozenset()

    @property
    def copies(self) -> frozenset[tuple[Lane, str]]:
        """The agencies in both lanes."""
        notices: frozenset[tuple[Lane, str]] = frozenset(("notice", agency) for agency in self.notice)
        return notices | {("alert", agency) for agency in self.alert}


def wanted(item: Item, places: Places) -> Wanted:
    """What that submission must lead to; one that says an id again with other content must not be accepted."""
    key = f"fi:{item.employer.business_id}"
    situation = BY_NAME.get(item.situation)
    if situation is None or situation.verdict == "refused":
        return Wanted(False, key)
    notice, alert = reached(item.employer, situation, places)
    return Wanted(True, key, notice, alert)


def reached(employer: Employer, situation: Situation, places: Places) -> tuple[frozenset[str], frozenset[str]]:
    """Who must have the notice, and who the layoff alert, of that situation at that employer."""
    alert = responsible(employer, situation) if situation.kind == "downsizing" else frozenset[str]()
    if situation.reach == "nobody":
        return frozenset(), alert
    return responsible(employer, situation) | _beyond(employer, situation, places), alert


def responsible(employer: Employer, situation: Situation) -> frozenset[str]:
    """The authority of the workplace; of a downsizing also those where the people live."""
    if situation.area is not None:
        return frozenset({FALLBACK})
    homes = employer.homes if situation.kind == "downsizing" else ()
    return frozenset({employer.town.authority, *(home.authority for home in homes)})


def _beyond(employer: Employer, situation: Situation, places: Places) -> frozenset[str]:
    """Of what is significant and open, everybody there who takes the kind or a need; but Finnvera of no downsizing."""
    if not situation.significant or situation.reach != "open":
        return frozenset()
    return frozenset(body.id for body in places.bodies if body.acts_in(employer.town) and _takes(body, situation))


def _takes(body: Body, situation: Situation) -> bool:
    if body.kind == "finnvera" and situation.kind == "downsizing":
        return False
    if not body.kinds and not body.needs:  # who names nothing takes everything of its ring
        return True
    return situation.kind in body.kinds or bool(situation.needs & body.needs)
