"""ICD-10-CM codes that follow from what a made-up report states."""

from dp_clinical_pipeline.demo.dice import Dice

# More than one code: they differ in site or cause, and each is used.
_FINDING_CODES = {
    "Enlarged Cardiomediastinum": ("R93.89", "J98.59"),
    "Cardiomegaly": ("I51.7",),
    "Lung Lesion": ("R91.1",),
    "Lung Opacity": ("R91.8",),
    "Edema": ("J81.0", "J81.1"),
    "Consolidation": ("J18.1", "R91.8"),
    "Pneumonia": ("J18.9", "J18.9", "J15.9"),
    "Atelectasis": ("J98.11",),
    "Pneumothorax": ("J93.9", "J93.11"),
    "Pleural Effusion": ("J90",),
    "Pleural Other": ("J92.9", "J94.8"),
    "Fracture": ("S22.31XA", "S22.32XA", "S22.49XA", "S22.39XD"),
}
_DEVICE_CODES = {
    "pacemaker": "Z95.0",
    "defibrillator": "Z95.810",
    "valve": "Z95.2",
    "port": "Z95.828",
    "line": "Z45.2",
    "tube": "Z99.11",
    "drain": "Z96.89",
}
_CHECK_UP = "Z00.00"


def draw_codes(
    dice: Dice,
    findings: tuple[str, ...],
    devices: tuple[str, ...],
    symptom: str | None,
    comorbidities: tuple[str, ...],
) -> list[str]:
    """Return a report's codes in order, never empty: findings, devices, the symptom, sometimes what else the patient has."""
    codes = [dice.pick(_FINDING_CODES[label]) for label in findings]
    codes += [_DEVICE_CODES[kind] for kind in devices]
    if symptom and (not findings or dice.chance(0.3)):
        codes.append(symptom)
    codes += [code for code in comorbidities if dice.chance(0.25)]
    return list(dict.fromkeys(codes)) or [_CHECK_UP]
