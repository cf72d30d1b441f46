"""The words for why an agency is told: role, rule, and what met the rule, in three languages. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from hub.core.registry import Registry
from schemas.agency import Names
from schemas.messages import Role, Why

FALLBACK = "fallback"
"""The agency that gets what nobody is responsible for (DESIGN §5, promise 6)."""

MOST_NAMES = 5
"""How many areas or needs a reason names; the rest is counted."""

RULES: dict[str, Names] = {
    "workplace-area": Names(fi="Työpaikan alue", sv="Arbetsplatsens område", en="Area of the workplace"),
    "home-municipality": Names(fi="Kotikunta", sv="Hemkommun", en="Home municipality"),
    "line-2": Names(fi="Osaamisen kehittämispalvelut", sv="Kompetensutvecklingstjänster", en="Competence development services"),
    "line-3": Names(
        fi="Tuetun työllistymisen palvelut", sv="Tjänster för stödd sysselsättning", en="Supported employment services"
    ),
    "eures-competence": Names(fi="EURES", sv="Eures", en="EURES"),
    "takes-need": Names(fi="Ottaa vastaan tarpeen", sv="Tar emot behovet", en="Takes the need"),
    "takes-kind": Names(fi="Ottaa vastaan lajin", sv="Tar emot slaget", en="Takes the kind"),
    "nobody-responsible": Names(fi="Ei vastuuviranomaista", sv="Ingen ansvarig myndighet", en="Nobody is responsible"),
    "told-before": Names(fi="Ei enää koske teitä", sv="Rör inte längre er", en="No longer concerns you"),
    "withdrawn": Names(fi="Lähettäjä perui ilmoituksen", sv="Avsändaren tog tillbaka anmälan", en="Withdrawn by its sender"),
    "bare": Names(fi="Sääntöjä ei voitu soveltaa", sv="Reglerna kunde inte tillämpas", en="The rules could not be applied"),
}
"""Every rule by which an agency is told, with its words."""

REASONS = {
    "historic": Names(fi="Historiatieto: kenellekään ei kerrota", sv="Historisk uppgift", en="Historic: nobody is told"),
    "withdrawal": Names(fi="Lähettäjä perui ilmoituksen", sv="Avsändaren tog tillbaka anmälan", en="Withdrawn by its sender"),
    "moved": Names(
        fi="Koskee toista työnantajaa", sv="Gäller en annan arbetsgivare", en="It concerns another employer: it goes on there"
    ),
    "held": Names(fi="Luovutus on lykätty", sv="Utlämnandet har skjutits upp", en="Embargoed: nobody is told yet"),
    "nobody": Names(fi="Ei vastuuviranomaista", sv="Ingen ansvarig myndighet", en="Nobody is responsible there"),
    "ticked": Names(fi="Asiantuntija: ei merkittävä", sv="Experten: inte betydande", en="An expert ticked it as not significant"),
    "below": Names(fi="Alle merkittävyysrajan", sv="Under gränsen för betydelse", en="Below the limit of significance"),
    "restricted": Names(
        fi="Vain vastuuviranomaisille", sv="Endast ansvariga myndigheter", en="Restricted to responsible authorities"
    ),
    "consent": Names(fi="Suostumus ei ulotu pidemmälle", sv="Samtycket räcker inte längre", en="The consent reaches no further"),
    "interest": Names(fi="Kukaan muu ei ota vastaan", sv="Ingen annan tar emot", en="No other agency takes this in this area"),
}
"""Why an outcome is not `routed`."""


def why(role: Role, rule: str, met: Sequence[str] = (), registry: Registry | None = None) -> Why:
    """The reason: what met the rule is named (areas by their names) after the rule's words."""
    return _why(role, rule, tuple(met), registry)


@lru_cache(2_048)  # a registry has some hundred areas, and most notices come from few of them
def _why(role: Role, rule: str, met: tuple[str, ...], registry: Registry | None) -> Why:
    said = RULES[rule]
    if not met:
        return Why(role=role, rule=rule, detail=said)
    names = [_name(item, registry) for item in met[:MOST_NAMES]]
    more = f" +{len(met) - MOST_NAMES}" if len(met) > MOST_NAMES else ""
    fi = f"{said.fi}: {', '.join(name.fi for name in names)}{more}"
    sv = f"{said.sv}: {', '.join(name.sv or name.fi for name in names)}{more}"
    en = f"{said.en}: {', '.join(name.en or name.fi for name in names)}{more}"
    return Why(role=role, rule=rule, detail=Names(fi=fi, sv=sv, en=en))


def _name(item: str, registry: Registry | None) -> Names:
    area = registry.areas.get(item) if registry else None
    return area.names if area else Names(fi=item)
