"""Voter: names that are words, short or unlisted, after cues that leave no doubt; initials of typists; names in small letters."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import CLEAR, MINOR, OTHER, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import is_english, lowered
from dp_clinical_pipeline.deid.names import UPPER, is_excluded, is_given, is_ordinary, is_surname
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import TYPES, Span, matched

_W = rf"(?:(?:St\.|Ste\.|ST\.|[Dd]e|[Dd]e[ ]la|[Dd]el|[Vv]an|[Vv]an[ ]der|[Vv]on|[Ll]a|[Ee]l|[Aa]l)[ ])?[{UPPER}][\w'’]{{1,30}}+(?:-[\w'’]{{1,30}}+){{0,2}}+"
_I = r"[A-Z]\.?"
_NAME = rf"{_W}(?:[ ](?:{_I}[ ])?{_W})?"
KIN = r"(?:wife|husband|spouse|partner|mother|father|mom|dad|son|daughter|sister|brother|aunt|uncle|cousin|niece|nephew|grand\w{3,9}|step\w{3,9}|fianc[eé]e?|girlfriend|boyfriend|friend|neighbou?r|roommate|guardian|caregiver|sibling|twin)(?:[- ]in[- ]law)?"
_ROLE = (
    r"(?:interpreter|translator|chaperone|radiographer|transporter|proceduralist|prelim|attending\sof\srecord|chaplain|case\s?manager|social\sworker|caregiver|roommate|neighbou?r|landlord|teacher|coach|sitter|aide|doula|midwife|officer|trooper|deputy|detective|sergeant|paramedic|emt|medic"
    r"|therapist|rrt|rt|tech|technologist|sonographer|nurse|rn|lpn|cna|resident|fellow|intern|hospitalist|intensivist|surgeon|attending|pcp|poa|nok|hcp|guardian|pharmacist|dietitian|scribe|registrar|clerk|secretary|staff|provider|radiologist)"
)
_SURE = (
    rf"(?i:\b{KIN})\s?,?\s?\((?:(?i:name[d:]?|is)\s)?(?P<name>{_NAME})(?=[),;])",
    rf"(?:\b(?:d/w|D/W|s/w|S/W|c/w|C/W|dw|DW|p/w)|(?<=[\s.])w/)\s?(?:(?:Dr|DR|dr)\.?[ ])?(?P<name>{_W})(?![\w'’])",
    rf"(?i:\b(?:cc(?:['’]?e?d)?|copy|copies|copied|forwarded|fwd|routed|results?|report|faxed|given|handed\soff|signed\sout|sign-?out|endorsed|turned\sover)\s(?:to\s)?:?\s?)(?:(?:Dr|DR)s?\.?[ ])?(?P<name>{_NAME})(?=\s(?:and|&|at|by|via|on|in|for)\b|[,;.\n]|\s*$)",
    rf"(?i:\bcc(?:['’]?e?d)?\sto:?\s)(?:Drs?\.?[ ])?{_NAME}(?:,[ ]{_NAME}){{0,2}},?[ ](?:and|&)[ ](?:Dr\.?[ ])?(?P<name>{_NAME})",
    rf"(?i:\bname\s(?:change[ds]?\s|corrected\s|updated\s|was\s|is\s)?(?:from|to)\s){_NAME}(?i:\sto\s)(?P<name>{_NAME})",
    rf"(?i:\bname\s(?:change[ds]?\s|corrected\s|updated\s)?(?:from|to)\s)(?P<name>{_NAME})",
    rf"(?i:\b(?:baby|infant|newborn)(?:\s(?:boy|girl|of|male|female))|\b(?:BB|BG|B/B|B/G)\b|\btwin\s[ab12])\s?:?\s(?P<name>{_NAME})",
    rf"\b(?i:formerly(?:\sknown\sas)?|née|nee|f/k/a|fka|maiden\s(?:name\s)?(?:is\s|was\s)?|previously\sknown\sas|also\slisted\sunder|also\sknown\sas|(?:under|with|by)\sthe\s(?:sur|last\s|patient\s)?name(?:\sof)?|(?:patient|veteran|member|inmate|resident)\sidentification|remarried,?\snow):?\s[\"“'(]?(?P<name>{_NAME})",
    rf"(?P<name>{_W}(?:[ ]{_W})?)(?=,?\s\(?(?:PGY|R[1-5]\b|MS-?[34]\b|MSI[IV]\b|CA-?[123]\b|MS4|PA-S|M4\b))",
    rf"\b(?i:{_ROLE})(?:\s(?i:name|on\scall|in\scharge))?\s?:?\s(?P<name>{_NAME})(?=\s(?:aware|notified|present|at|on|in|informed|paged|to|who|was|is|and|with|for|called|here|helped|assist\w*|adjust\w*|states|says|reports|via|by|will|has)\b|[,;.:\n)]|\s*$)",
    r"\b(?:ON|FOR|OF|RE|PATIENT|PT|BY|TO|WITH|PER|FROM|AND|NAME)[:.]?\s(?P<name>[A-Z][A-Z'’-]{1,20}+[ ](?:[A-Z]\.?[ ])?(?:ST\.[ ])?[A-Z][A-Z'’-]{1,24}+)(?!\w)",
)
_LABELED = sieved(
    r"\b(?i:label?led|marked|stamped)\s(?P<name>[A-Z][A-Z'’-]+(?:,\s(?P<given>[A-Z][A-Z'’-]+)(?:\s[A-Z]\b\.?)?)?)(?=\s(?:[\dXx*#]|in\b|for\b|and\b|with\b|was\b|were\b|but\b)|,\s|[.;])"
)
_SURNAME = sieved(rf"\b(?i:surname|last\sname|family\sname)\s?:\s{{1,3}}(?P<name>[{UPPER}][\w'’-]{{1,24}})(?![\w'’])")
_LAST_FIRST = sieved(
    r"\b(?i:name|by)\s?:\s{1,3}(?P<name>[A-Z][A-Z'’-]+,\s(?P<given>[A-Z][A-Z'’-]+)(?:\s[A-Z]\b\.?)?)(?![\w'’])"
)
_LOS = sieved(
    rf"(?<![\w'’-])(?P<name>(?:(?:[A-Z]\.|[{UPPER}][a-z'’]{{1,20}})[ ]){{0,2}}(?:[A-Z]\.?[ ])?De[ ]l(?:[ao]s|a)[ ][{UPPER}][a-z'’]{{2,20}}+)"
)
"""De los Santos, De la Cruz, with what stands before."""
_ADDRESSED = sieved(
    rf"(?:^|\n|[.!?]\s{{1,2}})(?P<name>[{UPPER}][a-z'’-]{{2,20}})(?=,\s(?:pager|ext\.?|extension|phone|tel|cell|beeper)\b|\sfrom\s(?:[a-z]+\s){{1,3}}(?:called|paged|notified|phoned|was|is)\b)"
    rf"|\blast\sname\sand\s[\w\s]{{4,14}},\s(?P<last>{_W})(?=[ ]\d)|(?:^|\n|[.]\s)(?P<list>[A-Z][A-Z'’-]{{2,20}})(?=[ ]\d{{4}},[ ](?:portable|chest|[A-Z]))"
    rf"|(?i:\bcc:?\s){_NAME};\s(?P<copy>{_W})"
)
_CHANGED = sieved(
    r"\b(?:changed|corrected|updated)\sfrom\s[A-Z][A-Za-z'’-]+,[^,;\n]{2,30}?\sto\s(?P<name>[A-Z][A-Za-z'’-]{1,24},\s[A-Z][A-Za-z'’-]{1,24}(?:\s[A-Z]\b)?)"
)
_DOTTED = sieved(
    r"\b(?:Nurse|nurse|Dr\.?|RN|[Tt]ech|[Tt]echnologist|[Rr]eader|[Tt]ypist)[ ](?P<name>(?!A\.M|P\.M|U\.S|E\.D|E\.R|I\.V|O\.R|M\.D|R\.N|D\.O|P\.A|N\.P)[A-Z]\.[ ]?[A-Z]\.)"
)
_FIELD = sieved(
    r"(?:^|\n|[ ]{2}|[:|][ ]?|\b(?:PATIENT|PT|VETERAN|RESIDENT|MOTHER|INFANT)[ ])(?P<name>(?P<last>[A-Z][A-Z'’-]{2,20}),[ ](?P<given>[A-Z][A-Z'’-]{2,20})(?:[ ][A-Z]\b\.?)?)(?=[ ]{2}|\s*(?:$|\n)|[ ][xX*\d]|[ ](?:LEFT|WAS|IS|HAS|MRN|DOB|SEX|AGE)\b)"
)
"""A name alone in a field of a page's head."""
_WITH_MIDDLE = sieved(rf"\b(?i:by|with|to|from|per|for|of)\s(?P<name>{_W}[ ][A-Z]\.[ ]{_W})(?![\w'’])")
_SENTENCE = sieved(
    rf"(?:^|\n|[.!?]\s{{1,2}})(?P<name>[{UPPER}][a-z'’]{{2,20}})(?=\s(?:was|is|has\sbeen)\s(?:imaged|seen|admitted|brought|told|asked|transferred|accompanied|discharged|examined|interviewed|reminded|offered|born|escorted|positioned|scheduled|resting|doing|here|aware|agreeable|unable|able)\b)"
)
_BED = sieved(rf"\b(?i:bed|room|rm)\s\d{{1,4}}[A-Z]?\s(?P<name>[{UPPER}][a-z'’]{{2,20}}):(?=\s)")
_MIDDLE_INITIAL = sieved(r"\b(?i:middle\sinitial)\s?(?:is|as|of|:)?\s?(?P<name>[A-Z])\b")
_GOES_BY = sieved(
    r"\b(?i:goes\sby|known\s(?:as|to\sus\sas)|nick-?name(?:\sis|:)?|nicknamed|prefers\s(?:to\sbe\scalled\s)?|likes\sto\sbe\scalled|a\.?k\.?a\.?|alias)\s?[\"“'(]?(?P<name>[A-Z][a-z'’]{1,20}(?:[ ][A-Z][a-z'’]{1,20})?)(?=[\"”'’),.;\n]|\s|$)"
)
_FAMILY = sieved(rf"\b[Tt]he (?P<name>[{UPPER}][\w'’]{{2,24}}s)(?= (?:were|family|are|have|live|came)\b)")
_GIVEN = rf"(?P<name>(?P<given>[{UPPER}][\w'’]{{1,20}}+)(?:[ ](?:{_I}[ ])?(?P<more>{_W}))?)"
_SEPARATE = r"(?:\s|\s?[:=,–—-]\s?|\s?\()"
_PLAIN = tuple(
    map(
        sieved,
        (
            # whoever she is to the patient: `sister Christian drove her`, `boyfriend Will present`
            rf"(?i:\b{KIN}){_SEPARATE}{_GIVEN}(?![\w'’])",
            # `per Christian, her mother`
            rf"(?<![\w'’]){_GIVEN}(?=,?\s(?:\(?(?:the\s)?(?:patient|pt)['’]s|(?:his|her|their|my|the|a)|\()\s?(?:\w{{3,8}}\s)?{KIN}\b)",
            # whoever signs: `Thanks for the referral, Frank`
            rf"(?i:\b(?:thanks|thank\syou|regards|sincerely|best|cheers|yours|respectfully|cordially|warmly|love|appreciatively)\b[^.\n,]{{0,48}}[,.!\n–—-]\s{{0,3}}){_GIVEN}(?=\s*(?:$|[\n.,]|[A-Z]))",
            rf"(?i:\b(?:above|agreed?|concur|noted|discussed|reviewed|amended|aware|approved|edited|attested|addended|agree|as\sabove))(?:[.;,]|\s?[–—-]{{1,2}})\s{{1,2}}{_GIVEN}(?=\s*(?:$|\n)|\s(?:The|No|Heart|Lungs|Normal|Stable|There|Cardio\w+|Clear|Mild|In|XXXX|Trachea|Bony|Impression|\d))",
            # what is said to be a name: `previous name Prince`
            rf"(?i:\b(?:previous|former|old|new|legal|preferred|birth|maiden|real|first|last|given|family|middle|mother['’]s|father['’]s|spouse['’]s|full|correct|wrong|other|alternate|patient|baby['’]s|child['’]s)\sname(?:\sis|\swas|\sof)?)\s?[:=-]?\s?{_GIVEN}(?![\w'’])",
            # whoever holds an office: `surgeon of record Wise`, `night float Wolf`
            rf"\b(?i:{_ROLE}|float|on[- ]?call|moonlighter|night\s?hawk|covering|cross-?cover|house\s?officer|of\srecord|on\sfile|in\scharge|charge|doctor|physician|prof(?:essor)?|attending|consultant|anesthesiologist|perfusionist|first\sassistant|assistant|escort|driver|transporter|volunteer|student|counselor|navigator|liaison|coordinator|coroner"
            rf"|examiner|investigator|supervisor|manager|director|preceptor|proctor|evaluator|reader|referrer|requester|specialist|practitioner|extender|locums?|tele-?rad\w*){_SEPARATE}{_GIVEN}(?=\s*(?:$|[\n.;,)/])|\s(?:and|at|on|in|will|is|was|has|had|to|who|for|here|with|via|by|from|aware|notified|paged|called|saw|said|says|drew|came)\b)",
        ),
    )
)
_BRACKETED = re.compile(rf"\[(?P<name>(?P<given>[{UPPER}][\w'’-]{{1,24}}))\](?!\()")
_SLASHED = re.compile(
    rf"(?<![\w/'’-])(?P<name>[{UPPER}][a-z'’]{{2,20}})/(?P<second>[{UPPER}][a-z'’]{{2,20}})(?![\w/'’-])"
)
_COUPLE = re.compile(
    rf"(?<![\w'’-])(?P<name>(?P<given>[{UPPER}][a-z'’]{{1,20}}+))[ ](?:and|&)[ ](?P<second>[{UPPER}][a-z'’]{{1,20}}+)[ ](?P<last>{_W})"
)
_MIDDLE = re.compile(rf"(?<![\w'’-])(?P<name>(?P<given>[{UPPER}][a-z'’]{{1,20}}+)[ ][A-Z]\.?[ ](?P<last>{_W}))")
_COMPILED = tuple(map(sieved, _SURE))
_NO_NAMES = frozenset("wet read done final prelim report chest portable staff".split())


