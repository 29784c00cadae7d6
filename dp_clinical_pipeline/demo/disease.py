"""What is wrong with a made-up patient: a latent profile, and which findings each of the reports states."""
# ruff: noqa: E501 -- one field a line

from collections.abc import Mapping
from dataclasses import dataclass

from dp_clinical_pipeline.demo.dice import Dice

NO_FINDING, DEVICES = "No Finding", "Support Devices"
_MOST_FINDINGS = 5
"""More would not fit the words of a report."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A kind of patient. Chronic findings are drawn once a patient and stay; acute ones once a report.

    `leads_to` gives, for a finding that is present, the chance that it brings another along.
    """

    name: str
    share: float
    reports: tuple[float, ...]
    """Shares of 1, 2, ... 8 reports."""
    chronic: Mapping[str, float]
    acute: Mapping[str, float]
    devices: Mapping[str, float]
    lines: Mapping[str, float]
    comorbidities: tuple[str, ...]


_FEW = (0.47, 0.25, 0.13, 0.07, 0.04, 0.02, 0.01, 0.01)
_MANY = (0.25, 0.25, 0.19, 0.13, 0.08, 0.05, 0.03, 0.02)

# The shares were set so that prevalence and co-occurrence lie near those of hospital chest films; no corpus was fitted.
PROFILES = (
    Profile(name="well", share=0.48, reports=_FEW, chronic={}, acute={"Lung Opacity": 0.05, "Atelectasis": 0.05, "Cardiomegaly": 0.025, "Fracture": 0.008, "Lung Lesion": 0.008, "Pneumonia": 0.015},
            devices={"port": 0.02, "pacemaker": 0.03, "valve": 0.01}, lines={}, comorbidities=("I10", "E78.5", "Z87.891")),
    Profile(name="heart failure", share=0.14, reports=_MANY, chronic={"Cardiomegaly": 0.88, "Enlarged Cardiomediastinum": 0.05}, acute={"Edema": 0.45, "Pleural Effusion": 0.25, "Atelectasis": 0.1, "Lung Opacity": 0.12},
            devices={"pacemaker": 0.22, "defibrillator": 0.16, "valve": 0.1}, lines={"line": 0.06}, comorbidities=("I50.9", "I48.91", "I25.10", "N18.6")),
    Profile(name="infection", share=0.13, reports=_FEW, chronic={}, acute={"Pneumonia": 0.48, "Lung Opacity": 0.42, "Consolidation": 0.15, "Pleural Effusion": 0.17, "Atelectasis": 0.15},
            devices={}, lines={"line": 0.08, "tube": 0.05}, comorbidities=("J44.9", "E11.9", "A41.9", "F17.210")),
    Profile(name="intensive care", share=0.11, reports=_MANY, chronic={"Cardiomegaly": 0.25, "Enlarged Cardiomediastinum": 0.12}, acute={"Pleural Effusion": 0.5, "Atelectasis": 0.36, "Edema": 0.28, "Lung Opacity": 0.28, "Pneumothorax": 0.13, "Consolidation": 0.1, "Pneumonia": 0.08},
            devices={"pacemaker": 0.06, "valve": 0.06}, lines={"tube": 0.55, "line": 0.6, "drain": 0.12}, comorbidities=("J96.01", "N17.9", "A41.9", "I10")),
    Profile(name="cancer", share=0.06, reports=_MANY, chronic={"Lung Lesion": 0.65, "Enlarged Cardiomediastinum": 0.12}, acute={"Pleural Effusion": 0.35, "Atelectasis": 0.2, "Lung Opacity": 0.25, "Pneumonia": 0.07},
            devices={"port": 0.45}, lines={}, comorbidities=("C34.90", "C79.9", "D64.9", "Z85.118")),
    Profile(name="injury", share=0.04, reports=_FEW, chronic={"Fracture": 0.62}, acute={"Pneumothorax": 0.28, "Pleural Effusion": 0.15, "Atelectasis": 0.2, "Lung Opacity": 0.12},
            devices={}, lines={"tube": 0.08}, comorbidities=("W19.XXXA", "M81.0")),
    Profile(name="scarring", share=0.04, reports=_MANY, chronic={"Pleural Other": 0.4, "Lung Opacity": 0.3, "Cardiomegaly": 0.1}, acute={"Atelectasis": 0.15, "Lung Lesion": 0.06, "Pneumonia": 0.06},
            devices={"pacemaker": 0.05}, lines={}, comorbidities=("J84.10", "J44.9", "Z77.090")),
)  # fmt: skip
_LEADS_TO = (
    ("Pneumonia", "Consolidation", 0.35),
    ("Pneumonia", "Lung Opacity", 0.4),
    ("Consolidation", "Pneumonia", 0.25),
    ("Edema", "Pleural Effusion", 0.5),
    ("Pleural Effusion", "Atelectasis", 0.45),
    ("Pneumothorax", "Atelectasis", 0.2),
)
_DRAIN_WITH_PNEUMOTHORAX = 0.55
_CHRONIC_STATED = 0.93
_ACUTE_LASTS = 0.4


@dataclass(frozen=True, kw_only=True)
class State:
    """What one report states: findings asserted, the devices seen, and which findings were in the last report too."""

    findings: tuple[str, ...]
    devices: tuple[str, ...]
    lasting: frozenset[str]

    @property
    def labels(self) -> tuple[str, ...]:
        """The CheXpert labels asserted. As in CheXpert, a device alone leaves `No Finding` standing."""
        known = self.findings or (NO_FINDING,)
        return (*known, DEVICES) if self.devices else known


def draw_profile(dice: Dice) -> Profile:
    return PROFILES[dice.weighted([profile.share for profile in PROFILES])]


def draw_course(dice: Dice, profile: Profile) -> list[State]:
    """Draw a patient's 1 to 8 states in time order: chronic findings persist, acute ones come and often stay on."""
    chronic = [label for label, chance in profile.chronic.items() if dice.chance(chance)]
    devices = [kind for kind, chance in profile.devices.items() if dice.chance(chance)]
    course: list[State] = []
    before: tuple[str, ...] = ()
    for _ in range(dice.weighted(profile.reports) + 1):
        acute = {label for label in before if label not in chronic and dice.chance(_ACUTE_LASTS)}
        acute |= {label for label, chance in profile.acute.items() if dice.chance(chance)}
        for cause, effect, chance in _LEADS_TO:
            if cause in acute and dice.chance(chance):
                acute.add(effect)
        stated = [label for label in chronic if dice.chance(_CHRONIC_STATED)]
        stated += dice.shuffled(sorted(acute.difference(stated)))
        found = tuple(stated[:_MOST_FINDINGS])
        lines = [kind for kind, chance in profile.lines.items() if dice.chance(chance)]
        if "Pneumothorax" in found and "drain" not in lines and dice.chance(_DRAIN_WITH_PNEUMOTHORAX):
            lines.append("drain")
        course.append(State(findings=found, devices=tuple(devices + lines)[:3], lasting=frozenset(found) & set(before)))
        before = found
    return course
