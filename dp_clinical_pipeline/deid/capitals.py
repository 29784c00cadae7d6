"""Voter: places and institutions in texts written in capitals throughout."""

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.facilities import CODES
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.places import city_after
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_W = r"(?:ST\.|MT\.|[A-Z][A-Z'’&-]{1,30}+)"
_FACILITY = sieved(
    rf"(?<![\w-])(?P<name>(?:{_W}[ ]){{1,5}})(?:HOSPITAL|INFIRMARY|HOSPICE|CLINIC|POLYCLINIC|PHARMACY|SANATORIUM|MANOR"
    r"|(?:MEDICAL|HEALTH|CANCER|HEART|IMAGING|SURGERY|SURGICAL|CARE|REHAB|REHABILITATION|TRAUMA|DIAGNOSTIC"
    r"|COMMUNITY|WELLNESS)[ ]CENT(?:ER|RE)"
    r"|(?:NURSING|CARE|REST|RETIREMENT)[ ]HOME|(?:RADIOLOGY|IMAGING|MEDICAL|SURGICAL|CARDIOLOGY"
    r"|ORTHOPEDIC)[ ](?:ASSOCIATES|GROUP|PARTNERS|SPECIALISTS)"
    r"|HEALTH[ ](?:SYSTEM|NETWORK|SERVICES)|HEALTHCARE|FAMILY[ ](?:PRACTICE|MEDICINE)|ASSISTED[ ]LIVING"
    r"|URGENT[ ]CARE|(?:HIGH|ELEMENTARY|MIDDLE)[ ]SCHOOL"
    rf"|UNIVERSITY|COLLEGE)(?:[ ](?:OF|AT)[ ]{_W})?(?![\w-])"
)
_SUFFIX = (
    r"(?:STREET|ST|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|DRIVE|DR|LANE|LN|COURT|CT|PLACE|PL|TERRACE|TER|WAY|CIRCLE|CIR|TRAIL|TRL"
    r"|PARKWAY|PKWY|HIGHWAY|HWY|SQUARE|SQ|PLAZA|ALLEY|LOOP|PIKE|TURNPIKE|CRESCENT|CLOSE|ROW|PATH|RUN|ROUTE|COVE|RIDGE|BEND|HOLLOW)"
)
_STREET = sieved(
    rf"(?<![\w./-])\d{{1,6}}[A-Z]?[ ](?:(?:{_W}|[NSEW]|[NSEW]\.|\d{{1,3}}(?:ST|ND|RD|TH))[ ]){{1,4}}?{_SUFFIX}(?![\w'’])\.?"
    r"(?:,?[ ](?:APT|APARTMENT|UNIT|SUITE|STE|ROOM|RM|FLOOR|FL|BLDG|LOT|NO)\.?[ ]?\#?\w{1,6}|,?[ ]\#[ ]?\w{1,6})?"
)
_CITY = sieved(rf"(?<![\w-])(?P<city>{_W}(?:[ ]{_W}){{0,2}}),[ ](?P<state>{CODES})(?=[,.]?[ ]\d{{5}}|\s*\n)")
_STOP = frozenset(
    ("TO", "AT", "FROM", "BY", "THE", "IN", "ON", "WITH", "FOR", "AND", "OR", "AN", "A", "OUR", "THIS", "THAT",
     "HIS", "HER", "THEIR", "OUTSIDE", "LOCAL", "NEAREST", "SAME", "OTHER", "ANOTHER", "ANY", "SENT", "SEEN",
     "FAX", "OF", "IS", "WAS", "DAY", "UNDERGRADUATE", "GRADUATED")
)  # fmt: skip


def vote(text: str) -> Iterator[Span]:
    """Find streets, cities and institutions in capitals."""
    for found in _FACILITY.finditer(text):
        start, end = found.span("name")
        for word in re.finditer(r"\S+", text[start:end]):
            core = word.group().strip(".,'’")
            if core in _STOP or (
                core.lower() in lowered("not_names") and core.lower() not in lowered("facility_words")
            ):
                start = found.start("name") + word.end() + 1
        rest = text[start:end].split()
        if rest and not all(w.lower() in lowered("facility_words") | lowered("not_names") for w in rest):
            yield Span(start, found.end(), "FACILITY", "capitals:facility", 0.78)
    for found in _STREET.finditer(text):
        if not any(
            w.lower() in lowered("not_names") and w not in ("STREET", "NORTH") for w in found.group().split()[1:-1]
        ):
            yield Span(*found.span(), "STREET", "capitals:street", 0.8)
            yield from city_after(text, found.end())
    for found in _CITY.finditer(text):
        yield Span(*found.span(), "CITY", "capitals:city", 0.8)
