"""`run` and `report`: the whole lineage, stage by stage, with progress; only what is missing or stale."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dp_clinical_pipeline.cli.common import HomeOption, console, existing_home
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

if TYPE_CHECKING:
    from rich.console import Console

    from dp_clinical_pipeline.defs.cells import Cell


def run(
    generator: Annotated[list[str] | None, typer.Option(help="Only these generators; repeat it.")] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(help="Train this encoder on private text itself; without --generator nothing else. Repeat it."),
    ] = None,
    budget: Annotated[list[str] | None, typer.Option(help="Only these budgets; repeat it.")] = None,
    home: HomeOption = None,
) -> None:
    """Run the lineage from what was ingested to the trade-off page; what is up to date is left alone.

    Spends each budget once, for each model: what was trained is never trained again by this verb. Without options
    it runs the cells of settings.yaml (`budgets` for generators, `classifier_budgets` for encoders).

    Examples:

    `dp-clinical run`

    `dp-clinical run --generator smollm2-135m --budget nonprivate --budget eps-8`

    `dp-clinical run --encoder minilm-l6 --budget eps-8`
    """
    from dp_clinical_pipeline.defs.cells import chosen_cells

    here = existing_home(home)
    run_lineage(here, *chosen_cells(here, generator or (), encoder or (), budget or ()))


def run_lineage(
    home: Home,
    cells: "Sequence[Cell]",
    classifiers: "Sequence[Cell]" = (),
    more_arms: "Callable[[Console], None] | None" = None,
) -> None:
    """Bring the named cells and everything around them up to date, then print the table and the page's path.

    `more_arms` is called once the cells are there, before all arms are compared.

    Raises:
        UserError: no reports were ingested, a budget is above the cap, or a step says what to put right.
        FailedStep: a step failed for any other reason.
    """
    from dp_clinical_pipeline.cli.stages import bring_up_to_date
    from dp_clinical_pipeline.corpora.batches import batches
    from dp_clinical_pipeline.corpora.incoming import collect_settled
    from dp_clinical_pipeline.defs.budgets import register_budgets
    from dp_clinical_pipeline.defs.plan import declare_planned
    from dp_clinical_pipeline.defs.runner import Runner
    from dp_clinical_pipeline.defs.stages import cell_stages, classifier_stages, comparing_stages, intake_stages

    out = console()
    with Runner(home) as runner:
        register_budgets(home, runner.instance, [budget for _, budget in (*cells, *classifiers)])
        collect_settled(home, out.print)
        arrived = [batch.id for batch in batches(home)]
        if not arrived:
            raise UserError(
                f"no reports in {home.path} yet: run `dp-clinical ingest PATH --format NAME --home {home.path}`"
            )
        runner.add_batches(arrived)
        intake = intake_stages(home, arrived)
        bring_up_to_date(runner, intake, out)
        declare_planned(home, cells, classifiers)
        grid = [*cell_stages(home, cells, after=intake), *classifier_stages(home, classifiers, after=intake)]
        bring_up_to_date(runner, grid, out)
        if more_arms:
            more_arms(out)
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
    from dp_clinical_pipeline.defs.runner import Runner
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
