"""What a note states, by label set."""

import pytest

from dp_clinical_pipeline.coding.labelers import stated_labels, stating_parts
from dp_clinical_pipeline.coding.rulepacks import read_pack, rule_pack
from dp_clinical_pipeline.labelsets import (
    CHEXPERT14,
    CMC45,
    CT_RATE18,
    ICD9_CHAPTERS,
    ICD10_CHAPTERS,
    LABEL_SETS,
    NIH14,
    LabelSet,
)


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Small left pleural effusion.", ["Pleural Effusion"]),
        ("No effusion but atelectasis.", ["Atelectasis"]),
        ("No change in the effusion.", ["Pleural Effusion"]),
        ("No focal consolidation, pneumothorax, or pleural effusion.", ["No Finding"]),
        ("Heart size is normal. Lungs are clear.", ["No Finding"]),
        ("Right PICC in the SVC. Lungs are clear.", ["No Finding", "Support Devices"]),
        ("Opacity at the base, possibly pneumonia.", ["Lung Opacity"]),
        ("Possible pneumonia. Heart normal.", []),
        ("The heart is mildly enlarged.", ["Cardiomegaly"]),
        ("The heart is not enlarged.", ["No Finding"]),
        ("Widened mediastinum. Displaced rib fracture.", ["Enlarged Cardiomediastinum", "Fracture"]),
        ("Partial collapse of the left lower lobe.", ["Atelectasis"]),
        ("Biapical pleural thickening and pulmonary edema.", ["Edema", "Pleural Other"]),
        ("INDICATION: Pneumonia? Effusion.\nFINDINGS: Clear lungs.", ["No Finding"]),
        ("8 mm nodule in the right upper lobe, no pneumothorax.", ["Lung Lesion"]),
        ("Resolved effusion. Lungs clear.", ["No Finding"]),
        ("", []),
        ("XXXX", []),
        ("The weather was fine.", []),
    ],
)
def test_chexpert14(note: str, expected: list[str]) -> None:
    assert stated_labels(note, CHEXPERT14) == expected


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Lungs are clear. No effusion.", ["normal"]),
        ("Lungs are clear. Calcified granuloma.", []),
        ("Lungs are clear. Mild scoliosis.", []),
        ("Degenerative changes of the spine, no acute disease.", []),
        ("Borderline cardiomegaly.", ["Cardiomegaly"]),
        ("Bilateral effusions and subcutaneous emphysema.", ["Effusion"]),
        ("Cystic fibrosis with bronchiectasis.", []),
        ("Apical pleural thickening, emphysema.", ["Emphysema", "Pleural_Thickening"]),
        ("Opacity most suggestive of atelectasis.", []),
    ],
)
def test_nih14(note: str, expected: list[str]) -> None:
    assert stated_labels(note, NIH14) == expected


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Pericardial effusion-thickening was not observed.", []),
        ("An effusion was observed in the pericardial space.", ["Pericardial effusion"]),
        (
            "Calcified plaques are observed in the aortic arch and the coronary arteries.",
            ["Arterial wall calcification", "Coronary artery wall calcification"],
        ),
        ("Calcific plaques in the abdominal aorta.", []),
        ("A hypodense nodule was observed in the thyroid gland.", []),
        ("A 4 mm nodule was observed in the right lung.", ["Lung nodule"]),
        ("No nodular or infiltrative lesion is detected in the lung.", []),
        ("Ground-glass areas and consolidations are present.", ["Lung opacity", "Consolidation"]),
        ("Pleuroparenchymal sequelae density increases at the apex.", ["Pulmonary fibrotic sequela"]),
        ("Sliding type hiatal hernia. A port catheter is observed.", ["Medical material", "Hiatal hernia"]),
        ("Osteophytes at the end plates of the vertebrae.", []),
    ],
)
def test_ct_rate18(note: str, expected: list[str]) -> None:
    assert stated_labels(note, CT_RATE18) == expected


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Cough. No focal pneumonia.", ["Symptoms and ill-defined conditions"]),
        ("Cough and fever. Right lower lobe pneumonia.", ["Respiratory diseases"]),
        ("Cough. Evaluate for pneumonia. Clear lungs.", ["Symptoms and ill-defined conditions"]),
        ("Urinary tract infection. Normal ultrasound.", ["Genitourinary diseases"]),
        ("History of urinary tract infection.", ["Health status and contact with services"]),
        ("History of reflux. Normal kidneys.", ["Genitourinary diseases"]),
    ],
)
def test_icd9_chapters(note: str, expected: list[str]) -> None:
    assert stated_labels(note, ICD9_CHAPTERS) == expected


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Cough. No focal pneumonia.", ["786.2"]),
        ("Cough and fever. Right lower lobe pneumonia.", ["486"]),
        ("Cough, wheezing, asthma.", ["493.90"]),
        ("Fever. Evaluate for pneumonia. Clear lungs.", ["780.6"]),
        ("Urinary tract infection with fever. Normal ultrasound.", ["599.0"]),
        ("Prior urinary tract infections. Normal kidneys.", ["V13.02"]),
        ("History of grade 2 vesicoureteral reflux. Normal kidneys.", ["593.70"]),
        ("Family history of vesicoureteral reflux.", []),
        ("Mild left hydronephrosis without hydroureter.", ["591"]),
        ("Bilateral pyelectasis. No hydronephrosis.", ["593.89"]),
        ("Neurogenic bladder. Enuresis.", ["596.54", "788.30"]),
        ("Horseshoe kidney. Positive PPD.", ["753.3", "795.5"]),
        ("None given. Normal chest.", []),
    ],
)
def test_cmc45(note: str, expected: list[str]) -> None:
    assert [label.split(" ", 1)[0] for label in stated_labels(note, CMC45) or []] == expected


