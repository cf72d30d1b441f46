"""Notices that may be sent as they stand, one of each kind: shown in the OpenAPI document, and tested. Employers are made up."""

from typing import Any

RECRUITMENT: dict[str, Any] = {
    "kind": "recruitment",
    "id": "R-2026-0117",
    "source": "uramallit/tre",
    "employer": {
        "business_id": "9000000-3",
        "name": "Esimerkkikonepaja Oy",
        "industry": {"code": "25", "edition": "TOL2025"},
        "segment": "DOMESTIC",
        "headcount": 180,
    },
    "workplaces": [{"area": "fi:kunta:837", "headcount": 140}],
    "needs": [{"code": "N_RECRUIT_LARGE", "priority": 1}],
    "channel": "phone",
    "noted_on": "2026-11-02",
    "posts": {"said": "about", "low": 40, "high": 40},
    "occupations": [{"isco": "7212", "title": "hitsaaja", "count": 40}],
    "starts_on": "2027-02-01",
    "application_closes_on": "2026-12-15",
    "fulfilment": ["web-notice", "candidates"],
    "hard_to_fill": True,
}

DOWNSIZING: dict[str, Any] = {
    "kind": "downsizing",
    "id": "D-2026-0031",
    "source": "muutosturva/pirkanmaa",
    "employer": {"business_id": "9543210-4", "name": "Malliteollisuus Oyj", "segment": "LARGE", "headcount": 620},
    "workplaces": [{"area": "fi:kunta:837", "headcount": 300}, {"area": "fi:kunta:604", "headcount": 45}],
    "needs": [{"code": "N_NEGOTIATIONS"}],
    "channel": "official-notice",
    "stage": "negotiations",
    "measures": [
        {
            "measure": "dismissal",
            "planned": {"said": "at-most", "high": 40},
            "staff_group": "tuotanto",
            "occupations": [{"isco": "8211"}],
            "area": "fi:kunta:837",
        },
        {"measure": "layoff", "planned": {"said": "range", "low": 60, "high": 90}, "duration_days": 90},
    ],
    "grounds": "tuotannollinen ja taloudellinen",
    "proposal_given_on": "2026-11-02",
    "talks_start_on": "2026-11-09",
    "basis": "YTL 1333/2021 21 §",
    "language": "fi",
}

DEVELOPMENT: dict[str, Any] = {
    "kind": "development",
    "id": "K-2026-0208",
    "source": "kehityskartoitus",
    "employer": {"business_id": "9000000-3", "name": "Esimerkkikonepaja Oy", "growth_plans": True},
    "workplaces": [{"area": "fi:kunta:837"}],
    "needs": [{"code": "N_STAFF_DEV", "priority": 1, "detail": "Robottihitsaus"}, {"code": "N_LEADERSHIP", "priority": 3}],
    "channel": "survey",
    "subject": "staff",
    "people": 25,
    "skills": ["robottihitsaus"],
    "starts_on": "2027-01-15",
    "survey_done": True,
}

NOTICES: dict[str, dict[str, Any]] = {"recruitment": RECRUITMENT, "downsizing": DOWNSIZING, "development": DEVELOPMENT}
SUMMARIES = {
    "recruitment": "An employer will hire about forty welders",
    "downsizing": "An employer begins change negotiations at two places",
    "development": "An employer needs training for its staff",
    "correction": "The negotiations have ended in a decision",
    "withdrawal": "The recruitment was cancelled",
    "release": "The event that the embargo waited for has come",
}


CORRECTION: dict[str, Any] = {
    "id": "D-2026-0031/correction-1",
    "corrects": {"source": DOWNSIZING["source"], "id": DOWNSIZING["id"]},
    "reason": "The employer announced the decision.",
    "notice": DOWNSIZING | {"stage": "decision"},
}
WITHDRAWAL: dict[str, Any] = {
    "id": "R-2026-0117/withdrawal",
    "withdraws": {"source": RECRUITMENT["source"], "id": RECRUITMENT["id"]},
    "reason": "The employer does not hire after all.",
}
RELEASE: dict[str, Any] = {
    "id": "D-2026-0031/release",
    "releases": {"source": DOWNSIZING["source"], "id": DOWNSIZING["id"]},
    "reason": "The staff has been told.",
    "notice": DOWNSIZING | {"access": {"level": "embargoed", "until_event": "The staff has been told."}},
}
CHANGES = {"correction": CORRECTION, "withdrawal": WITHDRAWAL, "release": RELEASE}


ANSWERS: dict[str, dict[str, Any]] = {
    "claim": {"id": "claim-1", "answer": "claim", "desk": "change-security"},
    "in-progress": {"id": "claim-1/progress", "answer": "in-progress", "desk": "change-security", "step": 2},
    "decline": {"id": "no-1", "answer": "decline", "reason": "We give this training again in the autumn."},
    "not-ours": {"id": "no-2", "answer": "not-ours", "reason": "The people work in Helsinki."},
    "done": {"id": "claim-1/done", "answer": "done", "desk": "line-1"},
}
ANSWER_SUMMARIES = {
    "claim": "We take it",
    "in-progress": "We are at work on it",
    "decline": "We do not take it, and why",
    "not-ours": "It does not belong to us",
    "done": "We are done with it",
}


SUBSCRIPTION: dict[str, Any] = {
    "name": "Large downsizings in Pirkanmaa's industry",
    "filter": {
        "kind": ["downsizing"],
        "area": ["fi:maakunta:06"],
        "industry": ["C"],
        "count": [{"least": 10}],
    },
}
PREVIEW: dict[str, Any] = {"filter": SUBSCRIPTION["filter"], "last": 200}


def enveloped(notice: dict[str, Any]) -> dict[str, Any]:
    """The notice in a CloudEvent in structured mode."""
    return {
        "specversion": "1.0",
        "id": f"{notice['id']}-1",
        "source": f"/{notice['source']}",
        "type": f"fi.employersituation.notice.{notice['kind']}.v1",
        "datacontenttype": "application/json",
        "data": notice,
    }
