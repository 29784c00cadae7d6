"""Privacy metrics of a classifier that was trained on private text: the claim, and the attack on its predictions."""

from collections.abc import Callable

import polars as pl

from dp_clinical_pipeline.evaluation.attack_rows import (
    blind_row,
    canary_row,
    claim_row,
    clipping_of,
    membership_rows,
    metric_row,
)
from dp_clinical_pipeline.evaluation.attacked import choose_arms
from dp_clinical_pipeline.evaluation.bootstrap import Floats, interval, resample_weights
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLASSIFIER_PRIVACY_METRICS, DP_CLASSIFIER

Losses = Callable[[list[str], list[list[str]]], Floats]
"""Texts and their labels to the classifier's loss on each, (n,)."""


def measure_classifier(home: Home, encoder: str, budget: str, losses: Losses) -> None:
    """Attack a classifier by its loss and replace its partition. All but the claim is exact, hence `restricted`.

    The attacker holds a report with its labels, and takes it for a member where the predictions fit them well. The
    untrained head gives every report the same loss, so that there is no reference to take off.

    Raises:
        UserError: the cell was not trained, or there are no labelled reports to compare.
    """
    store, chosen = Store(home), home.settings.evaluation
    row = store.read(DP_CLASSIFIER, encoder, budget, budget=budget).row(0, named=True)
    arms = choose_arms(home).first(chosen.attack_patients)
    both, size = pl.concat([arms.members, arms.nonmembers]), arms.members.height
    loss = losses(both["text"].to_list(), both["targets"].to_list())
    between = interval(resample_weights(size, chosen.bootstrap, chosen.seed)[1:] @ loss[size:] / size)
    inside, outside = float(loss[:size].mean()), float(loss[size:].mean())
    rows = [
        claim_row(row["epsilon"], budget),
        canary_row(chosen, row, *clipping_of(home, row, home.settings.classifier_training)),
        blind_row(chosen, arms),
        *membership_rows(chosen, -loss, size, row["epsilon"], row["delta"]),
        metric_row("heldout_loss", outside, between, (inside, outside), n=size),
    ]
    cell = {"encoder": encoder, "budget": budget, "mechanism_id": row["mechanism_id"]}
    frame = pl.DataFrame([cell | found for found in rows if found], schema=CLASSIFIER_PRIVACY_METRICS.schema)
    store.write(CLASSIFIER_PRIVACY_METRICS, frame, encoder, budget)
