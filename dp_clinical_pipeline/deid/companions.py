"""Voter: names by the names beside them: lists after one title, crews, two-word given names, surnames that are small words."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dp_clinical_pipeline.deid.kinds import CLEAR, OTHER, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.names import UPPER, is_excluded, is_given, is_ordinary, is_surname, is_working_surname
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_W = rf"(?:(?:St\.|[Dd]e|[Dd]e[ ]la|[Dd]el|[Vv]an(?:[ ]der)?|[Vv]on)[ ])?[{UPPER}][\w'’]{{1,30}}+(?:-[\w'’]{{1,30}}+){{0,2}}+"
_ONE = rf"(?:[A-Z]\.[ ]){{0,2}}{_W}(?:[ ](?:[A-Z]\.[ ])?{_W})?"
_AND = r"(?:,?[ ](?:and|AND|&)[ ]|[ ]?/[ ]?|,[ ]?)(?:(?:Dr|DR|Mr|Mrs|Ms)\.?[ ])?"
_TITLED = sieved(
    rf"(?<![\w-])(?:Drs|DRS|Doctors|Professors|Profs|Nurses|Messrs|Mmes|Residents|residents|Fellows|fellows|Attendings|attendings|Officers|officers|Deputies|deputies|nurses|technologists|techs|interns|surgeons|radiologists|physicians|paramedics|Medics|medics|daughters|sons|sisters|brothers|parents|grandparents|twins|siblings|children)\b\.?:?[ ](?P<names>{_ONE}(?:{_AND}{_ONE}){{0,5}})"
)
_EACH = re.compile(_AND)
_CREW = sieved(
    r"\b(?:CREW|MEDICS?|TEAM|RNS?|STAFF|PARAMEDICS?|EMTS?|RTS?|TECHS?|OFFICERS?|DEPUTIES|PROVIDERS?|MDS?|DRS?|Crew|Medics?|Paramedics?|EMTs?|Techs?|Staff|crew|medics?|paramedics?|techs?|staff|officers?)\b[:=]?[ ](?P<names>[A-Z][A-Za-z'’-]{1,20}(?:/[A-Z][A-Za-z'’-]{1,20}){1,3})(?![\w'’-])"
)
_SUMMARY = sieved(
    rf"\b(?i:summary|sum|note|chart|records?|letter|referral|transfer|admission|consult(?:ation)?|discharge|addendum|order|report|images?|films?|disc|request|results?|visit|encounter|label(?:ed)?|specimen)(?:\s(?i:for|of|on|re))?:?\s[\"“]?(?P<name>{_W},[ ]?[{UPPER}][\w'’-]{{1,24}}+(?:[ ][A-Z](?:\.|\b))?)(?=[:;(\"”\n|/]|\s?[:;(]|[ ](?:admitted|discharged|DOB|dob|MRN|mrn|seen|\d)|\s*$)"
)
_SYLLABLES = r"(?:Pa|Mai|Ka|Bao|Mee|See|Chue|Tou|Kao|Nou|Xai|Xee|Yer|Der|Sua|Sia|Ying|Zoua|Nhia|Blia|Dia|Mao|Youa|Pang|Kou|Toua|Neng|Vue|Cheng|Chai|Koua|Shoua|Maly|La|Ma|Kia|Nao|Houa|Der|Ger|Ia|Lia|May|Chia|Choua|Thao|Thi|Van|Anh|Bich|Kim|Minh|Ngoc|Thanh|Xuan|Hoa|Hong|Huu|Duc|Quoc|Tuan|Hyun|Ji|Min|Seo|Soo|Yong|Young|Jae|Eun|Hye|Sung|Xiao|Li|Mei|Wei|Jun|Hui|Ling|Yu|Jing|Wen|Zhi|Ana|Maria|María|Luz|Jo|Mary|Sue|Billy|Bobby|Anne|Ann|Lee|Abu|Abdul|Abd|Umm|Um|Ur|Al|El|Bin|Bint|Noor|Nur|Siti|Nor|Mohd|Md|Sri|Devi|Lal|De|Del|Di|Da|Du|Le|Mc|Mac|Van|Von|Ter|Ten|St|Saint|San|Santa|Dos|Das)"
_BEFORE = re.compile(rf"(?<![\w'’.-])(?:{_SYLLABLES}[ ]){{1,2}}$")
_SMALL = r"(?:Her|An|So|To|Do|In|On|No|My|He|You|See|Le|Lo|Ha|Hu|Yi|Ly|Vo|Ng|Oh|Ah|Ko|Yu|Xu|Wu|Mo|Ba|Bo|May|Will|Day|Way|Hang|Vang|Her-\w+|Thao-\w+)"
_AFTER = re.compile(
    rf"(?:[ ][A-Z]\.?)?[ ](?P<small>{_SMALL}|{_SMALL.upper().replace(chr(92) + 'W', chr(92) + 'w')})(?=['’]s\b|[,.;:)/\n]|\s*$|[ ](?:and|is|was|has|at|on|in|for|to|who|with|by|RN|MD|NP|DO|PA|today|states|says|called|aware|notified|here|DOB|\(|\d))"
)
_SMALL_FIRST = re.compile(
    rf"(?<![\w'’-])(?P<name>(?:{_SMALL}|{_SMALL.upper().replace(chr(92) + 'W', chr(92) + 'w')}),[ ]?(?P<first>[{UPPER}][\w'’-]{{1,24}}+(?:[ ][{UPPER}][\w'’]{{1,20}}+)?(?:[ ][A-Z](?:\.|\b))?))"
)
_SMALL_WORDS = frozenset(
    ["her", "an", "so", "see", "do", "to", "you", "he", "she", "may", "will", "day", "way", "young", "long"]
)
_CUED = tuple(
    map(
        sieved,
        (
            rf"\b(?i:bed|rm|room|bay|pod|stall|chair)[ ]\w{{1,5}}[ :,-]{{1,3}}(?P<name>{_W})(?=[ ](?:to|back|for|is|was|needs|has|asking|wants|fell|going|from|in|off|refus\w+|c/o|not|on|says)\b|[,;.]|\s*$)",
            rf"\b(?:NNP|CNM|CRNA|ARNP|APRN|CNP|FNP|PNP|DNP|PharmD|LCSW|LMSW|RRT|LPN|LVN|CNA|PCA|PCT|CCRN|EMT-P|EMT)[ ](?P<name>{_W})(?![\w'’-]|:)",
            rf"\b(?i:(?:baby|infant|newborn|twin)[ ](?:boy|girl|of|male|female|a|b))s?[ ](?P<name>{_W})(?![\w'’-]|:)",
            rf"\b(?i:registration|clerk|desk|transport(?:er)?|scheduling|scheduler|pharmacy|lab|housekeeping|dietary|billing|intake|security|admitting|admissions|operator|dispatch|switchboard|reception(?:ist)?|office|records|nursing|staffing|unit)[ ]\((?P<name>[{UPPER}][a-z'’]{{1,20}})\)",
            r"(?<![\w'’-])(?P<name>(?P<last>[A-Z][A-Z'’-]{2,20}),[A-Z][A-Z'’-]{1,20}(?:[ ][A-Z](?!\w))?)(?=[ ]{2}|\s*[|/\n(;]|[ ]\d|\s*$)",
        ),
    )
)
_REVERSED = re.compile(rf",[ ]?{_SYLLABLES}[ ](?P<more>[{UPPER}][\w'’]{{1,20}}+)(?:[ ][A-Z](?:\.|(?!\w)))?")
_GROWN = ("people:", "names:", "runs:", "headers:", "cued_names:", "known:", "companions:")
_WHO = re.compile(r"[^\W\d_][\w'’-]*")


def vote(text: str) -> Iterator[Span]:
    """Find names beside names."""
    for pattern in (_TITLED, _CREW):
        for found in pattern.finditer(text):
            yield from _listed(text, found)
    for found in _SUMMARY.finditer(text):
        words = [w for w in _WHO.findall(found["name"]) if len(w) > 1]
        if all(_may_be_name(w) for w in words):
            yield Span(*found.span("name"), "PERSON", "companions:summary", 0.62)
    for pattern in _CUED:
        for found in pattern.finditer(text):
            if _may_be_name((found.groupdict().get("last") or found["name"]).split()[0]):
                yield Span(*found.span("name"), "PERSON", "companions:cued", 0.62)
    for found in _SMALL_FIRST.finditer(text):
        first = found["first"].split()[0]
        if is_given(first) and not is_excluded(first) and (kind_of(first) == CLEAR or text[: found.start()].rstrip()[-1:] in ":|/(\n"):  # fmt: skip
            yield Span(*found.span("name"), "PERSON", "companions:small", 0.62)


def whole(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield names with a given name's first word before them and a surname after them that are words of their own."""
    for span in spans:
        if span.type != "PERSON" or not span.voter.startswith(_GROWN):
            yield span
            continue
        start, end = span.start, span.end
        if text[start : start + 1].isupper() and (before := _BEFORE.search(text, max(0, start - 20), start)):
            start = before.start() if _goes_before(text, before) else start
        last = text[span.start : end].split()[-1].rstrip(".")
        grown = is_given(last) or len(last) == 1
        if grown and (after := _AFTER.match(text, end)) and after["small"].isupper() == _shouts(text[span.start : end]):
            end = after.end("small")
        if (more := _REVERSED.match(text, end)) and kind_of(more["more"]) in (CLEAR, UNKNOWN):
            end = more.end()
        yield span if (start, end) == (span.start, span.end) else replace(span, start=start, end=end)


