"""What a long step shows while it runs: step, planned steps, time left, sigma, epsilon. Never a loss."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import dagster as dg

EVERY_SECONDS = 5.0


class Progress(Protocol):
    """How far a step is; epsilon and the noise multiplier are None where nothing is spent."""

    @property
    def step(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def seconds_left(self) -> float | None: ...
    @property
    def epsilon(self) -> float | None: ...
    @property
    def noise_multiplier(self) -> float | None: ...


@dataclass(frozen=True, kw_only=True)
class Written:
    """Progress of a cell's notes: accepted ones of those wanted."""

    step: int
    steps: int
    seconds_left: float | None
    epsilon: None = None
    noise_multiplier: None = None


_watchers: list[Callable[[str, Progress], None]] = []


@contextmanager
def watching(watcher: Callable[[str, Progress], None]) -> Iterator[None]:
    """Call `watcher(asset, progress)` for every progress in this process: the command line's bars read it."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def observer(
    context: dg.AssetExecutionContext, *, every: float = EVERY_SECONDS, stored: bool = True
) -> Callable[[Progress], None]:
    """Return an `on_progress` that records an observation of the asset, at most one every `every` seconds.

    Without `stored` only this process's watchers see it: nothing covers the progress of a non-private cell's notes.
    """
    last = -every

    def on_progress(progress: Progress) -> None:
        nonlocal last
        for watcher in _watchers:
            watcher(context.asset_key.to_user_string(), progress)
        now = time.monotonic()
        if not stored or (now - last < every and progress.step < progress.steps):
            return
        last = now
        shown: dict[str, Any] = {
            "step": progress.step,
            "planned_steps": progress.steps,
            "seconds_left": progress.seconds_left,
            "sigma": progress.noise_multiplier,
            "epsilon": progress.epsilon,
            "note": getattr(progress, "note", None),
        }
        metadata = {name: value for name, value in shown.items() if value is not None}
        context.log_event(
            dg.AssetObservation(asset_key=context.asset_key, partition=context.partition_key, metadata=metadata)
        )

    return on_progress


def writing(
    on_progress: Callable[[Progress], None], wanted: int, clock: Callable[[], float] = time.monotonic
) -> Callable[[Any], None]:
    """Return what `generate_cell` calls with (tried, accepted): the time left follows from the pace so far."""
    began = clock()

    def written(facts: Any) -> None:
        done = min(facts.accepted, wanted)
        left = (clock() - began) * (wanted - done) / done if done else None
        on_progress(Written(step=done, steps=wanted, seconds_left=left))

    return written
