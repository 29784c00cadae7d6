"""`generate`: notes for a record of your own, from a private cell."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from dp_clinical_pipeline.cli.common import HomeOption, console, existing_home
from dp_clinical_pipeline.errors import UserError


def generate(
    label: Annotated[list[str] | None, typer.Option(help="A finding that each note states; repeat it.")] = None,
    negated: Annotated[list[str] | None, typer.Option(help="A finding that no note states; repeat it.")] = None,
    n: Annotated[int, typer.Option(min=1, help="Notes wanted.")] = 10,
    generator: Annotated[str, typer.Option(help="The cell's generator.")] = "smollm2-135m",
    budget: Annotated[str, typer.Option(help="The cell's budget.")] = "eps-8",
    output: Annotated[Path | None, typer.Option(help="A JSON-lines file; default: standard output.")] = None,
    home: HomeOption = None,
) -> None:
    """Write synthetic notes for a record that you choose; spends nothing, since the adapter is paid for.

    Examples:

    `dp-clinical generate --label "Pleural Effusion" --negated Pneumothorax --n 50`

    `dp-clinical generate --label Cardiomegaly --output notes.jsonl`
    """
    from dp_clinical_pipeline.store import written_aside
    from dp_clinical_pipeline.synthesis.request import write_requested

    here = existing_home(home)
    notes = write_requested(here, generator, budget, present=label or (), negated=negated or (), n=n)
    lines = "".join(json.dumps(note, ensure_ascii=False) + "\n" for note in notes)
    if output:
        with written_aside(output.resolve()) as aside:
            aside.write_text(lines)
    else:
        sys.stdout.write(lines)
    console().print(f"{len(notes)} of {n} notes")
    if len(notes) < n:
        raise UserError(
            f"only {len(notes)} of {n} notes passed the rules: ask for fewer, or raise generation.max_ratio"
        )
