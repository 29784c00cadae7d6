"""Made-up notes for made-up records, from public sentences: what a generator may practise on before it costs privacy."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.coding.rulepacks import rule_pack
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import LabelSet
from dp_clinical_pipeline.synthesis.prompts import prompt_of

# Shares of records with 0, 1, 2 and 3 labels. They are made up as well: nothing here is counted in a corpus.
_SIZES = (0.2, 0.4, 0.25, 0.15)
_NORMAL_SHARE = 0.85
"""Of the records without findings, where the list has a label for them; the others name what the list does not."""
_HEADED_SHARE = 0.5
_OTHER_SHARE = 0.125
"""Of the records with findings, those whose note also names something that the list has no label for."""
_LONGEST = 6
_TRIES = 20
_NO_LABEL, _ONLY_DENIED = "no label", "only denied"


@dataclass(frozen=True)
class Pair:
    """A record, the prompt that asks for it, and a note that states it."""

    targets: tuple[str, ...]
    prompt: str
    note: str


def primer_pairs(labels: LabelSet, n: int, seed: int) -> list[Pair]:
    """Return `n` different notes with their records; the same arguments give the same ones.

    The rules labeler reads every note as exactly its record. It is not asked for the labels that it has no rule for.

    Guarantee: a function of its arguments and of text that ships with the package. Nothing private is read.

    Raises:
        UserError: nobody wrote sentences for this label set.
    """
    bank, rng = _bank(labels), np.random.default_rng(seed)
    pairs: dict[str, Pair] = {}
    while len(pairs) < n:
        targets = made_up_record(labels, rng)
        note = bank.note(targets, labels, rng)
        if note and note not in pairs:
            pairs[note] = Pair(tuple(targets), prompt_of(note, targets, labels), note)
    return list(pairs.values())


def made_up_record(labels: LabelSet, rng: np.random.Generator) -> list[str]:
    """Draw a record in which every finding of the list is as likely; a function of its arguments."""
    size = int(rng.choice(len(_SIZES), p=_SIZES))
    if size == 0:
        return [labels.normal] if labels.normal and rng.random() < _NORMAL_SHARE else []
    findings = [name for name in labels.labels if name != labels.normal]
    chosen = set(rng.permutation(findings)[:size].tolist())
    return [name for name in findings if name in chosen]


@dataclass(frozen=True, kw_only=True)
class _Finding:
    states: Sequence[str]
    denies: Sequence[str]
    unless: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Bank:
    """The sentences of one label set, by finding, and which findings each label has."""

    slots: dict[str, list[str]]
    findings: dict[str, _Finding]
    of_label: dict[str, list[str]]
    headed: bool

    def note(self, targets: Sequence[str], labels: LabelSet, rng: np.random.Generator) -> str | None:
        """Return a note that states these labels and no other, None where the rules read each try otherwise."""
        pack = rule_pack(labels)
        known = [labels.normal, *(rule.label for rule in pack.all_rules)] if pack else []
        wanted = [name for name in targets if name in known]
        for _ in range(_TRIES):
            text = self._write(targets, labels.normal, rng)
            if stated_labels(text, labels) in (None, wanted):
                return text
        return None

    def _write(self, targets: Sequence[str], normal: str | None, rng: np.random.Generator) -> str:
        asked = [name for name in targets if name != normal]
        others = [str(key) for key in rng.permutation(self.of_label.get(_NO_LABEL, []))]
        keys = [_pick(self.of_label[name], rng) for name in asked]
        if normal and not targets:
            # A denial alone would say that all is normal: what is neither names what the list has no label for.
            stated, denied = self._sentences(others[:2], rng), []
        else:
            keys += others[:1] if asked and rng.random() < _OTHER_SHARE else []
            stated = self._sentences(keys, rng)
            room = int(rng.integers(max(2, len(stated)), min(_LONGEST, len(stated) + 4) + 1)) - len(stated)
            said = {key for name in asked for key in self.of_label[name]} | set(keys)
            denied = self._denials(said, rng)[:room]
        return self._laid_out(stated, denied, rng)

    def _laid_out(self, stated: list[str], denied: list[str], rng: np.random.Generator) -> str:
        sentences = [str(sentence) for sentence in rng.permutation(stated + denied)]
        if not self.headed or len(sentences) < 2 or rng.random() >= _HEADED_SHARE:
            return " ".join(sentences)
        last = _pick(stated or denied, rng)
        sentences.remove(last)
        return f"FINDINGS: {' '.join(sentences)} IMPRESSION: {last}"

    def _sentences(self, keys: Sequence[str], rng: np.random.Generator) -> list[str]:
        return [self._fill(_pick(self.findings[key].states, rng), rng) for key in keys]

    def _denials(self, said: set[str], rng: np.random.Generator) -> list[str]:
        """Return a denial of each finding that may be denied beside what is said, in random order."""
        free = [key for key, f in self.findings.items() if f.denies and key not in said and not f.unless & said]
        return [self._fill(_pick(self.findings[str(key)].denies, rng), rng) for key in rng.permutation(free)]

    def _fill(self, sentence: str, rng: np.random.Generator) -> str:
        filled = re.sub(r"\{(\w+)\}", lambda slot: _pick(self.slots[slot[1]], rng), sentence)
        return filled[0].upper() + filled[1:]


def _pick(among: Sequence[str], rng: np.random.Generator) -> str:
    return among[int(rng.integers(len(among)))]


def has_primer(labels: LabelSet) -> bool:
    """Say whether somebody wrote sentences for a label set."""
    return labels.name in yaml.safe_load(_sentences_of(labels))["label_sets"]


def primer_sha256(labels: LabelSet) -> str:
    """Return the SHA-256 of the sentences that a label set's notes are made of."""
    return hashlib.sha256(_sentences_of(labels).encode()).hexdigest()


def _sentences_of(labels: LabelSet) -> str:
    """Return the file of a label set: that of chests for lists of findings, that of chapters for lists of codes."""
    name = "chest.yaml" if labels.reads == "findings" else "chapters.yaml"
    return (files("dp_clinical_pipeline.synthesis") / "primers" / name).read_text()


@cache
def _bank(labels: LabelSet) -> _Bank:
    data: dict[str, Any] = yaml.safe_load(_sentences_of(labels))
    if labels.name not in data["label_sets"]:
        raise UserError(f"there are no primer sentences for {labels.name}: set training.primer_steps to 0")
    of_label: dict[str, list[str]] = data["label_sets"][labels.name]
    missing = set(labels.labels) - {labels.normal} - set(of_label)
    if missing or set(of_label) - set(labels.labels) - {_NO_LABEL, _ONLY_DENIED}:
        raise ValueError(f"primers: the sentences' labels are not those of {labels.name}")
    findings = {key: _finding(data["findings"][key]) for keys in of_label.values() for key in keys}
    return _Bank(slots=data["slots"], findings=findings, of_label=of_label, headed=labels.reads == "findings")


def _finding(given: dict[str, Any]) -> _Finding:
    return _Finding(
        states=given.get("states", "").splitlines(),
        denies=given.get("denies", "").splitlines(),
        unless=frozenset(given.get("unless", [])),
    )
