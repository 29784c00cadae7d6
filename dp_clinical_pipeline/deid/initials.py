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
_BY = sieved(
    r"[ ](?:by|BY|By)[: ][ ]?(?P<name>[a-z]{2,3}|[A-Z]{2,3})(?=[ ]{2}|\s*$|\s*\n|[.,;)/]|[ ](?:[A-Z][a-z]|at[ ]\d|on[ ]\d|@|\d))"
)
_ACTED = re.compile(
    r"\b(?:printed|reprinted|faxed|released|scanned|edited|updated|changed|entered|accessed|viewed|exported|pulled|retrieved|collected|drawn|done|placed|given|checked|validated|verified|keyed|logged|charted|recorded|documented|noted|taken|obtained"
    r"|filed|indexed|merged|corrected|amended|modified|created|initiated|closed|opened|sent|received|completed|transcribed|typed|screened|shot|imaged|performed|positioned|repeated|acknowledged|reviewed|initialed|initialled|witnessed|counted|relayed|paged|called)\b[^.\n;]{0,32}$",
    re.I,
)
_SHORT = re.compile(r"[ ](?P<name>[A-Z]{2,3})(?=[ ]?[-–—,;.)/\n]|[ ]?$|[ ](?:at|on)[ ]\d)")
_STAFF = re.compile(
    r"\b(?:tech|rt|technologist|radiographer|rn|nurse|reader|typist|scribe|operator|clerk|resident|res|fellow|attending|att)$",
    re.I,
)
_NONE = frozenset(
    """the and via for per not yes no na is in at on to of mri mr ct xr us nm pet none tbd same see stat all his her was are md rn np do pa dr iv po our any one two an you them me him self car ems bus air mom dad son
    its lab ed er or icu micu sicu nicu pacu ccu fax ap lat pm am rt lt ff eom eor end ok dc kub cxr phone hand mail cab pcp hmo ppo pt ot rrt st rad aud""".split()
)
_CLINICAL = MINOR - {"th", "nd", "rd"}


def vote(text: str) -> Iterator[Span]:
    """Find initials."""
    for found in _DASHED.finditer(text):
        if _is_initials(found["name"]):
            yield Span(*found.span("name"), "PERSON", "small_names:typist", 0.5)
    for pattern, before in ((_BY, _ACTED), (_SHORT, _STAFF)):
        for found in pattern.finditer(text):
            start = found.start()
            if _is_initials(found["name"]) and before.search(text, max(0, start - 50), start):
                yield Span(*found.span("name"), "PERSON", "small_names:typist", 0.5)
    for found in _BARE.finditer(text):
        if _is_initials(found["name"]) and found["name"].lower() not in _CLINICAL:
            yield Span(*found.span("name"), "PERSON", "small_names:typist", 0.45)


def _is_initials(name: str) -> bool:
    key = name.lower()
    return key not in _NONE and not (len(name) == 3 and is_english(key))
