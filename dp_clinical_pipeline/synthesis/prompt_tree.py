"""Prompts that begin alike are read once: as a tree of tokens in one row, each seeing those on the way to its root."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# Tokens of a tree, at most: what attention costs grows with their square.
_MOST = 384


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a model keeps of prompts: keys and values of each layer, of shape (heads, tokens, width) each.

    `paths` holds for each prompt the places of its tokens.
    """

    layers: list[tuple[Any, Any]]
    paths: list[list[int]]


@dataclass(frozen=True)
class Tree:
    """Tokens with their parents, each behind its own, and the path of each prompt. A root's parent is -1."""

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    paths: dict[tuple[int, ...], list[int]] = field(default_factory=dict)


def read_prompts(model: Any, prompts: Sequence[Sequence[int]]) -> Reading:
    """Return what the model keeps of the prompts. Where all are empty, it has no layers."""
    import torch

    layers: list[list[tuple[Any, Any]]] = []
    paths: dict[tuple[int, ...], list[int]] = {(): []}
    start = 0
    for tree in trees(prompts, _MOST):
        layers.append(_read(model, tree))
        paths |= {prompt: [start + at for at in path] for prompt, path in tree.paths.items()}
        start += len(tree.tokens)
    joined: list[tuple[Any, Any]] = []
    for layer in zip(*layers, strict=True):
        keys, values = zip(*layer, strict=True)
        joined.append((torch.cat(keys, 1), torch.cat(values, 1)))
    return Reading(layers=joined, paths=[paths[tuple(prompt)] for prompt in prompts])


def trees(prompts: Sequence[Sequence[int]], most: int) -> Iterator[Tree]:
    """Yield trees of at most `most` tokens that hold each prompt once; a longer prompt has a tree of its own."""
    tree, places = Tree(), dict[tuple[int, int], int]()
    for prompt in sorted({tuple(prompt) for prompt in prompts} - {()}):
        if tree.tokens and len(tree.tokens) + _new(prompt, places) > most:
            yield tree
            tree, places = Tree(), {}
        at, path = -1, []
        for depth, token in enumerate(prompt):
            parent, at = at, places.setdefault((at, token), len(tree.tokens))
            if at == len(tree.tokens):
                tree.tokens.append(token)
                tree.parents.append(parent)
                tree.depths.append(depth)
            path.append(at)
        tree.paths[prompt] = path
    if tree.tokens:
        yield tree


def _new(prompt: Sequence[int], places: dict[tuple[int, int], int]) -> int:
    """Return how many tokens of a prompt a tree does not hold yet."""
    at = -1
    for known, token in enumerate(prompt):
        if (at, token) not in places:
            return len(prompt) - known
        at = places[at, token]
    return 0


def _read(model: Any, tree: Tree) -> list[tuple[Any, Any]]:
    import torch
    from transformers import DynamicCache

    n = len(tree.tokens)
    seen = torch.eye(n, dtype=torch.bool)
    for at, parent in enumerate(tree.parents):
        if parent >= 0:
            seen[at] |= seen[parent]
    mask = torch.zeros(n, n, dtype=model.dtype).masked_fill(~seen, torch.finfo(model.dtype).min)
    cache: Any = DynamicCache()
    with torch.no_grad():
        model.base_model(
            input_ids=torch.tensor([tree.tokens], device=model.device),
            position_ids=torch.tensor([tree.depths], device=model.device),
            attention_mask=mask.to(model.device)[None, None],
            past_key_values=cache,
            use_cache=True,
        )
    return [(layer.keys[0], layer.values[0]) for layer in cache.layers]
