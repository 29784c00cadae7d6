"""How a stage shows that it is alive: a bar in a terminal, a line now and then in a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dp_clinical_pipeline.defs.progress import Progress as StepProgress
from dp_clinical_pipeline.defs.progress import watching

LOG_EVERY_SECONDS = 30.0


@contextmanager
def shown_live(out: Console, name: str) -> Iterator[None]:
    """Show a stage's progress while the block runs."""
    with _bar(out, name) if out.is_terminal else _lines(out, name):
        yield


@contextmanager
def _bar(out: Console, name: str) -> Iterator[None]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[left]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task(name, total=None, left="")

        def watch(_: str, step: StepProgress) -> None:
            progress.update(task, total=step.steps, completed=step.step, left=told(step))

        with watching(watch):
            yield


@contextmanager
def _lines(out: Console, name: str) -> Iterator[None]:
    last = time.monotonic()

    def watch(_: str, step: StepProgress) -> None:
        nonlocal last
        if time.monotonic() - last >= LOG_EVERY_SECONDS:
            last = time.monotonic()
            out.print(f"  {name}: {told(step)}")

    with watching(watch):
        yield


def told(step: StepProgress) -> str:
    """Return how far a step is in words: what is done, the noise it trains with, and the time left."""
    words = [f"{step.step} of {step.steps}"]
    if note := getattr(step, "note", None):
        words.append(note)
    if step.noise_multiplier:
        words.append(f"σ {step.noise_multiplier:.2f}")
    if step.epsilon:
        words.append(f"ε {step.epsilon:.3g}")
    if step.seconds_left is not None:
        words.append(f"{duration(step.seconds_left)} left")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """Return a rough length of time: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
