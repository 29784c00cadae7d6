"""Stage 13: the gate. What passes may leave the home, with a card."""

from typing import TYPE_CHECKING

import dagster as dg

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.label_marginals import PRIVACY, covered
from dp_clinical_pipeline.defs.partitions import cell, cell_key, classifier_grid, classifier_key, grid
from dp_clinical_pipeline.defs.resources import HomeResource
from dp_clinical_pipeline.home import Home

if TYPE_CHECKING:
    from dp_clinical_pipeline.privacy.terms import Kind
    from dp_clinical_pipeline.release.facts import Cell
    from dp_clinical_pipeline.release.publish import Released


@dg.asset(
    deps=["generator_adapter", "synthetic_reports", "privacy_metrics", "tradeoff_report"],
    partitions_def=grid,
    group_name="release",
    kinds={"parquet", "markdown"},
    owners=[PRIVACY],
)
@guarded
def release(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """Synthetic notes and their generator, where they may leave: copied to release/ with a card that says what is
    guaranteed, by which account, and what is not.

    The gate wants a private home, a ledgered training within its budget and the cap, untouched weights, and attacks on
    exactly this cell that found nothing. A refusal lists every reason, is never retried, and leaves what was released
    before as it is. Each look counts: the settings limit how often the gate judges one cell.
    """
    return _passed(home.open(), "generator", *cell(context))


@dg.asset(
    deps=["dp_classifier", "classifier_privacy_metrics", "tradeoff_report"],
    partitions_def=classifier_grid,
    group_name="release",
    kinds={"huggingface", "markdown"},
    owners=[PRIVACY],
)
@guarded
def classifier_release(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """A coding model that was trained on private text, where it may leave: copied to release/ with a card that says
    what is guaranteed, by which account, and what is not. The gate is that of `release`."""
    return _passed(home.open(), "classifier", *cell(context))


def _passed(home: Home, kind: "Kind", model: str, budget: str) -> dg.MaterializeResult:
    from dp_clinical_pipeline.release.facts import Cell
    from dp_clinical_pipeline.release.publish import release_cell

    return dg.MaterializeResult(metadata=on_the_card(release_cell(home, Cell(kind=kind, model=model, budget=budget))))


def released_outside(cell: "Cell", released: "Released") -> dg.AssetMaterialization:
    """Return the event that shows a release by the command line in the UI, as if its asset had made it."""
    generator = cell.kind == "generator"
    name, key = ("release", cell_key) if generator else ("classifier_release", classifier_key)
    return dg.AssetMaterialization(name, partition=key(cell.model, cell.budget), metadata=on_the_card(released))


def on_the_card(released: "Released") -> dict[str, float | int | str]:
    """Return what of a card is plotted."""
    card = released.card
    return covered(
        mechanism_id=card.mechanism_id,
        epsilon=card.epsilon,
        delta=card.delta,
        cumulative_epsilon=card.cumulative_epsilon,
        unit=card.unit,
        notes=card.notes,
        attempt=card.attempt,
        folder=str(released.folder),
    )
