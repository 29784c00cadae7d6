"""What cannot be made private is refused by name, on made-up examples."""

import pytest
import torch

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.training import cell
from dp_clinical_pipeline.training.generator import train_generator
from dp_clinical_pipeline.training.per_example import PerExampleGradients, refuse_layers
from dp_clinical_pipeline.training.refusals import made_up_examples, refuse_what_cannot_be_private
from dp_clinical_pipeline_tests.training.built import CAUSAL, FAMILIES, LABELS, build
from dp_clinical_pipeline_tests.training.tiny import tiny_home, weights

MADE_UP = made_up_examples(80, LABELS)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_family_passes_and_is_left_as_it_was(tiny_models, family, precision):
    built = build(tiny_models[family], family, precision=precision)
    before, mode = weights(built.model), built.model.training
    refuse_what_cannot_be_private(built.model, built.losses, MADE_UP)
    assert torch.equal(weights(built.model), before)
    assert built.model.training == mode
    assert all(p.grad is None for p in built.model.parameters())


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (torch.nn.BatchNorm1d(2), "1 is a BatchNorm1d: examples see one another"),
        (torch.nn.BatchNorm1d(2).requires_grad_(False), "1 is a BatchNorm1d: examples see one another"),
        (torch.nn.InstanceNorm1d(2, track_running_stats=True), "1 is a InstanceNorm1d that keeps running statistics"),
        (torch.nn.PReLU(), r"1\.weight is trained in a PReLU, whose per-example gradients are not known"),
        (torch.nn.Bilinear(2, 2, 2), r"1\.weight is trained in a Bilinear"),
        (torch.nn.ParameterList([torch.zeros(2)]), r"1\.0 is trained in a ParameterList"),
        (torch.nn.LSTM(2, 2), r"1\.weight_ih_l0 is trained in a LSTM"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_a_layer_is_refused_by_name(layer, message):
    with pytest.raises(UserError, match=message):
        refuse_layers(torch.nn.Sequential(torch.nn.Linear(2, 2), layer))


@pytest.mark.parametrize(
    ("family", "also", "where"), [("llama", "norm", "LlamaRMSNorm"), ("opt", "embed_positions", "OPTLearnedPositional")]
)
def test_an_unknown_layer_of_a_known_family_is_refused_by_name(tiny_models, family, also, where):
    built = build(tiny_models[family], family, also=also)
    with pytest.raises(UserError, match=f"{also}.*weight is trained in a {where}"):
        refuse_what_cannot_be_private(built.model, built.losses, MADE_UP)


def test_a_bare_parameter_is_refused_by_name(tiny_models):
    built = build(tiny_models["bert"], "bert")
    built.model.register_parameter("temperature", torch.nn.Parameter(torch.ones(1)))
    with pytest.raises(UserError, match=r"^temperature is trained in a ModuleDict"):
        refuse_what_cannot_be_private(built.model, built.losses, MADE_UP)


@pytest.mark.parametrize(
    ("family", "also"),
    [
        pytest.param("gpt2", "wpe", id="one row for the whole batch"),
        pytest.param("opt", "final_layer_norm", id="a row for each token"),
    ],
)
def test_a_layer_that_is_given_rows_other_than_examples_is_refused_by_name(tiny_models, family, also):
    built = build(tiny_models[family], family, also=also)
    with pytest.raises(UserError, match=rf"{also}.*weight is in a layer whose rows are not examples"):
        refuse_what_cannot_be_private(built.model, built.losses, MADE_UP)


def test_a_weight_that_is_used_outside_its_layer_is_refused_by_name(tiny_models):
    built = build(tiny_models["llama"], "llama")
    _, used = next((n, p) for n, p in built.model.named_parameters() if "lora_A" in n)

    def losses(model, batch):
        return built.losses(model, batch) + used.square().sum()  # weight decay in the loss

    with pytest.raises(UserError, match=r"lora_A.*is used outside its own layer"):
        refuse_what_cannot_be_private(built.model, losses, MADE_UP)


@pytest.mark.parametrize("precision", ["highest", "high"])
def test_a_gradient_that_is_rounding_alone_is_no_fault(tiny_models, monkeypatch, precision):
    """As on a GPU: what a softmax takes no notice of has a gradient of zero, and rounding says otherwise each time."""
    built = build(tiny_models["bert"], "bert")
    built.model["unseen"] = torch.nn.Linear(2, 2)
    noise = torch.Generator().manual_seed(1)
    taken = PerExampleGradients.take

    def rounded(self, examples):
        grads = taken(self, examples)
        weight = built.model["unseen"].weight
        return grads | {weight: 1e-8 * torch.randn(grads[weight].shape, generator=noise)}

    def losses(model, batch):
        seen.append(torch.get_float32_matmul_precision())
        return built.losses(model, batch) + 0 * model["unseen"](torch.ones(len(batch), 2)).sum(1)

    seen = []
    monkeypatch.setattr(PerExampleGradients, "take", rounded)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(precision)
        refuse_what_cannot_be_private(built.model, losses, MADE_UP)
        assert (set(seen), torch.get_float32_matmul_precision()) == ({"highest"}, precision)
    finally:
        torch.set_float32_matmul_precision(before)


def test_a_trained_weight_without_a_gradient_is_refused_by_name(tiny_models):
    built = build(tiny_models["bert"], "bert")
    built.model["spare"] = torch.nn.Linear(2, 2)
    with pytest.raises(UserError, match=r"spare\.weight got no per-example gradient"):
        refuse_what_cannot_be_private(built.model, built.losses, MADE_UP)


def _mean_over_the_batchs_tokens(losses, model, batch):
    lengths = torch.tensor([float(len(d.example.tokens)) for d in batch])
    return losses(model, batch) * lengths / lengths.sum()


def _contrast(losses, model, batch):
    each = losses(model, batch)
    return each + 0.1 * (each * each.roll(1))


@pytest.mark.parametrize("coupled", [_mean_over_the_batchs_tokens, _contrast])
@pytest.mark.parametrize("family", ["llama", "albert"])
def test_a_loss_that_couples_examples_is_refused(tiny_models, family, coupled):
    built = build(tiny_models[family], family)
    with pytest.raises(UserError, match="changes with its neighbours: DP cannot hold for this loss"):
        refuse_what_cannot_be_private(built.model, lambda m, b: coupled(built.losses, m, b), MADE_UP)


def test_a_buffer_that_remembers_is_refused_by_name(tiny_models):
    built = build(tiny_models["llama"], "llama")
    built.model.register_buffer("longest", torch.zeros(1))

    def losses(model, batch):
        model.longest.fill_(max(len(d.example.tokens) for d in batch))
        return built.losses(model, batch)

    with pytest.raises(UserError, match=r"^longest is a buffer that changes with what is read"):
        refuse_what_cannot_be_private(built.model, losses, MADE_UP)


def test_a_cell_is_refused_before_anything_is_reserved_or_read(tmp_path, tiny_models, monkeypatch):
    from dp_clinical_pipeline.privacy.ledger import open_ledger
    from dp_clinical_pipeline.training import generator

    home = tiny_home(tmp_path, tiny_models["llama"])
    honest = generator.note_losses
    monkeypatch.setattr(
        generator, "note_losses", lambda m, b, pad: _mean_over_the_batchs_tokens(lambda *_: honest(m, b, pad), m, b)
    )
    monkeypatch.setattr(cell, "train_patients", lambda *_: pytest.fail("private data was read"))
    with pytest.raises(UserError, match="changes with its neighbours"):
        train_generator(home, "tiny", "eps-8")
    assert [row.state for row in open_ledger(home).rows()] == ["declared"]


def test_made_up_examples_fit_the_vocabulary():
    assert all(0 <= t < 9 for e in made_up_examples(9) for t in e.tokens)
    assert len({len(e.tokens) for e in MADE_UP}) == len(MADE_UP)
    assert len(CAUSAL) + 2 == len(FAMILIES)