def vote(text: str) -> Iterator[Span]:
    """Find names by cues alone."""
    for number, pattern in enumerate(_COMPILED):
        for found in pattern.finditer(text):
            if end := _accepted(found):
                yield Span(found.start("name"), end, "PERSON", f"cued_names:{number}", 0.64)
    for pattern in _PLAIN:
        for found in pattern.finditer(text):
            if span := _plain(found):
                yield Span(*span, "PERSON", "cued_names:plain", 0.62)
    for found in _BRACKETED.finditer(text):
        name = found["name"]
        if (
            name not in TYPES
            and (kind_of(name.capitalize()) in (CLEAR, UNKNOWN) or is_surname(name))
            and not is_excluded(name)
        ):
            yield Span(*found.span("name"), "PERSON", "cued_names:brackets", 0.6)
    for found in _SLASHED.finditer(text):
        both = found["name"], found["second"]
        if all(is_surname(n) and not is_excluded(n) for n in both) and any(kind_of(n) == CLEAR for n in both):
            yield Span(*found.span(), "PERSON", "cued_names:slashed", 0.55)
    for pair in (_COUPLE, _MIDDLE):
        for found in pair.finditer(text):
            if (
                is_given(found["given"])
                and is_surname(found["last"])
                and (". " in found.group() or not is_excluded(found["last"]))
            ):
                yield Span(*found.span("name"), "PERSON", "cued_names:pair", 0.6)
    for found in _LABELED.finditer(text):
        if is_surname(found["name"].split(",")[0]) and (not found["given"] or is_given(found["given"])):
            yield Span(*found.span("name"), "PERSON", "cued_names:labeled", 0.6)
    for found in _LAST_FIRST.finditer(text):
        if is_surname(found["name"].split(",")[0]) and is_given(found["given"]):
            yield Span(*found.span("name"), "PERSON", "cued_names:last_first", 0.7)
    for found in _LOS.finditer(text):
        yield Span(*found.span("name"), "PERSON", "cued_names:los", 0.9)
    for found in _ADDRESSED.finditer(text):
        group = found.lastgroup or "name"
        name = found[group]
        plain = is_ordinary(name) and group == "name"
        if (is_surname(name) or is_given(name)) and not (plain or is_excluded(name)):
            yield Span(*found.span(group), "PERSON", "cued_names:addressed", 0.6)
    yield from matched(text, _CHANGED, "PERSON", "cued_names:changed", 0.8, group=1)
    yield from matched(text, _DOTTED, "PERSON", "cued_names:dotted", 0.9, group=1)
    for found in _FIELD.finditer(text):
        listed = is_surname(found["last"]) or (is_given(found["given"]) and not is_ordinary(found["given"]))
        if listed and all(_may_stand_alone(found[group]) for group in ("last", "given")):
            yield Span(*found.span("name"), "PERSON", "cued_names:field", 0.62)
    for found in _WITH_MIDDLE.finditer(text):
        if _accepted(found) and (
            is_surname(found["name"].split()[-1]) or kind_of(found["name"].split()[-1]) == UNKNOWN
        ):
            yield Span(*found.span("name"), "PERSON", "cued_names:middle_name", 0.64)
    yield from matched(
        text, _SENTENCE, "PERSON", "cued_names:sentence", 0.6, group=1,
        accept=lambda found: is_given(found["name"]) and not is_ordinary(found["name"]) and not is_excluded(found["name"]),
    )  # fmt: skip
    yield from matched(
        text, _SURNAME, "PERSON", "cued_names:surname", 0.7, group=1, accept=lambda found: is_surname(found["name"])
    )
    yield from matched(
        text, _BED, "PERSON", "cued_names:bed", 0.55, group=1, accept=lambda found: not is_excluded(found["name"])
    )
    yield from matched(text, _MIDDLE_INITIAL, "PERSON", "cued_names:middle", 0.6, group=1)
    for found in _GOES_BY.finditer(text):
        if not is_excluded(found["name"].split()[0]):
            yield Span(*found.span("name"), "PERSON", "cued_names:called", 0.6)
    for found in _FAMILY.finditer(text):
        if (
            is_surname(found["name"][:-1])
            and not is_ordinary(found["name"][:-1])
            and found["name"].lower() not in lowered("eponyms")
        ):
            yield Span(*found.span("name"), "PERSON", "cued_names:family", 0.55)


