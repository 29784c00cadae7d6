"""What of a span a surrogate stands for: a title, a credential, a state and a label stay."""

import pytest

from dp_clinical_pipeline.deid.cores import core
from dp_clinical_pipeline.deid.replace import masked
from dp_clinical_pipeline.deid.spans import Span


@pytest.mark.parametrize(
    ("kind", "surface", "kept"),
    [
        ("PERSON", "Dr. Okafor", "Dr. []"),
        ("PERSON", "Prof. Dr. Okafor", "Prof. Dr. []"),
        ("PERSON", "Lin Okafor, M.D.", "[], M.D."),
        ("PERSON", "Dr. John Washington", "Dr. []"),
        ("PERSON", "Smith, Virginia", "[]"),
        ("PERSON", "KIM, HI", "[]"),
        ("PERSON", "HUNG DO", "[]"),
        ("PERSON", "NGUYEN, DO", "[]"),
        ("PERSON", "Lin Okafor, DO", "[], DO"),
        ("PERSON", "Lin Okafor D.O.", "[] D.O."),
        ("PERSON", "Dr.", "[]"),
        ("CITY", "Port Washington", "[]"),
        ("CITY", "Port Washington NY", "[] NY"),
        ("FACILITY", "University of Washington", "[]"),
        ("PERSON", "Father", "[]"),
        ("CITY", "Tulsa, OK", "[], OK"),
        ("CITY", "OK", "[]"),
        ("FACILITY", "Mercy Hospital, Tulsa, Oklahoma", "[], Oklahoma"),
        ("PHONE", "ext. 4471", "ext. []"),
        ("DEVICE", "S/N 33-1", "S/N []"),
        ("DATE", "no date", "[]"),
        ("OTHER_ID", "no name", "[]"),
    ],
)
def test_what_identifies_nobody_stays(kind: str, surface: str, kept: str) -> None:
    span = Span(2, 2 + len(surface), kind, "t", 1.0)
    assert masked(f"x {surface} y", [span]) == f"x {kept.replace('[]', f'[{kind}]')} y"
    start, end = core(f"x {surface} y", span)
    assert span.start <= start < end <= span.end
