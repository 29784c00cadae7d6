"""`run` and `report`: the whole lineage, stage by stage, with progress; only what is missing or stale."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dp_clinical_pipeline.cli.common import HomeOption, console, existing_home
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

if TYPE_CHECKING:
    from rich.console import Console


def run(
    generator: Annotated[list[str] | None, typer.Option(help="Only these generators; repeat it.")] = None,
    budget: Annotated[list[str] | None, typer.Option(help="Only these budgets; repeat it.")] = None,
    home: HomeOption = None,
) -> None:
    """Run the lineage from what was ingested to the trade-off page; what is up to date is left alone.

    Spends each budget once: an adapter that is there is never trained again by this verb.

    Examples:

    `dp-clinical run`

    `dp-clinical run --generator smollm2-135m --budget nonprivate --budget eps-8`
    """
    from dp_clinical_pipeline.defs.cells import chosen_budgets, chosen_generators

    here = existing_home(home)
    generators, budgets = chosen_generators(here, generator or ()), chosen_budgets(here, budget or ())
    run_lineage(here, [(name, key) for key in budgets for name in generators])


def run_lineage(home: Home, cells: Sequence[tuple[str, str]]) -> None:
    """Bring the named cells and everything around them up to date, then print the table and the page's path.

    Raises:
        UserError: no reports were ingested, a budget is above the cap, or a step says what to put right.
        FailedStep: a step failed for any other reason.
    """
    from dp_clinical_pipeline.cli.runner import Runner
    from dp_clinical_pipeline.cli.stages import bring_up_to_date
    from dp_clinical_pipeline.corpora.batches import batches
    from dp_clinical_pipeline.corpora.incoming import collect_incoming
    from dp_clinical_pipeline.defs.budgets import register_budgets
    from dp_clinical_pipeline.defs.plan import declare_planned
    from dp_clinical_pipeline.defs.stages import cell_stages, comparing_stages, intake_stages

    out = console()
    with Runner(home) as runner:
        register_budgets(home, runner.instance, [budget for _, budget in cells])
        collect_incoming(home)
        arrived = [batch.id for batch in batches(home)]
        if not arrived:
            raise UserError(
                f"no reports in {home.path} yet: run `dp-clinical ingest PATH --format NAME --home {home.path}`"
            )
        runner.add_batches(arrived)
        intake = intake_stages(home, arrived)
        bring_up_to_date(runner, intake, out)
        declare_planned(home, cells)
        grid = cell_stages(home, cells, after=intake)
        bring_up_to_date(runner, grid, out)
        bring_up_to_date(runner, comparing_stages(home, intake, grid), out)
    show_results(home, out)


def report(
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in your browser.")] = False,
    home: HomeOption = None,
) -> None:
    """Write the trade-off page afresh from what is there, print its table and its path.

    The page holds exact figures on real patients: it lies in the enclave, and should be opened there.

    Examples:

    `dp-clinical report`

    `dp-clinical report --open`
    """
    from dp_clinical_pipeline.cli.runner import Runner
    from dp_clinical_pipeline.reporting.page import page_path

    here = existing_home(home)
    with Runner(here) as runner:
        runner.materialize("privacy_ledger", "tradeoff_report")
    show_results(here, console())
    if open_it:
        typer.launch(page_path(here).as_uri())


def show_results(home: Home, out: "Console") -> None:
    """Print the trade-off table to standard output, and the page's path after it."""
    from rich.console import Console

    from dp_clinical_pipeline.reporting.page import page_path
    from dp_clinical_pipeline.reporting.terminal import render
    from dp_clinical_pipeline.reporting.tradeoff import tradeoff_table

    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(render(tradeoff_table(home)))
    sys.stdout.write(f"page: {page_path(home)}\n")
