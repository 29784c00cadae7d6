"""Records of made-up sentences, and of the made-up hospital's reports against their gold."""

import pytest

from dp_clinical_pipeline.coding.records import Device, Finding, Measurement, Record, extract_record
from dp_clinical_pipeline.labelsets import CHEXPERT14, LabelSet


def findings(text: str) -> list[tuple[str, str, str | None, str | None, str | None]]:
    return [(f.name, f.status, f.location, f.laterality, f.severity) for f in extract_record(text, CHEXPERT14).findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Small left pleural effusion.", [("Pleural Effusion", "present", None, "left", "mild")]),
        ("The effusion on the left is large.", [("Pleural Effusion", "present", None, "left", "severe")]),
        (
            "Small left effusion and moderate right basilar atelectasis.",
            [
                ("Pleural Effusion", "present", None, "left", "mild"),
                ("Atelectasis", "present", "base", "right", "moderate"),
            ],
        ),
        (
            "Mass in the right upper lobe, small left effusion.",
            [("Lung Lesion", "present", "upper lobe", "right", None), ("Pleural Effusion", "present", None, "left", "mild")],
        ),
        (
            "Bilateral lower lobe consolidation consistent with pneumonia.",
            [("Consolidation", "present", "lower lobe", "bilateral", None), ("Pneumonia", "present", None, None, None)],
        ),
        (
            "Mild left basilar consolidation and/or atelectasis.",
            [("Consolidation", "present", "base", "left", "mild"), ("Atelectasis", "present", "base", "left", "mild")],
        ),
        (
            "Left effusion or severe pneumonia.",
            [("Pleural Effusion", "present", None, "left", None), ("Pneumonia", "present", None, None, "severe")],
        ),
        ("The heart is moderately enlarged.", [("Cardiomegaly", "present", None, None, "moderate")]),
        ("No left pneumothorax.", [("Pneumothorax", "negated", None, "left", None)]),
        ("Possible RLL pneumonia.", [("Pneumonia", "uncertain", "lower lobe", "right", None)]),
        ("History of right rib fracture.", [("Fracture", "historical", "rib", "right", None)]),
        ("Biapical pleural thickening.", [("Pleural Other", "present", "apex", "bilateral", None)]),
        (
            "Left effusion but the right lung has collapsed.",
            [("Pleural Effusion", "present", None, "left", None), ("Atelectasis", "present", None, "right", None)],
        ),
    ],
)  # fmt: skip
def test_a_finding_keeps_its_own_attributes(text: str, expected: list[tuple[str, ...]]) -> None:
    assert findings(text) == expected


def test_devices_measurements_and_sections() -> None:
    record = extract_record(
        "FINDINGS: Right PICC in the SVC. The ET tube has been removed.\nIMPRESSION: Nodule of 1.2 x 0.8 cm.",
        CHEXPERT14,
    )
    assert record.devices == (
        Device(kind="central venous catheter", status="present", laterality="right", section="findings"),
        Device(kind="endotracheal tube", status="negated", section="findings"),
    )
    assert record.measurements == (Measurement(millimetres=12.0, finding="Lung Lesion", section="impression"),)
    assert record.findings[-1] == Finding(name="Lung Lesion", status="present", section="impression")


@pytest.mark.parametrize("text", ["", "\n\n", "XXXX", "no"])
def test_a_note_without_findings_gives_an_empty_record(text: str) -> None:
    assert extract_record(text, CHEXPERT14) == Record()


def test_a_set_without_rules_gives_devices_alone() -> None:
    other = LabelSet(name="mine", labels=("Pneumonia",), reads="findings")
    record = extract_record("Pneumonia. Right chest tube.", other)
    assert record.findings == ()
    assert record.devices == (Device(kind="chest tube", status="present", laterality="right"),)


def test_statuses_agree_with_the_made_up_hospitals_gold() -> None:
    from dp_clinical_pipeline.demo.reports import make_patient

    ours = {"present": "present", "absent": "negated", "uncertain": "uncertain"}
    right = total = 0
    for index in range(60):
        for report in make_patient(11, index).reports:
            found: dict[str, set[str]] = {}
            for finding in extract_record(report.text, CHEXPERT14).findings:
                found.setdefault(finding.name, set()).add(finding.status)
            gold: dict[str, set[str]] = {}
            for label, status in report.mentions:
                gold.setdefault(label, set()).add(status)
            for label, statuses in gold.items():
                (status,) = statuses if len(statuses) == 1 else ("",)
                if status in ours and label != CHEXPERT14.normal:
                    total += 1
                    right += ours[status] in found.get(label, set())
    assert total > 300
    assert right / total > 0.95
