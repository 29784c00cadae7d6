"""Reports as token sequences, grouped by patient, and the physical microbatches that they are computed in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dp_clinical_pipeline.errors import UserError

# What starting another group costs, in tokens of work: measured on a CPU with a model of 135M parameters.
_GROUP_TOKENS = 64
# How much more is computed at once: a GPU takes about as long for few rows as for many.
_ROOM = {"cuda": 4}


@dataclass(frozen=True)
class Example:
    """A prompt and its note, as tokens. The loss is taken from `note_start` on; an encoder's example carries `targets`,
    and perhaps `features`: what public rules say of the whole text.

    `weights` say what each token from `note_start` on counts in the note's mean loss; none: all the same.
    """

    tokens: tuple[int, ...]
    note_start: int = 0
    targets: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    features: tuple[float, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """An example in a step, with the patient (a position in the step's sample) and the weight of its gradient."""

    example: Example
    patient: int
    weight: float


def causal_example(
    tokenizer: Any,
    prompt: str,
    note: str,
    max_tokens: int,
    stating: Sequence[tuple[int, int]] = (),
    stated_weight: float = 1.0,
) -> Example:
    """Return prompt, note and end of text, cut to `max_tokens`.

    Tokens that touch one of the parts `stating` (characters of the note) weigh `stated_weight`, and others 1; all weigh the
    same where the tokenizer is a slow one, which does not know its tokens' places.

    Raises:
        UserError: the prompt alone fills `max_tokens`.
    """
    head = tokenizer.encode(prompt, add_special_tokens=False)
    if len(head) >= max_tokens - 1:
        raise UserError(f"training.max_tokens is {max_tokens}, too few for a prompt: raise it")
    text = " " + note.strip()
    body = [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
    tokens = tuple((head + body)[:max_tokens])
    if not stating or stated_weight == 1:
        return Example(tokens=tokens, note_start=len(head))
    if not getattr(tokenizer, "is_fast", True):  # it does not say where its tokens stand, as BioGPT's: all count alike
        return Example(tokens=tokens, note_start=len(head))
    moved = len(note) - len(note.lstrip()) - 1
    places = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    touched = [any(start < last + moved and first + moved < end for start, end in stating) for first, last in places]
    weights = tuple(stated_weight if it else 1.0 for it in (*touched, False))
    return Example(tokens=tokens, note_start=len(head), weights=weights[: max_tokens - len(head)])


def draw(patients: Sequence[Sequence[Example]]) -> list[Drawn]:
    """Return a step's reports; each patient's weigh one over their number, so that a patient's gradient is their mean."""
    return [Drawn(e, i, 1 / len(reports)) for i, reports in enumerate(patients) for e in reports]


def microbatches(drawn: Sequence[Drawn], most_tokens: int, device: str = "cpu") -> Iterator[list[Drawn]]:
    """Yield groups of about equal length whose padded size is at most `most_tokens`; a patient is never split.

    `device` is torch's name of its kind; four times as many tokens go into one group on CUDA.

    A group ends where padding it up to the next length would cost more than a group of its own. The sum of clipped
    per-patient gradients does not depend on the grouping, so this is free of privacy cost.
    """
    room = _ROOM.get(device, 1)
    by_patient: dict[int, list[Drawn]] = {}
    for item in drawn:
        by_patient.setdefault(item.patient, []).append(item)
    groups = sorted(by_patient.values(), key=lambda items: max(len(d.example.tokens) for d in items))
    batch: list[Drawn] = []
    width = 0
    for items in groups:
        longest = max(len(d.example.tokens) for d in items)
        too_large = longest * (len(batch) + len(items)) > most_tokens * room
        if batch and (too_large or (longest - width) * len(batch) > _GROUP_TOKENS * room):
            yield batch
            batch = []
        batch, width = batch + items, longest
    if batch:
        yield batch


def padded(batch: Sequence[Drawn], pad: int, device: str) -> tuple[Any, Any]:
    """Return token ids (B, T), padded on the right, and lengths (B,)."""
    import torch

    lengths = [len(d.example.tokens) for d in batch]
    ids = torch.full((len(batch), max(lengths)), pad, dtype=torch.long)
    for row, item in enumerate(batch):
        ids[row, : lengths[row]] = torch.tensor(item.example.tokens)
    return ids.to(device), torch.tensor(lengths, device=device)
