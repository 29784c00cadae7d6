"""Voter: towns by capitals amid a sentence: listed ones where people go and live, others before an arrow or after `medevac`."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator
from functools import cache

from dp_clinical_pipeline.deid.allowlist import HEADS
from dp_clinical_pipeline.deid.amid import RUNS, W, is_clinical, key
from dp_clinical_pipeline.deid.kinds import CLEAR, EPONYM, ORDINARY, OTHER, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import entries, lowered
from dp_clinical_pipeline.deid.spans import Span

_PLACED = re.compile(
    r"\b(?P<by>in|near|from|outside|around|toward|to|through|via|at|between|leaving|left|reached|toured|visited|visiting)[ ](?:the[ ]|downtown[ ]|rural[ ]|greater[ ]|nearby[ ])?$"
)
_DWELT = re.compile(
    r"\b(?:liv\w+|resid\w+|born|raised|grew\sup|moved|relocat\w+|native|home|hometown|originally|immigrat\w+|emigrat\w+|travel\w*|trip|flew|flown|drove|driven|vacation\w*|camp\w*|visit\w*|work\w*|commut\w*|retired|stay\w*|returned|back|came|family|relatives|"
    r"deployed|stationed|cruise|wedding|funeral|conference|medevac\w*|airlift\w*|ambulance|helicopter|transfer\w*|transport\w*|based|farm\w*|mines?|mining|plant|mill|shelter|jail|prison|accident|crash|mva|mvc|fire|exposure|outbreak|office|practice|specialist|\w+ologist|doctor|pcp)\b[^.;:\n]{0,24}$",
    re.I,
)
_TOWN_AFTER = re.compile(
    r"-(?:based|area)\b|[ ](?:native|police|sheriff|firefighter\w*|fire|paramedics?|ems|pd|resident|residents|area|region|suburbs?|office|mayor|township|county|metro\w*|facility|plant|shipyard|mill|mine|mines|airport|campus|location|branch|clinic|hospital)\b"
)
_TOWN_LED = re.compile(
    r"\b(?:hometown|medevac|airlift(?:ed)?|lifeflight|transfer|helicopter|ambulance|ems|squad|born|birthplace|native of|city of|town of|village of|borough of|township of|parish of)[ ](?:is[ ]|was[ ]|from[ ]|in[ ])?$",
    re.I,
)
_ARROW = re.compile(r"[ ]?(?:->|→|=>|-->|–>|>>)")
_OF = re.compile(r"[A-Z][\w'’.-]* ([A-Z][a-z'’-]{2,24}),? of $")
_ENDED = re.compile(
    r"['’]?s?(?:\s*(?:$|[.,;:)\n\]/?!>-])|[ ](?:and|or|in|at|on|for|with|to|who|where|is|was|has|had|will|as|about|by|via|today|this|last|yesterday|next|before|after|when|while|because|since|until|daily|weekly|visiting|alone|all|but|now|then|native|police|every|two|three|\d))"
)
_LOW = frozenset(["or", "of", "and", "by", "the", "on", "in", "de", "del", "la", "du", "upon", "under", "to"])
_PARTICLE_TOWNS = re.compile(
    rf"(?<![\w-])(?P<first>{W}[ ](?:(?:{'|'.join(_LOW)}|{'|'.join(w.upper() for w in _LOW)})[ ](?:(?:the|THE)[ ])?|[dD]['’]){W})(?P<more>[ ]{W})?(?![\w-])"
)


def vote(text: str) -> Iterator[Span]:
    """Find towns in a text as it was written: lines of capitals say nothing here."""
    for found in RUNS.finditer(text):
        if not found.group().isupper() and (span := _town(text, found, [*re.finditer(r"\S+", found.group())])):
            yield Span(*span, "CITY", "amid:town", 0.57)
    position = 0
    while joined := _PARTICLE_TOWNS.search(text, position):
        # `Clinic in Fond du Lac` holds two candidates: the next begins after the first word of one that is none.
        position = joined.start() + 1
        for end in (joined.end(), joined.end("first")):
            shown = " ".join(
                w.lower() if w.lower() in _LOW else w.title() if w.isupper() else w
                for w in text[joined.start() : end].split()
            )
            if shown.replace("’", "'").replace("D'", "d'") in _joined_towns():
                yield Span(joined.start(), end, "CITY", "amid:joined", 0.7)
                position = end
                break


@cache
def _joined_towns() -> frozenset[str]:
    """Return the listed places that small words hold together."""
    return frozenset(name for name in entries("cities") | entries("towns") if _LOW & set(name.split()) or " d'" in name)


def _town(text: str, found: re.Match[str], words: list[re.Match[str]]) -> tuple[int, int] | None:
    """Return where a town lies that opens a run of capitalised words, as its surroundings tell."""
    for first, count in ((n, m) for n in range(len(words)) for m in range(min(4, len(words) - n), 0, -1)):
        start, end = found.start() + words[first].start(), found.start() + words[first + count - 1].end()
        name = text[start:end]
        name, end = (name[:-2], end - 2) if name[-2:] in ("'s", "’s") else (name, end)
        listed = name in entries("cities") or name in entries("towns")
        if listed and count > 1 and not is_clinical(words[first].group()):
            return start, end
        if count == 1 and listed and not name.isupper() and not is_clinical(name) and _is_of(text, start, end, name):
            return start, end
        if (
            count > 1
            or name.isupper()
            or key(name) in lowered("devices")
            or key(name) in lowered("drugs")
            or HEADS.match(text, end)
        ):
            continue
        if (
            (listed or kind_of(name) != OTHER)
            and (_ARROW.match(text, end) or _TOWN_LED.search(text, max(0, start - 24), start))
            and not is_clinical(name)
        ):
            return start, end
        if not listed:
            continue
        if _TOWN_AFTER.match(text, end) and not is_clinical(name):
            return start, end
        placed = _PLACED.search(text, max(0, start - 24), start)
        if (
            not placed
            or not (len(words) == first + count or words[first + count].group()[0].islower())
            or not _ENDED.match(text, end)
        ):
            continue
        if _DWELT.search(text, max(0, placed.start() - 60), placed.start()) or (
            kind_of(name) != OTHER and placed["by"] in ("in", "near", "from", "outside", "around")
        ):
            return start, end
    return None


def _is_of(text: str, start: int, end: int, name: str) -> bool:
    """Say whether somebody is of a town (`Ana Ruiz of Laredo; copy sent`), or from its area."""
    if text[end : end + 5] == "-area" and kind_of(name) != EPONYM:
        return True
    owner = _OF.search(text, max(0, start - 30), start)
    return (
        owner is not None
        and kind_of(owner[1]) in (CLEAR, UNKNOWN, ORDINARY)
        and re.match(r"\s*(?:[,.;:)\n]|$)|[ ](?:is|was|has|will|and)\b", text[end : end + 8]) is not None
    )
