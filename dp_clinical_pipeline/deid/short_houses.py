"""Voter: institutions that one word or a few letters name after `at` or `from`, and shops: `Kroger pharmacy`."""
# ruff: noqa: E501 -- a list of words is read as one text

from collections.abc import Iterator

from dp_clinical_pipeline.deid.amid import W, is_clinical, is_generic
from dp_clinical_pipeline.deid.amid import key as key_of
from dp_clinical_pipeline.deid.kinds import CLEAR, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_ENDS = r"(?=[,.;:)\n]|$|[ ](?:on|in|for|and|dated|with|where|who|since|last|this|after|before|was|were|is|has|by|via|to|at|chest|ct|mri)\b|[ ]\d)"
_ONE = sieved(
    rf"\b(?:at|from|to|via|visited|near|outside|In)[ ](?P<name>Memorial|Methodist|Regional|Presbyterian|Deaconess|Baptist|Lutheran|Adventist|Mercy|Providence|General|University|County[ ]General){_ENDS}"
)
# `ask Presbyterian for a new copy`, `Home health (Mercy)`, `fax number for Memorial:`, `COMPARE: MRI 8/6, PRESBYTERIAN.`
_OTHER = sieved(
    rf"(?:\b(?:asked|ask|called|call|notified|for|by|through|per)[ ]|\b(?i:health|home|hospice|clinic|hospital|films?|copy)[ ]\()(?P<name>Memorial|Methodist|Presbyterian|Deaconess|Mercy)(?:(?=\)|:)|{_ENDS})"
)
_OUTSIDE = sieved(
    r"\b(?i:outside|over-?read|compare[ds]?|comparison|prior)\b[^.\n]{0,30}?(?:,|:)[ ](?P<name>(?i:Methodist|Presbyterian|Deaconess))(?=[.;,\n]|\s*$|[ ](?i:portable|chest|ct|mri|films?)\b)"
)
_VETERANS = sieved(
    r"(?<![\w,.'’-])(?<![,;][ ])(?P<name>(?P<own>[A-Z][a-z]{4,14})[ ]VA)(?=[.;)]|[ ](?:and|on|for|in|ED|ER|clinic|records?|medical)\b|\s*(?:$|\n))"
)
_LETTERS = sieved(
    rf"\b(?:at|from|(?<=[a-z] )of)[ ](?P<name>(?!PMH|FMH|CMC|IMC|PMC|EMC|OMC)(?:[A-Z]{{1,2}}(?:MC|GH|MH)|VAMC|VAH)){_ENDS}"
)
_SHOP = sieved(
    rf"\b(?:at|from|to|by|via|outside|near|of|with|in)[ ](?P<name>(?P<own>{W}(?:[ ]{W})?)[ ](?:pharmacy|warehouse|plant|shelter|parish|factory|store|mine|daycare)(?:[ ](?:in|on|at)[ ]{W})?)(?![\w'’-])"
)


def vote(text: str) -> Iterator[Span]:
    """Find institutions by their short names."""
    for pattern in (_ONE, _OTHER, _OUTSIDE, _LETTERS):
        for found in pattern.finditer(text):
            yield Span(*found.span("name"), "FACILITY", "short_houses:name", 0.56)
    for found in _VETERANS.finditer(text):
        if kind_of(found["own"]) in (UNKNOWN, CLEAR):
            yield Span(*found.span("name"), "FACILITY", "short_houses:veterans", 0.62)
    for found in _SHOP.finditer(text):
        own = found["own"].split()
        if not any(is_clinical(word) for word in own) and not all(is_generic(key_of(word)) for word in own):
            yield Span(*found.span("name"), "FACILITY", "short_houses:shop", 0.56)
