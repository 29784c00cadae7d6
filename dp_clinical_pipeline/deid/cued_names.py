"""Voter: names that are words, short or unlisted, after cues that leave no doubt; initials of typists; names in small letters."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import MINOR, OTHER, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import is_english, lowered
from dp_clinical_pipeline.deid.names import UPPER, is_excluded, is_given, is_ordinary, is_surname
from dp_clinical_pipeline.deid.spans import Span

_W = rf"(?:(?:St\.|Ste\.|ST\.|[Dd]e|[Dd]e[ ]la|[Dd]el|[Vv]an|[Vv]an[ ]der|[Vv]on|[Ll]a|[Ee]l|[Aa]l)[ ])?[{UPPER}][\w'’]{{1,30}}+(?:-[\w'’]{{1,30}}+){{0,2}}+"
_I = r"[A-Z]\.?"
_NAME = rf"{_W}(?:[ ](?:{_I}[ ])?{_W})?"
_KIN = r"(?:wife|husband|spouse|partner|mother|father|mom|dad|son|daughter|sister|brother|aunt|uncle|cousin|niece|nephew|grand\w{3,9}|step\w{3,9}|fianc[eé]e?|girlfriend|boyfriend|friend|neighbou?r|roommate|guardian|caregiver|sibling|twin)(?:[- ]in[- ]law)?"
_ROLE = (
    r"(?:interpreter|translator|chaplain|case\s?manager|social\sworker|caregiver|roommate|neighbou?r|landlord|teacher|coach|sitter|aide|doula|midwife|officer|trooper|deputy|detective|sergeant|paramedic|emt|medic"
    r"|therapist|rrt|rt|tech|technologist|sonographer|nurse|rn|lpn|cna|resident|fellow|intern|hospitalist|intensivist|surgeon|attending|pcp|poa|nok|hcp|guardian|pharmacist|dietitian|scribe|registrar|clerk|secretary|staff|provider|radiologist)"
)
_SURE = (
    rf"(?i:\b{_KIN})\s?,?\s?\((?:(?i:name[d:]?|is)\s)?(?P<name>{_NAME})(?=[),;])",
    rf"(?:\b(?:d/w|D/W|s/w|S/W|c/w|C/W|dw|DW|p/w)|(?<=[\s.])w/)\s?(?:(?:Dr|DR|dr)\.?[ ])?(?P<name>{_W})(?![\w'’])",
    rf"(?i:\b(?:cc(?:['’]?e?d)?|copy|copies|copied|forwarded|fwd|routed|results?|report|faxed|given|handed\soff|signed\sout|sign-?out|endorsed|turned\sover)\s(?:to\s)?:?\s?)(?:(?:Dr|DR)s?\.?[ ])?(?P<name>{_NAME})(?=\s(?:and|&|at|by|via|on|in|for)\b|[,;.\n]|\s*$)",
    rf"(?i:\bcc(?:['’]?e?d)?\sto:?\s)(?:Drs?\.?[ ])?{_NAME}(?:,[ ]{_NAME}){{0,2}},?[ ](?:and|&)[ ](?:Dr\.?[ ])?(?P<name>{_NAME})",
    rf"(?i:\bname\s(?:change[ds]?\s|corrected\s|updated\s|was\s|is\s)?(?:from|to)\s){_NAME}(?i:\sto\s)(?P<name>{_NAME})",
    rf"(?i:\bname\s(?:change[ds]?\s|corrected\s|updated\s)?(?:from|to)\s)(?P<name>{_NAME})",
    rf"(?i:\b(?:baby|infant|newborn)(?:\s(?:boy|girl|of|male|female))|\b(?:BB|BG|B/B|B/G)\b|\btwin\s[ab12])\s?:?\s(?P<name>{_NAME})",
    rf"\b(?i:formerly(?:\sknown\sas)?|née|nee|f/k/a|fka|maiden\s(?:name\s)?(?:is\s|was\s)?|previously\sknown\sas|also\slisted\sunder|also\sknown\sas|under\sthe\sname(?:\sof)?|remarried,?\snow):?\s[\"“'(]?(?P<name>{_NAME})",
    rf"(?P<name>{_W}(?:[ ]{_W})?)(?=,?\s\(?(?:PGY|R[1-5]\b|MS-?[34]\b|MSI[IV]\b|CA-?[123]\b|MS4|PA-S|M4\b))",
    rf"\b(?i:{_ROLE})(?:\s(?i:name|on\scall|in\scharge))?\s?:?\s(?P<name>{_NAME})(?=\s(?:aware|notified|present|at|on|in|informed|paged|to|who|was|is|and|with|for|called|here|helped|assist\w*|adjust\w*|states|says|reports|via|by|will|has)\b|[,;.:\n)]|\s*$)",
    r"\b(?:ON|FOR|OF|RE|PATIENT|PT|BY|TO|WITH|PER|FROM|AND|NAME)[:.]?\s(?P<name>[A-Z][A-Z'’-]{1,20}+[ ](?:[A-Z]\.?[ ])?(?:ST\.[ ])?[A-Z][A-Z'’-]{1,24}+)(?!\w)",
)
_GOES_BY = re.compile(
    r"\b(?i:goes\sby|nick-?name(?:\sis|:)?|nicknamed|prefers\s(?:to\sbe\scalled\s)?|likes\sto\sbe\scalled|a\.?k\.?a\.?|alias)\s?[\"“'(]?(?P<name>[A-Z][a-z'’]{1,20}(?:[ ][A-Z][a-z'’]{1,20})?)(?=[\"”'’),.;\n]|\s|$)"
)
_TYPIST = re.compile(
    r"(?<![\w])(?i:trans(?:cri(?:ptionist|ber|bed))?|transcr|typed|typist|typ|dict(?:ated|ator)?|initials|init|scribe|keyed|entered|tech(?:nologist)?|performed|scanned|verified|proofed|edited|dd|dt|td|tr|[dt](?=:))(?i:\sby|\sinitials|\sid)?\s?[:=/]\s?(?P<name>[A-Z]{2,3}|[a-z]{2,3})(?![\w'’-])(?=\s*(?:$|[\n,;/|.)\]])|[ ]{1,4}(?:[A-Z]|[tdT]:|\d))"
)
_LOW_TITLE = re.compile(r"(?<![\w-])(?:dr|mr|mrs|ms|miss|prof)\.? (?P<name>[a-z]{2,20}(?:-[a-z]{2,20})?)(?![\w'-])")
_LOW_PAIR = re.compile(
    rf"\b(?i:pt|patient|pt\sname|patient\sname|name|{_KIN}|by|with|to|called|named|is|dr|mr|mrs|ms)\s?:?\s(?P<name>(?P<given>[a-z]{{3,15}})\s(?:[a-z]\.?\s)?(?P<surname>[a-z]{{3,20}}))(?![\w-])"
)
_FAMILY = re.compile(rf"\b[Tt]he (?P<name>[{UPPER}][\w'’]{{2,24}}s)(?= (?:were|family|are|have|live|came)\b)")
_COMPILED = tuple(map(re.compile, _SURE))
_HINT = re.compile(r"[A-Z]")
_NO_INITIALS = frozenset(
    "the and via for per not yes no na is in at on to of mri mr ct xr us nm pet none tbd same see stat all his her was are md rn np do pa dr iv po".split()
)
_NO_NAMES = frozenset("wet read done final prelim report chest portable staff".split())


def vote(text: str) -> Iterator[Span]:
    """Find names by cues alone."""
    for number, pattern in enumerate(_COMPILED):
        for found in pattern.finditer(text):
            if end := _accepted(found):
                yield Span(found.start("name"), end, "PERSON", f"cued_names:{number}", 0.64)
    for found in _GOES_BY.finditer(text):
        if not is_excluded(found["name"].split()[0]):
            yield Span(*found.span("name"), "PERSON", "cued_names:called", 0.6)
    for found in _TYPIST.finditer(text):
        if found["name"].lower() not in _NO_INITIALS:
            yield Span(*found.span("name"), "PERSON", "cued_names:typist", 0.5)
    for found in _LOW_TITLE.finditer(text):
        name = found["name"]
        if is_surname(name) and not (
            is_ordinary(name) or name in lowered("not_names") or name in MINOR or is_english(name)
        ):
            yield Span(*found.span("name"), "PERSON", "cued_names:small", 0.6)
    for found in _LOW_PAIR.finditer(text):
        given, surname = found["given"], found["surname"]
        if (
            is_given(given)
            and is_surname(surname)
            and not any(is_ordinary(w) or is_excluded(w) or is_english(w) for w in (given, surname))
        ):
            yield Span(*found.span("name"), "PERSON", "cued_names:small_pair", 0.6)
    for found in _FAMILY.finditer(text):
        if (
            is_surname(found["name"][:-1])
            and not is_ordinary(found["name"][:-1])
            and found["name"].lower() not in lowered("eponyms")
        ):
            yield Span(*found.span("name"), "PERSON", "cued_names:family", 0.55)


def _accepted(found: re.Match[str]) -> int:
    """Return where a captured name ends, cut before a word that is none; 0 where none is left."""
    end = 0
    words = [*re.finditer(r"[^\W\d_][\w'’-]*", found["name"])]
    for n, word in enumerate(words):
        raw = word.group()
        if len(raw) == 1 or (
            raw.rstrip(".").lower() in (*lowered("name_particles"), "st", "ste") and n + 1 < len(words)
        ):
            continue
        if not _is_name(raw):
            break
        end = found.start("name") + word.end()
    if end and found["name"].isupper() and " " in found["name"] and end < found.end("name"):
        return 0
    if (
        end
        and found["name"].isupper()
        and " " in found["name"]
        and not (is_given(words[0].group()) or is_surname(words[0].group()))
    ):
        return 0
    return end


def _is_name(raw: str) -> bool:
    key = raw.lower()
    if (
        is_excluded(raw)
        or key in lowered("titles")
        or key in lowered("credentials")
        or key in _NO_NAMES
        or (raw.isupper() and key in MINOR)
    ):
        return False
    if key in lowered("eponyms") or key in lowered("devices"):
        return False
    return is_given(raw) or is_surname(raw) or (kind_of(raw) == UNKNOWN and not raw.isupper() and kind_of(raw) != OTHER)
