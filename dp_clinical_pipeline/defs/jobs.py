"""Jobs that a person launches, and those that the sensors and the schedule ask for."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from dp_clinical_pipeline.defs.budgets import register_budgets
from dp_clinical_pipeline.defs.cells import chosen_cells, chosen_generators
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.partitions import batches
from dp_clinical_pipeline.defs.resources import HomeResource
from dp_clinical_pipeline.errors import UserError

if TYPE_CHECKING:
    from dp_clinical_pipeline.defs.stages import Stage

# Stages read tables, hence Polars and DuckDB: ops import them, so that the location loads without.
# No job or instance setting retries a run: a second attempt at a mechanism is a second one, with its own cost.
NO_RETRIES = {"dagster/max_retries": "0"}

CELL = ("generator_adapter", "synthetic_reports", "coding_classifier", "privacy_metrics")

take_in = dg.define_asset_job(
    "take_in",
    selection=dg.AssetSelection.assets("raw_reports", "rejected_reports", "deidentified_reports", "cohort"),
    description="Read one batch, de-identify it and place its patients in the cohort. Spends nothing.",
    tags=NO_RETRIES,
)

retrain = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets(*CELL),
    description="One cell again. The schedule launches it within the declared plan; by hand it keeps the adapter.",
    tags=NO_RETRIES,
)

compare = dg.define_asset_job(
    "compare",
    selection=dg.AssetSelection.assets("baseline_classifiers", "utility_metrics", "privacy_ledger", "tradeoff_report"),
    description="Score every coding model that is there, refresh the ledger's public view, write the page.",
    tags=NO_RETRIES,
)


class BudgetToAdd(dg.Config):
    """The budget to register, in its canonical form: `eps-2`, `eps-0.5`, `nonprivate`."""

    key: str


class Column(dg.Config):
    """One budget, and the generators to train with it; none named: all of the settings."""

    budget: str
    generators: list[str] = Field(default=[])


class Cells(dg.Config):
    """The cells to bring up to date; none named: all that the settings list. Encoders alone: only classifiers."""

    generators: list[str] = Field(default=[])
    encoders: list[str] = Field(default=[])
    budgets: list[str] = Field(default=[])


@dg.op(description="Check the budget's spelling and the cap, then register it. Launches and spends nothing.")
@guarded
def register_budget(context: dg.OpExecutionContext, config: BudgetToAdd, home: HomeResource) -> None:
    register_budgets(home.open(), context.instance, [config.key])


@dg.op(description="Register a budget and launch its column: label counts, then each generator's cell.")
@guarded
def launch_column(context: dg.OpExecutionContext, config: Column, home: HomeResource) -> None:
    from dp_clinical_pipeline.defs.stages import cell_stages, comparing_stages

    here = home.open()
    generators = chosen_generators(here, config.generators)
    register_budgets(here, context.instance, [config.budget])
    stages = cell_stages(here, [(generator, config.budget) for generator in generators])
    _launch(context, [*stages, *comparing_stages(here, grid=stages)], f"new budget {config.budget}")


@dg.op(description="Launch everything that is missing or out of date, from the batches that arrived to the page.")
@guarded
def launch_everything(context: dg.OpExecutionContext, config: Cells, home: HomeResource) -> None:
    from dp_clinical_pipeline.corpora.batches import batches as all_batches
    from dp_clinical_pipeline.corpora.incoming import collect_settled
    from dp_clinical_pipeline.defs.stages import lineage_stages

    here = home.open()
    cells, classifiers = chosen_cells(here, config.generators, config.encoders, config.budgets)
    collect_settled(here)
    arrived = [batch.id for batch in all_batches(here)]
    if not arrived:
        raise UserError("no reports yet: drop files in incoming/, or run `dp-clinical ingest`")
    context.instance.add_dynamic_partitions(str(batches.name), arrived)
    register_budgets(here, context.instance, [budget for _, budget in (*cells, *classifiers)])
    _launch(context, lineage_stages(here, arrived, cells, classifiers), "full run")


@dg.job(description="Register a privacy budget as a new column of the grid. Spends nothing.", tags=NO_RETRIES)
def add_budget() -> None:
    register_budget()


@dg.job(description="Register a budget and buy its column, once: what is there is not made again.", tags=NO_RETRIES)
def new_budget() -> None:
    launch_column()


@dg.job(description="Bring the whole lineage up to date. Spends what the chosen cells cost, once.", tags=NO_RETRIES)
def full_run() -> None:
    launch_everything()


JOBS = (full_run, new_budget, add_budget, take_in, compare, retrain)


def _launch(context: dg.OpExecutionContext, stages: "list[Stage]", title: str) -> None:
    from dp_clinical_pipeline.defs.launch import launch
    from dp_clinical_pipeline.defs.lineage import assets

    backfill = launch(context.instance, assets(), stages, title=title, tags=NO_RETRIES)
    context.log.info(f"backfill {backfill}: follow it under Runs, Backfills" if backfill else "all is up to date")
