"""Which situations are significant, so that the ministry's group and the partners hear of them (seed A3). Pure.

The seed gives no numbers; these are the defaults of the design (domain 1.11). A count reaches a threshold only by its
low end: "at most 300" and "unknown" reach none. Significance never limits the own area, nor a layoff alert.
"""

from hub.core.facts import AnyNotice, Facts, told_number

THRESHOLD = 10
"""People from which a downsizing or a recruitment is significant (domain 1.11)."""

_CASES = {
    "N_INTERNATIONAL": "international-growth",
    "N_LOCATION": "location",
    "N_EXPANSION": "expansion",
}


def significance(facts: Facts, notice: AnyNotice) -> tuple[str, ...]:
    """The names of the rules that make the notice significant; empty = it is not.

    An expert's tick stands above the rules, both ways: `true` is a rule of its own, `false` silences the others.
    """
    if notice.significant is False:
        return ()
    ticked = ("ticked-by-expert",) if notice.significant else ()
    return ticked + _of_kind(facts) + _cases(facts)


def _of_kind(facts: Facts) -> tuple[str, ...]:
    if facts["kind"] == "recruitment":
        rules = {"posts-10": _reached(facts, "people"), "hard-to-fill": facts["hard_to_fill"]}
    elif facts["kind"] == "downsizing":
        rules = {
            "dismissals-10": _reached(facts, "dismissals"),
            "reductions-10": _reached(facts, "people"),
            "closure": facts["closure"],
            "bankruptcy": facts["bankruptcy"],
        }
    else:
        rules = {"international-growth-segment": facts["segment"] == "INTL_GROWTH"}
    return tuple(rule for rule, met in rules.items() if met)


def _reached(facts: Facts, name: str) -> bool:
    return (told_number(facts, name) or 0) >= THRESHOLD


def _cases(facts: Facts) -> tuple[str, ...]:
    needs = facts["needs"] or ()
    return tuple(rule for need, rule in _CASES.items() if isinstance(needs, tuple) and need in needs)
