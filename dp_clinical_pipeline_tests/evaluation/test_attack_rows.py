"""The canary row beside a claim: made for private cells alone, public, and red when the loop leaks."""

import json

import pytest
import torch

from dp_clinical_pipeline.config import ClassifierTraining, Evaluation
from dp_clinical_pipeline.evaluation.attack_rows import canary_row, clipping_of
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.accounting import pld_epsilon, training_event
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.training import loop
from dp_clinical_pipeline.training.clipping import Quantile

TRAINED = {"noise_multiplier": 1.275, "sample_rate": 0.25, "steps": 10, "delta": 1e-5}  # epsilon 4
RUNS = Evaluation(canary_runs=8)


@pytest.fixture(autouse=True)
def _one_thread_and_a_seed(monkeypatch):
    torch.set_num_threads(1)
    seeds = iter(range(1000))  # a fresh one for each training, as the system's generator is
    kind = loop.Randomness
    monkeypatch.setattr(
        loop, "Randomness", lambda: kind(sampling=TestSeedSource(next(seeds)), noise=TestSeedSource(next(seeds)))
    )


@pytest.mark.parametrize("clipping", ["flat", "adaptive"])
def test_an_honest_training_is_not_refuted(clipping):
    row = canary_row(RUNS, TRAINED, clipping)
    own = pld_epsilon([training_event(1.275, 0.25, 10)], 1e-5)
    assert (row["metric"], row["passed"], row["visibility"], row["n"]) == ("canary_epsilon", True, "public", 4000)
    assert own / 4 < row["value"] == row["ci_low"] <= own <= row["ci_high"]


def test_a_training_with_half_its_noise_is(monkeypatch):
    honest = loop._add_noise
    monkeypatch.setattr(loop, "_add_noise", lambda total, std, source: honest(total, std / 2, source))
    row = canary_row(RUNS, TRAINED, "flat")
    assert row["passed"] is False
    assert row["value"] > 4


@pytest.mark.parametrize("missing", ["noise_multiplier", "delta"])
def test_without_privacy_there_is_nothing_to_audit(missing):
    assert canary_row(RUNS, TRAINED | {missing: None}, "flat") == {}


def test_what_is_audited_clips_as_the_cell_did_and_not_as_the_settings_say_now(tmp_path):
    home, now = Home(tmp_path), ClassifierTraining(clipping="flat", clipping_share=0.3)
    row = {"path": "lake/adapters/m1"}
    assert clipping_of(home, row, now) == ("flat", Quantile(quantile=0.5, share=0.3))
    (tmp_path / row["path"]).mkdir(parents=True)
    told = {"clipping": "adaptive", "quantile": 0.7, "share": 0.1}
    (tmp_path / row["path"] / "manifest.json").write_text(json.dumps(told))
    assert clipping_of(home, row, now) == ("adaptive", Quantile(quantile=0.7, share=0.1))


def test_the_audit_follows_the_cells_own_quantile(monkeypatch):
    seen = []
    monkeypatch.setattr(
        Quantile, "gradient_noise", lambda self, noise: seen.append((self.quantile, self.share)) or noise
    )
    canary_row(Evaluation(canary_runs=1), TRAINED, "adaptive", Quantile(quantile=0.7, share=0.2))
    assert set(seen) == {(0.7, 0.2)}
