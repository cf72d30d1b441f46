"""What is written for an agency, in thousands of made-up situations: never more than the rights give, told by a model apart."""

from collections import Counter

from schemas.acknowledgement import AgencyAcknowledgement
from tests.rights.model import words_in
from tests.rights.playing import PLACES, played

CASES = 1_500


def test_no_copy_and_no_alert_holds_more_than_its_agency_may_see() -> None:
    seen = Counter[str]()
    for one in played(CASES, seed=3):
        for step, told in enumerate(one.steps, 1):
            for agency, copy in one.told(step):
                stub = bool(copy["notice"].get("no_longer_concerns_you"))
                view = "nothing" if stub or agency == "fallback" else told.view_of(agency, PLACES)
                words = {word for number in (1, 2) for word in words_in(copy, number)}
                assert words <= told.words(view), (agency, view, told)
                assert stub or view != "nothing", (agency, told)
                seen["stub" if stub else view] += 1
            for agency, alert in one.alerted(step):
                over = alert.stage in ("ended", "withdrawn")
                assert over or told.alerted(agency), (agency, told)
                most = told.words("whole" if agency == told.sender else "authority")
                assert words_in(alert.model_dump(mode="json"), step) <= most, (agency, told)
                seen["over" if over else "alert"] += 1
    assert min(seen[view] for view in ("whole", "authority", "partner", "stub", "alert", "over")) > CASES / 50, seen


def test_an_answer_is_heard_by_nobody_who_may_not_hear_it() -> None:
    seen = Counter[str]()
    for one in played(CASES // 5, seed=4, answered=True):
        last = one.steps[-1]
        for by, said in one.answers:
            if said.verdicts() != {"accepted": 1}:
                continue  # the third was one of the two
            heard = said.outboxes(AgencyAcknowledgement)
            had = any(step.has(by, PLACES) for step in one.steps)
            assert had or not heard, (by, one.steps)
            for agency in heard:
                assert agency != by
                assert last.hears(agency, by, PLACES), (agency, by, last)
                seen["sender" if agency == last.sender else "authority"] += 1
            seen["nobody" if not heard else "heard"] += 1
    assert min(seen[name] for name in ("sender", "authority", "nobody")) > CASES / 75, seen
