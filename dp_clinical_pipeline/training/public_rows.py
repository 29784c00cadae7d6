"""Public text as rows of tokens, with made-up notes among it: what a small generator is pre-trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14, CT_RATE18, ICD9_CHAPTERS, ICD10_CHAPTERS, NIH14
from dp_clinical_pipeline.models.byte_pairs import train_byte_pairs
from dp_clinical_pipeline.synthesis.primer import primer_pairs
from dp_clinical_pipeline.training.public_text import PublicText

if TYPE_CHECKING:
    from dp_clinical_pipeline.training.pretraining import PretrainSpec

_PAIRED_LISTS = (CHEXPERT14, NIH14, CT_RATE18, ICD9_CHAPTERS, ICD10_CHAPTERS)
_PAIRS_SEED = 2
"""Neither the primer's nor that of the untuned arm, whose records would be asked for twice."""


@dataclass(frozen=True)
class Rows:
    """Token ids (rows, context) to learn from and to test on, and how many bytes the test's tokens stand for."""

    learnt: np.ndarray
    held_out: np.ndarray
    held_out_bytes: float


def rows_of(work: Path, text: PublicText, spec: "PretrainSpec") -> tuple[Any, Rows]:
    """Return the tokenizer and the texts as rows of its tokens, made-up pairs among those learnt; made once."""
    from transformers import AutoTokenizer

    folder = work / "tokens"
    if not folder.exists():
        aside = work / "tokens.tmp"
        _make_tokens(aside, text, spec)
        aside.rename(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    with np.load(folder / "rows.npz", allow_pickle=False) as file:
        return tokenizer, Rows(file["learnt"], file["held_out"], float(file["held_out_bytes"]))


def _make_tokens(folder: Path, text: PublicText, spec: "PretrainSpec") -> None:
    from transformers import AutoTokenizer

    pairs = [pair for labels in _PAIRED_LISTS for pair in primer_pairs(labels, spec.pairs, _PAIRS_SEED)]
    texts = [*text.learnt, *(f"{pair.prompt} {pair.note}" for pair in pairs)]
    train_byte_pairs(texts, spec.vocabulary, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    learnt = [_encoded(tokenizer, one) for one in texts]
    order = np.random.default_rng([spec.seed, len(learnt)]).permutation(len(learnt))
    held_out = [_encoded(tokenizer, one) for one in text.held_out]
    rows = packed(held_out, spec.context)
    each = sum(len(one.encode()) for one in text.held_out) / sum(map(len, held_out))
    np.savez(
        folder / "rows.npz",
        learnt=packed([learnt[i] for i in order], spec.context),
        held_out=rows,
        held_out_bytes=each * rows.size,
    )


def _encoded(tokenizer: Any, text: str) -> tuple[int, ...]:
    return (*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id)


def packed(texts: Sequence[Sequence[int]], context: int) -> np.ndarray:
    """Return texts one after the other, cut into rows; what does not fill the last row is left out."""
    flat = np.fromiter((token for text in texts for token in text), dtype=np.int64)
    if len(flat) < context:
        raise UserError(f"the text has {len(flat)} tokens: too few for one row of {context}")
    return flat[: len(flat) // context * context].reshape(-1, context)


def lot(rows: np.ndarray, step: int, spec: "PretrainSpec") -> np.ndarray:
    """Return a step's rows: each pass over all of them has an order of its own, which follows from the seed."""
    places = [divmod(place, len(rows)) for place in range(step * spec.rows, (step + 1) * spec.rows)]
    orders = {turn: np.random.default_rng([spec.seed, turn]).permutation(len(rows)) for turn, _ in places}
    return rows[[orders[turn][place] for turn, place in places]]
