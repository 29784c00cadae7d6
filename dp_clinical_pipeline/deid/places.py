"""Voter: streets, cities and zip codes. A state alone stays, as Safe Harbor allows."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from dp_clinical_pipeline.deid import addresses
from dp_clinical_pipeline.deid.facilities import CODES, STATES, joined, lower_head
from dp_clinical_pipeline.deid.kinds import OTHER, kind_of
from dp_clinical_pipeline.deid.lexicon import entries, lowered
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_CLINICAL_CODES = frozenset(
    ("AL", "AR", "CA", "CO", "CT", "DE", "HI", "ID", "IN", "LA", "MA", "MD", "ME", "MI", "MS", "MT", "NC", "NE", "OH",
     "OK", "OR", "PA", "PR", "SC", "SD", "VA", "WA")
)  # fmt: skip
_C = r"(?:St\.|Mt\.|Ft\.|[A-ZÀ-Þ][\w'’]{0,30}+)"
_ZIP = sieved(
    rf"""(?<!\w)(?:(?:{CODES}|{STATES})\.?,?[ \n]{{1,3}}(?P<zip>\d{{5}}(?:[-– ]\d{{4}}(?!\d))?)(?![\w-])
      |(?i:zip(?:[\s+-]?(?:codes?|4))?|postal(?:\s?codes?)?|post\s?code|pin\s?code)(?:[ ](?:is|of|number|no\.?|on|per|file|the|a|facesheet|face|sheet|chart|record|listed|given|as|changed|updated|corrected|to|from|was|reads|shows|now|new|old|currently|registration|for|pt|patient|home|area)){{0,6}}[\s:#(=-]{{0,4}}(?P<labelled>\d{{5}}(?:[-–]\d{{4}})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d
        |[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}}|\d{{3}}(?=\W))(?!\w)
      |(?i:\b(?:zip|postal)\b[^\d\n.]{{1,40}}?)(?P<later>\d{{5}}(?:[-–]\d{{4}})?)(?![\w-])
      |(?i:\b(?:in|the|from)[ ])(?P<area>\d{{5}}(?:-\d{{4}})?)(?=[ ](?i:area|region|neighbou?rhood|district)\b)
      |(?P<before>\d{{5}}(?:[-–]\d{{4}})?)(?=\)?,?[ ](?i:zip|postal|area[ ]code|post[ ]code)(?!\w))
      |(?i:(?:lives?|living|resid\w+|area|from|near|region|moved|relocated|resident|based|home)[ ](?:in[ ]|at[ ]|near[ ]|to[ ]|of[ ]
        |code[ ])?(?:zip[ ])?)(?P<lived>\d{{5}}(?:-\d{{4}})?)(?![\w-]|[ ](?:patients|people|feet|miles|steps))
      |(?P<plus_four>\d{{5}}[-–]\d{{4}})(?![\w-])
      |(?:{CODES})[-.,/]{{0,2}}[ ]?(?P<close>\d{{5}}(?:[ ]\d{{4}}(?!\d))?)(?![\w-])
      |(?:(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Place|Pl|Terrace|Way|Circle|Parkway|Pkwy|Apt|Unit|Suite)
        |(?:STREET|ST|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|DRIVE|LANE|LN|COURT|PLACE|TERRACE|WAY|CIRCLE|APT))(?!\w)[^\n\d]{{0,12}}(?:\d{{1,4}}\w?)?
        [,;. ]{{1,3}}\n?(?:[A-Z][\w.'’]*[ ]?){{0,3}}[,;. ]{{0,3}}(?:{CODES}
          |{STATES})?[-,;. ]{{0,3}}(?P<after_street>\d{{5}}(?:[-– ]\d{{4}}(?!\d))?)(?![\w-])
      |(?P<canadian>[A-CEGHJ-NPR-TVXY]\d[A-CEGHJ-NPR-TV-Z][ ]\d[A-CEGHJ-NPR-TV-Z]\d)(?!\w))""",
    re.X,
)
_CITY_STATE = sieved(
    rf"(?<![\w-])(?P<city>{_C}(?:[ -](?:{_C}|of|de|del|la|los|las)){{0,3}}),?[ ](?P<state>(?:{CODES})(?!\w"
    rf"|\.\w)|(?:{STATES})(?!\w))"
)
_CITY_ZIP = sieved(rf"(?<![\w-])(?P<city>{_C}(?:[ -]{_C}){{0,2}}),?[ ]{{1,2}}(?P<zip>\d{{5}}(?:[-–]\d{{4}})?)(?![\w-])")
_AFTER_STREET = re.compile(
    rf"[ ]?[,;/|\n][ \n]{{0,3}}(?P<city>{_C}(?:[ -]{_C}){{0,2}})(?=[ ]?[,;/|][ ]?(?:{CODES}|{STATES}"
    rf"|\d{{5}})(?!\w)|[ ](?:{CODES})?[ ]?\d{{5}}|[ ]?\n)"
)
_LIVED_IN = re.compile(
    r"\b(?:(?:in|from|near|outside|around)|(?:lives?|living|resid\w+|moved|travel\w*|relocat\w+|born"
    r"|visit\w*|transferred|trip|drove|flew)"
    r"[ ](?:in|to|at|from|near|outside)|downtown|(?i:city|town|hometown|birthplace|residence|address"
    r"|location)\s?:?)[ ]$",
)
_RESIDES = sieved(
    rf"\b(?:lives?|living|lived|resid(?:es?|ed|ing)|moved|relocated|hometown|resident|native"
    rf"|born(?:[ ]and[ ]raised)?|raised|grew[ ]up|commutes)[ ](?:alone[ ]|with[ ][\w ]{{3,20}}[ ])?"
    rf"(?:in|to|from|of|at|near|outside)[ ](?:downtown[ ]|rural[ ]|the[ ](?:city"
    rf"|town)[ ]of[ ])?(?P<city>{_C}(?:[ ]{_C}){{0,2}})(?!\w)"
)
_CITY_LABEL = sieved(
    rf"(?<!\w)(?i:city|town|hometown|birthplace|place[ ]of[ ]birth|municipality"
    rf"|county)\s?[:=]\s{{0,2}}(?P<city>{_C}(?:[ ]{_C}){{0,2}})(?!\w)"
)
_COUNTY = sieved(
    rf"(?<![\w-])(?P<city>(?:{_C}[ ]){{1,2}}(?:County|Township|Parish|Borough))(?!\w)(?![ ](?:Hospital"
    rf"|General|Medical|Health))"
)
_TOKEN = re.compile(r"[A-ZÀ-Þ][\w]*(?:['’.\-&+][\w]+)*\.?|&|and|of|upon|de|del|du|la|the|y")
_NAMES_A_THING = re.compile(
    r"\s(?:\d|Scientific|[Cc]oma|[Cc]riteria|[Cc]lassification|[Ss]cor|[Ss]cale|[Ss]ystem"
    r"|[Pp]rotocol|[Tt]rial|[Ss]tudy|[Cc]onsensus|[Vv]irus|[Aa]greement|[Dd]efinition|[Bb]race|[Rr]isk)"
)
_CODE_NAMES = frozenset(("NYC", "DC", "L.A."))


def vote(text: str) -> Iterator[Span]:
    """Find places smaller than a state."""
    for span in addresses.vote(text):
        yield span
        yield from city_after(text, span.end)
    for found in _ZIP.finditer(text):
        yield Span(*found.span(found.lastgroup or 0), "ZIP", "places:zip", 0.9)
    for found in _CITY_ZIP.finditer(text):
        words = found["city"].split()
        names = (" ".join(words[n:]) for n in range(len(words)))
        if city := next((name for name in names if name in entries("cities") or name in entries("towns")), None):
            yield Span(found.end("city") - len(city), found.end("city"), "CITY", "places:city_zip", 0.7)
            yield Span(*found.span("zip"), "ZIP", "places:city_zip", 0.8)
    yield from _city_state(text)
    yield from _named(text)
    yield from _listed(text)


def city_after(text: str, end: int) -> Iterator[Span]:
    """Find the city that follows a street."""
    found = _AFTER_STREET.match(text, end)
    if found and not any(w.lower().strip(".'") in lowered("not_names") for w in found["city"].split()):
        yield Span(*found.span("city"), "CITY", "places:after_street", 0.7)


def _city_state(text: str) -> Iterator[Span]:
    for found in _CITY_STATE.finditer(text):
        city, state = found["city"], found["state"]
        comma = "," in text[found.end("city") : found.start("state")]
        zipped = re.match(r"\.?,?\s\d{5}(?!\d)", text[found.end() : found.end() + 8]) is not None
        words = city.split()
        known = next((n for n in range(len(words)) if " ".join(words[n:]) in entries("cities")), None)
        if known is not None and (comma or zipped):
            start = found.end("city") - len(" ".join(words[known:]))
        else:
            before = text[max(0, found.start() - 24) : found.start()]
            plain = comma and state not in _CLINICAL_CODES and len(city) > 2
            if not (plain or zipped or (comma and _LIVED_IN.search(before))) or (city.isupper() and not zipped):
                continue
            if any(w.lower().strip(".'") in lowered("not_names") for w in words):
                continue
            start = found.start()
        yield Span(start, found.end("state"), "CITY", "places:city_state", 0.85)


def _named(text: str) -> Iterator[Span]:
    """Find places that their context shows, listed or not."""
    for pattern, score in ((_RESIDES, 0.65), (_CITY_LABEL, 0.8), (_COUNTY, 0.6)):
        for found in pattern.finditer(text):
            words = found["city"].split()
            if any(w.lower().strip(".'") in lowered("not_names") for w in words) or re.fullmatch(STATES, found["city"]):
                continue
            while len(words) > 1 and kind_of(words[-1]) == OTHER and " ".join(words) not in entries("cities"):
                words.pop()
            if not (found["city"].isupper() and len(found["city"]) < 4):
                yield Span(
                    found.start("city"), found.start("city") + len(" ".join(words)), "CITY", "places:context", score
                )


@cache
def _by_first() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Return the phrases of the place lists by their first word, longest first."""
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for name, kind in (("cities", "CITY"), ("hospitals", "FACILITY")):
        for phrase in entries(name):
            words = tuple(_norm(w) for w in phrase.split())
            table.setdefault(words[0], []).append((words, kind))
    for rows in table.values():
        rows.sort(key=lambda row: (-len(row[0]), row[1] != "FACILITY"))
    return table


