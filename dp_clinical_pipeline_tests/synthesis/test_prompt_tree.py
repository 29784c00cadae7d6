"""Prompts read as trees: each beginning once, and what is kept is what a prompt alone would leave."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.loading import load_causal
from dp_clinical_pipeline.synthesis import prompt_tree
from dp_clinical_pipeline.synthesis.prompt_tree import read_prompts, trees
from dp_clinical_pipeline_tests.training.tiny import CPU

PROMPTS = [[5, 6, 7], [5, 6, 8, 9], [5, 6, 7], [], [50], [5, 6], [6, 5, 6, 7, 7, 7]]


@given(st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=12), st.integers(1, 9))
def test_trees_hold_every_prompt_and_each_beginning_once(prompts, most):
    grown = list(trees(prompts, most))
    found = [prompt for tree in grown for prompt in tree.paths]
    assert sorted(found) == sorted({tuple(prompt) for prompt in prompts} - {()})
    for tree in grown:
        assert len(tree.tokens) <= most or len(tree.paths) == 1
        assert len(tree.tokens) == len({p[: i + 1] for p in tree.paths for i in range(len(p))})
        for prompt, path in tree.paths.items():
            assert tuple(tree.tokens[at] for at in path) == prompt
            assert [tree.depths[at] for at in path] == list(range(len(path)))
            assert [tree.parents[at] for at in path] == [-1, *path[:-1]]
            assert path == sorted(path)


@pytest.mark.parametrize("most", [1, 4, 384])
@pytest.mark.parametrize("family", ["gpt2", "llama", "opt", "biogpt"])
def test_keys_and_values_are_those_of_each_prompt_alone(tiny_models, family, most, monkeypatch):
    torch.set_num_threads(1)
    monkeypatch.setattr(prompt_tree, "_MOST", most)
    model = load_causal(BaseModel(name="tiny", path=tiny_models[family], sha256=""), CPU)
    reading = read_prompts(model, PROMPTS)
    for prompt, path in zip(PROMPTS, reading.paths, strict=True):
        assert len(path) == len(prompt)
        if not prompt:
            continue
        with torch.no_grad():
            alone = model(torch.tensor([prompt]), use_cache=True).past_key_values
        for kept, layer in zip(reading.layers, alone.layers, strict=True):
            for ours, theirs in zip(kept, (layer.keys[0], layer.values[0]), strict=True):
                assert torch.allclose(ours[:, path], theirs, atol=1e-5)


def test_prompts_without_a_token_leave_nothing():
    assert read_prompts(None, [[], []]).paths == [[], []]
