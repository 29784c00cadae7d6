"""`release`: ask the gate about one cell."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dp_clinical_pipeline.cli.common import HomeOption, JsonOption, console, existing_home
from dp_clinical_pipeline.home import Home

if TYPE_CHECKING:
    from dp_clinical_pipeline.release.facts import Cell
    from dp_clinical_pipeline.release.publish import Released


def release(
    model: Annotated[str, typer.Argument(metavar="GENERATOR", help="The cell's generator, or encoder with --encoder.")],
    budget: Annotated[str, typer.Argument(help="The cell's budget: eps-8.")],
    encoder: Annotated[bool, typer.Option("--encoder", help="The classifier of an encoder, not a generator.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Copy a cell to release/ with its card, if the gate lets it pass; otherwise say every reason why not.

    Each look at the attacks on a cell is recorded and counts: `release.attempts` in settings.yaml limits them.

    Examples:

    `dp-clinical release smollm2-135m eps-8`

    `dp-clinical release minilm-l6 eps-8 --encoder --json`
    """
    from dp_clinical_pipeline.release.facts import Cell
    from dp_clinical_pipeline.release.publish import ReleaseRefused, release_cell

    here = existing_home(home)
    cell = Cell(kind="classifier" if encoder else "generator", model=model, budget=budget)
    try:
        released = release_cell(here, cell)
    except ReleaseRefused as refused:
        if as_json:
            sys.stdout.write(json.dumps({"released": False, "reasons": refused.reasons}) + "\n")
        raise
    _show_in_dagster(here, cell, released)
    if as_json:
        told = {"released": True, "folder": str(released.folder), "card": released.card.as_dict()}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        sys.stdout.write((released.folder / "card.md").read_text())
        console().print(f"released: {released.folder}")


def _show_in_dagster(home: Home, cell: "Cell", released: "Released") -> None:
    """Record what this process did as the asset's materialization; a refusal stays in the enclave's record."""
    from dp_clinical_pipeline.defs.release import released_outside
    from dp_clinical_pipeline.defs.runner import Runner

    with Runner(home) as runner:
        runner.instance.report_runless_asset_event(released_outside(cell, released))
