"""The verdict on one copy in codes and words: each clause that is given, what the copy says of it, whether it is met. Pure."""

from collections.abc import Iterator

from hub.core.registry import Registry
from hub.core.subscriptions.matching import Asked, in_one, surely_in_one
from hub.core.subscriptions.told import Told, Words
from schemas.agency import Names
from schemas.count import Count
from schemas.subscription import CLAUSES, Between, Clause, Code, Judged, Verdict

MOST_NAMES = 5
"""How many areas, codes or employers the words name; the rest is counted."""

LABELS: dict[Clause, Names] = {
    "kind": Names(fi="Laji", sv="Slag", en="Kind"),
    "stage": Names(fi="Vaihe", sv="Skede", en="Stage"),
    "area": Names(fi="Alue", sv="Område", en="Area"),
    "industry": Names(fi="Toimiala", sv="Näringsgren", en="Industry"),
    "occupation": Names(fi="Ammatti", sv="Yrke", en="Occupation"),
    "size": Names(fi="Yrityksen henkilöstö", sv="Företagets personal", en="Headcount of the company"),
    "count": Names(fi="Henkilömäärä", sv="Antal personer", en="Number of people"),
    "need": Names(fi="Tarve", sv="Behov", en="Need"),
    "employer": Names(fi="Työnantaja", sv="Arbetsgivare", en="Employer"),
    "language": Names(fi="Kieli", sv="Språk", en="Language"),
}
_SAID: dict[Code, Names] = {
    "met": Names(fi="{told} kuuluu tilaukseen", sv="{told} ingår", en="{told} is asked for"),
    "may-be": Names(
        fi="ei tarkkaan tiedossa ({told}), voi olla {asked}",
        sv="inte exakt känt ({told}), kan vara {asked}",
        en="not known exactly ({told}), it may be {asked}",
    ),
    "not-met": Names(
        fi="{told}, mutta tilaus koskee: {asked}",
        sv="{told}, men prenumerationen gäller {asked}",
        en="{told}, asked for is {asked}",
    ),
    "not-told": Names(fi="ei kerrota", sv="anges inte", en="the notice does not tell it"),
    "other-edition": Names(
        fi="kerrottu muulla luokituksella kuin TOL 2025",
        sv="angiven enligt en annan indelning än TOL 2025",
        en="told by another classification than TOL 2025",
    ),
}


def verdict(asked: Asked, told: Told, had: bool, registry: Registry) -> Verdict:
    """Whether the copy goes to a subscription, and what each of its clauses says; of an empty copy no clause says anything."""
    clauses = () if told.empty else tuple(sorted(_judged(asked, told, registry), key=lambda one: CLAUSES.index(one.clause)))
    if not told.empty and all(one.met for one in clauses):
        return Verdict(matches=True, code="met", clauses=clauses)
    if had:
        return Verdict(matches=True, code="had-before", clauses=clauses)
    return Verdict(matches=False, code="no-content" if told.empty else "not-met", clauses=clauses)


def _judged(asked: Asked, told: Told, registry: Registry) -> Iterator[Judged]:
    for clause, wanted in asked.words:
        found = told.words[clause]
        code = _code_of(clause, wanted, told)
        yield _said(clause, code, _named(wanted & found or found, registry), _named(wanted, registry))
    for clause, ranges in asked.ranges:
        count = told.numbers[clause]
        yield _said(clause, _code_of_count(count, ranges), _number(count), " / ".join(_range(one) for one in ranges[:MOST_NAMES]))


def _code_of(clause: Clause, wanted: Words, told: Told) -> Code:
    found = told.words[clause]
    if found:
        return "not-met" if wanted.isdisjoint(found) else "met"
    return "other-edition" if clause == "industry" and told.other_edition else "not-told"


def _code_of_count(count: Count, ranges: tuple[Between, ...]) -> Code:
    if in_one(count, ranges):
        return "met" if surely_in_one(count, ranges) else "may-be"
    return "not-told" if count.said == "unknown" else "not-met"


def _said(clause: Clause, code: Code, told: str, asked: str) -> Judged:
    label, words = LABELS[clause], _SAID[code]
    texts = {
        language: f"{getattr(label, language)}: {getattr(words, language).format(told=told, asked=asked)}"
        for language in ("fi", "sv", "en")
    }
    return Judged(clause=clause, met=code in ("met", "may-be"), code=code, words=Names(**texts))


def _named(codes: Words, registry: Registry) -> str:
    listed = sorted(codes)
    more = f" +{len(listed) - MOST_NAMES}" if len(listed) > MOST_NAMES else ""
    return ", ".join(_name(code, registry) for code in listed[:MOST_NAMES]) + more


def _name(code: str, registry: Registry) -> str:
    """An area by its name as well; a name is the same in each language as often as not, and the code says which it is."""
    area = registry.areas.get(code)
    return f"{area.names.fi} ({code})" if area and area.names.fi != code else code


def _range(between: Between) -> str:
    low = "" if between.least is None else str(between.least)
    return f"{low}–{'' if between.most is None else between.most}"


def _number(count: Count) -> str:
    low, high = ("" if end is None else str(end) for end in (count.low, count.high))
    return "?" if count.said == "unknown" else low if low == high else f"{low}–{high}"
