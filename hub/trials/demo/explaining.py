"""What became of a notice, in words: made from its trace."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from schemas.ids import receipt_of

Trace = dict[str, Any]
Traces = Callable[[str], Trace | None]
"""Receipt to trace; None where nothing is known of it."""

_MILLISECONDS = 23


def receipts_of(name: str, agencies: Iterable[str]) -> list[str]:
    """The receipts that may be meant: by itself, or as `source/id` of one of these senders (both may hold slashes)."""
    try:
        return [str(UUID(name))]
    except ValueError:
        parts = name.split("/")
    named = [("/".join(parts[:cut]), "/".join(parts[cut:])) for cut in range(1, len(parts))]
    return [receipt_of(agency, source, id) for agency in agencies for source, id in reversed(named) if source and id]


def first_known(receipts: Iterable[str], traces: Traces) -> Trace | None:
    """The first trace that there is."""
    return next((trace for receipt in receipts if (trace := traces(receipt)) is not None), None)


def words(trace: Trace) -> Iterator[str]:
    """The trace as lines: what happened when, who was told and why, what was offered and why."""
    yield f"Notice {trace['receipt']}" + ("" if trace["whole"] else " (your agency's own part)")
    for stage in trace["stages"]:
        yield f"  {_at(stage['at'])}  {_SAID.get(stage['stage'], _other)(stage)}"
        yield from (f"{'':28}{_finding(finding)}" for finding in stage.get("findings") or ())
    yield from _part("Told", [_recipient(each) for each in trace["recipients"]])
    yield from _part("Alerted", [f"{each['agency']} (step {each['step']})" for each in trace["stages"] if _is_alert(each)])
    yield from _part("Offered", [_offering(each) for each in trace["offerings"]])


def _part(title: str, found: list[str]) -> Iterator[str]:
    yield f"{title}: {'' if found else 'nobody' if title != 'Offered' else 'nothing'}".rstrip()
    yield from (f"  {line}" for line in found)


def _at(moment: str) -> str:
    return moment.removesuffix("Z").replace("T", " ")[:_MILLISECONDS] + "Z"


# Stages


def _received(stage: Trace) -> str:
    return f"received by way of {stage['way']}"


def _accepted(stage: Trace) -> str:
    historic = ", historic: nobody is told" if stage.get("historic") else ""
    type_ = str(stage.get("type", "notice"))
    step = _STEPS.get(type_, type_).format(kind=stage["kind"])
    said = f" (change {stage['change']}{': ' + stage['reason'] if stage.get('reason') else ''})" if stage.get("change") else ""
    return f"accepted as step {stage['step']}, {step}{historic}{said}"


_STEPS = {
    "notice": "{kind}",
    "correction": "a correction, {kind}",
    "withdrawal": "its withdrawal",
    "moved": "moved away: it goes on under another employer",
    "release": "the end of its embargo, {kind}",
}
"""By type of step, what it is; one that came later is told by its name."""


def _refused(stage: Trace) -> str:
    return f"{stage['verdict']} ({stage['code']})"


def _routed(stage: Trace) -> str:
    significant = ", ".join(stage.get("significance") or ())
    parts = [f"step {stage['step']} {stage['outcome']}"]
    if stage["outcome"] != "ended":  # nobody asks whether a step that ends the notice is significant
        parts.append(f"significant by {significant}" if significant else "not significant")
    parts += [_said(stage["outcome_reason"])] if stage.get("outcome_reason") else []
    parts += [f"held until {_at(stage['held_until'])}"] if stage.get("held_until") else []
    return f"{'; '.join(parts)} (registry revision {stage['registry_revision']})"


def _enriched(stage: Trace) -> str:
    if not stage["enriched"]:
        return f"{stage['targets']} copies made without services: the rules for them failed"
    return f"{stage['offerings']} services fit; {stage['targets']} copies made"


def _alerted(stage: Trace) -> str:
    return f"layoff alert for {stage['agency']}"


def _delivered(stage: Trace) -> str:
    return f"in the outbox of {stage['agency']} (event {stage['event_id']})"


def _other(stage: Trace) -> str:
    return str(stage["stage"])


_SAID: dict[str, Callable[[Trace], str]] = {
    "received": _received,
    "accepted": _accepted,
    "refused": _refused,
    "routed": _routed,
    "enriched": _enriched,
    "alerted": _alerted,
    "delivered": _delivered,
}
"""A sentence for each stage; one that came later is told by its name."""


def _is_alert(stage: Trace) -> bool:
    return bool(stage["stage"] == "alerted")


def _finding(finding: Trace) -> str:
    return f"{finding['place'] or 'the whole'}: {finding['message']} [{finding['rule']}]"


# Recipients and services


def _recipient(recipient: Trace) -> str:
    desk = ", ".join(part for part in (recipient.get("line"), recipient.get("competence")) if part)
    why = "; ".join(f"{_said(each['detail'])} ({each['role']})" for each in recipient["why"])
    return f"{recipient['agency']}{f' ({desk})' if desk else ''}, step {recipient['step']}: {why}"


def _offering(service: Trace) -> str:
    by = f" by {service['provider']}" if service.get("provider") else ""
    check = "; ".join(_said(each) for each in service.get("to_check") or ())
    why = "; ".join(_said(each) for each in service["why"])
    return f"{service['code']} {_said(service['names'])}{by}: {why}{f' (to check: {check})' if check else ''}"


def _said(names: Trace) -> str:
    return str(names.get("en") or names["fi"])
