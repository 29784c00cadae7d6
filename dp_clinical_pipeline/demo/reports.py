"""Whole made-up reports of one patient: header, sections, notes and signature, with gold spans and labels."""
# ruff: noqa: E501

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dp_clinical_pipeline.demo.codes import draw_codes
from dp_clinical_pipeline.demo.dice import Dice
from dp_clinical_pipeline.demo.disease import State, draw_course, draw_profile
from dp_clinical_pipeline.demo.draft import Draft, Span
from dp_clinical_pipeline.demo.fields import Visit
from dp_clinical_pipeline.demo.grammar import Wording
from dp_clinical_pipeline.demo.narrative import MOST_WORDS, Narrative, Narrator, Status
from dp_clinical_pipeline.demo.patients import Patient, Person, draw_patient, draw_person
from dp_clinical_pipeline.demo.templates import Templates
from dp_clinical_pipeline.labelsets import CHEXPERT14

_UNLABELLED = 0.03
_PLAIN_FILM, _CT = "chest x-ray", "chest ct"
_EXAMS = {
    _PLAIN_FILM: (
        "Chest PA and lateral",
        "Chest x-ray 2 views",
        "Portable chest",
        "XR chest 1 view",
        "Chest radiograph",
        "CXR",
    ),
    _CT: ("CT chest without contrast", "CT chest with contrast", "CT thorax", "Chest CT"),
}
_PATIENTS, _BROKEN = 0, 1
"""First part of a stream's key, so that the two kinds never share one."""


@dataclass(frozen=True, kw_only=True)
class MadeReport:
    """A made-up report with its gold. `labels` is None where nobody labelled it; `stated` is what its text asserts."""

    report_id: str
    patient_id: str
    authored_on: date
    modality: str
    text: str
    labels: list[str] | None
    codes: list[str]
    stated: tuple[str, ...]
    mentions: tuple[tuple[str, Status], ...]
    spans: tuple[Span, ...]
    body: tuple[int, int]
    """Code-point offsets of the part from the indication to the impression."""


@dataclass(frozen=True, kw_only=True)
class MadePatient:
    """A made-up patient with all reports in time order."""

    patient: Patient
    reports: tuple[MadeReport, ...]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How one report is dictated."""

    capitals: bool
    terse: bool
    headings: tuple[str, str, str, str, str]
    gap: str
    """Between a heading and its text."""
    numbered: bool


def make_patient(seed: int, index: int, *, held_out_templates: bool = False) -> MadePatient:
    """Make one patient, from the seed and the index alone. `held_out_templates` uses the second set of wordings."""
    dice = Dice(seed, _PATIENTS, index)
    patient = draw_patient(dice, index, patient_id(index))
    profile = draw_profile(dice)
    course = draw_course(dice, profile)
    templates, wording = template_set(held_out_templates)
    narrator = Narrator(dice, wording)
    staff = [draw_person(dice) for _ in range(4)]
    reports: list[MadeReport] = []
    for number, state in enumerate(course):
        prior = reports[-1].authored_on if reports else None
        exam = prior + timedelta(days=_gap(dice)) if prior else patient.first_exam
        modality = _CT if dice.chance(0.06) else _PLAIN_FILM
        visit = Visit(
            dice=dice, patient=patient, exam=exam, prior=prior, exam_name=dice.pick(_EXAMS[modality]),
            radiologist=dice.pick(staff[:2]), referrer=staff[2], nurse=staff[3], formats=templates.formats,
        )  # fmt: skip
        reports.append(_report(visit, templates, narrator, state, modality, number, profile.comorbidities))
    return MadePatient(patient=patient, reports=tuple(reports))


def patient_id(index: int) -> str:
    """Return the id under which a patient's rows are written."""
    return f"hosp-{index:06d}"


def make_patients(patients: int, seed: int, *, held_out_templates: bool = False) -> Iterator[MadePatient]:
    """Make patients one after the other; memory does not grow with their number."""
    for index in range(patients):
        yield make_patient(seed, index, held_out_templates=held_out_templates)


def make_broken_visit(seed: int, number: int, *, held_out_templates: bool = False) -> Visit:
    """Make somebody for a row that breaks a parser: a persona of its own, shared with no patient."""
    dice = Dice(seed, _BROKEN, number)
    patient = draw_patient(dice, number, f"hosp-broken-{number:03d}")
    people: list[Person] = [draw_person(dice) for _ in range(3)]
    templates, _ = template_set(held_out_templates)
    return Visit(dice=dice, patient=patient, exam=patient.first_exam, prior=None, exam_name="Chest radiograph", radiologist=people[0],
                 referrer=people[1], nurse=people[2], formats=templates.formats)  # fmt: skip


