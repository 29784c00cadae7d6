"""The made-up reports: their gold, their labels, and how often things occur."""

import re
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.demo import templates_held_out, templates_standard, wording_held_out, wording_standard
from dp_clinical_pipeline.demo.fields import FIELDS, IDENTIFIER_TYPES
from dp_clinical_pipeline.demo.grammar import expand
from dp_clinical_pipeline.demo.reports import MadePatient, make_patient, make_patients
from dp_clinical_pipeline.labelsets import CHEXPERT14, ICD10_CHAPTERS

SETS = (templates_standard.STANDARD, templates_held_out.HELD_OUT)
WORDINGS = (wording_standard.STANDARD, wording_held_out.HELD_OUT)


@pytest.fixture(scope="module", params=[False, True], ids=["standard", "held out"])
def patients(request: pytest.FixtureRequest) -> list[MadePatient]:
    return list(make_patients(1200, 11, held_out_templates=request.param))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), index=st.integers(0, 10**6), held_out=st.booleans())
def test_every_span_holds_its_surface_and_none_overlap(seed: int, index: int, held_out: bool) -> None:
    for report in make_patient(seed, index, held_out_templates=held_out).reports:
        assert report.text == report.text.strip()
        assert all(report.text[span.start : span.end] == span.surface for span in report.spans)
        assert all(first.end <= second.start for first, second in pairwise(report.spans))
        assert all(span.surface == span.surface.strip() != "" for span in report.spans)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), index=st.integers(0, 10**6))
def test_a_patient_is_a_function_of_seed_and_index(seed: int, index: int) -> None:
    assert make_patient(seed, index) == make_patient(seed, index)
    assert make_patient(seed, index).reports[0].text != make_patient(seed + 1, index).reports[0].text


def test_all_kinds_of_identifier_occur(patients: list[MadePatient]) -> None:
    counts = Counter(span.type for made in patients for report in made.reports for span in report.spans)
    assert set(counts) == set(IDENTIFIER_TYPES)
    assert min(counts.values()) >= 30


def test_patients_have_one_to_eight_reports_in_time_order(patients: list[MadePatient]) -> None:
    sizes = [len(made.reports) for made in patients]
    assert (min(sizes), max(sizes)) == (1, 8)
    assert 2.2 <= sum(sizes) / len(sizes) <= 2.8
    for made in patients:
        assert all(first.authored_on < second.authored_on for first, second in pairwise(made.reports))


# Bounds about three standard errors and some margin around the design's shares; they are not any corpus's figures.
@pytest.mark.parametrize(
    ("label", "low", "high"),
    [
        ("No Finding", 0.35, 0.45),
        ("Support Devices", 0.18, 0.33),
        ("Atelectasis", 0.17, 0.30),
        ("Pleural Effusion", 0.17, 0.30),
        ("Lung Opacity", 0.16, 0.30),
        ("Cardiomegaly", 0.13, 0.25),
        ("Edema", 0.08, 0.17),
        ("Pneumonia", 0.06, 0.16),
        ("Consolidation", 0.04, 0.12),
        ("Lung Lesion", 0.03, 0.09),
        ("Pneumothorax", 0.01, 0.06),
        ("Fracture", 0.008, 0.05),
        ("Enlarged Cardiomediastinum", 0.008, 0.05),
        ("Pleural Other", 0.008, 0.05),
    ],
)
def test_prevalence(patients: list[MadePatient], label: str, low: float, high: float) -> None:
    stated = [report.stated for made in patients for report in made.reports]
    assert low <= sum(label in labels for labels in stated) / len(stated) <= high


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("Pleural Effusion", "Atelectasis"),
        ("Edema", "Cardiomegaly"),
        ("Edema", "Pleural Effusion"),
        ("Consolidation", "Pneumonia"),
        ("Pneumothorax", "Support Devices"),
        ("Pleural Effusion", "Support Devices"),
    ],
)
def test_findings_that_go_together_occur_together(patients: list[MadePatient], label: str, other: str) -> None:
    stated = [set(report.stated) for made in patients for report in made.reports]
    with_label = [labels for labels in stated if label in labels]
    share = sum(other in labels for labels in with_label) / len(with_label)
    assert share > 1.4 * sum(other in labels for labels in stated) / len(stated)


def test_findings_of_a_patient_persist(patients: list[MadePatient]) -> None:
    """Two reports of one patient share more than two of different patients."""
    several = [made.reports for made in patients if len(made.reports) > 1]

    def overlap(pairs: list[tuple[set[str], set[str]]]) -> float:
        return sum(len(a & b) / len(a | b) for a, b in pairs) / len(pairs)

    own = overlap([(set(reports[0].stated), set(reports[1].stated)) for reports in several])
    others = overlap([(set(a[0].stated), set(b[1].stated)) for a, b in pairwise(several)])
    assert own > others + 0.15


def test_labels_are_known_and_unlabelled_reports_few(patients: list[MadePatient]) -> None:
    reports = [report for made in patients for report in made.reports]
    assert 0.015 <= sum(report.labels is None for report in reports) / len(reports) <= 0.05
    for report in reports:
        assert report.stated
        assert set(report.stated) <= set(CHEXPERT14.labels)
        assert report.labels in (None, list(report.stated))
        assert report.codes
        assert all(ICD10_CHAPTERS.known_code(code) for code in report.codes)
        assert "No Finding" not in report.stated or set(report.stated) <= {"No Finding", "Support Devices"}


