"""Voter: numbers and codes that follow a label: record numbers, plans, accounts, licences, devices and the like."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.spans import Span

_NUMBERED = r"(?=[\s.]*(?:\#|no\b|num|:|id\b))"
_LABELS = {
    "SSN": r"ssn|ssan|s\.s\.n\.?|ss\s?(?:\#|no\b)|social\ssecurity|social(?=\s*(?:\#|no\b|num|:|ending|last|\d{3}))"
    r"|soc(?=\s?[\#:.\d])|ss(?=[\s.:]{1,2}[\dxX*]{3,4}\b)|last\s(?:4|four)(?:\sdigits)?(?=\W{1,3}(?:\d{4}\b|ssn|of\s(?:ssn|social)))|soc(?:ial)?\.?\ssec(?:urity)?\.?(?:\sno\b\.?)?",
    "FAX": r"fax(?:\sline)?|facsimile|fx(?=[\s:.\#]*[(+\d])",
    "PHONE": r"(?:tele)?phone|tel|mobile|cell(?:ular)?(?:\sphone)?|pager|beeper|call(?:back)?|contact\snumber"
    r"|ph(?=[\s:.\#]*[(+\d])|ext(?:ension)?|voice\s?mail|vm(?=[\s:.\#]*\d)|landline|whatsapp|contact(?=\s?\#)",
    "ACCESSION": rf"accession|acc(?=[\s.:=|-]{{1,3}}[A-Z]{{0,4}}-?\d{{2}})|a/n|acc(?:n|ess)?{_NUMBERED}|acsn"
    rf"|requisition|req{_NUMBERED}",
    "HEALTH_PLAN": r"(?:(?:health|medical|insurance|dental)\s)?(?:insurance|policy|policy\s?holder|member(?:ship)?"
    r"|subscriber"
    r"|beneficiary|payer|payor|enrollee|coverage|(?:health|insurance|medical)\splan|plan(?=\s(?:id|no|num"
    r"|\#))|group(?=\s(?:id|no|num|\#)))"
    r"|mbr|subs(?=[\s.:\#])|ins(?=[.:\#\s]{1,3}(?:id|no|\#|\w{0,4}\d))|insured|plan(?=\s?[:\#])|group(?=\s?[:\#])|grp"
    r"|medicare|medicaid|hicn?|mbi|tricare|hpbn|hmo|ppo|blue\s(?:cross|shield)(?:\sblue\sshield)?|bcbs|aetna"
    r"|cigna|humana|united\s?healthcare",
    "ACCOUNT": rf"acc(?:oun)?t|a/c|bill(?=\s*(?:\#|no\b|:))|fin(?=\s*[:\#\d])|enc(?=[.:\#\s]{{1,2}}\d)|(?:visit"
    rf"|encounter)(?=\s?[:\#\d])|account|billing|invoice|bank|routing|iban|guarantor|har{_NUMBERED}|(?:credit|debit)\scard"
    rf"|card{_NUMBERED}|statement{_NUMBERED}",
    "VEHICLE": rf"vin|vehicle|(?:license|licence|number|registration|car|vehicle)\s?plates?|(?:car|vehicle|auto\w*|truck|motorcycle)\sregistration|plates?(?=\s*(?:\#|no\b|num"
    rf"|:|was|is|reads?|[A-Z0-9]{{2,4}}[- ]?\d))|tag{_NUMBERED}",
    "LICENSE": rf"licen[sc]e|lic{_NUMBERED}|certificate|certification|cert{_NUMBERED}|dea|npi|upin|dl{_NUMBERED}"
    rf"|passport|registration|credential{_NUMBERED}|permit",
    "DEVICE": rf"serial|s/n|sn(?=[\s:.\#]{{1,2}}[A-Z]{{0,4}}-?\d)|device|udi|implant|model{_NUMBERED}"
    rf"|lot{_NUMBERED}|ref{_NUMBERED}|imei"
    rf"|mac\saddress|pacemaker|icd{_NUMBERED}|generator|lead{_NUMBERED}"
    rf"|catalog|pump{_NUMBERED}|prosthesis{_NUMBERED}",
    "BIOMETRIC": r"biometrics?|finger\s?prints?|thumb\s?prints?|voice\s?prints?|retinal?\s?(?:scan|print|image"
    r"|template)?(?=\s*(?:id|\#|no\b|template|hash|code|:|ref))"
    r"|iris\s?(?:scan|code|template|pattern|image)?(?=\s*(?:id|\#|no\b|template|hash|code|:|ref|scan))"
    r"|palm\s?(?:print|vein)|face\s?(?:print|template|id)|facial\s(?:template|recognition|scan)"
    r"|dna\s(?:profile|sample|id)|hand\sgeometry|gait\s(?:id|signature)|ear\s?print",
    "PHOTO": r"photo(?:graph)?s?|picture(?=\s(?:id|file|no|num|\#|ref))|full[- ]?face(?:\s(?:photo(?:graph)?|image))?"
    r"|headshot|image\s(?:file|id)|portrait|snapshot|mugshot",
    "MRN": rf"mrn|m\.r\.n\.?|mr(?=\s?(?:\#|no\b|num|:))|mr(?:no|num)|hrn|jacket|(?:hn|un)(?=\s?[:\#])"
    rf"|(?:medical|med\.?|clinic(?:al)?|hospital|health|patient"
    rf"|pt\.?)\s?rec(?:ord)?s?|medrec|chart|(?:hospital|unit|clinic|facility){_NUMBERED}"
    rf"|(?:patient|pt\.?|person|hosp(?:ital)?)\s?(?:id(?:entifier|entification)?|\#|no\b|num\w*)|pid|mpi|empi"
    rf"|urn|uhid|nhs|record{_NUMBERED}|folder{_NUMBERED}",
    "OTHER_ID": r"id(?:entifier|entification)?|(?:case|study|subject|participant|trial|specimen|sample|slide|tissue"
    r"|order|visit|encounter|csn|fin|admission|episode|referral|authorization"
    r"|auth|claim|reference|ref|confirmation|ticket|site|registry|donor|badge|employee|staff|prescription|rx"
    r"|tracking|bar\s?code|wristband|tax|ein|tin|student|military|service|unos|mychart|uuid"
    r"|guid|uid|user(?:name)?|login|file|block|script|locker|room\skey|inmate|booking|docket|cohort"
    r"|randomi[sz]ation|screening|transaction|incident|dispatch|run|report|exam|consent|kit)"
    r"(?:\s?(?:id(?:entifier)?\b|\#|no\b|num\w*|code\b))|csn|(?:authorization|auth|requisition|referral|ticket|slip|request(?:\sform)?|voucher|docket|badge|kit|wristband|receipt|folio|dossier|order|form|participant|subject)(?=[\s:.]{1,2}[A-Z]{0,4}-?\d)|username|enrolled\sas|randomi[sz]ed\sas",
}
_SCORES = {"OTHER_ID": 0.8, "PHONE": 0.85, "HEALTH_PLAN": 0.88, "ACCOUNT": 0.88, "DEVICE": 0.86, "PHOTO": 0.86}
_LEAST_DIGITS = {"PHONE": 4, "FAX": 4, "DEVICE": 4, "BIOMETRIC": 2, "ACCOUNT": 4, "VEHICLE": 2, "SSN": 4}
_LINK = (
    r"(?:\s?(?:\(?last\s(?:4|four)(?:\sdigits)?\)?|numbers?|num|nbr|no|nos|ids?|identifier|identification|code|card|records?|file|ref|reference"
    r"|registration|policy|plan|member"
    r"|group|serial|template|hash|tag|plate|claim|scan|is|was|of|as|on|for|the|under|listed|this|patient|pt"
    r"|reads?|reading|ending|in|with|at"
    r"|his|her|a|entry|stored|filed|issued|recorded|device|lot|model|me|us|back|my|their|our|and|(?:st"
    r"|s)ate)\b\.?){0,6}"
)
_VALUE = r"\#?[A-Za-z0-9]+(?:[-–/._:*][A-Za-z0-9]+|[ ](?=\d)\d+|[ ][A-Z]{1,3}(?=\d)\w+){0,8}"
_LABELLED = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    + "|".join(f"(?P<{kind}>{label})" for kind, label in _LABELS.items())
    + rf")(?![A-Za-z]){_LINK}(?:(?!\(\d{{3}}\))['’)\]\s:\#=\-–|>_/*.,(\[]){{0,6}}"
    + rf"(?P<value>\(\d{{3}}\)\s?\d{{3}}[-. ]?\d{{4}}|\+?{_VALUE})",
    re.I,
)
_LED = Led(_LABELLED, *_LABELS.values())
_DIGIT = re.compile(r"\d")
_REACH = 160
"""More characters than a label, what links it and the first digit of its value take up."""
_SURE = re.compile(
    r"(?:\bids?|#|\bno|num\w*|code|as|plates?)$|^(?:mrn|m\.r\.n|ssn|ss|soc|accession|acsn|medrec|mbi|hic|npi|dea"
    r"|upin|vin|pid|csn|imei|udi|fax|phone|tel|pager|beeper|extension|cell|mobile|medical record|s/n|ext)$",
    re.I,
)
_MEASURE = re.compile(
    r"\d{1,9}(?:\.\d{1,9})?[-\s]?(?:mm|cm|mg|mcg|ml|cc|kg|g|lb|lbs|fr|french|gauge|ga|holes?|weeks?|wks?"
    r"|days?|months?|mos?|years?|yrs?|yo|hours?|hrs?|h|minutes?|min|points?|pins?|degrees?|hz|bpm"
    r"|percent|units?|iu|meq|mmol|mmhg|f|c|x\d+|leads?|french|chamber|volts?|v"
    r"|ohms?|ma|ms|am|pm|st|nd|rd|th|mhz|level|times|patients)(?:\W.*)?",
    re.I,
)
_LETTERS = re.compile(r"(?<![\w./])(?!NO|ID|IS|NR)[A-Z]{1,2}[ -]$")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
_CALLED_AT = re.compile(r"\b(?:by|via|over(?:\sthe)?)\s(?:tele)?phone\sat\s$|\bcall(?:ed)?\s(?:\w+\s)?at\s$", re.I)
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
UNIT_AFTER = re.compile(
    r"[\s-]?(?:mg|mcg|µg|ug|g|kg|ml|l|cc|mm|cm|iu|units?|u|meq|mmol|cells?|copies|/(?!\s)|%|x\s?\d|steps|kcal|hz"
    r"|ms|cfu|platelets|patients|subjects|women|men|people|participants"
    r"|deaths|wbc|rbc|ng|pg|per|weeks?|days?|hours?|hrs?|years?|months?|minutes?|degrees?|french"
    r"|gauge|mmhg|bpm|volts?|ohms?)(?![A-Za-z])",
    re.I,
)


def vote(text: str) -> Iterator[Span]:
    """Find labelled values; the label itself stays."""
    position, match = 0, _LABELLED.match
    for at in _LED.starts(text):
        if at < position or not _DIGIT.search(text, at, at + _REACH) or not (found := match(text, at)):
            continue
        kind = next(k for k in _LABELS if found.group(k) is not None)
        start, end = _value(text, found, kind)
        if end > start:
            yield Span(start, end, kind, "labels:number", _SCORES.get(kind, 0.93))
            position = end
        else:
            position = found.end(kind)


def is_year(value: str) -> bool:
    """Say whether a value is a year or a range of years."""
    return re.fullmatch(r"(?:19|20)\d\d(?:[-–/](?:19|20)?\d\d)?", value) is not None


def _value(text: str, found: re.Match[str], kind: str) -> tuple[int, int]:
    """Return where a label's value lies; empty where what follows cannot be one."""
    start, end = found.span("value")
    value = text[start:end].rstrip("-–/._:*")
    words = value.split()
    while len(words) > 1 and _MEASURE.fullmatch(words[-1]):
        words.pop()
    value = " ".join(words)
    first = words[0]
    end = start + len(value)
    digits = sum(c.isdigit() for c in value)
    empty = (start, start)
    if (
        digits < _LEAST_DIGITS.get(kind, 3)
        or is_year(value)
        or (value.isdecimal() and digits < 6 and UNIT_AFTER.match(text, end))
        or _TIME.fullmatch(value)
        or (kind == "PHONE" and _CALLED_AT.search(text, max(0, found.start() - 10), start) and _CLOCK.fullmatch(value))
        or _MEASURE.fullmatch(value)
    ):
        return empty
    if not any(c.isdigit() for c in first) and not (first.isupper() and len(first) <= 5):
        return empty
    if (
        start > 1
        and text[start - 1] in " -"
        and (letters := _LETTERS.search(text, max(found.end(kind), start - 5), start))
    ):
        start = letters.start()
    between = text[found.end(kind) : start]
    label = found.group(kind)
    if (
        not between.strip()
        and digits < 5
        and not (len(value) > 5 and not value.isdecimal() and " " not in value)
        and not _SURE.search(label)
    ):
        return empty
    return start, end
