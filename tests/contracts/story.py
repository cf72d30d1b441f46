"""What happens in the kept log: each way in, each type of step, each verdict and outcome, each kind of copy and letter."""

from hub.core import answers
from hub.core.answers import answer_to
from schemas import topics
from schemas.wire import Message
from tests.builders import (
    HELSINKI,
    KANGASALA,
    a_correction,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_release,
    a_withdrawal,
    an_agency,
    body_of,
)
from tests.contracts.scene import Scene

CODE = "131052-308T"
ENVELOPE = b'{"specversion": "1.0", "id": "e-1", "source": "/system", "type": "notice", "data": %s}'
STRUCTURED = (("content-type", b"application/cloudevents+json"),)


def story(scene: Scene) -> None:
    """All of it."""
    scene.publish(6, an_agency("gone"))
    scene.publish(7, gone=("gone",))
    _ways(scene)
    _changes(scene)
    _embargoes(scene)
    _refusals(scene)
    _failures(scene)
    _endpoints(scene)
    _answers(scene)


def _ways(scene: Scene) -> None:
    """One notice by each way, and one again."""
    downsizing = a_downsizing_notice(
        homes=[{"area": HELSINKI, "count": 4}], references=[{"system": "ura_customer", "value": "7"}], text="Kuvaus",
        needs=[{"code": "N_STRUCTURAL", "priority": 1}], end_dates=[{"on": "2026-06-01", "count": 30}], over_55_count=3,
    )  # fmt: skip
    scene.say("api", body_of(downsizing))
    scene.say("api", body_of(downsizing))
    scene.cross(ENVELOPE % body_of(a_recruitment_notice(hard_to_fill=True)), STRUCTURED)
    scene.say("inbox", body_of(a_development_notice(subject="expansion", needs=[{"code": "N_EXPANSION"}])))
    scene.say("connector", body_of(a_recruitment_notice(id="R-2", workplaces=[{"area": "us:state:AZ"}])))
    scene.say("file", body_of(a_recruitment_notice(id="R-3", historic=True)))
    scene.say("demo", body_of(a_recruitment_notice(id="R-4", posts=1, significant=False)))
    scene.say("demo", body_of(a_recruitment_notice(id="R-5", workplaces=[{"area": "us:state:VT"}])))
    consent = {"given_by_role": "toimitusjohtaja", "given_on": "2026-02-20", "scope": "tem-group"}
    early = a_downsizing_notice(id="D-2", stage="early-signal", access={"level": "restricted", "consent": consent})
    scene.say("api", body_of(early))


def _changes(scene: Scene) -> None:
    """Another town, another employer, the end; and a withdrawal that comes before its notice."""
    notice = a_downsizing_notice(id="D-3")
    scene.say("api", body_of(notice))
    scene.say("api", body_of(a_correction(notice, "c-1", workplaces=[{"area": HELSINKI, "headcount": 150}])))
    moved = a_correction(notice, "c-2", employer={"business_id": "9000001-1", "name": "Oikea Oy"})
    scene.say("api", body_of(moved))
    scene.say("api", body_of(moved))
    scene.say("api", body_of(a_withdrawal(notice, "w-1")))
    wanted = a_recruitment_notice(id="R-9", needs=[{"code": "N_RECRUIT_HARD"}])
    scene.say("api", body_of(wanted))
    scene.say("api", body_of(a_correction(wanted, "c-3", workplaces=[{"area": HELSINKI}])))
    early = a_recruitment_notice(id="R-6")
    scene.say("api", body_of(a_withdrawal(early, "w-2")))
    scene.say("api", body_of(early))


def _embargoes(scene: Scene) -> None:
    """One that ends by the hub's own clock, one that its sender ends."""
    by_time = a_downsizing_notice(id="D-4", access={"level": "embargoed", "until": "2026-03-05T10:00:00Z"})
    scene.say("api", body_of(by_time))
    scene.fire()
    by_event = a_development_notice(id="K-2", access={"level": "embargoed", "until_event": "The staff has been told."})
    scene.say("api", body_of(by_event))
    scene.say("api", body_of(a_release(by_event)))
    later = a_recruitment_notice(id="R-7", access={"level": "embargoed", "until": "2027-03-05T10:00:00Z"})
    scene.say("api", body_of(later))  # its clock is set and waits


def _refusals(scene: Scene) -> None:
    """Of each kind, by intake and by the bridge."""
    scene.say("api", body_of(a_recruitment_notice(id="X-1", workplaces=[{"area": "fi:kunta:999"}])))
    scene.say("api", body_of(a_recruitment_notice(posts=41)))
    scene.say("file", body_of(a_recruitment_notice(id="X-2", text=f"Matti, {CODE}")))
    scene.say("file", b"{")
    scene.say("api", body_of(a_recruitment_notice(id="X-3")), sender="nobody")
    scene.run(Message(topics.RECEIVED.name, b"by hand", b"\xff\xfe"))
    scene.cross(b"[]")
    scene.cross(ENVELOPE % body_of(a_recruitment_notice(id="X-4", posts="many")), STRUCTURED)


def _failures(scene: Scene) -> None:
    """A record set aside, an alert without the rules, a topic that was gone, what is no alert."""
    scene.set_aside(body_of(a_recruitment_notice(id="R-8")))
    scene.lost = True
    scene.say("api", body_of(a_downsizing_notice(id="D-5", workplaces=[{"area": KANGASALA}])))
    scene.lost = False
    scene.vanish("takk")
    scene.bury(Message(topics.ALERTS.name, b"by hand", b"no alert"))


def _endpoints(scene: Scene) -> None:
    """What endpoints were told, and that they fail; a copy that is withheld."""
    at = scene.at
    scene.call("ta-08", answer_to(204, None, at), "delivered")
    scene.call("ta-08", answer_to(503, "120", at), "waiting", warning="status")
    scene.call("ta-08", answer_to(410, None, at), "waiting", pause="gone")
    scene.call("ta-08", answers.NO_ANSWER, "given-up")
    scene.withhold("ta-08")


def _answers(scene: Scene) -> None:
    """Heard, heard by nobody else, said by who was never told, said twice; none of them stands in the kept log of version 1."""
    notice = a_downsizing_notice(id="D-6", homes=[{"area": HELSINKI, "count": 4}])
    scene.say("api", body_of(notice))
    for by, answer in (("ta-39", "claim"), ("ta-39", "claim"), ("ta-08", "in-progress"), ("takk", "done")):
        scene.answer(notice, {"id": "a-1", "answer": answer, "desk": "line-1", "reason": "Syy"}, by)
    scene.answer(notice, {"id": "a-2", "answer": "decline"}, "ta-08")
