"""The words of mails in Finnish, Swedish and English. Pure."""

from hub.core.mail.writing import Language
from schemas.agency import Names
from schemas.count import Count

WORDS: dict[str, Names] = {
    "hub": Names(fi="Työnantajatilannetieto", sv="Arbetsgivarläget", en="Employer-situation hub"),
    "notice": Names(fi="Ilmoitus", sv="Anmälan", en="Notice"),
    "alert": Names(fi="Muutosturvahälytys", sv="Larm om omställningsskydd", en="Change-security alert"),
    "answer": Names(fi="Kuittaus ilmoitukseen", sv="Svar på en anmälan", en="Answer to a notice"),
    "digest": Names(fi="Kooste", sv="Sammandrag", en="Digest"),
    "notices": Names(fi="ilmoitusta", sv="anmälningar", en="notices"),
    "recruitment": Names(fi="rekrytointi", sv="rekrytering", en="recruitment"),
    "downsizing": Names(fi="henkilöstön vähentäminen", sv="personalminskning", en="downsizing"),
    "development": Names(fi="yrityksen kehittäminen", sv="företagsutveckling", en="development"),
    "unknown-kind": Names(fi="työnantajan tilanne", sv="en arbetsgivares läge", en="situation of an employer"),
    "came": Names(
        fi="Virastollenne on tullut jotakin. Sisältö luetaan alla olevasta osoitteesta: sitä ei lähetetä sähköpostitse.",
        sv="Något har kommit till er myndighet. Innehållet läses på adressen nedan: det skickas inte med e-post.",
        en="Something has come for your agency. Read it at the address below: its content does not go by mail.",
    ),
    "over": Names(
        fi="Ilmoitus on peruttu tai ei enää koske teitä.",
        sv="Anmälan har tagits tillbaka eller rör inte längre er.",
        en="The notice was taken back or no longer concerns you.",
    ),
    "what": Names(fi="Laji", sv="Slag", en="Kind"),
    "employer": Names(fi="Työnantaja", sv="Arbetsgivare", en="Employer"),
    "stage": Names(fi="Vaihe", sv="Skede", en="Stage"),
    "places": Names(fi="Paikat", sv="Orter", en="Places"),
    "people": Names(fi="Henkilöitä", sv="Personer", en="People"),
    "posts": Names(fi="Paikkoja avoinna", sv="Lediga platser", en="Posts"),
    "step": Names(fi="Versio", sv="Version", en="Step"),
    "receipt": Names(fi="Tunnus", sv="Nummer", en="Receipt"),
    "read": Names(fi="Lue", sv="Läs", en="Read"),
    "negotiations": Names(fi="muutosneuvottelut", sv="omställningsförhandlingar", en="negotiations"),
    "decision": Names(fi="päätös", sv="beslut", en="decision"),
    "dismissals": Names(fi="irtisanomiset", sv="uppsägningar", en="dismissals"),
    "closed": Names(fi="päättynyt", sv="avslutat", en="closed"),
    "withdrawn": Names(fi="peruttu", sv="återtaget", en="withdrawn"),
    "at-least": Names(fi="vähintään", sv="minst", en="at least"),
    "at-most": Names(fi="enintään", sv="högst", en="at most"),
    "about": Names(fi="noin", sv="ungefär", en="about"),
    "stop": Names(fi="Lopeta nämä viestit", sv="Avsluta dessa meddelanden", en="Stop these mails"),
    "confirm-subject": Names(
        fi="Vahvista tämä sähköpostiosoite", sv="Bekräfta den här e-postadressen", en="Confirm this mail address"
    ),
    "confirm": Names(
        fi="Virasto pyysi, että tähän osoitteeseen kerrotaan työnantajien tilanteista. Vahvista osoite alla; "
        "muuta ei lähetetä ennen sitä. Jos et tunne pyyntöä, älä tee mitään: se raukeaa viikossa.",
        sv="En myndighet har bett att få uppgifter om arbetsgivares läge till den här adressen. Bekräfta den nedan; innan dess "
        "skickas inget annat. Känner du inte till saken behöver du inte göra något: begäran förfaller om en vecka.",
        en="An agency asked to be told of employers' situations at this address. Confirm it below; nothing else is sent before. "
        "If you know nothing of this, do nothing: it lapses in a week.",
    ),
    "agency": Names(fi="Virasto", sv="Myndighet", en="Agency"),
    "confirm-link": Names(fi="Vahvista", sv="Bekräfta", en="Confirm"),
    "ending-subject": Names(fi="Tunnus on päättymässä", sv="En nyckel löper ut", en="A credential is about to end"),
    "ending": Names(
        fi="Uusi tunnus voi olla käytössä vanhan rinnalla: pyydä se ja vaihda ennen kuin vanha päättyy.",
        sv="En ny kan gälla bredvid den gamla: begär den och byt innan den gamla löper ut.",
        en="A new one can hold beside the old one: ask for it and change over before the old one ends.",
    ),
    "key": Names(fi="API-avain", sv="API-nyckel", en="API key"),
    "kafka-user": Names(fi="Kafka-käyttäjä", sv="Kafka-användare", en="user on Kafka"),
    "name": Names(fi="Nimi", sv="Namn", en="Name"),
    "ends": Names(fi="Päättyy", sv="Löper ut", en="Ends"),
    "paused-subject": Names(fi="Lähettäminen on keskeytetty", sv="Sändningen har avbrutits", en="Telling has been paused"),
    "paused": Names(
        fi="Tähän ei enää lähetetä. Mitä odottaa, odottaa yhä: korjaa vika ja jatka (POST …/resume).",
        sv="Hit skickas inget mer. Det som väntar fortsätter vänta: avhjälp felet och återuppta (POST …/resume).",
        en="Nothing is sent there any more. What waits goes on waiting: mend it and resume (POST …/resume).",
    ),
    "webhook": Names(fi="webhook", sv="webhook", en="webhook"),
    "mail": Names(fi="sähköpostiosoite", sv="e-postadress", en="mail address"),
    "why": Names(fi="Syy", sv="Orsak", en="Why"),
    "since": Names(fi="Alkaen", sv="Sedan", en="Since"),
    "try-subject": Names(fi="Koeviesti", sv="Provmeddelande", en="Test mail"),
    "try": Names(
        fi="Tämä on koe: sähköpostin lähetys toimii.",
        sv="Detta är ett prov: e-posten fungerar.",
        en="This is a test: mail works.",
    ),
}
"""Every word that a mail may use."""


def word(key: str, language: Language) -> str:
    """The word in that language."""
    return named(WORDS[key], language)


def known(key: str | None, language: Language) -> str:
    """The word for a code of a notice; a code that has none stands as it is."""
    return word(key, language) if key in WORDS else key or ""


def named(names: Names, language: Language) -> str:
    """A name in that language, else in the country's own."""
    return getattr(names, language) or names.fi


def counted(count: Count, language: Language) -> str:
    """A number as it was told; empty where it is unknown."""
    if count.said == "range":
        return f"{count.low}–{count.high}"
    number = count.high if count.low is None else count.low
    if number is None:
        return ""
    return f"{number}" if count.said == "exact" else f"{word(count.said, language)} {number}"
