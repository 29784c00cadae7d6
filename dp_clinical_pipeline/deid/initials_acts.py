"""Voter: two letters where hands are told of: `amended by ng:`, `zeroed with RR`, `Relief: NC`, `crew AD and KS`, `Osei/hl`."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

from collections.abc import Iterator

from dp_clinical_pipeline.deid.initials_beside import CLINICAL
from dp_clinical_pipeline.deid.kinds import CLEAR, ORDINARY, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.sieve import all_sieved, sieved
from dp_clinical_pipeline.deid.spans import Span

_ENDS = r"(?=[ ]?[,;:.)\n]|[ ]{2}|\s*$|[ ][A-Z])"
_ANY = r"(?P<name>[A-Z]{2}|[a-z]{2})"
_TWO = r"(?P<name>[A-Z]{2})"
_STARTS = r"(?:(?<=[.!?;|][ ])|(?<=[ ]{2})|(?<=\n)|(?<=\|)|^)"
_WRITTEN = r"amended|printed|re-?printed|faxed|re-?faxed|mailed|e-?mailed|released|scanned|re-?scanned|typed|re-?typed|transcribed|keyed|filed|re-?filed|indexed|proofed|proofread|abstracted|coded|copied|collated|uploaded|dispatched|couriered|archived|re-?sent|logged|entered|edited|opened|routed|queued|labell?ed|relabell?ed|booked|scheduled|taken|cleared|signed\sout|picked\sup|handled|prepared|made|placed|pulled|sorted|stamped|requested|merged|linked|attached|imported|exported|burned"
_DONE = r"amended|released|typed|transcribed|signed|co-?signed|injected|rejected|restarted|started|drawn|shot|inventoried|cleared|witnessed|verified|validated|checked|acquired|positioned|performed|placed|discussed|measurements?|reviewed|noted|given|hung|administered|obtained|collected|repeated|scrubbed|relieved|assayed|prepared|dispensed|counted|wasted|applied|removed|inserted|flushed|dressed|loaded|driven|escorted|accompanied|transported|triaged|interviewed|seen|examined|updated|handed|delivered|consented|photographed|measured|recorded|marked|sealed|enrolled|captured|overridden|override"


_BY_HAND = all_sieved(
    # `Amended by ng: ...`, `Printed by dl for the clinic`, `Message taken by mw: refill`: no word of two letters follows such a `by`
    rf"\b(?i:{_WRITTEN})\b(?:[ ](?!by\b)[\w/-]+){{0,5}}?[ ]by[ ](?P<name>[a-z]{{2}})(?![\w'’/-])",
    # `Released by wt per E. DeMarco`, `edited by hj, previous version by pm`
    r"\b(?i:version|draft|copy|correction|entry|scan|print|change|request)[ ]by[ ](?P<name>[a-z]{2})(?![\w'’/-])",
    # `transcription pool, tp`, `Transcription query, jf: ...`, `Scribe attestation: dl, for`, `Transcription / rg`, `Clerk code mr;`
    rf"\b(?i:transcription|typing|clerk|scribe|dictation)(?:[ ](?:pool|query|desk|code|attestation|service|unit|team))?(?:,|:|[ ]/|(?<=code))[ ](?P<name>[a-z]{{2}}){_ENDS}",
    # `Reviewed and released, np, HIM`, `Report ID X12 : pw : LW`, `End of report. me`
    r"\b(?i:released|finali[sz]ed|completed),[ ](?P<name>[a-z]{2})(?=[,.;\n]|\s*$)",
    r"\b(?i:report|job|document|dictation)(?:[ ](?:ID|no\.?|number))?[ ](?=\S{0,40}\d)\S{1,60}[ ]:[ ](?P<name>[a-z]{2})[ ]:",
    r"\b(?:Job|JOB|Doc|DOC|Dict|DICT)[ ](?=\S{0,40}\d)\S{1,60}[ ]{2,4}(?P<name>[a-z]{2})(?=[ ]{2}|\s*(?:$|\n))",
    # `Transcribed by............: pw`
    r"\b(?i:transcribed|typed|entered|keyed|verified|proofed|edited)(?:[ ](?i:by))?[ ]?\.{2,}[ ]?:?[ ]?(?P<name>[a-z]{2,3}|[A-Z]{2,3})(?=[ ]{2}|\s*(?:$|\n)|[ ][A-Z])",
    # `Dictator AH, transcriptionist jl, QA hs`, `trans cg, edit je`
    r"\b(?i:transcriptionist|typist|trans|edit|editor|proof|qa)[ ](?P<name>[a-z]{2})(?=[,;.]|\s*(?:$|\n))",
    # `[be] cosign pending [PH]`
    rf"\[{_ANY}\](?=[ ](?i:cosign|co-sign|signed|pending|verified|\[))",
    r"\b(?i:pending|cosign(?:ed)?|signed)[ ]\[(?P<name>[A-Z]{2})\]",
)
_LABELLED = all_sieved(
    # `Relief: NC   Tube: 7.5`, `Acknowledged: HG   Done: HG`, `T: tb   R: HG   cc: chart`, `typed: pa   checked: CS   sent: KA`
    rf"(?<![\w/])(?i:relief|acknowledged|ack|done|ordered|sent|checked|typed|proofed|proof|dictated|transcribed|transcriptionist|trans|tr|mts|mt|auth|authenticated|operator|recorder|scrub|circulator|runner|reading|reader|witness(?:ed)?|counted|hung|relieved|cosigner|verifier|edit(?:ed)?|editor|qa|qc|triplicate|duplicate|filed|pulled|loaded|drawn|rounding|registrar|tech)(?:[ ]by)?[ ]?[:=-][ ]{{1,3}}{_ANY}(?=[ ]{{2}}|[.;,(\n]|\s*$|[ ]\(|[ ][A-Z])",
    r"(?<![\w/])[TDR]:[ ](?P<name>[A-Za-z]{2})(?=[ ]{1,3}(?:[TDR]|cc|CC):)",
    # `| Radiology tech | NM |`, `| Rounding | NA, DM, EA |`
    r"\|[ ](?i:[\w ]{0,20}(?:tech|nurse|clerk|operator|runner|scribe|rounding|relief|on[ ]call|reader|resident|fellow|intern|float|aide|therapist|recorder))[ ]\|[ ](?P<name>[A-Z]{2})(?P<rest>(?:,[ ][A-Z]{2}){0,4})[ ]\|",
    # `VEIN ID HG-550   MATCHED   REGISTRAR GH`, `Tech LJ`, `Tech MG`
    r"\b(?:REGISTRAR|CLERK|Tech|TECH|RN|CRNA|Scrub|Circ|Runner|Relief|Recorder)[ ](?P<name>[A-Z]{2})(?=[ ]{2}|\s*(?:$|\n))",
)
_ROLES = all_sieved(
    # `Belongings inventoried by ER`, `film shot by HW`, `override for lorazepam 2 mg by PA,`
    rf"\b(?i:{_DONE})\b(?:[ ](?!by\b)[\w/.-]+){{0,6}}?[ ](?:by|BY)[ ]{_TWO}(?![\w'’/-])(?![ ](?:scan|chest|guidance|tech|study|imaging|clinic|team|service|protocol|staff|nurse|resident|fellow|attending|cosign|of|abdomen|head|angiography))",
    # `zeroed with RR`, `TPN hung with SL as second verifier`, `belongings searched with HF.`, `done with AD`
    rf"\b(?i:zeroed|hung|searched|verified|counted|wasted|witnessed|checked|double-checked|reconciled|changed|turned|repositioned|mg/hr[ ]done|kg/hr[ ]done|read[ ]back|rounded|spoke|discussed|reviewed|confirmed|handoff|hand-off|huddle)\b[^.\n;]{{0,28}}?[ ]with[ ]{_TWO}(?=[ ]?[,;.)\n]|\s*$|[ ]as\b|[ ]at[ ]\d|[ ]and\b)",
    rf"\bdone[ ]with[ ]{_TWO}(?=[.;]|\s*(?:$|\n)|[ ]as\b)",
    # `Per LM, the tube`, `Per JS: increase`
    rf"{_STARTS}Per[ ]{_TWO}(?=[,:])",
    rf"\b(?i:at[ ]bedside|bedside|removed|approved|declined|ordered|lwbs)[ ]per[ ]{_TWO}(?=[,;.])",
    # `Plan d/w NP (renal) and MB (ID)`, `D/W NM (SURG)`
    rf"\b(?i:d/w|discussed[ ]with)[ ]{_TWO}[ ]\((?:[A-Za-z]{{2,14}})\)(?:[ ](?:and|&)[ ](?P<second>[A-Z]{{2}})[ ]\()?",
    # `GN noted a small`, `DT repeated the lateral view`, `since GN last marked it`
    rf"(?:{_STARTS}|\bsince[ ]){_TWO}[ ](?:last[ ]|also[ ]|then[ ]|again[ ])?(?:noted|repeated|marked|spoke|paged|phoned|obtained|asked|told|placed|removed|assisted|notified|informed|gave|took|sent|entered|checked|emptied|dictated|typed|witnessed|reported[ ]that|family[ ]updated|SPOKE|CALLED|NOTED|FAMILY[ ]UPDATED)\b",
    # `Message sent to GC; read receipt`, `LM for Norma to call back, SS.`, `for delayed images from D. Grant to TG.`
    rf"\b(?i:message|inbox|tasks?|handoff|report|request|order)[ ](?:\w+[ ])?(?:to|from)[ ]{_TWO}(?=[;,.\n]|\s*$)",
    rf"\b(?i:call[ ]back|callback|left[ ]message|by[ ]phone|in[ ]person|on[ ]hold)[,;][ ]{_TWO}(?=[.;\n]|\s*$)",
    rf"\b(?:from|for)[ ](?:Dr\.[ ])?[A-Z](?:\.|[a-z]+)[ ](?:[A-Z]\.[ ])?[A-Z][\w'’-]+[ ]to[ ]{_TWO}(?=[.;\n]|\s*$)",
    # `overnight PH, final PS, minor`, `Signed DC, St. ...`, `overnight read (MD):`
    rf"\b(?i:overnight|final|prelim|preliminary)[ ]{_TWO},[ ](?=(?i:final|minor|major|agree|told|no[ ]change))",
    rf"{_STARTS}Signed[ ]{_TWO},[ ]",
    # `Per triage note (RF),`, `sonographer (KG).`, `by a mobile x-ray service (CF).`, `by RT (LM),`
    rf"\b(?:note|read|sonographer|service|transcription|RT|RN|LPN|CNA|tech|techs|staff|scribe|runner|aide|sitter|transport|courier|nurse|MA|interpreter|doula|chaplain|addendum|Addendum|ADDENDUM)[ ]\({_ANY}\)",
    rf"(?<![\w-])(?=[\w-]{{0,40}}\d)[\w-]{{6,40}}[ ]\({_TWO}\)(?=[.;\n]|\s*$)",
    # `CT, LPN`, `PA RN` at an entry's end, `sent to R. Forrest for review; CT, LPN`
    rf"(?:{_STARTS}|(?<=;[ ])){_TWO},?[ ](?=(?:RN|LPN|CNA|RRT|LVN|CRNA|LCSW|RDMS|CNMT)\b)",
    # `HR, RN / witness ER, RN`
    rf"\b(?i:witness|verifier|second[ ]nurse|preceptor)[ ]{_TWO},[ ](?:RN|LPN|RRT|MD|NP)\b",
)
_PAIRS = sieved(
    # `Handoff from HJ to BS`, `crew AD and KS`, `by LT and PT.`, `verified by: JL and EF`
    r"\b(?i:handoff[ ]from|hand-off[ ]from|crew|counted[ ]by|verified[ ]by:?|seen[ ](?:at[ ]the[ ]bedside[ ])?by|transfusion[ ]by|checked[ ]by:?|done[ ]by|performed[ ]by|assisted[ ]by|signed[ ]by)[ ](?P<name>[A-Z]{2})[ ](?:and|to|&)[ ](?P<second>[A-Z]{2})(?![\w/'’-])"
)
_SLASHED = sieved(
    # `4.2 L, WG/FN, albumin`, `JOB: J3524224  JR/LF`, `Braden 13. BH/LL`: two people's, where an entry or a figure ended
    r"(?:(?<=\d[ ][A-Za-z],[ ])|(?<=\w\d[ ]{2})|(?<=\w[A-Z][ ]{2})|(?<=\d\.[ ])|(?<=\w\n))(?P<name>[A-Z]{2})/(?P<second>[A-Z]{2})(?=,[ ]|\s*(?:$|\n)|[ ][A-Z])"
)
_SPACED = sieved(
    # `EM / ab / report complete`, `MA / EK / D: 9/15`, `BC / nt` at an entry's end
    rf"{_STARTS}(?P<name>[A-Z]{{2}})[ ]/[ ](?P<second>[A-Z]{{2}}|[a-z]{{2}})(?=[ ]/[ ]|\s*(?:$|\n))"
)
_TRAILED = sieved(
    # `Okafor/kr   Chest two views`, `F. Osei/hl`, `Adele M Boateng /dm`, `HANNAH BALAKRISHNAN/nn`, `Co-signed O'Dell/LT`
    r"(?<![\w/])(?P<own>(?:Mc|Mac|O['’]|D['’]|Van[ ]|De[ ])?[A-ZÀ-Þ][\w'’-]{1,20})[ ]?/(?P<name>[a-z]{2})(?=\s*(?:$|\n)|[ ]{2,3}[A-Z])"
    r"|\b(?i:co-?signed|signed|dictated|read)[ ](?P<by>[A-Z][\w'’-]{1,20})/(?P<second>[A-Z]{2})(?=\s*(?:$|\n)|[.;,]|[ ][A-Z])"
)
_SMALL = frozenset(
    "an my us me it so no as is or of to in on at be do go up if by he we am pm ok na nd mm cm kg mg ml pt rn md np pa dr ct mr ir iv po us hx pe ed er ob gi ng et vs yo".split()
)
_ROLE = frozenset(
    "CT MR US XR NM IR PT OT RT RN MD DO NP PA ED ER OR ID GI GU OB EP IV PO IM EM ST TB HR BP RR NG ET OG DC EW EP MS NO OK NA ND II III AM PM TV VA".split()
)
_LOW_AFTER_LABEL = frozenset("pt up go no to by is in on at as or an of na nd ok ct mr us xr mm cm iv po".split())
_NEVER = frozenset("NO OK NA ND AM PM ID IV PO CT MR US XR NM".split())


def vote(text: str) -> Iterator[Span]:
    """Find initials by the act, the role or the other hand beside them."""
    for patterns, nobody in ((_BY_HAND, _SMALL), (_LABELLED, _LOW_AFTER_LABEL | _NEVER), (_ROLES, _ROLE | _SMALL)):
        for pattern in patterns:
            for found in pattern.finditer(text):
                if found["name"] not in nobody:
                    yield _span(found.span("name"))
                groups = found.groupdict()
                if groups.get("rest"):
                    yield _span(found.span("rest"), skip=2)
                if groups.get("second") and groups["second"] not in nobody:
                    yield _span(found.span("second"))
    for pattern in (_PAIRS, _SLASHED, _SPACED):
        for found in pattern.finditer(text):
            if not {found["name"], found["second"].upper()} <= _ROLE | CLINICAL:
                yield _span(found.span("name"))
                yield _span(found.span("second"))
    for found in _TRAILED.finditer(text):
        if found["by"]:
            yield _span(found.span("second"))
        elif found["name"] not in _SMALL and kind_of(found["own"].split()[-1]) in (CLEAR, UNKNOWN, ORDINARY):
            yield _span(found.span("name"))


def _span(where: tuple[int, int], skip: int = 0) -> Span:
    return Span(where[0] + skip, where[1], "PERSON", "initials:acts", 0.5)