def test_labels_are_what_is_asserted_and_nothing_else(patients: list[MadePatient]) -> None:
    for report in (report for made in patients for report in made.reports):
        by_status = {
            status: {label for label, said in report.mentions if said == status}
            for status in ("present", "absent", "uncertain")
        }
        assert by_status["present"] == set(report.stated)
        assert not by_status["present"] & (by_status["absent"] | by_status["uncertain"])
        assert "No Finding" not in report.stated or not by_status["uncertain"]


NEGATED = re.compile(
    r"\b(?:no|negative for|free of|nil)\b[^.]{0,25}\b(pneumothorax|fracture|cardiomegaly)\b[^.]*\.", re.I
)
LABEL_OF = {"pneumothorax": "Pneumothorax", "fracture": "Fracture", "cardiomegaly": "Cardiomegaly"}


def test_a_denied_finding_is_never_labelled(patients: list[MadePatient]) -> None:
    """An independent look at the text: a negation right before the word."""
    seen = 0
    for report in (report for made in patients for report in made.reports):
        body = report.text[slice(*report.body)]
        body = re.split(r"findings:", body, flags=re.I)[1]
        for match in NEGATED.finditer(body):
            seen += 1
            assert LABEL_OF[match[1].lower()] not in report.stated, body
    assert seen > 100


WORDS = {
    "Pneumothorax": r"pneumothora|pneumohtora|penumothora|pleural line|pleural edge",
    "Cardiomegaly": r"cardio|cardiac|heart",
    "Fracture": r"fractur|broken|break|rib|clavicle",
    "Pleural Effusion": r"effusion|fluid|costophrenic",
    "Edema": r"edema|congesti",
}


@pytest.mark.parametrize("label", WORDS)
def test_a_label_is_stated_in_words(patients: list[MadePatient], label: str) -> None:
    """But for the odd typing error."""
    texts = [report.text for made in patients for report in made.reports if label in report.stated]
    missed = [text for text in texts if not re.search(WORDS[label], re.split(r"findings:", text, flags=re.I)[1], re.I)]
    assert len(missed) <= 0.03 * len(texts)


def test_body_has_25_to_90_words(patients: list[MadePatient]) -> None:
    words = [len(report.text[slice(*report.body)].split()) for made in patients for report in made.reports]
    assert 25 <= min(words) <= max(words) <= 90


def test_ages_under_90_are_no_identifier(patients: list[MadePatient]) -> None:
    ages = [
        int(span.surface) for made in patients for report in made.reports for span in report.spans if span.type == "AGE"
    ]
    assert ages
    assert min(ages) >= 90


def test_reports_of_a_patient_are_worded_differently(patients: list[MadePatient]) -> None:
    """The clinical part of a report hardly ever comes back word for word, and 8-grams seldom."""
    bodies = [report.text[slice(*report.body)] for made in patients for report in made.reports]
    assert len(set(bodies)) == len(bodies)
    grams = Counter(
        gram for body in bodies for gram in {" ".join(body.split()[at : at + 8]) for at in range(len(body.split()) - 7)}
    )
    assert sum(count == 1 for count in grams.values()) / len(grams) > 0.8


@pytest.mark.parametrize("wording", WORDINGS, ids=["standard", "held out"])
def test_wording_covers_every_label(wording: wording_standard.Wording) -> None:
    assert set(wording.findings) == set(CHEXPERT14.labels) - {"No Finding", "Support Devices"}


def test_hundreds_of_wordings_a_finding() -> None:
    counts = {label: words.stated.count for label, words in wording_standard.STANDARD.findings.items()}
    assert min(counts.values()) >= 130
    assert sum(counts.values()) >= 5000


def test_held_out_sets_share_no_template_and_no_sentence() -> None:
    standard, held_out = ({text for lines in chosen.lines for text in lines.templates} for chosen in SETS)
    assert len(standard) >= 60
    assert len(held_out) >= 40
    assert not standard & held_out - {"None"}
    first, second = (
        {text for words in wording.findings.values() for choice in words.stated.choices for text in choice}
        for wording in WORDINGS
    )
    assert not first & second


@pytest.mark.parametrize("templates", SETS, ids=["standard", "held out"])
def test_templates_use_known_fields_only(templates: templates_standard.Templates) -> None:
    assert {slot for lines in templates.lines for slot in lines.slots} <= set(FIELDS)


@pytest.mark.parametrize(
    ("pattern", "wordings"),
    [
        ("a [b|c] d", ("a b d", "a c d")),
        ("[a|b [c|d]]", ("a", "b c", "b d")),
        ("<x> y", ("1 y", "2 y")),
        ("[a |]b", ("a b", "b")),
    ],
)
def test_a_pattern_stands_for_its_wordings(pattern: str, wordings: tuple[str, ...]) -> None:
    assert set(expand(pattern, {"x": "1|2"})) == set(wordings)
