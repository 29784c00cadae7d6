"""Runs stages one after the other and says in one line what became of each."""

import time
from collections.abc import Sequence

from rich.console import Console

from dp_clinical_pipeline.cli.live import duration, shown_live
from dp_clinical_pipeline.defs.privacy_metrics import NO_IDENTIFIER_REPLAY
from dp_clinical_pipeline.defs.runner import Runner
from dp_clinical_pipeline.defs.stages import Stage
from dp_clinical_pipeline.errors import FailedStep


def bring_up_to_date(runner: Runner, stages: Sequence[Stage], out: Console) -> None:
    """Make every stage that is stale.

    Raises:
        UserError: a step failed for a reason that the user can put right.
        FailedStep: a step failed for any other reason, or a blocking check did.
    """
    for stage in stages:
        if not stage.stale:
            out.print(f"[dim]✓ {stage.name} (up to date)[/dim]")
            continue
        began = time.monotonic()
        with shown_live(out, stage.name):
            failed = runner.materialize(*stage.assets, partition=stage.partition)
        if stopping := [check for check in failed if check != NO_IDENTIFIER_REPLAY]:
            raise FailedStep(f"{stage.name}: the check {', '.join(stopping)} failed; what follows was not run")
        if failed:  # the page must show it: a cell that replays identifiers is a result, and passes no gate
            out.print(f"[red]! {stage.name}: this cell's notes repeat identifiers of real reports[/red]")
        out.print(f"[green]✓[/green] {stage.name} ({duration(time.monotonic() - began)})")
