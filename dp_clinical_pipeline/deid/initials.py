"""Voter: initials at the end of an entry, after a dash or a slash, and of whoever printed, entered or drew something."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import MINOR
from dp_clinical_pipeline.deid.lexicon import is_english
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_NEXT = r"(?=\s*(?:$|\n)|[ ]{1,2}(?:\d|\(|[A-Z][A-Za-z]*['’]?s?[ :.,/])|[ ]{2})"
_DASHED = re.compile(
    rf"[-–—~/](?:(?<=[.!?)\d][ ].)|(?<=^.)|(?<=\n.))[-–—~/]?[ ]?(?P<name>[A-Z]{{2,4}}|[a-z]{{2,3}}){_NEXT}"
)
_BARE = re.compile(r"[.!](?<=[a-z]{3}.)\s{1,2}(?P<name>[A-Z]{2})(?=\.?(?:\s*$|\s*\n|[ ](?:\d|[A-Z][a-z'’]\w*[ ]|\()))")
_TRAILER = re.compile(
    r"(?:(?:(?<=[.\n])|(?<=[ ]{2})|(?<=, )|^)[ ]?(?P<name>[A-Z]{2,3})(?:/[A-Z]{2,3}){0,2}[:/]|(?P<who>[A-Z][A-Za-z'’-]{2,20})[:/](?=[a-z]{2,3}[ ]{1,12}[DT]:)|(?<=[ ]{2})/)(?P<second>[a-z]{2,3})"
    r"(?=\s*(?:$|\n)|[ ]{2}|[ ][A-Z0-9])"
)
"""Who dictated and who typed: `RM:nj`, `Castellanos:fm     D: ...`."""
_AFTERWARDS = (
    r"(?=[ ]{2}|\s*$|\s*\n|[.,;)/]|[ ](?:[A-Z][a-z]|at[ ]\d|on[ ]\d|@|\d)"
    r"|(?<=[A-Z])[ ](?:at|on|in|before|after|because|when|while|who|and|during|via|from|as|prior)\b)"
)
_BY = sieved(rf"[ ](?:by|BY|By)[: ][ ]?(?P<name>[a-z]{{2,3}}|[A-Z]{{2,3}}){_AFTERWARDS}")
_ACTED = re.compile(
    r"\b(?:printed|reprinted|faxed|released|scanned|edited|updated|changed|entered|accessed|viewed|exported|pulled|retrieved|collected|drawn|done|placed|given|checked|validated|verified|keyed|logged|charted|recorded|documented|noted|taken|obtained"
    r"|filed|indexed|merged|corrected|amended|modified|created|initiated|closed|opened|sent|received|completed|transcribed|typed|screened|shot|imaged|performed|positioned|repeated|acknowledged|reviewed|initialed|initialled|witnessed|counted|relayed|paged|called"
    r"|reversed|deleted|removed|rejected|reported|read|reading|confirmed|cleared|approved|signed|cosigned|dictated|interpreted|ordered|requested|reset|restored|cancell?ed|voided|unlocked|queried|assigned|injected|administered|prepared|inserted|started"
    r"|stopped|uploaded|resent|(?:re-?)?enrolled|transmitted|pushed|queued|routed|communicated|conveyed|forwarded|consented|interviewed|timed|identified|matched|compared|loaded|overread|report|impression|addendum|interpretation|dictation)\b(?:[^.\n;]|\.(?=\w)){0,40}$|\d\d,?$",
    re.I,
)
_OWNED = sieved(
    r"\b(?i:(?:technologist|typist|tech|dictator|reader|transcriptionist|radiologist|reviewer|nurse|scribe)['’]?s?['’]?\s(?:own\s)?initials|initialed\sby|initialed)[,:]?\s[\"“'(]?(?P<name>[A-Z]{2,3}|[a-z]{2,3})(?:\s(?:and|&)\s(?P<second>[A-Z]{2,3}))?(?=[\"”'),.;]|\s|$)"
    r"|\b(?i:transcriptionist|typist|dictator),\s(?P<apart>[A-Za-z]{2}),"
    r"|\b(?:M\.?I\.?|MIDDLE(?:[ ]NAME|[ ]INITIAL)?):\s(?P<middle>[A-Z])\b"
    r"|\b(?i:re-?typed|typed|transcribed|keyed)\b[^.\n;]{0,40}?\sby\s(?P<typed>[a-z]{2})(?=[.,;]|\s|$)"
    r"|\b(?i:dictated|signed|read)\sby\s[A-Z][\w'’-]{1,20}/(?P<after>[a-z]{2,3})(?=[.,;]|\s|$)"
    r"|(?<![\w])By:\s(?P<by>[A-Z]{2})(?=\s|$)"
    r"|(?:(?<=[.!?]\s)|(?<=\n)|^)(?P<signed>(?!MD|RN|NP|DO)[A-Z]{2}),[ ](?:RT\(|RN\b|LPN\b|ARRT\b|CNMT\b|RDMS\b|RT\b)"
    r"|\b(?:Pt|Patient)\s(?P<whom>[A-Z]{2}),\s(?:MRN|DOB|MR\#|age)"
)
_STAMPED = sieved(
    r"\b(?i:transcribed|typed|entered)[: ]{1,3}\d[\dA-Za-z:/., -]{4,28}?\d(?:[ ]?[AP]M)?[ ](?P<name>[a-z]{2})(?=\s*(?:$|\n)|[ ][A-Z])"
)
_TO = sieved(rf"[ ](?:to|with)[ ](?P<name>[A-Z]{{2,3}}){_AFTERWARDS}")
_TOLD = re.compile(
    r"\b(?:reported|reports?|given|called|relayed|communicated|conveyed|paged|handed|faxed|read|discussed|reviewed|results?|findings?)\b[^.\n;]{0,30}$",
    re.I,
)
_SHORT = re.compile(r"[ ](?P<name>[A-Z]{2,3})(?=[ ]?[-–—,;.)/\n]|[ ]?$|[ ](?:at|on)[ ]\d)")
_STAFF = re.compile(
    r"\b(?:tech|rt|technologist|radiographer|rn|nurse|reader|typist|scribe|operator|clerk|resident|res|fellow|attending|att|radiologist|physician)$",
    re.I,
)
_NO_ONE = frozenset(
    """mri mr ct xr us nm pet none tbd same see stat md rn np do pa dr iv po our car ems bus air mom dad son lab ed er or icu
    micu sicu nicu pacu ccu fax ap lat pm am rt lt ff eom eor end ok dc kub cxr phone hand mail cab pcp hmo ppo pt ot rrt st
    csn cpt har rad aud im ng gi gu ir bid tid qid prn ivp ekg ecg eeg emg mra mrv cta bip vs via per ent obs ob fam peg picc uac uvc cv
    vq dvt pe ip nih irb hr pr os od ou hd crt tee tte usg fda cdc dot tpn pca epi abg cbc bmp cmp dme snf ltc ptt inr osh voa
    """.split()
)
_WORDS = frozenset(
    "the and via for per not yes no na is in at on to of all his her was are any one two an you them me him self its".split()
)
_NONE = _NO_ONE | _WORDS
_HEADINGS = frozenset(
    "hr bp rr pt iv ct mr us cc pmh ros pe dx rx tx sx hx fh sh gi gu ng et wt ht id dob mrn ssn re cxr ekg npo nkda hgb hct wbc plt na cl bun inr ptt".split()
)
_BESIDE = frozenset("and of the are is on in at by was for".split())
_TRAILED = frozenset("or if as up it be by so do ok neg pos nl wnl cm mm mg ml kg".split())
_CLINICAL = MINOR - {"th", "nd", "rd"}


def vote(text: str) -> Iterator[Span]:
    """Find initials."""
    for found in _DASHED.finditer(text):
        if _is_initials(found["name"]):
            yield Span(*found.span("name"), "PERSON", "small_names:typist", 0.5)
    for pattern, before in ((_BY, _ACTED), (_TO, _TOLD), (_SHORT, _STAFF)):
        for found in pattern.finditer(text):
            start = found.start()
            if _is_initials(found["name"], calm=text[start + 1].islower()) and before.search(
                text, max(0, start - 50), start
            ):
                yield Span(*found.span("name"), "PERSON", "small_names:typist", 0.5)
    for found in _OWNED.finditer(text):
        for group, name in found.groupdict().items():
            if name and (len(name) == 1 or group == "typed" or name not in _BESIDE):
                yield Span(*found.span(group), "PERSON", "small_names:typist", 0.5)
    for found in _STAMPED.finditer(text):
        if found["name"] not in _BESIDE:
            yield Span(*found.span("name"), "PERSON", "small_names:typist", 0.5)
    for found in _TRAILER.finditer(text):
        name, second = found["name"], found["second"]
        is_word = second in _WORDS or second in _TRAILED or (name or "").lower() in _HEADINGS
        if not is_word or text[found.start("second") - 1] == "/":
            yield Span(
                found.start("name" if name else "who" if found["who"] else "second"),
                found.end(),
                "PERSON",
                "small_names:typist",
                0.5,
            )
    for found in _BARE.finditer(text):
        if _is_initials(found["name"]) and found["name"].lower() not in _CLINICAL:
            yield Span(*found.span("name"), "PERSON", "small_names:typist", 0.45)


def _is_initials(name: str, *, calm: bool = False) -> bool:
    """Say whether two or three letters are somebody's; in `calm` text a small word is not written in capitals."""
    key = name.lower()
    if calm and name.isupper() and len(name) == 2:
        return key not in _NO_ONE
    return key not in _NONE and not (len(name) == 3 and is_english(key))
