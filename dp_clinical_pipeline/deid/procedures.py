"""Public codes of imaging procedures, which look like ZIP codes and account numbers: `Charge 71046`, `CPT 71250`."""

import re

from dp_clinical_pipeline.deid.spans import Span

_NUMBERED = frozenset(("OTHER_ID", "ZIP", "ACCESSION", "MRN", "ACCOUNT", "HEALTH_PLAN", "STREET", "PHONE"))
_PROCEDURE = re.compile(
    r"(?:CPT[ :#]{1,2})?(?:71(?:0[1-4]\d|1[0-3]\d|2[5-7]\d|55\d)|74(?:01[89]|02[12]|1[5-7]\d)|70(?:4[5-9]\d|55[1-3])"
    r"|72(?:0[4-7]\d|1[0-4]\d)|730\d\d|767[07]\d|770(?:4[67]|6[3-7])|788\d\d)(?:-(?:26|TC|59|50|LT|RT))?"
)
"""Numbers of CPT, the American Medical Association's list: chest, abdomen, head, spine, limbs, breast, ultrasound, PET."""
_IS_CODE = re.compile(
    r"\b(?:CPT|[Pp]roc(?:edures?)?|[Cc]harged?|[Bb]ill(?:ed|ing)?|views?|units? of|USD for|[Cc]odes?|[Cc]oded|[Mm]odifier)\b"
    r"|[;,.] 7\d{3}$|\b7\d{4},? (?:to|and|or)? ?7\d{3}$"
)


def is_procedure(text: str, span: Span) -> bool:
    """Say whether a number is a procedure's: one of the list, after a word of billing or after another one."""
    return (
        span.type in _NUMBERED
        and _PROCEDURE.fullmatch(text, span.start, span.end) is not None
        and _IS_CODE.search(text, max(0, span.start - 34), span.start + 4) is not None
    )
