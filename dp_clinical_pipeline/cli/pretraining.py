"""`pretrain`: a small generator from public text."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dp_clinical_pipeline.cli.common import console

if TYPE_CHECKING:
    from rich.console import Console

    from dp_clinical_pipeline.training.loop import Progress
    from dp_clinical_pipeline.training.pretraining import PretrainProgress


def pretrain(
    folder: Annotated[
        Path, typer.Argument(help="Where the model goes: $DP_CLINICAL_MODELS/NAME, HOME/models/NAME, or anywhere else.")
    ],
    corpus: Annotated[Path, typer.Option(help="PUBLIC text: a CSV file, gzipped or not. Never a home's own reports.")],
    licence: Annotated[
        str,
        typer.Option(help="Why anyone may read that text: its licence, and who states it. Goes into the model's card."),
    ],
    column: Annotated[str, typer.Option(help="The column that holds the text.")] = "text",
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps of 2,048 tokens; default: as many as read everything once.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(min=0.001, help="End after so many hours, if the steps are not done.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Of weights and order. Same text, seed, steps and machine: same model.")
    ] = 0,
) -> None:
    """Pre-train a small generator (5.3 million parameters) on public text, with a tokenizer of its own.

    **The text must be public.** Whatever is in it can come out of the model word for word, no ledger counts it, and no
    epsilon covers it. What lies in a home is refused; a private file that was copied elsewhere cannot be told from a
    public one. Do not use the corpus of any home that is to be tuned from this model: its epsilon would say nothing.

    About half an hour on one core for 7 MB of text. Stopped or killed, the same command goes on from the last checkpoint.
    Then name it in settings.yaml: `models: {generators: {NAME: FOLDER}}`, or `{NAME: pretrained}` where FOLDER is NAME in
    the home's models folder.

    Examples:

    `dp-clinical pretrain $DP_CLINICAL_MODELS/small-mtsamples --corpus ../shared/data/mtsamples/transcriptions.csv.gz
    --licence "MTSamples, CC0 as stated by its distributor"`

    `dp-clinical pretrain ./tried --corpus public.csv --column note --licence "CC BY 4.0, its authors" --hours 0.1`
    """
    from dp_clinical_pipeline.training.pretraining import PretrainSpec
    from dp_clinical_pipeline.training.pretraining import pretrain as pretrained
    from dp_clinical_pipeline.training.public_text import read_public_text

    out = console()
    spec = PretrainSpec(steps=steps, seed=seed)
    text = read_public_text(corpus, column)
    out.print(
        f"[bold yellow]{corpus} must be PUBLIC text[/bold yellow]: the model may repeat any of it, and no ledger counts it. "
        f"Stated: {licence}"
    )
    with public_steps(out) as on_progress:
        made = pretrained(folder, text, licence, spec, hours=hours, on_progress=on_progress)
    held_out = made.manifest["held_out"]
    out.print(
        f"{made.folder}: {'made' if made.fresh else 'was there already'}, {made.manifest['parameters'] / 1e6:.1f} million "
        f"parameters, {made.manifest['steps']} steps; held-out perplexity {held_out['perplexity_before']:g} before, "
        f"{held_out['perplexity']:g} after ({held_out['bits_per_byte']:g} bits a byte)"
    )


@contextmanager
def public_steps(out: "Console") -> Iterator[Callable[[Any], None]]:
    """Show a training on public text as a line that changes in a terminal, and one now and then in a log."""
    from dp_clinical_pipeline.cli.live import LOG_EVERY_SECONDS, duration

    last = time.monotonic()
    with out.status("reading the text") as status:

        def on_progress(at: "PretrainProgress | Progress") -> None:
            nonlocal last
            # The loss may be shown: it is one on public text.
            loss = f", loss {found:.2f} on public text" if (found := getattr(at, "loss", None)) is not None else ""
            line = f"step {at.step} of {at.steps}{loss}, {duration(at.seconds_left)} left"
            status.update(line)
            if not out.is_terminal and time.monotonic() - last >= LOG_EVERY_SECONDS:
                last = time.monotonic()
                out.print(line)

        yield on_progress
