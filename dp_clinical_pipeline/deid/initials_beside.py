"""Voter: two or three letters beside a date, in brackets or between slashes, in lists of who took part, after a staff's label."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

from collections.abc import Iterator

from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"
_DAY = r"(?i:mon|tue|wed|thu|fri|sat|sun)"
_DATE = rf"(?:\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)?[ -]?{_MONTH}|\d{{4}}[-/]\d\d|\d{{8}}\b|{_MONTH}[a-z]*\.?[ -]\d|{_DAY}[a-z]*,?[ ](?:\d|{_MONTH}))"
_STARTS = r"(?:(?<=[.!?;][ ])|(?<=[ ]{2})|(?<=\n)|^)"
_ENDS = r"(?=\s*(?:$|\n)|[ ]{2}|[.;)]|[ ][A-Z])"
_SURE = tuple(
    map(
        sieved,
        (
            # `sb June 4, 2020`, `LT, 09/24/2020` where an entry begins
            rf"{_STARTS}(?P<name>[a-z]{{2}}|[A-Z]{{2}}),?[ ]{{1,4}}(?={_DATE})",
            # `typed in error (bd, March 6, 2023)`
            rf"\((?P<name>[A-Za-z]{{2}}),[ ](?={_DATE})",
            # `typed 02-21-2014, cl`
            rf"(?<=[\w’']\d),[ ](?P<name>[a-z]{{2}}){_ENDS}",
            rf"\b(?i:typed|transcribed|t)[ :]{{1,3}}\d{{1,2}}{_MONTH}\d{{2,4}},?[ ](?P<name>[a-z]{{2}}){_ENDS}",
            # `/ag/ transcribed`, `/s/ jb`
            r"(?<![\w/])/(?P<name>[a-z]{2,3})/(?![\w/])",
            # `CF/ap   cc:`, `M.D./es`
            r"(?:(?<=[ ][A-Z]{2})|(?<=M\.D\.)|(?<=D\.O\.)|(?<=[ ]MD)|(?<=[ ]DO))/(?P<name>[a-z]{2,3})(?=\s*(?:$|\n)|[ ]{2}|[ ][A-Z])",
            # `not read by ..., M.D. (fc)`, `Preliminary report (cw) pending`
            r"(?:\b(?:M\.D\.|MD|D\.O\.|DO|RN|NP)|\b(?i:report|draft|read|addendum|dictation|version|technologist|radiographer|tech|nurse|typist|resident|reader|scribe|operator))[ ]\((?P<name>[a-z]{2}|[A-Z]{2})\)",
            # `Taken by: MR     DATE`: whatever else two letters mean, a label waits for somebody's
            r"\b(?i:enrolled|taken|checked|entered|scanned|keyed|drawn|obtained|witnessed|verified|proofed|proofread|edited|collected|completed|filed|indexed|printed)[ ](?i:by)[:][ ]{1,3}(?P<name>[A-Z]{2,3}|[a-z]{2,3})(?=\s*(?:$|\n)|[ ]{2})",
            # `QA: wf 5/16`, `ver: ME  Aug 01`, `TI: nd`
            r"\b(?:QA|QC|ver|VER|TI|Trans|TRANS|trans|Transcr|Proof|PROOF|Ed|EDIT|Edit|Ver|Init|INIT|Typ|TYP)[:][ ]{1,3}(?P<name>[A-Z]{2}|[a-z]{2})(?=\s*(?:$|\n)|[ ]{1,4}(?:\d|[A-Z]))",
            # `verified by registrar NA as`, `technologist JB noted`
            r"\b(?i:registrar|technologist|radiographer|typist|transcriptionist|clerk|scribe|sonographer|dispatcher|operator|courier|porter)[ ](?P<name>[A-Z]{2})[ ](?=(?:as|at|in|on|and|who|was|is|has|had|noted|took|said|from|to|with|for|by)\b)",
            # `proofread by kd; released`, `inspected by ED on`
            r"\b(?i:proofread|inspected|retyped|spell-?checked|rekeyed|countersigned|deleted|discarded|retrieved|assembled|abstracted|coded)[ ](?i:by)[ ](?P<name>[a-z]{2}|[A-Z]{2})(?=[ ]?[.,;)]|[ ](?:on|at|in|after|before|and)\b|\s*$|\n)",
            # `Edited by rm after voice recognition`
            r"\b(?i:edited|typed|transcribed|corrected|entered|keyed|released|scanned)[ ](?i:by)[ ](?P<name>[a-z]{2})[ ](?=(?:after|from|before|with|during|using|following)\b)",
            # `; contact DT, ext. 1234`, `from AT, 1-765-335-3956`
            r"\b(?:contact|from|attn|ask for|call|page)[ ](?P<name>[A-Z]{2}),[ ](?=(?:ext|x|pager|phone|tel|at|fax)\b|\+?[\d(][\d(). -]{5})",
        ),
    )
)
_LIST = sieved(
    r"\b(?i:by|were|between|with|witness(?:es)?|present)[ :]{1,2}(?P<first>[A-Z]{2}),?[ ](?:(?P<second>[A-Z]{2}),?[ ])?and[ ](?P<last>[A-Z]{2})(?=[ ]?[.,;)]|[ ](?:before|at|on|in|after|for|prior|during|who|as|were|was)\b|\s*$|\n)"
)
_WORDS = frozenset(
    "is in at on to of no so we he it as or if by an am pm us up do go me my be cm mm mg ml kg cc dr mr ms vs st nd rd th pt ct yo".split()
)
_CLINICAL = frozenset(
    "MR CT US XR NM ER ED OR IV PO IM AP PA RA LA RV LV LT RT RR HR BP PT OT ST GI GU NG ET ID HX DX TX RX FH SH PE CC II IX VI XI HI".split()
)


_DATED = frozenset("CT MR US XR NM PT OT ER ED PE ST ET".split())
"""What a date may follow without being anybody's."""


def vote(text: str) -> Iterator[Span]:
    """Find initials by what stands beside them."""
    for number, pattern in enumerate(_SURE):
        for found in pattern.finditer(text):
            name = found["name"]
            clinical = _DATED if number < 2 else () if number == 7 else _CLINICAL
            if name not in _WORDS and name not in clinical:
                yield Span(*found.span("name"), "PERSON", "initials:beside", 0.5)
    for found in _LIST.finditer(text):
        names = {group: name for group, name in found.groupdict().items() if name}
        if not all(name in _CLINICAL for name in names.values()):
            for group in names:
                yield Span(*found.span(group), "PERSON", "initials:beside", 0.5)
