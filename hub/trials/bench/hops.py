"""The four hops as both rivals run them: the very steps of the hub's agents, state in memory only (which helps them)."""

from collections import defaultdict
from collections.abc import Callable

from hub.agents.cases import cases
from hub.agents.enrichment import enrichment
from hub.agents.hand import Hand
from hub.agents.intake import intake
from hub.agents.plan import Agent, Plan, Record
from hub.agents.registry import RegistryFollower
from hub.agents.routing import routing
from hub.agents.state import PartitionState

_REGISTRY_WITHIN = 60.0
_MAKERS: tuple[Callable[[Hand], Agent], ...] = (intake, cases, routing, enrichment)


class Hop:
    """One agent's step with the state of its partitions."""

    def __init__(self, agent: Agent, prefix: str) -> None:
        self.name = agent.name
        self.topic = prefix + agent.source.name
        self._step = agent.step
        self._states: dict[int, PartitionState] = defaultdict(PartitionState)

    def take(self, record: Record) -> Plan:
        """What the step wants done, its state changed already."""
        state = self._states[record.partition]
        plan = self._step(record, state)
        state.apply(plan.updates)
        return plan


def hops(bootstrap: str, prefix: str) -> list[Hop]:
    """All four, over the registry that is published on that broker."""
    follower = RegistryFollower(bootstrap, prefix)
    follower.start(_REGISTRY_WITHIN)
    hand = Hand(follower.current, prefix)
    return [Hop(make(hand), prefix) for make in _MAKERS]