def _goes_before(text: str, before: re.Match[str]) -> bool:
    """Say whether words before a name belong to it: not where they begin a sentence and are words or abbreviations."""
    first = before.group().split()[0]
    begins = before.start() == 0 or text[: before.start()].rstrip(" ")[-1:] in ".!?\n:;"
    return not begins or (kind_of(first) != OTHER and not is_ordinary(first))


def _shouts(name: str) -> bool:
    return name.isupper() and len(name.replace(".", "")) > 1


def _listed(text: str, found: re.Match[str]) -> Iterator[Span]:
    """Yield each name of a list, up to the first that is none."""
    start, stop = found.span("names")
    titled = found.group().startswith(("Drs", "DRS", "Doctors"))
    position = start
    while position < stop:
        gap = (
            _EACH.search(text, position, stop)
            if found.re is _TITLED.pattern
            else re.compile("/").search(text, position, stop)
        )
        end = gap.start() if gap else stop
        words = [*_WHO.finditer(text, position, end)]
        kept = end
        for n, word in enumerate(words):
            small = word.group()[0].isupper() and word.group().lower() in _SMALL_WORDS and len(words) == 1
            working = titled and is_working_surname(word.group())
            if len(word.group()) > 1 and not (small or working or _may_be_name(word.group())):
                kept = words[n - 1].end() if n else position
                break
        if kept <= position:
            return
        if text[position:kept].strip():
            yield Span(position, kept, "PERSON", "companions:listed", 0.6)
        if kept < end or not gap:
            return
        position = gap.end()


def _may_be_name(word: str) -> bool:
    key = word.lower()
    if key in lowered("name_particles"):
        return True
    if key in lowered("titles") or key in lowered("credentials") or key in lowered("drugs"):
        return False
    if is_surname(word) or is_given(word):
        return not is_excluded(word)
    return kind_of(word) == UNKNOWN or (kind_of(word) != OTHER and not is_excluded(word))
