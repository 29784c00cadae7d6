"""Sampling from a causal model in batches that shrink: a note that has ended leaves its batch and costs nothing more.

The library's own `generate` computes every row until the longest has ended, copies all keys and values at each step,
and filters the whole vocabulary before it draws from it. On a CPU these three are most of the time.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# Rows are dropped once this share of the batch has ended: each drop copies the keys and values that stay.
_ENDED_SHARE = 0.125


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is drawn. `top_k` 0 and `top_p` 1 leave the whole vocabulary.

    With a `guidance` other than 1, a token's log-probability is what it is under another prompt plus so many times what
    the row's own adds to it (Sanchez et al. 2023, "Stay on topic with classifier-free guidance"). A row that has another
    prompt costs two.
    """

    temperature: float
    top_k: int
    top_p: float
    max_new_tokens: int
    guidance: float = 1.0


def decode(
    model: Any,
    prompts: Sequence[Sequence[int]],
    how: Sampling,
    *,
    end: int,
    pad: int,
    seed: int,
    against: Sequence[Sequence[int] | None] = (),
) -> list[list[int]]:
    """Return the tokens written after each prompt, with `end` as the last one where a note came to its end.

    `against` holds a prompt for each of `prompts` that guidance leads away from, or None where there is none.

    Rows are independent given the seed and their place in `prompts`. The draws are torch's: they are public
    randomness, since sampling from a released model is post-processing.
    """
    import torch

    generator = torch.Generator(device=model.device).manual_seed(seed)
    guided = [i for i, other in enumerate(against) if other is not None and how.guidance != 1]
    read = [*prompts, *(other for other in against if other is not None and how.guidance != 1)]
    width = max(map(len, read))
    ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in read], device=model.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in read], device=model.device)
    # The rows that have a second one, in the order in which those stand behind the first ones.
    twins = torch.tensor(guided, dtype=torch.long, device=model.device)
    written: list[list[int]] = [[] for _ in prompts]
    rows = torch.arange(len(prompts), device=model.device)
    running = torch.ones(len(prompts), dtype=torch.bool, device=model.device)
    cache = _cache(model.config, width + how.max_new_tokens)
    known = frozenset(inspect.signature(model.forward).parameters)
    with torch.no_grad():
        for _ in range(how.max_new_tokens):
            out = model(**_inputs(known, ids, mask, cache))
            token = draw(_guided(out.logits[:, -1].float(), twins, how.guidance), how, generator)
            for row, one, live in zip(rows.tolist(), token.tolist(), running.tolist(), strict=True):
                if live:
                    written[row].append(one)
            running &= token != end
            if not running.any():
                break
            ids = torch.cat([token, token[twins]])[:, None]
            mask = torch.cat([mask, torch.ones_like(mask[:, :1])], 1)
            if (~running).sum() >= max(1, _ENDED_SHARE * len(running)):
                keep, kept_twins = running.nonzero()[:, 0], running[twins].nonzero()[:, 0]
                all_kept = torch.cat([keep, kept_twins + len(running)])
                cache.batch_select_indices(all_kept)
                twins = torch.searchsorted(keep, twins[kept_twins])
                ids, mask, rows, running = ids[all_kept], mask[all_kept], rows[keep], running[keep]
    return written


def _guided(logits: Any, twins: Any, guidance: float) -> Any:
    """Return logits of shape (B, V) from those of B rows and, behind them, of the second rows of `twins`."""
    first = logits[: len(logits) - len(twins)]
    if len(twins):
        asked, other = first[twins].log_softmax(-1), logits[len(first) :].log_softmax(-1)
        first = first.index_copy(0, twins, other + guidance * (asked - other))
    return first


def draw(logits: Any, how: Sampling, generator: Any) -> Any:
    """Return a token for each row of logits (B, V), as temperature, then top-k, then top-p leave them: shape (B,)."""
    import torch

    logits = logits / how.temperature
    if how.top_k:
        kept, names = logits.topk(min(how.top_k, logits.shape[-1]), dim=-1)
    elif how.top_p < 1:
        kept, names = logits.sort(dim=-1, descending=True)
    else:
        return torch.multinomial(logits.softmax(-1), 1, generator=generator)[:, 0]
    shares = kept.softmax(-1)
    if how.top_p < 1:
        # A token stays while those before it do not yet hold top_p: the first one always does.
        shares = shares.masked_fill(shares.cumsum(-1) - shares >= how.top_p, 0.0)
    return names.gather(1, torch.multinomial(shares, 1, generator=generator))[:, 0]


def _inputs(known: frozenset[str], ids: Any, mask: Any, cache: Any) -> dict[str, Any]:
    inputs = {"input_ids": ids, "attention_mask": mask, "past_key_values": cache, "use_cache": True}
    if "position_ids" in known:
        inputs["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
    if "logits_to_keep" in known:
        inputs["logits_to_keep"] = 1
    return inputs


def _cache(config: Any, room: int) -> Any:
    from transformers.cache_utils import Cache

    return Cache(layers=[_layer_class()(room) for _ in range(config.num_hidden_layers)])


@lru_cache
def _layer_class() -> type:
    import torch
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):
        """Keys and values (B, heads, T, width) in a buffer with room for all that will be written."""

        def __init__(self, room: int) -> None:
            super().__init__()
            self.room, self.length = room, 0
            self.buffers: list[torch.Tensor] = []

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            new = (key_states, value_states)
            if not self.buffers:
                self.lazy_initialization(key_states, value_states)
                self.buffers = [s.new_empty(*s.shape[:2], self.room, s.shape[3]) for s in new]
            start, self.length = self.length, self.length + key_states.shape[2]
            for buffer, states in zip(self.buffers, new, strict=True):
                buffer[:, :, start : self.length] = states
            self.keys, self.values = (buffer[:, :, : self.length] for buffer in self.buffers)
            return self.keys, self.values

        def get_seq_length(self) -> int:
            return self.length

        def batch_select_indices(self, indices: Any) -> None:
            self.buffers = [buffer[indices] for buffer in self.buffers]

    return RoomyLayer
