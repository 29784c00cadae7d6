"""Work on blocks of reports: in this process, or over worker processes that refuse the network too."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from dp_clinical_pipeline.deid.offline import refuse_for_good

LEAST_ROWS = 6_000
"""Fewer reports than this are done before the worker processes would have started."""

In = TypeVar("In")
Out = TypeVar("Out")


@contextmanager
def workers(rows: int) -> Iterator[Executor | None]:
    """Give worker processes where the batch is large and there are cores for them, else None."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if rows < LEAST_ROWS or cores < 2 or multiprocessing.current_process().daemon:
        yield None
        return
    # Spawned, not forked: the parent may hold threads and locks of Polars and DuckDB.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, mp_context=context, initializer=refuse_for_good) as pool:
        yield pool


def in_order(pool: Executor | None, work: Callable[[In], Out], blocks: Iterable[In]) -> Iterator[Out]:
    """Return the results in the order of the blocks, a few blocks ahead; a block that failed is tried again alone."""
    if pool is None:
        yield from map(work, blocks)
        return
    waiting: deque[tuple[In, Future[Out]]] = deque()
    ahead = 2 * (getattr(pool, "_max_workers", 2) or 2)
    for block in blocks:
        waiting.append((block, pool.submit(work, block)))
        if len(waiting) > ahead:
            yield _result(work, *waiting.popleft())
    while waiting:
        yield _result(work, *waiting.popleft())


def _result(work: Callable[[Any], Out], block: Any, future: "Future[Out]") -> Out:
    try:
        return future.result()
    except Exception:
        return work(block)
