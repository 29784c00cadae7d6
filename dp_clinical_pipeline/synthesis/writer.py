"""A cell's model, ready to write notes for prompts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_adapter
from dp_clinical_pipeline.models.packed import packed
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import whole_sentences
from dp_clinical_pipeline.synthesis.decoding import Sampling, decode
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER


def open_writer(home: Home, generator: str, budget: str) -> tuple[dict[str, Any], "Writer"]:
    """Return the cell's adapter row and a writer with that adapter merged into the base.

    Raises:
        UserError: the cell has no adapter yet, or its weights were changed.
    """
    row = Store(home).read(GENERATOR_ADAPTER, generator, budget, budget=budget).row(0, named=True)
    tokenizer = load_tokenizer(base_model(home, "generators", generator), padding_side="left")
    return row, Writer(cell_model(home, generator, row), tokenizer, home.settings.generation)


def cell_model(home: Home, generator: str, row: dict[str, Any]) -> Any:
    """Return the base with the adapter of a cell's adapter row merged into it."""
    base = load_causal(base_model(home, "generators", generator), choose_device(home.settings.compute))
    return with_adapter(base, cell_adapter(home, row)).merge_and_unload()


class Writer:
    """A causal model that writes notes for prompts, a batch at a time, seeded by the settings and the batch's number.

    The model is the writer's from then on: it is made ready to write only, as fast as its device can.
    """

    def __init__(self, model: Any, tokenizer: Any, settings: Generation) -> None:
        self.model, self._tokenizer, self._seed = packed(model), tokenizer, settings.seed
        self._how = Sampling(
            temperature=settings.temperature,
            top_k=settings.top_k,
            top_p=settings.top_p,
            max_new_tokens=settings.max_new_tokens,
            # A word has a token at least: what would end before is refused as short.
            min_new_tokens=min(settings.min_words, settings.max_new_tokens),
            guidance=settings.guidance,
        )

    def write(self, prompts: Sequence[str], batch: int, against: Sequence[str] = ()) -> tuple[list[str], list[int]]:
        """Return a note for each prompt, and its length in tokens. The same batch number gives the same notes.

        Guidance, where the settings ask for it, leads away from the prompts `against`; from one's own there is no way.
        """
        end = self._tokenizer.eos_token_id
        pairs = zip(prompts, against or prompts, strict=True)
        written = decode(
            self.model,
            [self._encoded(prompt) for prompt in prompts],
            self._how,
            end=end,
            seed=int(np.random.default_rng([self._seed, batch]).integers(2**63)),
            against=[None if away == asked else self._encoded(away) for asked, away in pairs],
        )
        texts, lengths = [], []
        for tokens in written:
            ended = tokens[-1:] == [end]
            body = tokens[:-1] if ended else tokens
            text = " ".join(self._tokenizer.decode(body, skip_special_tokens=True).split())
            texts.append(text if ended else whole_sentences(text))
            lengths.append(len(body))
        return texts, lengths

    def _encoded(self, prompt: str) -> list[int]:
        tokens: list[int] = self._tokenizer.encode(prompt, add_special_tokens=False)
        return tokens
