"""Sampling from a causal model in a batch that shrinks: a note that has ended leaves it and costs nothing more.

The library's own `generate` reads the same beginnings for each row anew, computes every row until the longest has ended,
copies all keys and values at each step, and looks through the whole vocabulary to draw from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dp_clinical_pipeline.synthesis.prompt_tree import read_prompts
from dp_clinical_pipeline.synthesis.slots import Slots

_COLUMN = 32  # tokens that are looked at together to find those which may be among the best


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is drawn. `top_k` 0 and `top_p` 1 leave the whole vocabulary.

    No note ends before `min_new_tokens`: until then the other tokens share what the end would have had.

    With a `guidance` other than 1, a token's log-probability is what it is under another prompt plus so many times what
    the row's own adds to it (Sanchez et al. 2023, "Stay on topic with classifier-free guidance"). A row that has another
    prompt costs two.
    """

    temperature: float
    top_k: int
    top_p: float
    max_new_tokens: int
    min_new_tokens: int = 0
    guidance: float = 1.0


def decode(
    model: Any,
    prompts: Sequence[Sequence[int]],
    how: Sampling,
    *,
    end: int,
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
    others = {row: other for row, other in enumerate(against) if other is not None and how.guidance != 1}
    read = [*prompts, *others.values()]
    written: list[list[int]] = [[] for _ in prompts]
    # By their numbers: the rows in the first slots, and behind them those that have a second slot, for guidance.
    rows, guided = [*range(len(prompts))], [*others]
    with torch.no_grad():
        # A prompt's last token is the first one that a slot is given.
        slots = Slots(model, read_prompts(model, [prompt[:-1] for prompt in read]))
        tokens = torch.tensor([prompt[-1] for prompt in read], device=model.device)
        for number in range(how.max_new_tokens):
            place = {row: slot for slot, row in enumerate(rows)}
            asked = torch.tensor([place[row] for row in guided], dtype=torch.long, device=model.device)
            logits = _guided(slots.step(tokens).float(), asked, how.guidance)
            if number < how.min_new_tokens:
                logits = logits.index_fill(1, torch.tensor([end], device=model.device), -torch.inf)
            drawn = draw(logits, how, generator)
            for row, token in zip(rows, drawn.tolist(), strict=True):
                written[row].append(token)
            tokens = torch.cat([drawn, drawn[asked]])
            running = [written[row][-1] != end for row in [*rows, *guided]]
            if not any(running):
                break
            if not all(running):
                order, first = _closed_up(running, len(rows))
                slots.keep(order)
                tokens = tokens[torch.tensor(order, device=model.device)]
                held = [*rows, *guided]
                rows, guided = [held[slot] for slot in order[:first]], [held[slot] for slot in order[first:]]
    return written


def _closed_up(running: Sequence[bool], firsts: int) -> tuple[list[int], int]:
    """Return for each slot which one's row it takes over, and how many of the first `firsts` still run.

    Those behind the first ones stay behind them. A row stays where it is if it can.
    """
    order: list[int] = []
    for begin, stop in ((0, firsts), (firsts, len(running))):
        live = [slot for slot in range(begin, stop) if running[slot]]
        room = range(len(order), len(order) + len(live))
        movers = (slot for slot in live if slot not in room)
        order += [slot if slot >= begin and running[slot] else next(movers) for slot in room]
    return order, sum(running[:firsts])


def _guided(logits: Any, asked: Any, guidance: float) -> Any:
    """Return logits of shape (B, V), up to a constant a row, of B rows and, behind them, the second rows of `asked`."""
    import torch

    first = logits[: len(logits) - len(asked)]
    if len(asked):
        first = first.index_copy(0, asked, torch.lerp(logits[len(first) :], first[asked], guidance))
    return first


def draw(logits: Any, how: Sampling, generator: Any) -> Any:
    """Return a token for each row of logits (B, V), as temperature, then top-k, then top-p leave them: shape (B,)."""
    import torch

    if how.top_k:
        kept, names = _best(logits, min(how.top_k, logits.shape[-1]))
    elif how.top_p < 1:
        kept, names = logits.sort(dim=-1, descending=True)
    else:
        return torch.multinomial((logits / how.temperature).softmax(-1), 1, generator=generator)[:, 0]
    shares = (kept / how.temperature).softmax(-1)
    if how.top_p < 1:
        # A token stays while those before it do not yet hold top_p: the first one always does.
        shares = shares.masked_fill(shares.cumsum(-1) - shares >= how.top_p, 0.0)
    return names.gather(1, torch.multinomial(shares, 1, generator=generator))[:, 0]


def _best(logits: Any, k: int) -> tuple[Any, Any]:
    """Return the k largest of each row, and their places, largest first.

    They stand in the k columns whose own largest ones are largest: what is left to sort through is small.
    """
    rows, width = logits.shape
    columns = width // _COLUMN
    if width % _COLUMN or k >= columns:
        return tuple(logits.topk(k, dim=-1))
    table = logits.view(rows, _COLUMN, columns)
    top = table.amax(1).topk(k, dim=-1, sorted=False).indices
    kept, places = table.gather(2, top[:, None].expand(-1, _COLUMN, -1)).view(rows, -1).topk(k, dim=-1)
    return kept, places // k * columns + top.gather(1, places % k)
