"""Voter: fire brigades, police, ambulances and those who read at night, by the place or the words before what they are."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import CLEAR, OTHER, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import entries, lowered
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_W = r"(?:St\.|Mt\.|Ft\.|[A-ZÀ-Þ][\w'’]{0,24}+(?:-[A-ZÀ-Þ]\w{0,24}+){0,2})"
_CREW = (
    r"(?:(?:Volunteer[ ])?Fire(?:[ ]?(?:and|&|/|-)?[ ]?(?:Rescue|Ems|EMS|Dept\.?|Department|Protection|District))?|Rescue(?:[ ]Squad)?|(?:Area[ ])?Ambulance(?:[ ](?:Service|District))?|EMS|Ems|PD|Pd|FD|Fd|VFD|Vfd"
    r"|Police(?:[ ](?:Department|Dept\.?))?|Sheriff(?:['’]s[ ](?:Office|Dept\.?|Department))?|Paramedics|Air[ ](?:Medical|Care|Ambulance|Evac)|Airport|Aeromedical|Life[ ]?[Ff]light|MedFlight|Fire-Rescue|CBOC|Cboc|VAMC|Vamc|VA[ ]CBOC)"
)
_OF_A_PLACE = sieved(
    rf"(?<![\w'’-])(?P<name>(?:{_W}[ ](?:(?:du|de|la|le|of|del)[ ])?){{1,3}}?)(?P<crew>{_CREW})(?![\w'’-])"
)
_NOT_THEIRS = frozenset(
    """dept division section radiology imaging service services preliminary overnight per by via from with and the local county city state house volunteer other our called arrived report ems fire police rescue air medical transport unit medic crew also prior pre post no any notify notified area hospital private
    critical care ground basic advanced life support public campus military base emergency department pt patient patients indication history comparison""".split()
)  # fmt: skip
_NIGHT = sieved(
    rf"(?<![\w'’-])(?P<name>(?:{_W}[ ]){{1,3}}?)(?:(?:After|Off|Night|Day|Weekend|Evening)(?:[- ]?(?:[Hh]ours?|[Tt]ime|[Ss]hift))?|Overnight|Nighthawk|24[ /-]?(?:7|[Hh]ours?))[ ](?:Radiology|Imaging|Tele-?[Rr]adiology|Reads?|Reading|Clinic|Care|Pediatrics|Coverage|Rads?|Diagnostics|Medicine|Dialysis|Pharmacy|Nursing)(?:[ ](?:Associates|Group|Partners|Services|Service|Center|LLC|Inc))?(?![\w'’-])"
)
_UNNAMED_NIGHT = sieved(
    r"(?<![\w'’-])(?P<name>(?:After|Off)[- ]Hours[ ](?:Radiology|Imaging|Teleradiology|Reads|Pediatrics)[ ](?:Associates|Group|Partners|Services|LLC|Inc))(?![\w'’-])"
)
_TELE = sieved(
    rf"(?<![\w'’-])(?P<name>(?:{_W}[ ]){{1,3}})Tele-?(?:[Rr]adiology|[Rr]ads?|[Hh]ealth|[Ss]troke|[Mm]edicine|ICU|[Pp]sychiatry)(?:[ ](?:Associates|Group|Partners|Services|Network|LLC|Inc))?(?![\w'’-])"
)
_BRAND = sieved(r"(?<![\w'’-])(?P<name>(?:[A-Za-z][a-z]{0,9})(?:Rads?|Radiology|Imaging|Reads|Scan|Telerad))(?![\w'’-])")  # fmt: skip
_SPECIALTY = (
    r"(?:Pulmonary|Lung|Chest|Respiratory|Critical[ ]Care|Allergy|Asthma|Arthritis|Endocrin\w+|Gastro\w+|GI|Digestive|Liver|Nephrology|Renal|Urology|Urologic|Rheumatology|Hematology|Blood|Infectious[ ]Diseases?|Internal[ ]Medicine|Neurosurg\w+|ENT|Ear|Foot|Hand|Podiatry|Hospitalist|Hospital[ ]Medicine"
    r"|An[ae]sthesia|Pathology|Emergency(?:[ ](?:Medicine|Physicians))?|Radiation|Interventional|Thoracic|Plastic|Retina|Vision|Dental|Oral|Physical[ ]Therapy|Sports[ ]Medicine|Maternal|Perinatal|OB-?GYN|Obstetric\w*|Gynecology|Family|Geriatric\w*|Wound|Hearing|Audiology|Speech|Home[ ]Care|Mental|Behavioral|Brain)"
)
_PRACTICE = sieved(
    rf"(?<![\w'’-])(?P<name>(?:{_W}[ ]){{1,3}}?)(?P<what>{_SPECIALTY}(?:[ ](?:and|&)[ ]{_SPECIALTY})?)[ ](?:Associates|Assoc\.?|Group|Specialists|Consultants|Partners|Physicians|Center|Centre|Clinic|Institute|Practice|PC|PLLC|LLC|PA|Services|Doctors|Surgeons|Care)(?![\w'’-])"
)
_SENT = sieved(
    r"\b(?:admitted|readmitted|transferred|discharged|sent|flown|airlifted|hospitali[sz]ed|treated|delivered|followed|records|films|images|intubated|stabili[sz]ed)[ ](?:back[ ]|over[ ]|out[ ])?(?:to|from|at|by)[ ](?P<name>[A-Z][a-z]{3,14})"
    r"(?=[ ](?:last|on|in|for|with|after|before|today|yesterday|this|by|via|where|and|ED|ER|ICU|records|films)\b|[.,;)]|\s*$)"
)
_WARDS = frozenset(
    """surgery medicine cardiology oncology hospice rehab rehabilitation home telemetry observation pediatrics neurology radiology psychiatry nursing recovery emergency trauma floor maternity nursery dialysis clinic pathology anesthesia urology
    orthopedics geriatrics infirmary intermediate step triage imaging ultrasound nuclear hospital hospitalist intensive critical police jail prison court heaven school work""".split()
)  # fmt: skip


def vote(text: str) -> Iterator[Span]:
    """Find crews and practices by name; to be read in a text whose lines of capitals were calmed."""
    for found in _OF_A_PLACE.finditer(text):
        if (start := _named(found)) < found.end("name"):
            tail = found.end("name") - 1 if found["crew"] in ("PD", "Pd", "FD", "Fd", "EMS", "Ems") else found.end()
            yield Span(start, tail, "FACILITY", "crews:place", 0.6)
    for pattern in (_NIGHT, _TELE, _PRACTICE):
        for found in pattern.finditer(text):
            if (start := _named(found)) < found.end("name"):
                yield Span(start, found.end(), "FACILITY", "crews:practice", 0.66)
    for found in _SENT.finditer(text):
        if not _is_ward(found["name"]):
            yield Span(*found.span("name"), "FACILITY", "crews:sent", 0.5)
    for found in _UNNAMED_NIGHT.finditer(text):
        yield Span(*found.span("name"), "FACILITY", "crews:night", 0.6)
    for found in _BRAND.finditer(text):
        if not found["name"].islower() and found["name"][1:] != found["name"][1:].lower():
            yield Span(*found.span("name"), "FACILITY", "crews:brand", 0.6)


def _named(found: re.Match[str]) -> int:
    """Return where the words begin that name somebody; the end of the capture where none does."""
    end = found.end("name")
    start = end
    for word in reversed([*re.finditer(r"\S+", found["name"])]):
        raw = word.group()
        key = re.sub(r"['’]s$", "", raw.strip(".,").lower())
        if key in _NOT_THEIRS or (
            key in lowered("not_names") and key not in lowered("facility_words") and raw not in entries("towns")
        ):
            break
        if raw.isupper() and len(raw) > 1 and kind_of(raw) == OTHER:
            break
        start = found.start("name") + word.start()
    words = found.string[start:end].split()
    if not words:
        return end
    name = " ".join(words)
    own = name in entries("cities") or name in entries("towns") or any(kind_of(w) in (CLEAR, UNKNOWN) for w in words)
    begins = found.string[:start].rstrip(" ")[-1:] in ("", ".", "!", "?", "\n")
    return start if own or len(words) > 1 or (not begins and len(words[0]) > 3) or "-" in words[0] else end


def _is_ward(name: str) -> bool:
    key = name.lower()
    return key in _WARDS or any(key in lowered(listed) for listed in ("not_names", "brands", "drugs"))
