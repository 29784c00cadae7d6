"""Keeps what an exception or a library says inside the enclave: Dagster's storage gets types and places only."""

import functools
import inspect
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg

from dp_clinical_pipeline.defs.kept_errors import keep_traceback, owner_only, places, private_file
from dp_clinical_pipeline.errors import UserError

_Step = TypeVar("_Step", bound=Callable[..., Any])

UNEXPECTED = "unexpected"
USER = "user"

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


class StepStopped(Exception):
    """What a sensor or schedule raises in place of an unexpected exception: its type and places, no message."""


def guarded(step: _Step) -> _Step:
    """Wrap a step's body so that no exception text leaves the enclave.

    A UserError becomes a dg.Failure with its one line. Anything else becomes a dg.Failure that names the exception's
    type and the lines of this package that it went through; the traceback goes to `enclave/errors/` (mode 0600).
    Neither is ever retried: a second attempt may spend privacy again. The Failure is raised outside the handler, so
    that it has neither a cause nor a context for Dagster to serialise.
    """
    if inspect.isgeneratorfunction(step):
        raise TypeError(f"{step.__name__}: a generator's body runs outside the guard; return the result instead")

    @functools.wraps(step)
    def run(*args: Any, **kwargs: Any) -> Any:
        name = _step_name(step, args)
        stopped: BaseException
        try:
            with libraries_kept_inside(name):
                return step(*args, **kwargs)
        except UserError as error:
            stopped = dg.Failure(str(error), metadata={"error": USER}, allow_retries=False)
        except Exception as error:
            kept = keep_traceback(error, name)
            about = {"error": UNEXPECTED, "error_file": kept.name if kept else "not written"}
            stopped = dg.Failure(places(error), metadata=about, allow_retries=False)
        except BaseException as error:  # an interruption: the exception it arrived in must not travel with it
            stopped = type(error)()
        raise stopped

    return run  # type: ignore[return-value]


def guarded_tick(tick: _Step) -> _Step:
    """Wrap a sensor's or schedule's body: a UserError skips the tick with its one line, the rest keeps its text inside."""

    @functools.wraps(tick)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with libraries_kept_inside(f"tick-{tick.__name__}"):
                return tick(*args, **kwargs)
        except UserError as error:
            return dg.SkipReason(str(error))
        except Exception as error:
            keep_traceback(error, f"tick-{tick.__name__}")
            stopped = StepStopped(places(error))
        raise stopped

    return run  # type: ignore[return-value]


@contextmanager
def libraries_kept_inside(name: str) -> Iterator[None]:
    """Send what libraries warn or log during a step to `enclave/errors/`, not to a console or a compute log."""
    path = private_file(f"{name}.log")
    handler: logging.Handler = _PrivateLog(path, delay=True) if path else logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        handler.close()


class _PrivateLog(logging.FileHandler):
    """A log file that only its owner reads; Dagster's own records are not kept twice."""

    def __init__(self, path: Path, *, delay: bool) -> None:
        super().__init__(path, delay=delay)
        self.addFilter(lambda record: not record.name.startswith("dagster"))
        self.setLevel(logging.WARNING)

    def _open(self) -> Any:
        return open(self.baseFilename, self.mode, encoding="utf-8", opener=owner_only)


def _step_name(step: Callable[..., Any], args: tuple[Any, ...]) -> str:
    try:
        return f"{args[0].run.run_id}-{step.__name__}"
    except Exception:  # called directly, outside a run
        return f"direct-{step.__name__}"
