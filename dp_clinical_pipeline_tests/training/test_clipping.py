"""Clipping modes: what each multiplies by, and the account, the noise and the aim of the adaptive bound."""

import dp_accounting as dpa
import numpy as np
import pytest
import torch
from dp_accounting.rdp import RdpAccountant
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dp_clinical_pipeline.config import Patients, Settings, Training
from dp_clinical_pipeline.privacy.accounting import pld_epsilon, training_event
from dp_clinical_pipeline.privacy.terms import settings_sha256
from dp_clinical_pipeline.training import loop
from dp_clinical_pipeline.training.checkpoint import Checkpoint
from dp_clinical_pipeline.training.clipping import Quantile, clipping_factors
from dp_clinical_pipeline.training.examples import Example
from dp_clinical_pipeline.training.loop import train
from dp_clinical_pipeline_tests.training.observed import dial, dial_losses, fixed, observed_sums
from dp_clinical_pipeline_tests.training.tiny import spec

UNLIKELY = 1e-6


@given(st.lists(st.floats(0, 1e30), min_size=1, max_size=8), st.floats(1e-3, 1e3))
@pytest.mark.parametrize("mode", ["flat", "automatic", "adaptive"])
def test_no_clipped_norm_passes_the_bound(mode, norms, bound):
    seen = torch.tensor(norms, dtype=torch.float64)
    clipped = seen * clipping_factors(seen, bound, mode)
    assert float(clipped.max()) <= bound * (1 + 1e-9)
    if mode != "automatic":
        assert torch.allclose(clipped[seen <= bound], seen[seen <= bound], rtol=1e-12)


def test_automatic_clipping_scales_everybody_to_about_the_bound():
    norms = torch.tensor([0.0, 0.1, 1.0, 100.0])
    assert clipping_factors(norms, 2.0, "automatic").tolist() == pytest.approx([200, 2 / 0.11, 2 / 1.01, 2 / 100.01])


@pytest.mark.parametrize("mode", ["flat", "automatic"])
def test_what_is_not_a_number_weighs_nothing(mode):
    assert clipping_factors(torch.tensor([float("nan"), float("inf")]), 1.0, mode).tolist() == [0, 0]


@given(st.floats(0.3, 200), st.floats(0.01, 0.9))
def test_both_noises_together_are_the_gaussian_of_the_ledger(noise, share):
    """By composition of two unsampled Gaussians, where mu squared adds up."""
    q = Quantile(quantile=0.5, share=share)
    # The count moves by one half, so its noise multiplier is twice its deviation.
    together = q.gradient_noise(noise) ** -2 + (2 * q.count_std(noise)) ** -2
    assert together**-0.5 == pytest.approx(noise, rel=1e-9)


@pytest.mark.parametrize(("noise", "rate", "steps"), [(1.02, 0.008, 500), (14.2, 0.27, 200)])
def test_an_adaptive_training_costs_what_the_ledger_holds(noise, rate, steps):
    """dp-accounting's own composition of the two releases of a step, inside the sampling, is the event in the ledger."""
    q = Quantile(quantile=0.5, share=0.05)
    two = dpa.ComposedDpEvent(
        [dpa.GaussianDpEvent(q.gradient_noise(noise)), dpa.GaussianDpEvent(2 * q.count_std(noise))]
    )
    both, held = RdpAccountant(), RdpAccountant()
    both.compose(dpa.SelfComposedDpEvent(dpa.PoissonSampledDpEvent(rate, two), steps))
    held.compose(training_event(noise, rate, steps))
    assert both.get_epsilon(1e-5) == pytest.approx(held.get_epsilon(1e-5), rel=1e-9)
    unsampled = [dpa.SelfComposedDpEvent(e, 20) for e in two.events]
    one = pld_epsilon([dpa.SelfComposedDpEvent(dpa.GaussianDpEvent(noise), 20)], 1e-5)
    assert pld_epsilon(unsampled, 1e-5) == pytest.approx(one, rel=5e-3)


def _people(norms):
    """Patients whose gradients lie on coordinates of their own and have these norms."""
    return [[Example(tokens=(i,), targets=(float(n),))] for i, n in enumerate(norms)]


