"""The part of a span that replacement changes: a title, a credential, a state, a label and a time of day in it stay."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re

from dp_clinical_pipeline.deid.date_edges import without_edges
from dp_clinical_pipeline.deid.facilities import CODES, STATES
from dp_clinical_pipeline.deid.spans import Span

_TITLE = re.compile(
    r"(?:(?:Dr|Drs|Doctor|Mr|Mrs|Ms|Miss|Mx|Prof|Professor|Sir|Madam|Mme|Nurse|Sister|Father|Fr|Rev|Reverend|Pastor|Rabbi|Chaplain|Capt|Captain|Sgt|Lt|Col"
    r"|Judge|Officer|Detective|Attorney|Señora?|Aunt|Uncle|RN|NP|PA-C)(?:\.?[ \n]{1,2}|\.(?=[^\W\d_]{2}))){1,2}(?=\S)",
    re.I,
)
_CREDENTIAL = re.compile(
    r"(?:(?:,[ ]?|[ ])(?:M\.?D|D\.O|R\.?N|N\.?P|PA-?C|P\.A|Ph\.?D|MBBS|FACR|FRCR|FACC|FACS|APRN|CRNA|RT|LPN|DPM|DDS|DMD|PharmD|MSN|BSN|ARRT|NPI|CNM|CNP|CRT|OD|POA|DPT|RRT|RCIS|RDMS|RVT|CNMT|LVN|CCRN|FNP|FNP-C|ACNP|ARNP|LCSW|MSW|CPNP|FAAP|FACEP|FCCP|FACOG|MPH|CNA|EMT|EMT-P|CPhT|PsyD|LICSW|LMSW|CCC-SLP|SLP|NIOSH)|(?<=[a-z]),[ ]?DO)\.?$"
)
"""`DO` is a surname too: only after a comma, and not where all is in capitals."""
_STATE = re.compile(rf"(?:(?:,[ ]?|[ \n])(?:{CODES})|(?:,[ ]?|\n)(?:{STATES}))$")
"""A state's whole name within a name of two words, Port Washington, is half of that."""
_LABEL = re.compile(
    r"(?:ext\.?|extension|x|s/n|sn|ssn|ss|acct|acc|account|mrn|no|id|npi|dea|udi|uid|cpt|image|photo|picture|member|serial|lot|ref|mr)(?:[\s.:\#]{1,3})(?=\S{0,12}\d)",
    re.I,
)


def core(text: str, span: Span) -> tuple[int, int]:
    """Return the offsets of what a surrogate or a mask stands for; never empty."""
    start, end = span.start, span.end
    if span.type == "PERSON":
        if found := _TITLE.match(text, start, end):
            start = found.end()
        if found := _CREDENTIAL.search(text, max(start, end - 12), end):
            end = found.start()
    elif span.type in ("CITY", "FACILITY", "STREET"):
        if found := _STATE.search(text, max(start, end - 18), end):
            end = found.start()
    elif span.type == "DATE":
        start, end = without_edges(text, start, end)
    if span.type not in ("PERSON", "CITY", "FACILITY") and (found := _LABEL.match(text, start, end)):
        start = found.end()
    return (start, end) if start < end else (span.start, span.end)