def _plain(found: re.Match[str]) -> tuple[int, int] | None:
    """Return where a name lies that a firm cue expects: a listed one, though it may be a word as well."""
    given, more = found["given"], found["more"]
    key = given.lower()
    if (
        given.isupper()
        or key in _NO_NAMES
        or key in lowered("titles")
        or key in lowered("credentials")
        or key in lowered("devices")
    ):
        return None
    known = is_given(given) or is_surname(given)
    if not (known and (not is_excluded(given) or key in lowered("given_names"))) and kind_of(given) != UNKNOWN:
        return None
    if (
        more
        and not is_excluded(more)
        and (is_surname(more) or is_given(more) or kind_of(more) == UNKNOWN)
        and not is_english(more.lower())
    ):
        return found.span("name")
    return found.span("given")


def _may_stand_alone(name: str) -> bool:
    """Say whether one of two words in capitals, as `LAST, FIRST`, may be a name: a listed or an unknown one."""
    if is_given(name) or is_surname(name):
        return not is_excluded(name) and name.lower() not in MINOR
    parts = name.lower().split("-")
    return not any(is_english(part) or kind_of(part.capitalize()) == OTHER for part in parts[:1]) and len(parts) < 3


def _accepted(found: re.Match[str]) -> int:
    """Return where a captured name ends, cut before a word that is none; 0 where none is left."""
    end = 0
    words = [*re.finditer(r"[^\W\d_][\w'’-]*", found["name"])]
    if len(words) == 2 and words[0].group().lower() in _NO_NAMES:
        words = words[1:]
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
        or (raw[:-1].isupper() and raw[-1] == "s" and len(raw) > 2)
        or key in lowered("titles")
        or key in lowered("credentials")
        or key in _NO_NAMES
        or (raw.isupper() and key in MINOR)
    ):
        return False
    if key in lowered("eponyms") or key in lowered("devices"):
        return False
    return is_given(raw) or is_surname(raw) or (kind_of(raw) == UNKNOWN and not raw.isupper() and kind_of(raw) != OTHER)
