"""An interrupted training goes on from its checkpoint and ends after exactly the planned steps."""

import pytest
import torch
from safetensors import safe_open

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.training.checkpoint import Checkpoint
from dp_clinical_pipeline.training.loop import Randomness, train
from dp_clinical_pipeline_tests.training.tiny import lora, losses, people, spec, weights


class Stopped(Exception):
    pass


def _stop_after(steps):
    def progress(seen):
        if seen.step == steps:
            raise Stopped

    return progress


@pytest.mark.parametrize(("stopped_at", "left"), [(1, 6), (2, 4), (3, 4), (5, 2), (6, 0)])
def test_a_stopped_training_does_what_is_left_and_no_more(tiny_models, tmp_path, stopped_at, left):
    checkpoint = Checkpoint(tmp_path / "c.safetensors", "m1")
    run = spec(steps=6, checkpoint_every=2)
    with pytest.raises(Stopped):
        train(
            lora(tiny_models["llama"]),
            people(4),
            run,
            losses,
            checkpoint=checkpoint,
            on_progress=_stop_after(stopped_at),
        )
    shown = []
    done = train(
        lora(tiny_models["llama"]),
        people(4),
        run,
        losses,
        checkpoint=checkpoint,
        on_progress=lambda p: shown.append(p.step),
    )
    assert done == left
    assert shown == list(range(6 - left + 1, 7))


def test_what_is_restored_is_what_was_saved_and_the_end_is_saved_too(tiny_models, tmp_path):
    checkpoint, model = Checkpoint(tmp_path / "c.safetensors", "m1"), lora(tiny_models["gpt2"])
    train(model, people(4), spec(), losses, checkpoint=checkpoint)
    fresh = lora(tiny_models["gpt2"])
    assert train(fresh, people(4), spec(), losses, checkpoint=checkpoint) == 0
    assert torch.equal(weights(fresh), weights(model))  # killed while it saved its adapter: the same adapter again


def test_going_on_equals_never_having_stopped_where_nothing_is_random(tiny_models, tmp_path):
    """Without privacy and with everybody in each lot, so that the optimizer's state must have come back too."""
    run = spec(noise_multiplier=None, sample_rate=1.0, steps=6)
    whole, part = lora(tiny_models["llama"]), lora(tiny_models["llama"])
    train(whole, people(4), run, losses)
    checkpoint = Checkpoint(tmp_path / "c.safetensors", "m1")
    with pytest.raises(Stopped):
        train(part, people(4), run, losses, checkpoint=checkpoint, on_progress=_stop_after(4))
    resumed = lora(tiny_models["llama"])
    train(resumed, people(4), run, losses, checkpoint=checkpoint)
    assert torch.allclose(weights(resumed), weights(whole), rtol=1e-4, atol=1e-6)


def test_steps_made_again_have_other_noise(tiny_models, tmp_path):
    checkpoint, ends = Checkpoint(tmp_path / "c.safetensors", "m1"), []
    run = spec(steps=3, checkpoint_every=100)
    for _ in range(2):
        model = lora(tiny_models["llama"])
        with pytest.raises(Stopped):
            train(model, people(4), run, losses, checkpoint=checkpoint, on_progress=_stop_after(2))
        ends.append(weights(model))
    assert not torch.allclose(ends[0], ends[1])


def test_a_checkpoint_holds_no_randomness(tiny_models, tmp_path):
    checkpoint = Checkpoint(tmp_path / "c.safetensors", "m1")
    seeded = Randomness(sampling=TestSeedSource(1), noise=TestSeedSource(2))
    train(lora(tiny_models["llama"]), people(4), spec(), losses, checkpoint=checkpoint, randomness=seeded)
    with safe_open(checkpoint.path, framework="pt") as file:
        assert file.metadata() == {"step": "4", "mechanism_id": "m1", "bound": "0.5"}
        assert {key.split(".")[0] for key in file.keys()} == {"model", "optimizer"}  # noqa: SIM118
    assert [p.name for p in tmp_path.iterdir()] == ["c.safetensors"]
    checkpoint.delete()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("owner", "rank"), [("m2", 2), ("m1", 3)], ids=["another mechanism", "another model"])
def test_a_checkpoint_of_something_else_is_refused(tiny_models, tmp_path, owner, rank):
    train(lora(tiny_models["llama"]), people(4), spec(), losses, checkpoint=Checkpoint(tmp_path / "c", "m1"))
    with pytest.raises(UserError, match="checkpoint of another training"):
        train(lora(tiny_models["llama"], rank), people(4), spec(), losses, checkpoint=Checkpoint(tmp_path / "c", owner))
