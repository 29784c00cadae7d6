"""Privacy metrics of one cell: the claim, and the attacks on its model and its text."""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from dp_clinical_pipeline.evaluation.attack_rows import (
    Row,
    blind_row,
    canary_row,
    claim_row,
    clipping_of,
    membership_rows,
    metric_row,
)
from dp_clinical_pipeline.evaluation.attacked import Arms, choose_arms
from dp_clinical_pipeline.evaluation.bootstrap import Floats, interval, resample_weights
from dp_clinical_pipeline.evaluation.identifiers import measure_replay
from dp_clinical_pipeline.evaluation.overlap import rate_excess, shared_runs
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import (
    GENERATOR_ADAPTER,
    PRIVACY_METRICS,
    SYNTHETIC_REPORTS,
)

Losses = Callable[[list[str], list[str]], tuple[Floats, Floats]]
"""Texts and their prompts to the loss of each text, (n,), under the base model and under the tuned one."""

NGRAMS = (5, 8, 13)
SIGNIFICANT = 0.01
"""An excess fails where its p-value, after Holm's correction over the sizes of n-gram, is not above this."""
REPLAYED_BY_CHANCE = 0.001
"""Members' identifiers are replayed more often than others' where p is not above this: it stops a run."""
LONGER_RUN = 5
"""Words by which members' longest run outside boilerplate may pass the hold-out's."""


def measure_cell(home: Home, generator: str, budget: str, losses: Losses | None) -> None:
    """Attack a cell and replace its partition. All but the claim is exact, hence `restricted`.

    Without `losses` the membership and held-out loss rows are left out; `passed` is null where nothing is
    required.

    Raises:
        UserError: the cell was not trained or generated, or there are no labelled reports to compare.
    """
    store, chosen = Store(home), home.settings.evaluation
    adapter = store.read(GENERATOR_ADAPTER, generator, budget, budget=budget).row(0, named=True)
    notes = store.read(SYNTHETIC_REPORTS, generator, budget, budget=budget).filter("accepted")["text"].to_list()
    arms = choose_arms(home)
    attacked = arms.first(chosen.attack_patients)
    clipping = clipping_of(home, adapter, home.settings.training)
    rows = [claim_row(adapter["epsilon"], budget), canary_row(chosen, adapter, *clipping)]
    rows.append(blind_row(chosen, attacked))
    if losses:
        rows += _membership(home, attacked, losses, adapter["epsilon"], adapter["delta"])
    rows += overlap_rows(home, arms, notes)
    rows += identifier_rows(home, notes)
    cell = {"generator": generator, "budget": budget, "mechanism_id": adapter["mechanism_id"]}
    frame = pl.DataFrame([cell | row for row in rows if row], schema=PRIVACY_METRICS.schema)
    store.write(PRIVACY_METRICS, frame, generator, budget)


def _membership(home: Home, arms: Arms, losses: Losses, epsilon: float | None, delta: float | None) -> Iterator[Row]:
    """The reference attack: the more training lowered a note's loss, the likelier it was trained on."""
    from dp_clinical_pipeline.synthesis.prompts import pair_to_learn

    labels = label_set(home.settings.corpus.label_set)
    both = pl.concat([arms.members, arms.nonmembers])
    pairs = [pair_to_learn(text, targets, labels) for text, targets in both.select("text", "targets").iter_rows()]
    base, tuned = losses([note for _, note in pairs], [prompt for prompt, _ in pairs])
    size, chosen = arms.members.height, home.settings.evaluation
    score = base - tuned
    yield from membership_rows(chosen, score, size, epsilon, delta)
    weights = resample_weights(size, chosen.bootstrap, chosen.seed)
    for name, loss in (("heldout_loss_base", base), ("heldout_loss_tuned", tuned)):
        inside, outside = float(loss[:size].mean()), float(loss[size:].mean())
        between = interval(weights[1:] @ loss[size:] / size)
        yield metric_row(name, outside, between, (inside, outside), n=size)


def overlap_rows(home: Home, arms: Arms, notes: list[str]) -> Iterator[Row]:
    """Yield what notes share with members' reports word by word, and with others'."""
    from statsmodels.stats.multitest import multipletests

    both = pl.concat([arms.members, arms.nonmembers])
    shared = shared_runs(both["text"].to_list(), both["patient_key"].to_list(), notes, NGRAMS)
    size, chosen = arms.members.height, home.settings.evaluation
    found = [rate_excess(shared.hit[n][:size], shared.hit[n][size:], chosen.bootstrap, chosen.seed) for n in NGRAMS]
    adjusted = multipletests([excess.p_value for excess in found], method="holm")[1]
    for n, excess, p_value in zip(NGRAMS, found, adjusted, strict=True):
        between = (excess.low, excess.high)
        rates = (excess.members, excess.nonmembers)
        passed = bool(p_value > SIGNIFICANT)
        yield metric_row(f"ngram{n}_excess", excess.value, between, rates, n=size, passed=passed)
        yield metric_row(f"ngram{n}_p_value", excess.p_value, n=size)
    for name, runs, quantile in (
        ("longest_run_max", shared.longest, 1.0),
        ("longest_run_p95", shared.longest, 0.95),
        ("longest_rare_run_max", shared.longest_rare, 1.0),
    ):
        inside, outside = (float(np.quantile(side, quantile)) for side in (runs[:size], runs[size:]))
        within = inside <= outside + LONGER_RUN if name == "longest_rare_run_max" else None
        yield metric_row(name, inside - outside, arms=(inside, outside), n=size, passed=within)


def identifier_rows(home: Home, notes: list[str]) -> Iterator[Row]:
    """Yield which identifiers of real patients stand in notes."""
    replay = measure_replay(home, notes)
    yield metric_row(
        "identifiers_replayed",
        float(replay.learnt),
        arms=(float(replay.members_found), float(replay.nonmembers_found)),
        n=replay.members,
        # The excess finds what `learnt` cannot: a generator that was shown raw text by mistake.
        passed=replay.learnt == 0 and replay.p_value > REPLAYED_BY_CHANCE,
    )
    yield metric_row("identifiers_replayed_p_value", replay.p_value, n=replay.members)
