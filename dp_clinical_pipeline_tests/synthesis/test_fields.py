"""Fields of a record: read from a note by public rules, and drawn from a public file."""

from collections import Counter

import numpy as np
import pytest
import yaml

from dp_clinical_pipeline.coding.rulepacks import rule_pack
from dp_clinical_pipeline.labelsets import LABEL_SETS, label_set
from dp_clinical_pipeline.synthesis import fields as module
from dp_clinical_pipeline.synthesis.fields import Fields, draw_fields, read_fields

NIH = label_set("nih14")
FINDINGS = [name for name in LABEL_SETS if label_set(name).reads == "findings"]


@pytest.mark.parametrize(
    ("note", "targets", "expected"),
    [
        ("Mild left basilar atelectasis. No effusion or pneumothorax.", ["Atelectasis"],
         Fields(details={"Atelectasis": "mild left base"}, denied=("Effusion", "Pneumothorax"))),
        ("No pneumothorax.", ["normal"], Fields(denied=("Pneumothorax",))),
        # The label is the indexer's: what the note denies elsewhere is not asked to be denied.
        ("No effusion. Small effusion on the right.", [], Fields()),
        ("No mass is seen.", ["Mass"], Fields()),
        ("Effusion. Later: small left effusion.", ["Effusion"], Fields(details={})),
        ("Heart size is large. Clear.", ["normal"], Fields()),
        # What the list has no label for, present, doubted or remembered, and not what is denied.
        ("Calcified right hilar granuloma. Stable sternotomy wires. Possible scarring. No scoliosis.", [],
         Fields(others=("calcified granuloma", "sternotomy wires", "scarring"))),
        ("Cardiomegaly. Degenerative changes of the thoracic spine and osteophytes.", ["Cardiomegaly"],
         Fields(others=("degenerative changes of the spine",))),
    ],
)  # fmt: skip
def test_the_fields_of_a_note_are_those_that_it_states(note, targets, expected):
    assert read_fields(note, targets, NIH) == expected


@pytest.mark.parametrize("name", [name for name in LABEL_SETS if name not in FINDINGS])
def test_lists_of_codes_have_no_fields(name):
    labels = label_set(name)
    assert read_fields("No pneumonia.", [], labels) == Fields()
    assert draw_fields(labels.labels[:2], labels, np.random.default_rng(0)) == Fields()


@pytest.mark.parametrize("name", FINDINGS)
def test_what_is_drawn_fits_the_record_and_the_files_shares(name):
    labels, rng = label_set(name), np.random.default_rng(0)
    own = module._shares()["label_sets"][name]
    asked = labels.labels[2]
    drawn = [draw_fields([asked], labels, rng) for _ in range(2000)]
    denied = Counter(name for one in drawn for name in one.denied)
    assert asked not in denied
    for label, share in own["denied"].items():
        if label != asked:
            assert denied[label] / 2000 == pytest.approx(share, abs=0.06)
    assert all(set(one.details) <= {asked} and "" not in one.details.values() for one in drawn)
    assert draw_fields([labels.normal] if labels.normal else [], labels, rng).details == {}


def test_what_is_neither_normal_nor_labelled_is_asked_for_by_another_finding():
    rng = np.random.default_rng(0)
    drawn = {key: [draw_fields(targets, NIH, rng).others for _ in range(2000)] for key, targets in
             {"neither": [], "normal": ["normal"], "found": ["Mass"]}.items()}  # fmt: skip
    assert set(drawn["normal"]) == {()}
    assert {len(others) for others in drawn["neither"]} == {1, 2}
    share = module._shares()["share_with_other"]
    assert np.mean([len(others) for others in drawn["found"]]) == pytest.approx(share, abs=0.05)
    assert all(len(set(others)) == len(others) for others in drawn["neither"])
    weights = module._shares()["label_sets"]["nih14"]["others"]
    first = Counter(others[0] for others in drawn["neither"])
    assert max(first, key=first.get) == max(weights, key=weights.get)
    assert draw_fields([], label_set("chexpert14"), rng).others == ()


def test_a_seed_gives_the_same_fields():
    def draw(seed):
        return [draw_fields(["Effusion"], NIH, np.random.default_rng(seed)) for _ in range(3)]

    assert draw(1) == draw(1)


@pytest.mark.parametrize("name", FINDINGS)
def test_the_file_names_labels_that_rules_know_and_words_that_rules_read(name):
    labels, shares = label_set(name), module._shares()
    own, pack = shares["label_sets"][name], rule_pack(labels)
    known = {rule.label for rule in pack.all_rules}
    assert (
        set(own["denied"]) | set(own["sided"]) | set(own["graded"]) | set(own["located"]) <= set(labels.labels) & known
    )
    words = yaml.safe_load((module.files("dp_clinical_pipeline.coding") / "rules" / "attributes.yaml").read_text())
    assert set(own.get("others", {})) <= set(words["others"]) | set(words["devices"])
    assert set(shares["severity"]) == set(words["severity"])
    assert set(shares["laterality"]) == set(words["laterality"])
    assert {place for places in own["located"].values() for place in places} <= set(words["location"])
    assert sum(shares["severity"].values()) == pytest.approx(1)
    assert sum(shares["laterality"].values()) == pytest.approx(1)
