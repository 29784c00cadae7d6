"""Voter: towns by what stands around them, listed or not: a state or a zip after them, a verb of living before."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.facilities import CODES, STATES
from dp_clinical_pipeline.deid.kinds import EPONYM, INITIAL, ORDINARY, OTHER, SHORT, kind_of
from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.lexicon import entries, is_english, lowered
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_W = r"(?:St\.|Mt\.|Ft\.|Pt\.|[A-ZÀ-ÖØ-Þ][\w'’]{1,30}+(?:-[A-Za-z]\w{0,30}+){0,3}+)"
_NAME = rf"{_W}(?:[ ](?:of[ ]|de[ ]|del[ ]|la[ ]|on[ ])?{_W}){{0,2}}"
_WITH_STATE = re.compile(
    rf"(?<![\w-])(?P<city>{_NAME}),?[ ](?:{CODES}|{STATES})(?=[ ]\d{{5}}|[ ]?[\n,;:.)/|]|\s*$|[ ]{{2}}|[ ]-)"
)
_HOUSE_BEFORE = re.compile(
    r"\b(?:Hospital|Center|Centre|Clinic|Institute|Practice|Associates|Radiology|Imaging|Health|Group)\.?,[ ]?$"
)
"""What ends an institution before its town, so that an ordinary word before a state is one: `Walden Clinic, Tilbury OR`."""
_LEADS = (
    r"lives?|living|lived|resid(?:es?|ed|ing)|resident|moved|relocated|native|born|raised|grew[ ]up|commutes|drove|drives|flew|flown|airlifted|helicopter|ambulance|squad|driven|bused|transfer(?:red)?|travel(?:s|ed|led|ing)?"
    r"|home[ ]?town|birth[ ]?place|town|city|village|municipality|works|working|worked|employed|vacation(?:ing|ed)?|trip|visit(?:ing|ed)?|returned|retired|farm|house"
    r"|home|apartment|originally|family|daughter|son|sister|brother|parents|mother|father|stays|staying|flew|came|arrived|shelter|address|located|based|church|school|office|practice"
)
_LIVES = re.compile(
    rf"\b(?P<lead>(?i:{_LEADS}))"
    rf"(?:[ ](?!in\b|at\b|from\b|to\b|of\b)[a-z]{{2,12}}){{0,2}}?(?:[ ](?P<by>(?i:in|to|from|of|at|near|outside|around))[ ](?:(?:downtown|rural|the[ ](?:city|town)[ ]of)[ ])?|[:=]?[ ]+)"
    rf"(?P<city>{_NAME})(?!\w)"
)
_IN = sieved(
    rf"(?:(?<!as[ ])\b(?:in|near|outside|from)[ ]|(?:Hospital|Center|Centre|Clinic|Institute|Home|Practice|Associates|Services|Radiology|Health|Medicine|Group|Street|St"
    rf"|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Boulevard|Blvd|Place|Pl|Terrace|Way|Circle|Parkway|Pkwy|\#\d{{1,4}}[A-Z]?|(?:Apt|Unit|Suite|Ste)\.?[ ]\d{{1,4}}[A-Z]?)\.?(?P<lead>,[ ]?|[ ]?[-–|/;][ ]|[ ]in[ ]|\n[ ]{{0,8}}(?=[^\n]{{3,30}}[ ](?:{CODES})\b)))"
    rf"(?P<city>{_NAME})(?=[ ]?[.,;:)\n|/-]|[ ](?:on|by|for|and|who|where|last|since|with|until|today)\b|\s*$|[ ](?:{CODES})\b|[ ]\d{{5}})"
)
_LED = Led(_LIVES, _LEADS)
_TOWN = re.compile(r"home[ ]?town|birth[ ]?place|town|city|village", re.I)
_TRAVELLED = re.compile(r"flew|came|moved|drove|travel|arrived|relocated|native|originally", re.I)
_BEFORE = frozenset(
    [
        "new",
        "east",
        "west",
        "north",
        "south",
        "fort",
        "port",
        "mount",
        "san",
        "santa",
        "saint",
        "st.",
        "mt.",
        "ft.",
        "lake",
        "grand",
        "el",
        "los",
        "las",
        "upper",
        "lower",
        "old",
        "cape",
        "glen",
        "big",
        "little",
        "palm",
        "royal",
    ]
)
_AFTER = frozenset(
    [
        "falls",
        "mills",
        "city",
        "springs",
        "park",
        "harbor",
        "harbour",
        "beach",
        "heights",
        "lake",
        "lakes",
        "creek",
        "grove",
        "hills",
        "valley",
        "junction",
        "ridge",
        "rapids",
        "bay",
        "island",
        "village",
        "town",
        "point",
        "crossing",
        "landing",
        "center",
        "corners",
        "station",
        "shores",
        "forest",
        "gardens",
        "fields",
        "bluffs",
        "bluff",
        "prairie",
        "marsh",
        "hollow",
        "bridge",
        "haven",
    ]
)


def vote(text: str) -> Iterator[Span]:
    """Find towns by context."""
    for found in _WITH_STATE.finditer(text):
        is_label = text.startswith(":", found.end()) and "," not in found.group()  # Job ID: 4411
        sure = _HOUSE_BEFORE.search(text, max(0, found.start() - 20), found.start()) is not None
        if not is_label and (span := _town(found, found["city"], strict=False, sure=sure)):
            yield Span(*span, "CITY", "towns:state", 0.75)
    for found in _LED.matches(text, re.Match.end):
        if span := _town(
            found, found["city"], strict=found["by"] is None and not _TOWN.match(found["lead"]), sure=_is_sure(found)
        ):
            yield Span(*span, "CITY", "towns:lives", 0.62)
    for found in _IN.finditer(text):
        if span := _town(found, found["city"], strict=found["lead"] is None, sure=found["lead"] is not None):
            yield Span(*span, "CITY", "towns:in", 0.6)


def _is_sure(found: re.Match[str]) -> bool:
    """Say whether a verb and its preposition tell of a place, so that an ordinary word after them names one."""
    by = (found["by"] or "").lower()
    return (
        by in ("in", "near")
        or bool(_TOWN.match(found["lead"]))
        or (by == "from" and _TRAVELLED.match(found["lead"]) is not None)
    )


def _town(found: re.Match[str], name: str, *, strict: bool, sure: bool = False) -> tuple[int, int] | None:
    """Return where the town lies in a capture, without leading words that belong to none."""
    words = name.split()
    kinds = [ORDINARY if sure and _is_dictionary(w) else _kind(w) for w in words]
    first = 0
    for n, word in enumerate(words):
        if kinds[n] == OTHER and not _belongs(words, kinds, n) and word not in ("of", "de", "del", "la", "on"):
            if not strict and n and n == len(words) - 1 and found.re is _LIVES:
                words, kinds = words[:n], kinds[:n]
                break
            first = n + 1
    rest, left = words[first:], kinds[first:]
    if not rest or all(k in (SHORT, INITIAL) for k in left) or (len(rest) == 1 and rest[0].lower() in _BEFORE | _AFTER):
        return None
    listed = _is_listed(" ".join(rest))
    compound = len(rest) > 1 and (rest[0].lower() in _BEFORE or rest[-1].lower() in _AFTER)
    if re.fullmatch(STATES, " ".join(rest)) or (
        strict and not (listed or compound or (len(rest) == 1 and left[0] not in (OTHER, EPONYM)))
    ):
        return None
    if not compound and all(k in (OTHER, EPONYM) for k in left) and not listed:
        return None
    start = found.start("city") + len(" ".join(words[:first])) + (first > 0)
    return start, start + len(" ".join(rest))


def _is_listed(name: str) -> bool:
    """Say whether a name is a city's, or a town's that is no ordinary word."""
    return name in entries("cities") or (name in entries("towns") and (" " in name or kind_of(name) != OTHER))


def _kind(word: str) -> str:
    return kind_of(re.sub(r"['’]s$", "", word.rstrip(".")))


def _is_dictionary(word: str) -> bool:
    """Say whether a word is no name because the dictionary holds it, not because reports use it."""
    key = word.lower()
    return (
        is_english(key)
        and len(key) > 4
        and key not in lowered("not_names")
        and key not in lowered("drugs")
        and word[1:].islower()
        and not key.endswith("ed")
    )


def _belongs(words: list[str], kinds: list[str], n: int) -> bool:
    """Say whether an ordinary word is part of a compound town: `New Salem`, `Union Mills`."""
    word = words[n].lower()
    if any(
        " ".join(words[m:]) in entries(name)
        for m in (n, 0)
        for name in ("cities", "towns")
        if len(words) - m > 1 or name == "cities"
    ):
        return True
    if word in _AFTER and n > 0:
        return True
    if n + 1 < len(words) and words[-1].lower() in _AFTER and n == len(words) - 2:
        return words[n][1:].islower()
    return word in _BEFORE and n + 1 < len(words) and (kinds[n + 1] != OTHER or words[n + 1].lower() in _AFTER)
