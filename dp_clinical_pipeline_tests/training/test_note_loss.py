"""A note's loss is the library's own, one example at a time with the prompt masked."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from dp_clinical_pipeline.models.loading import with_lora
from dp_clinical_pipeline.training.examples import Drawn, Example
from dp_clinical_pipeline.training.kept_states import KeptStates
from dp_clinical_pipeline.training.note_loss import note_losses


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.mark.parametrize("family", ["gpt2", "llama", "opt", "biogpt"])
@pytest.mark.parametrize("chunk", [3, 1024])
def test_each_loss_equals_the_librarys(tiny_models, family, chunk, monkeypatch):
    monkeypatch.setattr("dp_clinical_pipeline.training.note_loss._CHUNK", chunk)
    model = AutoModelForCausalLM.from_pretrained(tiny_models[family], use_safetensors=True).eval()
    shapes = [(12, 4), (5, 1), (30, 29), (9, 0)]
    examples = [Example(tokens=tuple(range(3 + i, 3 + i + n)), note_start=s) for i, (n, s) in enumerate(shapes)]
    with torch.no_grad():
        ours = note_losses(model, [Drawn(e, i, 1.0) for i, e in enumerate(examples)], 1)
        for example, loss in zip(examples, ours, strict=True):
            ids = torch.tensor([example.tokens])
            labels = ids.clone()
            labels[0, : example.note_start] = -100
            theirs = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
            assert float(loss) == pytest.approx(float(theirs), rel=2e-5)


def test_a_neighbour_and_its_padding_change_nothing(tiny_models):
    model = AutoModelForCausalLM.from_pretrained(tiny_models["llama"], use_safetensors=True).eval()
    short, long = Example(tokens=(5, 6, 7, 8), note_start=1), Example(tokens=tuple(range(5, 60)), note_start=1)
    with torch.no_grad():
        alone = note_losses(model, [Drawn(short, 0, 1.0)], 1)[0]
        beside = note_losses(model, [Drawn(short, 0, 1.0), Drawn(long, 1, 1.0)], 1)[0]
    assert float(alone) == pytest.approx(float(beside), rel=1e-5)


def test_a_note_of_no_tokens_has_no_loss(tiny_models):
    model = AutoModelForCausalLM.from_pretrained(tiny_models["gpt2"], use_safetensors=True).eval()
    losses = note_losses(model, [Drawn(Example(tokens=(5, 6), note_start=2), 0, 1.0)], 1)
    assert losses.tolist() == [0.0]


@pytest.mark.parametrize("trained_head", [False, True])
def test_a_token_that_weighs_more_counts_more_in_its_own_note_alone(tiny_models, trained_head):
    model = AutoModelForCausalLM.from_pretrained(tiny_models["llama"], use_safetensors=True).eval()
    model.get_output_embeddings().requires_grad_(trained_head)
    tokens, weights = (5, 6, 7, 8, 9), (1.0, 4.0, 1.0)
    loud, plain = Example(tokens=tokens, note_start=2, weights=weights), Example(tokens=tokens, note_start=2)
    with torch.no_grad():
        ours = note_losses(model, [Drawn(loud, 0, 1.0), Drawn(plain, 1, 1.0)], 1)
        logits = model(input_ids=torch.tensor([tokens])).logits[0, 1:-1].float()
        each = torch.nn.functional.cross_entropy(logits, torch.tensor(tokens[2:]), reduction="none")
    assert float(ours[0]) == pytest.approx(float((each * torch.tensor(weights)).sum() / 6), rel=1e-5)
    assert float(ours[1]) == pytest.approx(float(each.mean()), rel=1e-5)


def _adapted(folder, attention, layers):
    base = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, attn_implementation=attention).eval()
    model = with_lora(base.requires_grad_(False), causal=True, rank=2, alpha=4, layers=layers)
    torch.manual_seed(4)
    for parameter in _trained(model):
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def _trained(model):
    return [p for p in model.parameters() if p.requires_grad]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(("family", "layers"), [("llama", 1), ("llama", None), ("gpt2", 1)])
def test_kept_states_change_neither_losses_nor_gradients(tiny_models, family, layers, attention):
    model, kept = _adapted(tiny_models[family], attention, layers), KeptStates()
    lengths = [(9, 3), (17, 5), (12, 1)]
    batch = [
        Drawn(Example(tokens=tuple(range(3 + i, 3 + i + n)), note_start=s), i, 1) for i, (n, s) in enumerate(lengths)
    ]
    expected = note_losses(model, batch, 1)
    gradients = torch.autograd.grad(expected.sum(), _trained(model))
    for part in (batch[:2], batch, batch):  # the first two are found by the second call, all by the third
        losses = note_losses(model, part, 1, kept)
        torch.testing.assert_close(losses, expected[: len(part)])
    torch.testing.assert_close(torch.autograd.grad(losses.sum(), _trained(model)), gradients)


def test_layers_below_the_adapted_ones_run_once_for_a_note(tiny_models):
    model, kept, seen = _adapted(tiny_models["llama"], "sdpa", 1), KeptStates(), []
    model.get_base_model().model.layers[0].register_forward_hook(lambda *_: seen.append(1))
    for _ in range(3):
        note_losses(model, [Drawn(Example(tokens=(5, 6, 7, 8), note_start=1), 0, 1.0)], 1, kept)
    assert len(seen) == 1
