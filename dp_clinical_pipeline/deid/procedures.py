"""Public codes of imaging procedures, which look like ZIP codes and account numbers: `Charge 71046`, `CPT 71250`."""

import re

from dp_clinical_pipeline.deid.spans import Span

_NUMBERED = frozenset(("OTHER_ID", "ZIP", "ACCESSION", "MRN", "ACCOUNT", "HEALTH_PLAN", "STREET", "PHONE"))
_PROCEDURE = re.compile(
    r"(?:CPT[ :#]{1,2})?(?:71(?:0[1-4]\d|1[0-3]\d|2[5-7]\d|55\d)|74(?:01[89]|02[12]|1[5-7]\d)|70(?:4[5-9]\d|55[1-3])"
    r"|72(?:0[4-7]\d|1[0-4]\d)|730\d\d|767[07]\d|770(?:4[67]|6[3-7])|788\d\d)(?:-(?:26|TC|59|50|LT|RT))?"
)
"""Numbers of CPT, the American Medical Association's list: chest, abdomen, head, spine, limbs, breast, ultrasound, PET."""
_LED = re.compile(
    r"\b(?:CPT|[Cc]harged?|[Pp]roc(?:edure)?(?:[ ]code)?|[Uu]nits?[ ]of|USD[ ]for|[Mm]odifier|views?)[ :#(]{1,3}"
    r"(?:7\d{4}(?:-\w\w)?,?[ ](?:(?:and|or|to)[ ])?){0,5}$"
)


def is_procedure(text: str, span: Span) -> bool:
    """Say whether a number is a procedure's: one of the list, right after a word of billing, or in a list after one.

    What stands after a label of another kind, or after a state, is none, whatever it looks like.
    """
    if span.type not in _NUMBERED or _PROCEDURE.fullmatch(text, span.start, span.end) is None:
        return False
    return text.startswith("CPT", span.start) or _LED.search(text, max(0, span.start - 70), span.start) is not None
