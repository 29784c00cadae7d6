"""Voter: the initials of typists, readers and whoever logs in; names in small letters after a title or a cue."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.cued_names import KIN
from dp_clinical_pipeline.deid.kinds import MINOR
from dp_clinical_pipeline.deid.lexicon import is_english, lowered
from dp_clinical_pipeline.deid.names import is_excluded, is_given, is_ordinary, is_surname
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_ENTRY = (
    r"trans(?:cri(?:ptionist|ber|bed))?|transcr|typed|typist|typ|dict(?:ated|ator)?|initials|init|scribe|keyed|entered|tech(?:nologist)?|performed|scanned|verified|proofed|edited|reviewed|read|signed|reader|reviewer|rad(?:iologist)?|resident|fellow|staff"
    r"|attending|login|log-?in|log-?on|(?:logged|signed)\s(?:in|on)(?:\sas)?|radiographer|user(?:name)?|opr|operator|checked|approved|released|acquired|imaged|positioned|uploaded|input|data\sentry|clerk|secretary|second\sread(?:er)?|over-?read|double\sread|first\sread(?:er)?|witness|rt|rn"
)
_TYPIST = sieved(
    rf"(?<![\w])(?:(?i:{_ENTRY}|transcribing|dictating|dd|dt|td|tr|mt|[dt](?=:))(?i:\sby|\sinitials|\sid|\sname)?\s?[:=/]\s?|(?i:(?:{_ENTRY})\sby|log-?in|log-?on|(?:logged|signed)\s(?:in|on)(?:\sas)?|radiographer|sonographer|user(?:\sid|\sname)?|initials|typist|transcriptionist|transcriber|transcribed|typed|(?:medical\s)?secretary|second\sreader|first\sreader|reader|opr|operator|scribe|scribed)\s)"
    r"(?P<name>[A-Z]{2,3}|[a-z]{2,3})(?:/(?P<second>[A-Za-z]{2,3}))?(?![\w'’/-])(?=\s*(?:$|[\n,;|.)\]])|[ ]{1,12}(?:[A-Z]|[tdT]:|\d|(?i:at|on|for|from|and|opened|accessed|edited|viewed|logged|printed|changed|deleted|signed)\b)|[ ]{1,12}\w{1,12}:)"
)
_IS_TYPIST = re.compile(r"(?:transcription(?:ist)?|transcriber|typist|typed\sby|transcribed\sby|mt)\b", re.I)
"""Whoever is named after that: two letters are theirs, whatever else they may mean."""
_LOW_TITLE = sieved(r"(?<![\w-])(?:dr|mr|mrs|ms|miss|prof)\.? (?P<name>[a-z]{2,20}(?:-[a-z]{2,20})?)(?![\w'-])")
_LOW_PAIR = sieved(
    rf"\b(?i:pt|patient|pt\sname|patient\sname|name|{KIN}|by|with|to|called|named|is|dr|mr|mrs|ms)\s?:?\s(?P<name>(?P<given>[a-z]{{3,15}})\s(?:[a-z]\.?\s)?(?P<surname>[a-z]{{3,20}}))(?![\w-])"
)
_NO_INITIALS = frozenset(
    "me us him them you by the and via for per not yes no na is in at on to of mri mr ct xr us nm pet none tbd same see stat all his her was are md rn np do pa dr iv po".split()
)


def vote(text: str) -> Iterator[Span]:
    """Find initials, and names in small letters."""
    for found in _TYPIST.finditer(text):
        name = found["name"].lower()
        if name not in _NO_INITIALS or (name != "for" and _IS_TYPIST.match(found.group())):
            yield Span(
                found.start("name"), max(found.end("name"), found.end("second")), "PERSON", "small_names:typist", 0.5
            )
    for found in _LOW_TITLE.finditer(text):
        name = found["name"]
        if is_surname(name) and not (
            is_ordinary(name) or name in lowered("not_names") or name in MINOR or is_english(name)
        ):
            yield Span(*found.span("name"), "PERSON", "small_names:small", 0.6)
    for found in _LOW_PAIR.finditer(text):
        given, surname = found["given"], found["surname"]
        if (
            is_given(given)
            and is_surname(surname)
            and not any(is_ordinary(w) or is_excluded(w) or is_english(w) for w in (given, surname))
        ):
            yield Span(*found.span("name"), "PERSON", "small_names:small_pair", 0.6)
