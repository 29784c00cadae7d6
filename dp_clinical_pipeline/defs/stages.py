"""What of the lineage is missing or older than what it is made from, in the order in which to make it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dp_clinical_pipeline import tables
from dp_clinical_pipeline.defs.cells import Cell
from dp_clinical_pipeline.defs.partitions import cell_key, classifier_key
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store, up_to_date

_SHOWN = (
    tables.LABEL_MARGINALS, tables.GENERATOR_ADAPTER, tables.SYNTHETIC_REPORTS, tables.PRIVACY_METRICS,
    tables.DP_CLASSIFIER, tables.CLASSIFIER_PRIVACY_METRICS,
)  # fmt: skip
"""What the page or the ledger's view shows beside the scores."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Assets that are made together, in one partition, and whether they have to be made at all."""

    title: str
    assets: tuple[str, ...]
    partition: str | None = None
    stale: bool = True

    @property
    def name(self) -> str:
        """How a person calls it: the title and what it is about."""
        return " ".join([self.title, *reversed((self.partition or "").split("|"))]).rstrip()


def intake_stages(home: Home, batches: Sequence[str]) -> list[Stage]:
    """Return the stages from reading a batch to the cohort."""
    plan = _Plan(home)
    for batch in batches:
        raw = [plan.store.path(table, batch) for table in (tables.RAW_REPORTS, tables.REJECTED_REPORTS)]
        texts = [plan.store.path(tables.DEIDENTIFIED_REPORTS, batch)]
        read = plan.add("read", ["raw_reports", "rejected_reports"], batch, made=raw)
        plan.add("de-identify", ["deidentified_reports"], batch, made=texts, made_from=raw, after=[read])
    texts = plan.store.files(tables.DEIDENTIFIED_REPORTS)
    plan.add("cohort", ["cohort"], made=plan.cohort, made_from=texts, after=list(plan.stages))
    return plan.stages


def cell_stages(home: Home, cells: Sequence[Cell], after: Sequence[Stage] = ()) -> list[Stage]:
    """Return the stages of cells: what their budgets buy once, then adapter, notes, coding model and attacks.

    Label counts and adapters that are there are never stale: making them again would spend again.
    """
    plan, counts = _Plan(home), {}
    for budget in dict.fromkeys(budget for _, budget in cells):
        made = [plan.store.path(tables.LABEL_MARGINALS, budget, budget=budget)]
        counts[budget] = plan.add("label counts", ["label_marginals"], budget, made=made)
    for generator, budget in cells:
        _add_cell(plan, generator, budget, counts[budget], after)
    return plan.stages


def classifier_stages(home: Home, cells: Sequence[Cell], after: Sequence[Stage] = ()) -> list[Stage]:
    """Return the stages of classifiers that learn from private text: training with its predictions, then attacks.

    A classifier that is there is not trained again: its predictions alone are made afresh.
    """
    plan = _Plan(home)
    for encoder, budget in cells:
        key, store, parts = str(classifier_key(encoder, budget)), plan.store, (encoder, budget)
        adapter = store.path(tables.DP_CLASSIFIER, *parts, budget=budget)
        scores = store.path(tables.PREDICTIONS, "dp_classifier", *parts)
        attacks = store.path(tables.CLASSIFIER_PRIVACY_METRICS, *parts)
        # The adapter keeps its age: it is bought once, and only what it says of new test patients is made again.
        made, read = [scores, *([] if adapter.exists() else [adapter])], [adapter, *plan.cohort]
        trained = plan.add("train classifier", ["dp_classifier"], key, made=made, made_from=read, after=after)
        plan.add(
            "attack classifier", ["classifier_privacy_metrics"], key, made=[attacks], made_from=read, after=[trained]
        )
    return plan.stages


def comparing_stages(home: Home, intake: Sequence[Stage] = (), grid: Sequence[Stage] = ()) -> list[Stage]:
    """Return the stages that compare all arms after these, and show it."""
    from dp_clinical_pipeline.reporting.page import page_path

    plan = _Plan(home)
    arms = sorted((home.enclave / tables.PREDICTIONS.name / "baselines").glob("*.parquet"))
    plan.add("baselines", ["baseline_classifiers"], made=arms, made_from=plan.cohort, after=intake)
    scores = plan.store.files(tables.UTILITY_METRICS)
    predictions = plan.store.files(tables.PREDICTIONS)
    plan.add("scores", ["utility_metrics"], made=scores, made_from=predictions, after=[*grid, *plan.stages])
    shown = [*scores, *(file for table in _SHOWN for file in plan.store.files(table))]
    made = [plan.store.path(tables.PRIVACY_LEDGER), page_path(home)]
    plan.add("report", ["privacy_ledger", "tradeoff_report"], made=made, made_from=shown, after=[*grid, *plan.stages])
    return plan.stages


def lineage_stages(
    home: Home, batches: Sequence[str], cells: Sequence[Cell], classifiers: Sequence[Cell] = ()
) -> list[Stage]:
    """Return all stages in order."""
    intake = intake_stages(home, batches)
    grid = [*cell_stages(home, cells, after=intake), *classifier_stages(home, classifiers, after=intake)]
    return [*intake, *grid, *comparing_stages(home, intake, grid)]


@dataclass
class _Plan:
    home: Home
    stages: list[Stage] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.home)

    @property
    def cohort(self) -> list[Path]:
        return [self.store.path(tables.COHORT)]

    def add(
        self,
        title: str,
        assets: Sequence[str],
        partition: str | None = None,
        *,
        made: Sequence[Path],
        made_from: Sequence[Path] = (),
        after: Sequence[Stage] = (),
    ) -> Stage:
        stale = any(stage.stale for stage in after) or not up_to_date(made, made_from)
        self.stages.append(Stage(title=title, assets=tuple(assets), partition=partition, stale=stale))
        return self.stages[-1]


def _add_cell(plan: _Plan, generator: str, budget: str, counts: Stage, after: Sequence[Stage]) -> None:
    key, store, parts = str(cell_key(generator, budget)), plan.store, (generator, budget)
    marginals = store.path(tables.LABEL_MARGINALS, budget, budget=budget)
    adapter = store.path(tables.GENERATOR_ADAPTER, *parts, budget=budget)
    notes = store.path(tables.SYNTHETIC_REPORTS, *parts, budget=budget)
    scores = store.path(tables.PREDICTIONS, "synthetic", *parts)
    attacks = store.path(tables.PRIVACY_METRICS, *parts)
    trained = plan.add("train generator", ["generator_adapter"], key, made=[adapter])
    written = plan.add(
        "write notes",
        ["synthetic_reports"],
        key,
        made=[notes],
        made_from=[adapter, marginals],
        after=[trained, counts],
    )
    read = [notes, *plan.cohort]
    plan.add("train coder", ["coding_classifier"], key, made=[scores], made_from=read, after=[written, *after])
    plan.add("attack", ["privacy_metrics"], key, made=[attacks], made_from=read, after=[written, *after])
