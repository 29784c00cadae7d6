"""Voter: names in headers, signature blocks and table rows, where a label or the whole line shows a person."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import CLEAR, ORDINARY, OTHER, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.names import INITIAL, UPPER, is_excluded, is_given, is_ordinary, is_surname
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_W = rf"(?:(?:[Mm]a?c|[dDOlL]['’]|[Dd]e|[Vv]an|[Vv]on)?[{UPPER}][\w'’]{{1,30}}+(?:-[\w'’]{{1,30}}+){{0,3}}+)"
_LOW = (
    r"(?:(?:St\.|Ste\.|ST\.|de|da|di|del|della|der|den|van|von|la|le|el|al|bin|binti|ibn|dos|du|ten|ter|y|DE|DA|DI|DEL|VAN"
    r"|VON|DER|LA|LE|EL|AL|BIN)[ ]){0,3}"
)
_I = rf"(?:{INITIAL}|(?:[A-Z]\.){{1,3}})"
_SUFFIX = r"(?:,?[ ](?:Jr|Sr|JR|SR|II|III|IV)\b\.?)?"
_LAST_FIRST = rf"{_LOW}{_W}(?:[ ]{_LOW}{_W})?{_SUFFIX}[ ]?,[ ]?(?:{_W}|{_I})(?:[ ](?:{_I}|{_W})){{0,2}}{_SUFFIX}"
_FIRST_LAST = rf"(?:{_W}|{_I})(?:[ ](?:{_I}|{_LOW}{_W})){{1,3}}{_SUFFIX}"
_NAME = rf"(?:{_LAST_FIRST}|{_FIRST_LAST}|{_W})"
_PEOPLE = (
    r"patient(?:['’]s)?|pt|client|resident|subject|member|subscriber|insured|guarantor|policy\s?holder|beneficiary|enrollee"
    r"|responsible\sparty|next\sof\skin|nok|kin|emergency\scontact|emerg(?:ency)?\.?\scontact|contact(?:\sperson)?|proxy|hcp(?:oa)?|poa"
    r"|guardian|parent|spouse|mother|father|wife|husband|son|daughter|sister|brother|employee|donor|recipient|informant"
)
_STAFF = (
    r"attending|attg|att|ref|referring|ordering|requesting|reading|interpreting|dictating|signing|supervising|performing|responsible|primary(?:\scare)?"
    r"|consulting|admitting|treating|operating|resident|fellow|radiologist|rad|technologist|tech|sonographer|rt|rdms|physician|provider"
    r"|doctor|dr|md|np|pa-c|pa|rn|nurse|pcp|surgeon|clinician|consultant|pathologist|cardiologist|transcriptionist|trans(?:criber)?|typist|scribe"
    r"|author|reader|dictator|reviewer|approver|verifier|preceptor|anesthesiologist|midwife|therapist|pharmacist|case\smanager|operator"
)
_ACTS = (
    r"dictated|dict|transcribed|typed|interpreted|read|over-?read|reviewed|signed|e-?signed|electronically\ssigned|electronic\ssignature"
    r"|esig|signature|authenticated|approved|verified|finali[sz]ed|cosigned|co-signed|attested|prepared|reported|entered|ordered|requested|referred"
    r"|performed|scanned|acquired|called(?:\sto)?|notified|communicated\sto|discussed\swith|copies|copy|copied|cc|attn|attention|to|from|re|regarding"
)
_LABEL = re.compile(
    rf"""(?<![\w-])(?:
      (?P<who>(?i:(?:{_PEOPLE})(?:\s(?:full\s|legal\s)?name)?|(?:full|legal|last|first|middle|maiden|preferred|given|family|birth|mother['’]s|former)
        \sname|(?:pat|pnt|pt|px)?\.?\s?name(?:\sof\spatient)?|pat|(?:fore|[fl]\.?\s?)names?|surname|alias|a\.?k\.?a\.?))
    | (?P<staff>(?i:(?:(?:{_STAFF})[\s/]{{1,2}}){{0,3}}(?:{_STAFF})(?:\s(?:of\srecord|name|in\scharge))?(?:\(s\))?))
    | (?P<act>(?i:(?:{_ACTS})(?:\s(?:and|&)\s(?:{_ACTS}))?(?:\s(?:electronically\s)?by)?))
    )(?:\s?\((?:[\w,/.\s]{{1,20}})\))?
    (?:(?P<mark>,[ ](?=[A-Z])|(?:[ ]?[.]{{2,20}})?[ ]?[:=\#|>\t]+[ \t]{{0,12}}(?:\n[ ]{{0,4}})?|[ ]?[-–—][ ]|[.]{{2,}}[ ]?|[ ]\()
      |(?P<gap>[ ]{{1,4}}))(?P<name>{_NAME})""",
    re.X | re.M,
)
_LED = Led(
    _LABEL,
    _PEOPLE,
    _STAFF,
    _ACTS,
    "full|legal|last|first|middle|maiden|preferred|given|family|birth|mother|former|pat|pnt|pt|px|name|fore|surname|alias|f|l|a|aka|names",
)
_ATTESTED = sieved(rf"\bI,[ ](?:(?:Dr|DR)\.?[ ])?(?P<name>{_NAME}),")
_SEGMENT = re.compile(
    rf"(?:^|(?<=[|;\t(\[/>])|(?<=  )|(?<=[a-zA-Z]: )|/s/[ ])[ \t]{{0,12}}(?P<name>{_LAST_FIRST}"
    rf"|{_FIRST_LAST})(?=[ \t]*(?:$|[|;\t)\]/<(]|  |,[ ]?\d|,?[ ](?:M\.?D|D\.?O|R\.?N|N\.?P|PA-C|DOB|MRN?)\b"
    rf"|[ ]\#?\d|,?[ ]RT\b|[ ][-–—][ ]))",
    re.M,
)
_CARET = re.compile(
    rf"(?<![\w^])(?P<name>[{UPPER}][\w'’-]{{1,30}}(?:[ ][{UPPER}][\w'’-]{{1,30}})?(?:[ ]?\^[ ]?[\w'’.-]{{1,30}}(?:[ ][A-Z](?!\w))?){{1,4}})"
)
_FOR = sieved(
    rf"\b(?:for|by|of|seeing|referring|with|to|and|per|is)[ ](?:Dr\.?[ ])?(?P<name>{_FIRST_LAST})(?=['’]s\b"
    rf"|\s*(?:$|[.,;(]|today\b|on\b|at\b|in\b))",
    re.M,
)
_DONE_BY = sieved(
    rf"\b(?i:dictated|transcribed|typed|interpreted|read|signed|authenticated|approved|verified|finali[sz]ed|cosigned|reported|phoned|called|relayed"
    rf"|communicated|conveyed|discussed|requested|req|ordered|supervised)[ ](?i:by|to|with|directly[ ]to"
    rf"|directly[ ]with)[ ](?P<name>{_W})"
    rf"(?=\s*(?:[.,;/(]|$|[ ](?:at|on|by|in|via)\b))",
    re.M,
)
_BOTH = sieved(
    rf"\b(?:Dr['’]?s?|DRS?|Mr|Mrs|Ms|Messrs)\.?[ ]{_W}(?:,[ ]{_W}){{0,3}},?(?:[ ](?:and|&|AND|or)[ ]|/)(?P<name>{_W})"
)
_TYPIST = re.compile(r"(?<![\w/:])(?P<name>[A-Z]{2,3}[/:][a-z]{2,3})(?=\s|$|[;,|.)])", re.M)
_INITIALS = sieved(
    r"\b(?i:(?:transcription(?:ist)?|transcriber|typist|initials|scribe|technologist|dictator|reader)(?:\s(?:initials|id))?\s?[:=]?"
    r"|(?:transcribed|typed|dictated|keyed|entered|read|reviewed|signed|verified|approved|interpreted|performed|scanned|edited)\sby\s?:?)\s+(?P<name>[A-Z]{2,3})(?=[\s.,;/)]|$)(?![ /](?:and[ ])?(?i:lat|view|projection))"
)
_TYPED = re.compile(r"(?:\b(?:D|T|DD|DT|TD|TR|JOB|dict\w*|trans\w*|typed|initials)\b[^\n]{0,40}|(?:\A|\n)\s*)$", re.I)


def vote(text: str) -> Iterator[Span]:
    """Find names after labels and acts, in an attestation, alone in a field, and a typist's initials."""
    for found in _LED.matches(text, re.Match.end):
        if _accepted(text, found):
            yield Span(*_cut(text, *_kept(found)), "PERSON", "headers:label", 0.88)
    for found in _ATTESTED.finditer(text):
        if not any(is_excluded(w) for w in _words(found["name"])):
            yield Span(*found.span("name"), "PERSON", "headers:attested", 0.9)
    for found in _SEGMENT.finditer(text):
        if _is_name_alone(found["name"]):
            yield Span(*found.span("name"), "PERSON", "headers:segment", 0.74)
    for found in _CARET.finditer(text):
        start, end = found.span("name")
        first, _, rest = found["name"].partition(" ")
        if rest and "^" not in first and is_excluded(first):
            start = end - len(rest)
        yield Span(start, end, "PERSON", "headers:caret", 0.8)
    for found in _BOTH.finditer(text):
        if not is_excluded(found["name"]) and (is_surname(found["name"]) or not is_ordinary(found["name"])):
            yield Span(*found.span("name"), "PERSON", "headers:both", 0.7)
    for found in _FOR.finditer(text):
        if not found["name"].isupper() and _is_listed_pair(found["name"]):
            yield Span(*found.span("name"), "PERSON", "headers:pair", 0.6)
    for found in _DONE_BY.finditer(text):
        name = found["name"]
        if (
            name[1:].islower()
            and not is_excluded(name)
            and not is_ordinary(name)
            and name.lower() not in lowered("eponyms")
        ):
            yield Span(*found.span("name"), "PERSON", "headers:by", 0.55)
    for found in _INITIALS.finditer(text):
        if found["name"] not in ("CT", "MRI", "MR", "XR", "US", "THE", "OUR", "MD", "RN"):
            yield Span(*found.span("name"), "PERSON", "headers:initials", 0.5)
    for found in _TYPIST.finditer(text):
        if _TYPED.search(text, max(0, found.start() - 60), found.start()):
            yield Span(*found.span("name"), "PERSON", "headers:typist", 0.5)


def _words(name: str) -> list[str]:
    particles = lowered("name_particles")
    return [w for w in re.findall(r"[^\W\d_][\w'’-]*", name) if len(w) > 1 and w.lower() not in particles]


def _accepted(text: str, found: re.Match[str]) -> bool:
    start, stop = _kept(found)
    name = text[start:stop]
    words = _words(name)
    if not words:
        return False
    known = [w for w in words if is_given(w) or is_surname(w)]
    clear = [w for w in known if not is_ordinary(w)]
    single = len(words) == 1 and not re.search(rf"\b{_I}", name)
    ended = _ENDED.match(text, stop) is not None
    marked = found["mark"] is not None
    if found["mark"] == ", ":
        return not single and bool(clear) and len(known) == len(words)
    if found["mark"] == " (" and single:
        return False
    if found["gap"] is not None:
        label = found.group("who") or found.group("staff") or found.group("act") or ""
        shouted = label.isupper() and (
            found.start() == 0 or text[found.start() - 1] in "\n|\t;" or text[found.start() - 2] in ";.)|"
        )
        begins = found.start() == 0 or text[found.start() - 1] in "\n|\t;"
        if begins and ended and ", " in name and found["act"] is None and not name.isupper():
            return True
        if single and begins and found["act"] and not name.isupper() and not is_ordinary(name):
            return re.match(r" \d", text[stop : stop + 2]) is not None
        if single or not clear:
            return False
        listed = len(known) == len(words) or (shouted and ", " in name and ended)
        return listed and (not name.isupper() or shouted)
    if single:
        strong = found["staff"] is not None or "name" in (found["who"] or "").lower()
        return marked and ended and (bool(clear) or (strong and not is_ordinary(words[0]) and bool(known)))
    if "," in name:
        return marked and (bool(known) or (ended and found["act"] is None))
    return marked and (bool(clear) or len(known) == len(words) or (ended and bool(known) and found["act"] is None))


_ENDED = re.compile(r"\s*$|\s*[\n|\t;()\[\]/<,.]|[ ]{2}|[ ](?:\#|\d|MRN?|DOB|SSN|ACCT|ID|Age|AGE|Sex|SEX|[-–—])")


def _kept(found: re.Match[str]) -> tuple[int, int]:
    """Return where a captured name lies, cut before the first word that is none."""
    start, end = found.span("name")
    for word in re.finditer(r"[^\W\d_][\w'’-]*", found["name"]):
        raw = word.group()
        if len(raw) > 1 and (
            is_excluded(raw)
            or raw.lower() in lowered("credentials")
            or (raw[0].isupper() and word.start() and kind_of(raw) == OTHER)
        ):
            end = start + word.start()
            break
    return start, start + len(found.string[start:end].rstrip(" ,-"))


def _cut(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start and text[end - 1] in "'’ ,-":
        end -= 1
    return start, end


def _is_listed_pair(name: str) -> bool:
    """Say whether words are a listed given name and a listed surname, neither clinical nor an eponym."""
    words = _words(name)
    if len(words) < 2 or any(is_excluded(w) or w.lower() in lowered("eponyms") for w in words):
        return False
    clear = any(not is_ordinary(w) for w in words)
    return is_given(words[0]) and is_surname(words[-1]) and (clear or len(name) > 9)


def _is_name_alone(name: str) -> bool:
    """Say whether a field that holds nothing else is a name: every word is listed, and one is no ordinary word."""
    words = _words(name)
    if not words or any(is_excluded(w) or w.lower() in lowered("credentials") for w in words):
        return False
    known = [w for w in words if is_given(w) or is_surname(w)]
    clear = [w for w in known if not is_ordinary(w) and w.lower() not in lowered("eponyms")]
    given = any(is_given(w) for w in words)
    initial = re.search(rf"[ ,]{_I}", name) is not None
    if len(words) == 1:
        return initial and bool(clear)
    if "," in name and initial and clear:
        return True
    if "," in name and clear and len(words) < 4 and all(kind_of(w) in (CLEAR, UNKNOWN, ORDINARY) for w in words):
        return True
    return bool(clear) and given and (len(known) == len(words) or ("," in name and len(known) * 2 >= len(words)))
