"""Voter: two letters with a full stop after each are somebody's initials, but for those that abbreviate a word."""
# ruff: noqa: SIM905 -- a list of words is read as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.facilities import CODES
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_DOTTED = sieved(r"(?<![\w.@/&'’-])(?P<name>(?P<first>[A-Z])\.(?P<second>[A-Z])\.)(?![\w@&'’-])")
_WRITTEN = frozenset(
    """md od dc iv rn us uk un eu ra la ao pa qs ou do au am pm po bp er or cc hs ad as os rx dx hx tx sx np pt ot rt ct mr
    xr im sq sc id iq pe ef vs gi gu ob tb hr rr lv rv le ue iu ns dm ac pc bm ua wc mi ed ps pr ie eg et al lp cv cn ca
    ba bs ma ms rd ld ii io ng og nr ph ev ep vp ap lr fm ab go fu ha
    po no st sr jr bc ce co""".split()
)
"""What is written with stops and names nobody: degrees, routes, times, organs, scripts of Latin."""
_STATE = re.compile(CODES)


def vote(text: str) -> Iterator[Span]:
    """Find initials with stops: `reviewed w/ T.R. at bedside`, `the mother (D.K.)`."""
    for found in _DOTTED.finditer(text):
        letters = found["first"] + found["second"]
        if letters.lower() not in _WRITTEN and not (
            _STATE.fullmatch(letters) and "," in text[max(0, found.start() - 2) : found.start()]
        ):
            yield Span(*found.span("name"), "PERSON", "dotted:initials", 0.5)
