"""Notes for a record that a person asks for, from a private cell's adapter."""

from collections.abc import Sequence
from typing import Any

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.synthesis.acceptance import Acceptance, states
from dp_clinical_pipeline.synthesis.fields import Fields
from dp_clinical_pipeline.synthesis.prompts import nothing_found, prompt
from dp_clinical_pipeline.synthesis.writer import open_writer


def write_requested(
    home: Home, generator: str, budget: str, *, present: Sequence[str], negated: Sequence[str], n: int
) -> list[dict[str, Any]]:
    """Return up to `n` accepted notes that state every label of `present` and none of `negated`.

    Guarantee: post-processing of the cell's adapter; the request is the user's own and the rules are public.

    Raises:
        UserError: an unknown label, a non-private cell (its text stays in the enclave), or a cell without an adapter.
    """
    labels = label_set(home.settings.corpus.label_set)
    present, negated = [labels.named(name) for name in present], [labels.named(name) for name in negated]
    if budget_epsilon(budget) is None:
        raise UserError("what a non-private adapter writes stays in the enclave: choose a budget such as eps-8")
    settings = home.settings.generation
    targets = [name for name in labels.labels if name in present]
    fields = Fields(denied=tuple(name for name in labels.labels if name in negated))
    asked, against = prompt(targets, labels, fields), nothing_found(labels, fields)
    _, writer = open_writer(home, generator, budget)
    rules = Acceptance(settings, labels)
    kept: list[dict[str, Any]] = []
    tried, most = 0, round(n * settings.max_ratio)
    while len(kept) < n and tried < most:
        size = min(settings.batch_size, most - tried)
        texts, _ = writer.write([asked] * size, tried // settings.batch_size, [against] * size)
        tried += size
        for text in texts:
            stated = stated_labels(text, labels)
            fits = stated is None or (states(targets, stated, labels) and not set(stated) & set(negated))
            if fits and len(kept) < n and rules.refuse(text, targets, stated) is None:
                kept.append({"targets": targets, "negated": list(negated), "stated": stated, "text": text})
    return kept
