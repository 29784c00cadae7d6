"""Voter: two letters beside a date, in brackets, between slashes, in lists of who took part, after a staff's label or act."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

from collections.abc import Iterator

from dp_clinical_pipeline.deid.sieve import Sieved, all_sieved, sieved
from dp_clinical_pipeline.deid.spans import Span

_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"
_DAY = r"(?i:mon|tue|wed|thu|fri|sat|sun)"
_DATE = rf"(?:\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)?[ -]?{_MONTH}|\d{{4}}[-/]\d\d|\d{{8}}\b|{_MONTH}[a-z]*\.?[ -]\d|{_DAY}[a-z]*,?[ ](?:\d|{_MONTH}))"
_CLOCK = r"(?:[ T@]{1,2}(?:at[ ])?\d{1,2}:?\d\d(?::\d\d)?(?:\.\d+)?(?:[ ]?[AaPp]\.?[Mm]?\b\.?)?(?:[ ]?hrs)?(?:[ ]?(?:Z|[ECMP][SD]?T|[+-]\d\d:?\d\d))?)"
_STAMP = rf"(?:{_DAY}[a-z]*,?[ ])?(?:\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|\d{{1,2}}[ -]?{_MONTH}[a-z]*[ -]?\d{{2,4}}|\d{{4}}[-/]\d\d[-/]\d\d|\d{{8,14}}|{_MONTH}[a-z]*\.?[ -]\d{{1,2}}(?:st|nd|rd|th)?,?[ ]\d{{4}}){_CLOCK}?"
_STARTS = r"(?:(?<=[.!?;][ ])|(?<=[ ]{2})|(?<=\n)|^)"
_ENDS = r"(?=\s*(?:$|\n)|[ ]{2}|[.;)]|[ ][A-Z])"
_CLOSES = r"(?=[ ]?[,;.)\n]|[ ]{2}|\s*$)"
_ANY = r"(?P<name>[A-Z]{2}|[a-z]{2})"


_DATED = all_sieved(
    # `sb June 4, 2020`, `LT, 09/24/2020` where an entry begins
    rf"{_STARTS}{_ANY},?[ ]{{1,4}}(?={_DATE})",
    # `typed in error (bd, March 6, 2023)`
    rf"\((?P<name>[A-Za-z]{{2}}),[ ](?={_DATE})",
)
_FIRM = all_sieved(
    # `TRANSCRIBED: APR 15, 2009/nd`
    rf"{_STAMP}/(?P<name>[A-Z]{{2,3}}|[a-z]{{2,3}})(?![\w/])",
    # `Taken by: MR     DATE`: whatever else two letters mean, a label waits for somebody's
    r"\b(?i:enrolled|taken|captured|registered|checked|entered|scanned|keyed|drawn|obtained|witnessed|verified|proofed|proofread|edited|collected|completed|filed|indexed|printed|pulled|released|opened|closed)[ ](?i:by)[:][ ]{1,3}(?P<name>[A-Z]{2,3}|[a-z]{2,3})(?=\s*(?:$|\n)|[ ]{2})",
    # `Reader 1: RM`, `Coordinator: SB`
    rf"\b(?i:reader[ ]?[12ab]|coordinator|abstractor|coder|auditor|scheduler|unit[ ]clerk)[:][ ]{{1,3}}{_ANY}{_CLOSES}",
    # `QA reviewer aw flagged`, `Clerk AN entered`, `call recipient ME, caller EK`
    rf"\b(?i:reviewer|recipient|caller|clerk|typist|abstractor|coder|auditor|registrar|scheduler|transporter)[ ]{_ANY}(?=[ ]?[,;.)\n]|[ ]{{2}}|\s*$|[ ](?:flagged|entered|noted|took|saw|called|sent|signed|wrote|marked|changed|asked|said|confirmed|released)\b)",
    # `FAX COPY TO 1-470-213-1413 PER CD.`
    rf"(?<=\d)[ ](?:per|PER)[ ](?P<name>[A-Z]{{2}}){_CLOSES}",
    # `Job TKT-44101  MP`, `User ct   Printed`
    r"\b(?:Job|JOB)[ ](?=\S*\d)\S+[ ]{1,3}(?P<name>[A-Z]{2})(?=\s*(?:$|\n)|[ ][A-Z])",
    rf"\b(?:User|USER)[ ]{_ANY}(?=[ ]{{2}}|\s*$)",
    # `Read by AW for PE,`
    r"\b(?i:read)[ ]by[ ][A-Z]{2}[ ]for[ ](?P<name>[A-Z]{2})(?=[.,;])",
    # `EMS run sheet WC25-360052 (SG);`, `marked "RE 1153"`
    r"\b(?:sheet|form|ticket|log|note|order)[ ](?=\S*\d)\S+[ ]\((?P<name>[A-Z]{2})\)",
    r"\b(?:marked|label?led|stamped)[ ][\"“](?P<name>[A-Z]{2})[ ](?=[\d*xX#])",
)
_SIGNED = all_sieved(
    # `audited from 10.2.33.4 HG`, `resent to 646-203-5974 EL`, `Printed 15-NOV-2013 17:31 RR` at an entry's end
    r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}[ ](?P<name>[A-Z]{2})(?=\s*(?:$|\n)|[ ][A-Z\d])",
    r"\b(?i:resent|re-sent|refaxed|re-faxed|faxed|sent|transmitted)[ ]to[ ](?:\+?1[-. ]?)?(?:\(\d{3}\)[ ]?|\d{3}[-./ ]?)?\d{3}[-. ]?\d{4}[ ](?P<name>[A-Z]{2})(?=\s*(?:$|\n)|[ ][A-Z])",
    rf"\b(?i:finali[sz]ed|printed|transcribed|dictated|typed)[ ]{_STAMP}[ ]{{1,3}}(?P<name>[A-Z]{{2}})(?=\s*(?:$|\n))",
    # `second check AS, no reaction`
    rf"\b(?i:(?:second|double|2nd)[- ]check(?:ed)?(?:[ ]by)?|cosign(?:ed)?(?:[ ]by)?)[ :]{{1,2}}{_ANY}(?=[,;.)\n]|\s*$)",
    # `[DW] [dc] 08 Sep 2019`
    r"\[[A-Z]{2}\][ ]\[(?P<name>[a-z]{2})\]",
)
_ACTS = all_sieved(
    # `filter cleaned, KM`, `Call closed 03/28/2014 10:42 fn` where an entry ends without a full stop
    r"\b(?i:(?:cleaned|checked|closed|tested|changed|completed|emptied|charted|logged|restocked|calibrated|rotated|saved)(?:[ ]as[ ]\S{1,60})?|(?:alarm|rails|lock|light)[ ](?:on|up|in[ ]reach)),[ ](?P<name>[A-Z]{2})(?=\s*(?:$|\n)|[ ]{1,2}[A-Z][a-z])",
    rf"\b(?i:closed|shift[ ]note|last[ ]changed|electronically[ ]by[ ][^\n]{{1,30}}?)[ ]{{1,2}}{_STAMP}[ ]{{1,3}}{_ANY}(?=\s*(?:$|\n)|[ ]{{1,2}}[A-Z])",
    # `the label was printed 07-07-2022 06:38 by pe.`
    rf"{_STAMP}[ ]by[ ]{_ANY}(?=[.,;)]|\s*(?:$|\n))",
    # `call MM at 68612 about errors`, `Thoracentesis by MG June 15th`
    r"\b(?i:call|page|contact|text|ask[ ]for)[ ](?P<name>[A-Z]{2})[ ](?i:at|on|@)[ ][x#(]?\d",
    rf"\b(?:by)[ ](?P<name>[A-Z]{{2}}),?[ ](?={_DATE})",
    # `Final: 02-Apr-2006 11:58   MA`, `Transcribed 7/24/21 1631 jp; ...`
    rf"\b(?i:final|transcribed|edited|approved|signed|typed|released|dictated|printed|verified):?[ ]{{1,2}}{_STAMP}[ ]{{1,3}}{_ANY}(?=[ ]?[;,.\n]|\s*$|[ ]{{1,3}}[A-Z])",
    # `linked for comparison by ef.`, `crossed out by DL.`
    rf"\b(?i:crossed[ ]out|removed|linked|acknowledged|wristband|added|merged|unlinked|flagged)\b[^.\n;]{{0,44}}?[ ]by[ ]{_ANY}(?=[ ]?[.;,\n]|\s*$)",
    # `with the ED read of KD.`, `read-back confirmed, DL.`
    r"\bread[ ]of[ ](?P<name>[A-Z]{2})(?=[.,;]|\s*$)",
    r"\b(?i:confirmed|verified|acknowledged),[ ](?P<name>[A-Z]{2})\.",
    # `Read-back confirmed. DM`, where a sentence of two letters ends an entry
    r"\b(?i:confirmed|acknowledged|repeated[ ]back)\.[ ](?P<name>[A-Z]{2})(?=\s*(?:$|\n)|[ ][A-Z][a-z])",
)
_SURE = all_sieved(
    # `typed 02-21-2014, cl`
    rf"(?<=[\w’']\d),[ ](?P<name>[a-z]{{2}}){_ENDS}",
    rf"\b(?i:typed|transcribed|t)[ :]{{1,3}}\d{{1,2}}{_MONTH}\d{{2,4}},?[ ](?P<name>[a-z]{{2}}){_ENDS}",
    # `/ag/ transcribed`, `/s/ jb`
    r"(?<![\w/])/(?P<name>[a-z]{2,3})/(?![\w/])",
    # `CF/ap   cc:`, `M.D./es`
    r"(?:(?<=[ ][A-Z]{2})|(?<=M\.D\.)|(?<=D\.O\.)|(?<=[ ]MD)|(?<=[ ]DO))/(?P<name>[a-z]{2,3})(?=\s*(?:$|\n)|[ ]{2}|[ ][A-Z])",
    # `not read by ..., M.D. (fc)`, `Preliminary report (cw) pending`
    rf"(?:\b(?:M\.D\.|MD|D\.O\.|DO|RN|NP)|\b(?i:report|draft|read|addendum|dictation|version|technologist|radiographer|tech|nurse|typist|resident|reader|scribe|operator))[ ]\({_ANY}\)",
    # `QA: wf 5/16`, `ver: ME  Aug 01`, `TI: nd`
    rf"\b(?:QA|QC|ver|VER|TI|Trans|TRANS|trans|Transcr|Proof|PROOF|Ed|EDIT|Edit|Ver|Init|INIT|Typ|TYP)[:][ ]{{1,3}}{_ANY}(?=\s*(?:$|\n)|[ ]{{1,4}}(?:\d|[A-Z]))",
    # `verified by registrar NA as`, `technologist JB noted`
    r"\b(?i:registrar|technologist|radiographer|typist|transcriptionist|clerk|scribe|sonographer|dispatcher|operator|courier|porter)[ ](?P<name>[A-Z]{2})[ ](?=(?:as|at|in|on|and|who|was|is|has|had|noted|took|said|from|to|with|for|by)\b)",
    # `proofread by kd; released`, `inspected by ED on`
    rf"\b(?i:proofread|inspected|voided|reconciled|retyped|spell-?checked|rekeyed|countersigned|deleted|discarded|retrieved|assembled|abstracted|coded|resent|stored)[ ](?i:by)[ ]{_ANY}(?=[ ]?[.,;)]|[ ](?:on|at|in|after|before|and)\b|\s*$|\n)",
    # `Edited by rm after voice recognition`
    r"\b(?i:edited|typed|transcribed|corrected|entered|keyed|released|scanned)[ ](?i:by)[ ](?P<name>[a-z]{2})[ ](?=(?:after|from|before|with|during|using|following)\b)",
    # `; contact DT, ext. 1234`, `from AT, 1-765-335-3956`
    r"\b(?:contact|from|attn|ask for|call|page)[ ](?P<name>[A-Z]{2}),[ ](?=(?:ext|x|pager|phone|tel|at|fax)\b|\+?[\d(][\d(). -]{5})",
    # `Correction by sm: left should read right`
    rf"\b(?i:correction|addendum|entry|note|comment|change|read-?back|sign-?off|chart)[ ]by[ ]{_ANY}(?=[ ]?[:,;.)\n])",
    # `the marker shows PJ, and the one on the frontal view shows CL`
    r"\b(?i:markers?)\b[^.\n;]{0,40}?[ ](?:shows?|reads?|says)[ ](?P<name>[A-Z]{2})(?=[ ]?[,;.)\n]|[ ]and\b|\s*$)",
    # `Dictated but not read. Yamamoto/tf`, `dictated not read: PHAM / jc`
    r"\b(?i:dictated|read)\b[^\n]{0,48}?[A-Za-z]{3}[ ]?/[ ]?(?P<name>[a-z]{2})(?=\s*(?:$|\n)|[ ]{2}|[ ](?:SOP|Page|Research|Printed)\b)",
)
_LIST = sieved(
    r"\b(?i:performed|witnessed|signed|read|done|reviewed|checked|verified|reports|reported|interpreted|counted|obtained|assisted|confirmed|taken|seen)[ ](?:\w+[ ])?by[ :]{1,2}(?P<first>[A-Z]{2}),?[ ](?:(?P<second>[A-Z]{2}),?[ ])?and[ ](?P<last>[A-Z]{2})(?=[ ]?[.,;)]|[ ](?:before|at|on|in|after|for|prior|during|who|as|were|was|describe\w*)\b|\s*$|\n)"
)
_WORDS = frozenset(
    "is in at on to of no so we he it as or if by an am pm us up do go me my be cm mm mg ml kg cc dr mr ms vs st nd rd th pt ct yo rn md np".split()
)
CLINICAL = frozenset(
    "MR CT US XR NM ER ED OR IV PO IM AP PA RA LA RV LV LT RT RR HR BP PT OT ST GI GU NG ET ID HX DX TX RX FH SH PE CC II IX VI XI HI RN MD NP DO".split()
)
_SPECIALTIES = frozenset("CT MR US XR NM PT OT ER ED PE ST ET AP PA NG IR TB IV".split())
"""What a date may follow without being anybody's."""
_NOBODY: tuple[tuple[tuple[Sieved, ...], frozenset[str]], ...] = (
    (_DATED, _SPECIALTIES | _WORDS),
    (_SIGNED, CLINICAL | _WORDS | frozenset(w.lower() for w in CLINICAL) | frozenset(("ok", "OK"))),
    (_FIRM, frozenset("is in at on to of no as or by an am pm RN MD NP".split())),
    (_ACTS, CLINICAL | _WORDS | frozenset("IR TB LL MT AM PM DC VA CA PA MA DE GA CO KY OH".split())),
    (_SURE, CLINICAL | _WORDS | {"es"}),
)
"""The patterns of each kind, with the letters that are nobody's after them."""


def vote(text: str) -> Iterator[Span]:
    """Find initials by what stands beside them."""
    for patterns, nobody in _NOBODY:
        for pattern in patterns:
            for found in pattern.finditer(text):
                if found["name"] not in nobody:
                    yield Span(*found.span("name"), "PERSON", "initials:beside", 0.5)
    for found in _LIST.finditer(text):
        names = {group: name for group, name in found.groupdict().items() if name}
        if not all(name in CLINICAL for name in names.values()):
            for group in names:
                yield Span(*found.span(group), "PERSON", "initials:beside", 0.5)