def test_icd10_chapters() -> None:
    note = "Man with a history of arterial hypertension and type 2 diabetes. Cough, no fever. Lobar pneumonia."
    assert stated_labels(note, ICD10_CHAPTERS) == [
        "Endocrine, nutritional and metabolic diseases",
        "Circulatory diseases",
        "Respiratory diseases",
        "Symptoms and abnormal findings",
    ]


def test_a_set_without_rules_gives_none() -> None:
    assert stated_labels("Pneumonia.", LabelSet(name="mine", labels=("Pneumonia",), reads="findings")) is None


@pytest.mark.parametrize("name", [name for name, labels in LABEL_SETS.items() if rule_pack(labels)])
def test_a_pack_has_a_rule_for_every_label_that_is_not_normality(name: str) -> None:
    labels, pack = LABEL_SETS[name], rule_pack(LABEL_SETS[name])
    assert pack is not None
    covered = {rule.label for rule in pack.all_rules} | {labels.normal}
    assert labels.reads == "codes" or covered >= set(labels.labels)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("labels:\n  Pneumonitis:\n    finds: x", "are not labels of nih14"),
        ("labels:\n  Mass:\n    finds: mass\n    counts: [maybe]", "a status is one of"),
    ],
)
def test_a_wrong_rule_file_is_refused(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        read_pack(text, NIH14)


def test_case_and_odd_letters_change_nothing() -> None:
    assert stated_labels("İ NO EFFUSION BUT PNEUMOTHORAX", CHEXPERT14) == ["Pneumothorax"]


def test_the_parts_that_state_a_record_are_its_sentences_up_to_what_they_name():
    note = "The heart is normal. There is a small effusion with atelectasis at the base. No pneumothorax."
    parts = stating_parts(note, ["Effusion", "Pneumothorax"], NIH14)
    assert [note[start:end] for start, end in parts] == ["There is a small effusion"]
    both = stating_parts(note, ["Effusion", "Atelectasis"], NIH14)
    assert [note[start:end] for start, end in both] == ["There is a small effusion with atelectasis"]
    assert stating_parts(note, ["normal"], NIH14) == []
    assert stating_parts("Some diabetes.", ["E00-E90"], ICD10_CHAPTERS) == []
