"""The clinical part of a made-up report: sentences for what is asserted, denied, doubted and past.

A report's labels are what its text asserts. As in CheXpert's training labels read with "uncertain is not positive", a
doubted finding ("may represent atelectasis") gives no label, and neither do a denied one, one that has resolved, or one
that the indication asks about. `No Finding` needs a text that neither asserts nor doubts a finding; devices leave it be.
"""
# ruff: noqa: E501

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dp_clinical_pipeline.demo.dice import Dice
from dp_clinical_pipeline.demo.disease import DEVICES, NO_FINDING, State
from dp_clinical_pipeline.demo.grammar import FindingWords, Phrases, Wording

Status = Literal["present", "absent", "uncertain", "past", "asked"]

FEWEST_WORDS, MOST_WORDS = 25, 90
_ROOM = 33
"""Words kept for indication, comparison, technique and headings."""
_DOUBTED = ("Pneumonia", "Pneumonia", "Atelectasis", "Atelectasis", "Consolidation", "Edema", "Pleural Effusion", "Lung Lesion",
            "Pneumothorax")  # fmt: skip
_PAST = ("Pneumonia", "Pleural Effusion", "Pneumothorax", "Edema", "Atelectasis", "Consolidation", "Lung Opacity")
_DENIED = ("Pneumothorax", "Pneumothorax", "Pleural Effusion", "Pleural Effusion", "Consolidation", "Consolidation", "Edema",
           "Pneumonia", "Lung Opacity", "Fracture", "Lung Lesion", "Atelectasis", "Cardiomegaly")  # fmt: skip
_ASKED = (
    "Pneumonia",
    "Pneumonia",
    "Pneumothorax",
    "Pleural Effusion",
    "Edema",
    "Fracture",
    "Lung Lesion",
    "Atelectasis",
)
# A text that asserts one of a group does not deny another of it.
_AKIN = (
    frozenset({"Lung Opacity", "Consolidation", "Pneumonia"}),
    frozenset({"Cardiomegaly", "Enlarged Cardiomediastinum"}),
)
_SHORT = (("right lower lobe", "RLL"), ("left lower lobe", "LLL"), ("right upper lobe", "RUL"), ("left upper lobe", "LUL"),
          ("right middle lobe", "RML"), (" with ", " w/ "), ("consistent with", "c/w"), ("Status post", "s/p"),
          ("bilateral", "bilat"), ("without", "w/o"), ("approximately", "approx"))  # fmt: skip


_BOTH = re.compile(r"the bilateral ((?:\w+ )?(?:lobe|lung|zone))\b")


@dataclass(frozen=True, kw_only=True)
class Detail:
    """Where and how much: drawn once a patient and finding, so that reports of one patient resemble one another."""

    side: str
    lobe: str
    severity: str
    degree: str
    size: int
    rib: str


@dataclass(slots=True)
class Narrative:
    """One report's clinical sentences, and what they say of each label."""

    indication: str = ""
    symptom_code: str | None = None
    findings: list[str] = field(default_factory=list)
    impression: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    """Sentences of the findings whose label the impression states too."""
    mentions: list[tuple[str, Status]] = field(default_factory=list)


