"""Records follow the marginals that they are drawn from."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from dp_clinical_pipeline.labelsets import CHEXPERT14, CT_RATE18, ICD10_CATEGORIES, NIH14, LabelSet
from dp_clinical_pipeline.privacy.marginals import exact_counts, marginal_keys
from dp_clinical_pipeline.synthesis.sampling import RecordSampler
from dp_clinical_pipeline.tables import LABEL_MARGINALS

CAP = 6


def _table(labels: LabelSet, counts, std: float = 0.0) -> pl.DataFrame:
    rows = [
        {"budget": "eps-8", "mechanism_id": "m", "kind": k, "label": a, "other": b,
         "noisy_count": float(counts(k, a, b)), "noise_std": std}
        for k, a, b in marginal_keys(labels, CAP)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=LABEL_MARGINALS.schema)


def _draws(labels, table, number=3000):
    sampler, rng = RecordSampler.of(table, labels), np.random.default_rng(1)
    return [sampler.draw(rng) for _ in range(number)]


def _population(labels, rng, patients=4000):
    """Independent labels of differing prevalence; `normal` where there is none."""
    prevalence = dict(zip(labels.labels, np.linspace(0.02, 0.3, len(labels.labels)), strict=True))
    people = []
    for _ in range(patients):
        stated = [x for x in labels.labels if x != labels.normal and rng.random() < prevalence[x]]
        people.append(stated[:CAP] or ([labels.normal] if labels.normal else []))
    return people


def test_independent_labels_come_out_as_often_as_they_were_counted():
    people = _population(CT_RATE18, np.random.default_rng(0))
    counts = exact_counts(people, CAP)
    draws = _draws(CT_RATE18, _table(CT_RATE18, lambda *key: counts[key]))
    for label in CT_RATE18.labels:
        wanted, got = (np.mean([label in record for record in of]) for of in (people, draws))
        assert got == pytest.approx(wanted, abs=0.05), label
    sizes = [np.bincount([len(record) for record in of], minlength=CAP + 1) / len(of) for of in (people, draws)]
    assert np.abs(sizes[0] - sizes[1]).max() < 0.03


def test_labels_that_go_together_come_out_together():
    rng = np.random.default_rng(2)
    pair, other = ["Edema", "Pleural Effusion"], ["Fracture", "Support Devices"]
    people = [pair if rng.random() < 0.5 else other for _ in range(1000)]
    counts = exact_counts(people, CAP)
    draws = _draws(CHEXPERT14, _table(CHEXPERT14, lambda *key: counts[key]), 500)
    together = [record for record in draws if record in (pair, other)]
    assert len(together) > 0.97 * len(draws)


def test_normal_stands_alone():
    people = _population(CHEXPERT14, np.random.default_rng(0), 500)
    counts = exact_counts(people, CAP)
    noise = np.random.default_rng(3)
    draws = _draws(CHEXPERT14, _table(CHEXPERT14, lambda *key: counts[key] + noise.normal(0, 40), 40.0), 1500)
    assert any(CHEXPERT14.normal in record for record in draws)
    assert all(record == [CHEXPERT14.normal] for record in draws if CHEXPERT14.normal in record)


@pytest.mark.parametrize("labels", [CHEXPERT14, CT_RATE18], ids=lambda s: s.name)
@pytest.mark.parametrize("count", [-30.0, 0.0, 30.0])
def test_counts_that_noise_wiped_out_still_give_records(labels, count):
    for record in _draws(labels, _table(labels, lambda *_: count, 40.0), 300):
        assert len(set(record)) == len(record) <= CAP
        assert record == [x for x in labels.labels if x in record]  # in the list's order


def test_of_a_long_list_only_labels_that_stand_out_of_the_noise_are_drawn():
    people = [list(ICD10_CATEGORIES.labels[10:12])] * 1500 + [[ICD10_CATEGORIES.labels[900]]] * 1500
    counts, noise = exact_counts(people, CAP, pairs=False), np.random.default_rng(4)
    table = _table(ICD10_CATEGORIES, lambda *key: counts[key] + noise.normal(0, 40), 40.0)
    draws = _draws(ICD10_CATEGORIES, table, 500)
    there = {label for record in people for label in record}
    assert np.mean([set(record) <= there for record in draws]) > 0.9
    assert {label for record in draws for label in record} >= there


def test_pairs_within_the_noise_do_not_count():
    table = _table(CHEXPERT14, lambda kind, *_: 79.0 if kind == "pair" else 10.0, 40.0)
    assert RecordSampler.of(table, CHEXPERT14).pairs.sum() == 0
    table = _table(CHEXPERT14, lambda kind, *_: 81.0 if kind == "pair" else 10.0, 40.0)
    assert (RecordSampler.of(table, CHEXPERT14).pairs > 0).sum() == 2 * len(list(combinations(CHEXPERT14.labels, 2)))


def test_an_even_share_asks_for_rare_labels_as_often_as_for_frequent_ones():
    people = [[NIH14.normal]] * 900 + [["Effusion"]] * 99 + [["Hernia"]]
    counts = exact_counts(people, CAP)
    sampler = RecordSampler.of(_table(NIH14, lambda *key: counts[key]), NIH14)
    drawn = {share: [sampler.draw(np.random.default_rng([3, i]), share) for i in range(3000)] for share in (0, 0.5, 1)}
    often = {share: {x: np.mean([x in r for r in of]) for x in NIH14.labels} for share, of in drawn.items()}
    assert often[0][NIH14.normal] == pytest.approx(0.9, abs=0.03)
    assert often[0.5][NIH14.normal] == pytest.approx(0.45 + 0.5 / 15, abs=0.04)
    for label in NIH14.labels:
        assert often[1][label] == pytest.approx(1 / 15, abs=0.03 if label != "Effusion" else 0.1), label
    assert all(record == [NIH14.normal] for of in drawn.values() for record in of if NIH14.normal in record)


def test_without_an_even_share_records_are_drawn_as_ever():
    table = _table(CHEXPERT14, lambda *key: 5)
    sampler = RecordSampler.of(table, CHEXPERT14)
    one, other = np.random.default_rng(7), np.random.default_rng(7)
    assert [sampler.draw(one) for _ in range(50)] == [sampler.draw(other, 0.0) for _ in range(50)]
    assert one.random() == other.random()