def _bounds(run, patients, size):
    """The bound after each step, and the noisy sums."""
    seen, honest = [], loop.PatientGradients

    class Watched(honest):
        def add(self, *args):
            super().add(*args)

        def __setattr__(self, name, value):
            if name == "bound":
                seen.append(float(value))
            super().__setattr__(name, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "PatientGradients", Watched)
        sums = observed_sums(dial(size), patients, run, dial_losses)
    return seen, sums


def test_the_bound_finds_the_quantile_of_the_norms():
    norms = np.geomspace(0.05, 20, 40)
    run = spec(
        noise_multiplier=0.5, sample_rate=1.0, steps=60, expected_lot=40.0, max_grad_norm=50.0, clipping="adaptive",
        quantile=Quantile(quantile=0.5, share=0.05),
    )  # fmt: skip
    bounds, _ = _bounds(run, _people(norms), 40)
    assert len(bounds) == 61
    below = np.mean(norms[None] <= np.array(bounds[-10:])[:, None])
    assert 0.35 < below < 0.65
    assert bounds[0] == 50.0


def test_both_sums_are_noised_as_the_account_says():
    """Empty lots: the sums show the gradients' noise, and the bounds' path gives back the count's."""
    q = Quantile(quantile=0.5, share=0.2)
    run = spec(
        noise_multiplier=1.5, sample_rate=1e-12, steps=400, expected_lot=200.0, max_grad_norm=2.0, clipping="adaptive",
        quantile=q,
    )  # fmt: skip
    bounds, sums = _bounds(run, _people([1.0]), 60)
    draws = np.concatenate(
        [s.numpy() / (q.gradient_noise(1.5) * b) for s, b in zip(sums, bounds[:-1], strict=True)], dtype=float
    )
    low, high = stats.chi2(len(draws)).ppf([UNLIKELY / 2, 1 - UNLIKELY / 2])
    assert low < draws @ draws < high
    off = np.log(np.array(bounds[:-1]) / np.array(bounds[1:])) / 0.2
    counts = off * 200.0 / q.count_std(1.5)
    low, high = stats.chi2(len(counts)).ppf([UNLIKELY / 2, 1 - UNLIKELY / 2])
    assert low < counts @ counts < high
    lead = draws.reshape(400, -1)[:, 0]
    assert abs(np.corrcoef(counts, lead)[0, 1]) < 6 / np.sqrt(400)


def test_one_patient_moves_the_count_by_one_half():
    totals = []
    for norms in ([], [0.1], [9.0]):
        gradients = loop.PatientGradients(dial(2).train(), dial_losses, 1.0, "adaptive")
        total, below = [torch.zeros(2, 1)], torch.zeros(1)
        for batch in loop.microbatches(loop.draw(_people(norms)), 64):
            gradients.add(batch, total, below)
        totals.append(float(below))
    assert totals == [0.0, 0.5, -0.5]


def test_an_interrupted_training_keeps_the_bound_that_it_had_found(tmp_path):
    run = spec(
        noise_multiplier=0.5, sample_rate=1.0, steps=4, expected_lot=3.0, max_grad_norm=50.0, clipping="adaptive",
    )  # fmt: skip
    checkpoint = Checkpoint(tmp_path / "c", "m")
    train(dial(3), _people([1, 1, 1]), run, dial_losses, checkpoint=checkpoint, randomness=fixed())
    model = dial(3)
    _, bound = checkpoint.restore(model, torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0))
    assert bound is not None
    assert bound < 45
    more = spec(**(vars(run) | {"steps": 5}))
    seen = []
    honest = loop.PatientGradients.__init__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.PatientGradients, "__init__", lambda s, m, f, b, c: seen.append(b) or honest(s, m, f, b, c))
        train(model, _people([1, 1, 1]), more, dial_losses, checkpoint=checkpoint, randomness=fixed())
    assert seen == [bound]


@pytest.mark.parametrize("change", [{"clipping": "adaptive"}, {"clipping_share": 0.1}, {"clipping_quantile": 0.6}])
def test_the_settings_of_clipping_are_part_of_the_plan(change):
    changed = Settings(training=Training(**change), patients=Patients(count=600))
    assert settings_sha256(changed, 600) != settings_sha256(Settings(patients=Patients(count=600)), 600)