def template_set(held_out: bool) -> tuple[Templates, Wording]:
    """Return the usual or the held-out identifier templates and wording."""
    from dp_clinical_pipeline.demo import templates_held_out, templates_standard, wording_held_out, wording_standard

    if held_out:
        return templates_held_out.HELD_OUT, wording_held_out.HELD_OUT
    return templates_standard.STANDARD, wording_standard.STANDARD


def _gap(dice: Dice) -> int:
    """Days to the next examination: the next days of a stay, or months."""
    return dice.between(1, 4) if dice.chance(0.4) else dice.between(5, 420)


def _style(dice: Dice) -> Style:
    upper = dice.chance(0.6)
    indication = dice.pick(("Indication", "Indication", "History", "Clinical history"))
    words = (indication, "Comparison", "Technique", "Findings", "Impression")
    return Style(
        capitals=dice.chance(0.05),
        terse=dice.chance(0.25),
        headings=tuple(word.upper() if upper else word for word in words),  # type: ignore[arg-type]
        gap=dice.pick((" ", " ", "\n", "  ")),
        numbered=dice.chance(0.4),
    )


def _report(
    visit: Visit,
    templates: Templates,
    narrator: Narrator,
    state: State,
    modality: str,
    number: int,
    comorbidities: tuple[str, ...],
) -> MadeReport:
    dice, style = visit.dice, _style(visit.dice)
    told = narrator.tell(state, first=number == 0, terse=style.terse)
    draft = Draft(visit, style.capitals)
    draft.fill(templates.long_headers if dice.chance(0.15) else templates.headers)
    start = draft.length
    _write_body(draft, templates, narrator.wording, told, style, first=number == 0)
    end = draft.length
    _write_tail(draft, templates)
    stated = tuple(label for label in CHEXPERT14.labels if label in state.labels)
    return MadeReport(
        report_id=f"{visit.patient.patient_id}-{number + 1:02d}",
        patient_id=visit.patient.patient_id,
        authored_on=visit.exam,
        modality=modality,
        text=draft.text,
        labels=None if dice.chance(_UNLABELLED) else list(stated),
        codes=draw_codes(dice, state.findings, state.devices, told.symptom_code, comorbidities),
        stated=stated,
        mentions=tuple(told.mentions),
        spans=tuple(draft.spans),
        body=(start, end),
    )


def _write_body(
    draft: Draft, templates: Templates, wording: Wording, told: Narrative, style: Style, *, first: bool
) -> None:
    dice = draft.visit.dice
    indication, comparison, technique, findings, impression = style.headings
    draft.write(f"{indication}:{style.gap}")
    text = told.indication
    # "72-year-old man with" reads well before a symptom, not before "Rule out".
    subject = text[0].islower() and dice.chance(0.65)
    if subject:
        draft.fill(templates.subjects)
    draft.write(f" {text}." if subject else f"{text[0].upper()}{text[1:]}.")
    draft.write(f"\n{comparison}:{style.gap}")
    draft.fill(templates.first_comparisons if first or dice.chance(0.1) else templates.comparisons)
    draft.write(".\n")
    said, concluded = told.findings, told.impression
    film = draft.visit.exam_name in _EXAMS[_PLAIN_FILM]
    if film and sum(len(sentence.split()) for sentence in (*said, *concluded)) < MOST_WORDS - 42 and dice.chance(0.25):
        draft.write(f"{technique}:{style.gap}{dice.pick(dice.pick(wording.techniques.choices))}.\n")
    draft.write(f"{findings}:{style.gap}{' '.join(said)}\n{impression}:{style.gap}")
    if style.numbered and len(concluded) > 1:
        draft.write("\n".join(f"{place}. {sentence}" for place, sentence in enumerate(concluded, 1)))
    else:
        draft.write(" ".join(concluded))


def _write_tail(draft: Draft, templates: Templates) -> None:
    dice = draft.visit.dice
    for lines, chance in ((templates.notices, 0.35), (templates.extras, 0.4), (templates.extras, 0.1)):
        if dice.chance(chance):
            draft.write("\n")
            draft.fill(lines)
    if dice.chance(0.8):
        draft.write(dice.pick(("\n\n", "\n")))
        draft.fill(templates.signatures)
