"""The primer's made-up notes: each states its record and nothing else, for every label set, without an identifier."""

import itertools
import re

import pytest

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.coding.rulepacks import rule_pack
from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14, ICD9_CHAPTERS, ICD10_CHAPTERS, LABEL_SETS, NIH14, LabelSet
from dp_clinical_pipeline.synthesis import primer
from dp_clinical_pipeline.synthesis.primer import primer_pairs
from dp_clinical_pipeline.synthesis.prompts import prompt_of

WITHOUT_SENTENCES = ("cmc45", "icd10-categories")
SETS = pytest.mark.parametrize(
    "labels", [s for s in LABEL_SETS.values() if s.name not in WITHOUT_SENTENCES], ids=lambda s: s.name
)
WITHOUT_RULES = {ICD9_CHAPTERS.name: {"External causes"}, ICD10_CHAPTERS.name: {"Special purposes"}}


@SETS
def test_every_note_states_its_record_and_every_label_occurs(labels):
    pairs = primer_pairs(labels, 240, seed=0)
    unknown = WITHOUT_RULES.get(labels.name, set())
    for pair in pairs:
        assert stated_labels(pair.note, labels) == [name for name in pair.targets if name not in unknown], pair
        assert pair.prompt == prompt_of(pair.note, pair.targets, labels)
        assert not find_identifiers(pair.note), pair.note
        assert list(pair.targets) == [name for name in labels.labels if name in pair.targets]
    assert {name for pair in pairs for name in pair.targets} == set(labels.labels)
    assert len({pair.note for pair in pairs}) == len({pair.note.lower() for pair in pairs}) == 240
    assert {len(pair.targets) for pair in pairs} == {0, 1, 2, 3}


@pytest.mark.parametrize("name", WITHOUT_SENTENCES)
def test_a_label_set_without_sentences_is_refused_in_a_line(name):
    with pytest.raises(UserError, match=f"no primer sentences for {name}: set training.primer_steps to 0"):
        primer_pairs(LABEL_SETS[name], 1, seed=0)


@SETS
def test_notes_are_short_and_hold_one_sentence_for_each_finding_at_least(labels):
    for pair in primer_pairs(labels, 60, seed=3):
        sentences = re.findall(r"[^.]+\.", pair.note)
        asked = [name for name in pair.targets if name != labels.normal]
        assert max(2, len(asked)) <= len(sentences) <= 6, pair.note
        assert len(pair.note.split()) < 60


@pytest.mark.parametrize("labels", [CHEXPERT14, NIH14], ids=lambda labels: labels.name)
def test_the_normal_label_stands_alone_and_an_empty_record_is_not_normal(labels):
    pairs = primer_pairs(labels, 240, seed=0)
    assert all(pair.targets == (labels.normal,) for pair in pairs if labels.normal in pair.targets)
    empty = [pair for pair in pairs if not pair.targets]
    assert empty
    assert not any(labels.normal in stated_labels(pair.note, labels) for pair in empty)


def test_the_seed_alone_decides():
    first = primer_pairs(CHEXPERT14, 30, seed=7)
    assert primer_pairs(CHEXPERT14, 30, seed=7) == first
    assert not {p.note for p in primer_pairs(CHEXPERT14, 30, seed=8)} >= {p.note for p in first}
    assert primer_pairs(CHEXPERT14, 40, seed=7)[:30] == first


@SETS
def test_every_sentence_states_or_denies_what_its_list_says(labels):
    """One by one, so that no label lives from the few of its sentences that the rules happen to read."""
    bank, known = primer._bank(labels), {rule.label for rule in rule_pack(labels).all_rules}
    for name, keys in bank.of_label.items():
        wanted = [name] if name in known else []
        states = [sentence for key in keys for sentence in bank.findings[key].states]
        assert len(states) >= 5 or name == "only denied", name
        for sentence in [s for s in states if name != "only denied"]:
            assert _read(sentence, bank, labels) == [wanted], (name, sentence)
        for key in keys:
            assert bank.findings[key].denies, key
            for sentence in bank.findings[key].denies:
                assert _read(sentence, bank, labels) == [[]], (key, sentence)


def _read(sentence, bank, labels):
    """What the rules read in a sentence with the first and with the last words of its slots, without the normal label."""
    found = []
    for place in (0, -1):
        text = re.sub(r"\{(\w+)\}", lambda slot, place=place: bank.slots[slot[1]][place], sentence)
        found.append([name for name in stated_labels(text, labels) if name != labels.normal])
    return [group for group, _ in itertools.groupby(found)]


def test_no_note_contradicts_itself():
    """Lungs are not clear beside a consolidation, and what is stated under one name is not denied under it."""
    for pair in primer_pairs(CHEXPERT14, 240, seed=5):
        if {"Consolidation", "Pneumonia", "Edema", "Lung Opacity"} & set(pair.targets):
            assert not re.search(r"lungs are clear|no acute (disease|cardio)", pair.note, re.I), pair.note
        if "Cardiomegaly" in pair.targets:
            assert "normal in size" not in pair.note


def test_a_label_that_no_sentence_states_is_refused_by_name():
    with pytest.raises(ValueError, match="not those of chexpert14"):
        primer_pairs(LabelSet(name="chexpert14", reads="findings", labels=("Gout",)), 1, 0)
