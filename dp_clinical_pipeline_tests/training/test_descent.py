"""Plain descent with momentum gives the mean of its later weights, killed in between or not; LoRA's may learn slower."""

import pytest
import torch

from dp_clinical_pipeline.training.checkpoint import Checkpoint
from dp_clinical_pipeline.training.descent import Descent
from dp_clinical_pipeline_tests.training.tiny import spec


class _Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Parameter(torch.zeros(2))
        self.lora_A = torch.nn.Parameter(torch.zeros(2))
        self.frozen = torch.nn.Parameter(torch.ones(2), requires_grad=False)


def _descend(model, terms, steps, descent=None):
    descent = descent or Descent(model, terms)
    for done in steps:
        model.head.grad, model.lora_A.grad = torch.tensor([1.0, -done]), torch.tensor([1.0, 0.0])
        descent.step(done)
    return descent


def test_the_mean_of_the_later_half_is_kept():
    model, terms = _Model(), spec(momentum=0.0, steps=4, learning_rate=1.0)
    descent = _descend(model, terms, range(1, 5))
    assert model.head.tolist() == [-4.0, 10.0]
    descent.finish()
    assert model.head.tolist() == [-3.5, 8.0]  # of -3 and -4, of 6 and 10
    assert model.frozen.tolist() == [1.0, 1.0]


def test_momentum_goes_on():
    model = _Model()
    _descend(model, spec(momentum=0.5, steps=40, learning_rate=1.0), range(1, 3))
    assert model.head.tolist()[0] == -2.5  # one, and one and a half


def test_loras_weights_learn_at_their_own_rate():
    model = _Model()
    _descend(model, spec(momentum=0.0, steps=40, learning_rate=1.0, adapter_rate=0.25), [1])
    assert (model.head.tolist()[0], model.lora_A.tolist()[0]) == (-1.0, -0.25)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_checkpoint_holds_the_mean(tmp_path, at):
    terms, checkpoint = spec(momentum=0.9, steps=4, learning_rate=0.1), Checkpoint(tmp_path / "c.safetensors", "m")
    whole, halted, resumed = _Model(), _Model(), _Model()
    _descend(whole, terms, range(1, 5)).finish()
    checkpoint.save(halted, _descend(halted, terms, range(1, at + 1)).optimizer, at)
    descent = Descent(resumed, terms)
    assert checkpoint.restore(resumed, descent.optimizer)[0] == at
    _descend(resumed, terms, range(at + 1, 5), descent).finish()
    torch.testing.assert_close(resumed.head, whole.head)


def test_without_momentum_it_is_adamw_and_keeps_no_mean():
    model = _Model()
    descent = _descend(model, spec(steps=4), range(1, 5))
    assert isinstance(descent.optimizer, torch.optim.AdamW)
    before = model.head.tolist()
    descent.finish()
    assert model.head.tolist() == before


def test_without_privacy_momentum_follows_a_clipped_mean():
    model = _Model()
    _descend(model, spec(noise_multiplier=None, max_grad_norm=0.5, momentum=0.0, steps=40, learning_rate=1.0), [1])
    length = torch.cat([model.head, model.lora_A]).detach().norm()
    assert length.item() == pytest.approx(0.5)
