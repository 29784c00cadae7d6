"""Our decoding against the library's `generate`, for every causal family."""

import random
from dataclasses import replace

import pytest
import torch

from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.loading import load_causal
from dp_clinical_pipeline.synthesis import slots
from dp_clinical_pipeline.synthesis.decoding import Sampling, _best, _closed_up, decode, draw
from dp_clinical_pipeline_tests.training.tiny import CPU

GREEDY = Sampling(temperature=1.0, top_k=1, top_p=1.0, max_new_tokens=12)
FREE = Sampling(temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=12)
PROMPTS = [[5, 6, 7], [9, 4, 30, 31, 32, 33], [50, 51], [60, 61, 62, 63], [20, 21, 22, 23, 24]]
END, PAD = 0, 1


@pytest.fixture(scope="module")
def models(tiny_models):
    torch.set_num_threads(1)
    return {
        name: load_causal(BaseModel(name="tiny", path=tiny_models[name], sha256=""), CPU)
        for name in ("gpt2", "llama", "opt", "biogpt")
    }


def alone(model, prompt, end, tokens=12, **how):
    """What the library writes greedily for one prompt without padding."""
    out = model.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False,
        max_new_tokens=tokens,
        eos_token_id=end,
        pad_token_id=PAD,
        **how,
    )
    return out[0, len(prompt) :].tolist()


# With room for all that is written, and with new room made at every third token.
@pytest.mark.parametrize("places", [3, 64])
@pytest.mark.parametrize("family", ["gpt2", "llama", "opt", "biogpt"])
def test_the_greedy_choice_is_the_librarys_for_each_prompt_alone(models, family, places, monkeypatch):
    monkeypatch.setattr(slots, "_PLACES", places)
    model, prompts = models[family], [*PROMPTS, [70], PROMPTS[1]]
    free = [alone(model, prompt, end=-1) for prompt in prompts]
    assert decode(model, prompts, GREEDY, end=-1, seed=0) == free
    assert decode(model, [[70]], GREEDY, end=-1, seed=0) == [free[5]]
    # An end that some rows reach early and others never: rows leave the batch, and the others' notes stay the same.
    for end in sorted({token for row in free for token in row[1:-1]})[:6]:
        expected = [row[: row.index(end) + 1] if end in row else row for row in free]
        assert decode(model, prompts, GREEDY, end=end, seed=0) == expected


def test_no_note_ends_before_its_least_length(models):
    """As the library's `min_new_tokens` has it: an end that comes first is passed over, not written and cut."""
    model = models["llama"]
    free = [alone(model, prompt, end=-1) for prompt in PROMPTS]
    ends = sorted({token for row in free for token in row[:4]})
    later = 0
    for end in ends:
        expected = [alone(model, prompt, end, min_new_tokens=5) for prompt in PROMPTS]
        later += expected != [alone(model, prompt, end) for prompt in PROMPTS]
        assert decode(model, PROMPTS, replace(GREEDY, min_new_tokens=5), end=end, seed=0) == expected
        assert min(row.index(end) if end in row else 12 for row in expected) >= 5
    assert later == len(ends)


def test_guidance_is_the_librarys(models):
    """Greedy, for each prompt alone; ours in one batch with rows that end early, each row against a prompt of its own."""
    model, against = models["gpt2"], [[40 + i, 41, 42][: 2 + i % 2] for i in range(len(PROMPTS))]
    against[1] = None  # a row without another prompt among those that have one
    how = Sampling(temperature=1.0, top_k=1, top_p=1.0, max_new_tokens=12, guidance=3.0)

    def theirs(prompt, end):
        other = against[PROMPTS.index(prompt)]
        if other is None:
            return alone(model, prompt, end)
        out = model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            negative_prompt_ids=torch.tensor([other]),
            negative_prompt_attention_mask=torch.ones(1, len(other), dtype=torch.long),
            guidance_scale=3.0, do_sample=False, max_new_tokens=12, eos_token_id=end, pad_token_id=PAD,
        )  # fmt: skip
        return out[0, len(prompt) :].tolist()

    free = [theirs(prompt, -1) for prompt in PROMPTS]
    assert decode(model, PROMPTS, how, end=-1, seed=0, against=against) == free
    assert free != [alone(model, prompt, end=-1) for prompt in PROMPTS]
    for end in sorted({token for row in free for token in row[1:-1]})[:6]:
        expected = [row[: row.index(end) + 1] if end in row else row for row in free]
        assert decode(model, PROMPTS, how, end=end, seed=0, against=against) == expected


def test_the_seed_decides(models):
    write = lambda seed: decode(models["llama"], PROMPTS, FREE, end=END, seed=seed)  # noqa: E731
    assert write(3) == write(3) != write(4)


def test_a_row_stays_in_its_slot_if_it_can_and_guided_ones_stay_behind():
    rng = random.Random(0)
    for _ in range(200):
        firsts, twins = rng.randint(1, 9), rng.randint(0, 9)
        running = [rng.random() < 0.6 for _ in range(firsts + twins)]
        order, first = _closed_up(running, firsts)
        assert sorted(order) == [slot for slot, live in enumerate(running) if live]
        assert first == sum(running[:firsts])
        assert all(slot < firsts for slot in order[:first])
        assert all(slot >= firsts for slot in order[first:])
        for new, old in enumerate(order):
            could_stay = running[new] and (new < first) == (new < firsts)
            assert old == new or not could_stay


@pytest.mark.parametrize(("width", "k"), [(49_152, 50), (49_152, 1), (8_192, 50), (8_200, 255), (1_000, 50), (40, 40)])
def test_the_best_are_those_of_a_whole_sort(width, k):
    logits = torch.randn(7, width, generator=torch.Generator().manual_seed(0))
    kept, names = _best(logits, k)
    expected = logits.sort(dim=-1, descending=True)
    assert torch.equal(kept, expected.values[:, :k])
    assert torch.equal(names, expected.indices[:, :k])


def test_tokens_come_as_often_as_the_softmax_says():
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, -8.0])
    rows = logits.repeat(40_000, 1)
    generator = torch.Generator().manual_seed(0)

    def shares(**changes):
        how = Sampling(**({"temperature": 1.0, "top_k": 0, "top_p": 1.0, "max_new_tokens": 1} | changes))
        return torch.bincount(draw(rows, how, generator), minlength=5) / len(rows)

    for temperature in (0.5, 1.0, 2.0):
        expected = (logits / temperature).softmax(0)
        assert torch.allclose(shares(temperature=temperature), expected, atol=0.01)
    expected = logits[:3].softmax(0)
    assert torch.allclose(shares(top_k=3)[:3], expected, atol=0.01)
    assert shares(top_k=3)[3:].sum() == 0
    # .64 alone is less than .7, with the second .87: two tokens hold the first .7 of the mass.
    for top_k in (0, 5):
        found = shares(top_p=0.7, top_k=top_k)
        assert torch.allclose(found[:2], logits[:2].softmax(0), atol=0.01)
        assert found[2:].sum() == 0