@dataclass(slots=True)
class Narrator:
    """Tells the states of one patient in one wording; details are remembered from report to report."""

    dice: Dice
    wording: Wording
    details: dict[str, Detail] = field(default_factory=dict)

    def tell(self, state: State, *, first: bool, terse: bool) -> Narrative:
        """Return the sentences of one report."""
        told = Narrative()
        dice = self.dice
        self._ask(told)
        doubt = self._doubt(state) if state.findings and dice.chance(0.3) else None
        busy = set(state.findings) | ({doubt} if doubt else set())
        self._assert(told, state, first)
        if doubt:
            sentence = self._with_noun(self.wording.doubted, doubt)
            told.mentions.append((doubt, "uncertain"))
            (told.impression if dice.chance(0.5) else told.findings).append(sentence)
        if not first and dice.chance(0.2):
            self._recall(told, busy)
        self._conclude(told, state)
        while told.spare and _count(told.findings) + _count(told.impression) > MOST_WORDS - _ROOM:
            told.findings.remove(told.spare.pop())
        self._fill(told, busy, target=dice.between(20, 62 if not terse else 36))
        told.findings = [self._finish(text, terse) for text in self.dice.shuffled(told.findings)]
        told.impression = [self._finish(text, terse) for text in told.impression]
        return told

    def _ask(self, told: Narrative) -> None:
        dice, symptoms = self.dice, tuple(self.wording.symptoms)
        symptom, asked = dice.pick(symptoms), dice.pick(_ASKED)
        text = self._draw(self.wording.indications)
        if "{sym}" in text:
            told.symptom_code = self.wording.symptoms[symptom]
        if "{noun}" in text:
            told.mentions.append((asked, "past" if text.startswith(("History", "Past")) else "asked"))
        noun = self._draw(self.wording.findings[asked].nouns)
        told.indication = text.format(sym=symptom, sym2=dice.pick(symptoms), n=dice.between(2, 12), noun=noun)

    def _assert(self, told: Narrative, state: State, first: bool) -> None:
        """State each finding and device at least once, in the findings or in the impression."""
        dice = self.dice
        listed = dice.shuffled(state.findings)[:3]
        many = len(state.findings) + len(state.devices)
        hurry = 1.0 if many > 5 else 0.7 if many > 3 else 0.0
        for label in state.findings:
            told.mentions.append((label, "present"))
            words = self.wording.findings[label]
            lasting = label in state.lasting
            if label not in listed or dice.chance(0.85):
                told.findings.append(self._state(label, words, first, lasting, brief=dice.chance(hurry)))
                told.spare += told.findings[-1:] if label in listed else []
            if label in listed:
                told.impression.append(self._state(label, words, first, lasting, brief=True))
        for kind in state.devices:
            told.mentions.append((DEVICES, "present"))
            told.findings.append(self._state(kind, self.wording.devices[kind], first, True, brief=dice.chance(hurry)))
        if state.devices and not hurry and dice.chance(0.25):
            kind = dice.pick(state.devices)
            told.impression.append(self._state(kind, self.wording.devices[kind], first, True, brief=True))

    def _doubt(self, state: State) -> str | None:
        label = self.dice.pick(_DOUBTED)
        return None if label in state.findings else label

    def _recall(self, told: Narrative, busy: set[str]) -> None:
        label = self.dice.pick(_PAST)
        if label not in busy:
            told.findings.append(self._with_noun(self.wording.past, label))
            told.mentions.append((label, "past"))
            busy.add(label)

    def _conclude(self, told: Narrative, state: State) -> None:
        if not state.findings:
            told.impression.insert(0, self._draw(self.wording.healthy))
            told.mentions.append((NO_FINDING, "present"))
        elif not told.impression or self.dice.chance(0.2):
            told.impression.append(self._draw(self.wording.unchanged))

    def _fill(self, told: Narrative, busy: set[str], target: int) -> None:
        """Add denials and normal statements up to a number of words; long reports get none."""
        dice, words = self.dice, _count(told.findings) + _count(told.impression)
        normal = [phrases for phrases, denies in self.wording.normal if not denies & _kin(busy)]
        normal = dice.shuffled(normal)
        denials = 1 + (dice.chance(0.35))
        while words < max(target, 16) and words + 8 <= MOST_WORDS - _ROOM:
            if denials and (dice.chance(0.5) or not normal):
                text, denials = self._deny(told, busy), denials - 1
            elif normal and dice.chance(0.8):
                text = self._draw(normal.pop())
            else:
                text = self._draw(self.wording.neutral)
            if text and text not in told.findings:
                told.findings.append(text)
                words += len(text.split())

    def _deny(self, told: Narrative, busy: set[str]) -> str:
        dice, kin = self.dice, _kin(busy)
        labels = list(dict.fromkeys(dice.pick(_DENIED) for _ in range(dice.between(1, 3))))
        labels = [label for label in labels if label not in kin and (label, "absent") not in told.mentions]
        if not labels:
            return ""
        told.mentions += [(label, "absent") for label in labels]
        nouns = [self._draw(self.wording.findings[label].nouns) for label in labels]
        listed = nouns[0] if len(nouns) == 1 else f"{', '.join(nouns[:-1])}{dice.pick((' or', ', or'))} {nouns[-1]}"
        return self._draw(self.wording.denied).format(list=listed, List=_capital(listed))

    def _with_noun(self, phrases: Phrases, label: str) -> str:
        noun = self._draw(self.wording.findings[label].nouns)
        return self._draw(phrases).format(
            noun=noun, Noun=_capital(noun), side=self._detail(label).side.replace("bilateral", "left")
        )

    def _state(self, key: str, words: FindingWords, first: bool, lasting: bool, *, brief: bool) -> str:
        detail = self._detail(key)
        both = detail.side == "bilateral" and words.both is not None
        phrases = words.brief if brief else (words.both if both and words.both else words.stated)
        text = self._draw(phrases).format_map(
            self._slots(detail, first, lasting and (key in self.wording.devices or self.dice.chance(0.75)), both)
        )
        return _BOTH.sub(r"both \1s", text).replace("on the bilateral", "on both sides") if both else text

    def _slots(self, detail: Detail, first: bool, same: bool, both: bool) -> Mapping[str, object]:
        dice = self.dice
        kind = "same" if same else "first" if first else "other"
        side = detail.side if both or detail.side != "bilateral" else "left"
        return {
            "side": side, "Side": _capital(side), "lobe": detail.lobe, "sev": detail.severity, "Sev": _capital(detail.severity),
            "adv": detail.degree, "Adv": _capital(detail.degree), "mm": detail.size, "cm": f"{2 + detail.size % 5}.{detail.size % 10}",
            "rib": detail.rib, "chg": dice.pick(self.wording.changes[kind]),
        }  # fmt: skip

    def _detail(self, key: str) -> Detail:
        if key not in self.details:
            dice, words = self.dice, self.wording.findings.get(key)
            two = words is not None and words.both is not None
            side = dice.pick(("right", "left", "bilateral") if two else ("right", "left"))
            self.details[key] = Detail(
                side=side, lobe=dice.pick(("upper", "lower", "lower", "middle" if side == "right" else "upper")),
                severity=dice.pick(self.wording.severities.get(key, self.wording.severities[""])),
                degree=dice.pick(("mildly", "moderately", "markedly", "slightly", "severely", "minimally")), size=dice.between(4, 29),
                rib=dice.pick(("fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "5th", "6th", "7th", "8th")),
            )  # fmt: skip
        return self.details[key]

    def _draw(self, phrases: Phrases) -> str:
        return self.dice.pick(self.dice.pick(phrases.choices))

    def _finish(self, text: str, terse: bool) -> str:
        """Capitalise and close a sentence; dictate it tersely or mistype it now and then."""
        if terse:
            for long, short in _SHORT:
                if long in text:
                    text = text.replace(long, short)
        if self.dice.chance(0.03):
            text = _mistype(text, self.dice)
        return f"{_capital(text)}."


def _kin(labels: set[str]) -> set[str]:
    """Return the labels with those that a text would contradict itself in denying."""
    return labels.union(*(group for group in _AKIN if group & labels))


def _count(sentences: list[str]) -> int:
    return sum(len(text.split()) for text in sentences)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _mistype(text: str, dice: Dice) -> str:
    """Swap two letters inside a long word. Negations are short or left alone, so that no label changes."""
    words = text.split(" ")
    place = int(dice.unit() * len(words))
    word = words[place]
    if (
        len(word) >= 7
        and word.isalpha()
        and word.lower() not in {"without", "negative", "resolved", "possible", "suspected"}
    ):
        at = 2 + int(dice.unit() * (len(word) - 4))
        words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