def _norm(token: str) -> str:
    return token.replace("’", "'").rstrip(".")


def _listed(text: str) -> Iterator[Span]:
    """Find listed cities and hospitals; those that are ordinary words or names only where a place is expected."""
    table = _by_first()
    tokens = list(_TOKEN.finditer(text))
    i = 0
    while i < len(tokens):
        first = _norm(tokens[i].group())
        bare = first[:-2] if first.endswith("'s") else first
        hit = _match(text, tokens, i, table.get(first, []), first) or (
            bare != first and _match(text, tokens, i, table.get(bare, []), bare)
        )
        if not hit:
            i += 1
            continue
        end, kind, n = hit
        start = tokens[i].start()
        if kind == "FACILITY" or _is_place(text, start, end):
            further = lower_head(text, end)
            if further > end:
                end, kind = further, "FACILITY"
            if kind == "FACILITY":
                end = joined(text, end)
            yield Span(start, end, kind, "places:listed", 0.8 if kind == "FACILITY" else 0.7)
        i += n


def _match(
    text: str, tokens: list[re.Match[str]], i: int, rows: list[tuple[tuple[str, ...], str]], first: str
) -> tuple[int, str, int] | None:
    for words, kind in rows:
        run = tokens[i : i + len(words)]
        if len(run) < len(words) or any(text[a.end() : b.start()] not in (" ", "\n") for a, b in pairwise(run)):
            continue
        last = _norm(run[-1].group())
        if (first, *(_norm(t.group()) for t in run[1:-1]), *((last,) if len(run) > 1 else ())) == words:
            shown = run[-1].group()
            cut = len(run[-1].group()) - len(first) if len(run) == 1 else shown.endswith(".")
            return run[-1].end() - cut, kind, len(words)
    return None


def _is_place(text: str, start: int, end: int) -> bool:
    surface = text[start:end]
    if surface in _CODE_NAMES:
        return True
    if (surface.isupper() and len(surface) < 4) or _NAMES_A_THING.match(text, end):
        return False
    if surface not in entries("ordinary_cities"):
        return surface.lower() not in lowered("drugs")
    if surface.lower() in lowered("not_names") or surface.isupper():
        return False
    return lower_head(text, end) > end or bool(_LIVED_IN.search(text[max(0, start - 24) : start]))
