"""Notes of a generator that never read a private one: the base model and its primer, judged by every cell's rules."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dp_clinical_pipeline.coding.arms import UNTUNED
from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.synthesis.acceptance import Acceptance
from dp_clinical_pipeline.synthesis.fields import Fields, draw_fields, read_fields
from dp_clinical_pipeline.synthesis.generate import GenerationFacts
from dp_clinical_pipeline.synthesis.primer import made_up_record, primer_pairs
from dp_clinical_pipeline.synthesis.prompts import kind_of_note, nothing_found, prompt, record_line
from dp_clinical_pipeline.synthesis.writer import Writer
from dp_clinical_pipeline.training.generator import generator_recipe

_SEED = 1  # not the primer's own: its notes are learnt, its records would be asked for twice


def write_untuned(
    home: Home, generator: str, n: int, on_progress: Callable[[GenerationFacts], None] | None = None
) -> list[dict[str, Any]]:
    """Return rows of SYNTHETIC_REPORTS, accepted and refused, until `n` are accepted or `max_ratio` times as many tried.

    The records are the made-up ones of the primer's sampler, in which every label is as likely, with the fields of its
    notes; for a label set that nobody wrote notes for, with fields from the public shares. The budget's column says
    `untuned`, and the mechanism's is no mechanism of the ledger.

    Guarantee: reads no private data at all, and no release of any: it costs nothing.

    Raises:
        UserError: the generator is unknown, or `n` is not positive.
    """
    if n < 1:
        raise UserError(f"{n} notes cannot be written: ask for at least one")
    settings, labels = home.settings.generation, label_set(home.settings.corpus.label_set)
    base = base_model(home, "generators", generator)
    model = generator_recipe(home).build(base, choose_device(home.settings.compute))
    primed = getattr(model, "primed", None)
    source = f"{UNTUNED}-{primed.digest if primed else base.sha256[:12]}"
    writer = Writer(model.merge_and_unload(), load_tokenizer(base, padding_side="left"), settings)
    most = max(n, round(n * settings.max_ratio))
    asked, rules = _asked(labels, most), Acceptance(settings, labels)
    rows: list[dict[str, Any]] = []
    accepted = 0
    shared = {"generator": generator, "budget": UNTUNED, "mechanism_id": source, "modality": kind_of_note(labels)}
    while accepted < n and len(rows) < most:
        batch = asked[len(rows) : len(rows) + settings.batch_size]
        prompts = [prompt(targets, labels, fields) for targets, fields in batch]
        against = [nothing_found(labels, fields) for _, fields in batch]
        texts, tokens = writer.write(prompts, len(rows) // settings.batch_size, against)
        for (targets, fields), text, length in zip(batch, texts, tokens, strict=True):
            stated = stated_labels(text, labels)
            reason = rules.refuse(text, targets, stated)
            accepted += reason is None
            row: dict[str, Any] = {"synthetic_id": f"{source}-{len(rows):06d}", "targets": targets, "text": text}
            row |= {
                "record": record_line(targets, labels, fields),
                "stated": stated,
                "tokens": length,
                "accepted": reason is None,
                "reason": reason,
            }
            rows.append(shared | row)
        if on_progress:
            on_progress(GenerationFacts(tried=len(rows), accepted=accepted))
    return rows


class _Asked(NamedTuple):
    targets: list[str]
    fields: Fields


def _asked(labels: LabelSet, n: int) -> list[_Asked]:
    try:
        pairs = primer_pairs(labels, n, _SEED)
    except UserError:  # nobody wrote notes for this label set
        rng = np.random.default_rng(_SEED)
        records = [made_up_record(labels, rng) for _ in range(n)]
        return [_Asked(targets, draw_fields(targets, labels, rng)) for targets in records]
    return [_Asked(list(pair.targets), read_fields(pair.note, pair.targets, labels)) for pair in pairs]
