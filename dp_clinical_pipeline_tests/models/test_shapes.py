"""Encoders of a published shape without its weights: the same numbers everywhere, and a name that says so."""

import pytest
import torch
from transformers import AutoConfig, AutoModel

from dp_clinical_pipeline.config import Models, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.experiments.recipe import recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models import base, shapes
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.families import family_of
from dp_clinical_pipeline.models.loading import load_encoder, load_tokenizer
from dp_clinical_pipeline.models.shapes import SHAPES, SMALL_GENERATOR, random_generator

CPU = Device(kind="cpu", index=None, precision="fp32", reason="test")


@pytest.fixture
def small(monkeypatch, tiny_models):
    """The shapes with a layer or two of 32, and the tiny models' words."""
    small = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64, "num_hidden_layers": 2}
    for name, (kind, differs) in SHAPES.items():
        monkeypatch.setitem(shapes.SHAPES, name, (kind, differs | small))
    monkeypatch.setattr(base, "_packaged_weights", lambda packaged: tiny_models["bert"] / "model.safetensors")


def _home(folder, *names):
    return Home(folder).create(Settings(models=Models(encoders=dict.fromkeys(names, "shape"))))


@pytest.mark.parametrize(
    ("name", "millions", "layers", "width"),
    [
        ("bert-small-scratch", 28.5, 4, 512),
        ("bert-medium-scratch", 41.1, 8, 512),
        ("albert-base-scratch", 11.1, 12, 768),
    ],
)
def test_a_shape_has_the_published_size(name, millions, layers, width):
    kind, differs = SHAPES[name]
    config = AutoConfig.for_model(kind, vocab_size=30522, **differs)
    assert (config.num_hidden_layers, config.hidden_size) == (layers, width)
    assert config.hidden_size // config.num_attention_heads == 64
    with torch.device("meta"):
        model = AutoModel.from_config(config, add_pooling_layer=False)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)
    assert not family_of(config, causal=False).causal


def test_the_small_generator_is_a_llama_of_five_million_parameters_that_follows_from_its_seed():
    torch.manual_seed(7)
    first = random_generator(SMALL_GENERATOR, vocabulary=8192, end=0, pad=1, seed=3)
    follows = torch.rand(1)
    second, other = (random_generator(SMALL_GENERATOR, vocabulary=8192, end=0, pad=1, seed=seed) for seed in (3, 4))
    torch.manual_seed(7)
    assert torch.equal(torch.rand(1), follows)
    assert sum(p.numel() for p in first.parameters()) / 1e6 == pytest.approx(5.31, abs=0.01)
    assert family_of(first.config, causal=True).targets == ("q_proj", "v_proj")
    assert first.get_input_embeddings().weight is first.get_output_embeddings().weight
    pairs = zip(first.parameters(), second.parameters(), other.parameters(), strict=True)
    assert all(torch.equal(a, b) and (a.dim() < 2 or not torch.equal(a, c)) for a, b, c in pairs)


@pytest.mark.parametrize("name", SHAPES)
def test_the_same_weights_are_laid_out_anywhere_and_the_seed_of_others_is_left_alone(
    name, small, tmp_path, tiny_models
):
    torch.manual_seed(7)
    first = base_model(_home(tmp_path / "a", name), "encoders", name)
    follows = torch.rand(1)
    torch.manual_seed(8)
    second = base_model(_home(tmp_path / "b", name), "encoders", name)
    assert first.sha256 == second.sha256
    torch.manual_seed(7)
    assert torch.equal(torch.rand(1), follows)
    model, tokenizer = load_encoder(first, CPU), load_tokenizer(first, padding_side="right")
    assert tokenizer("No pleural effusion.") == load_tokenizer(
        base.BaseModel(name="t", path=tiny_models["bert"], sha256=""), padding_side="right"
    )("No pleural effusion.")
    assert model.config.vocab_size == len(tokenizer)
    states = model(input_ids=torch.tensor([tokenizer.encode("No effusion.")])).last_hidden_state
    assert states.shape[-1] == 32
    assert states.std() > 0.1


def test_a_shape_says_in_its_name_that_nobody_trained_it(small, tmp_path):
    assert all(name.endswith("-scratch") for name in SHAPES)
    with pytest.raises(UserError, match="no shape is called 'bert-small': bert-small-scratch, "):
        base_model(_home(tmp_path, "bert-small"), "encoders", "bert-small")


def test_the_study_of_the_shapes_asks_for_each_of_them():
    made = recipe("openi-classify-shapes")
    assert set(made.encoders) == set(SHAPES)
    assert made.base_settings.models.encoders == dict.fromkeys(made.encoders, "shape")
    assert len(made.classifiers) == 15
