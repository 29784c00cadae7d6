"""`dp-clinical`: every verb calls a job, a table or a function that also has another caller."""

import sys
import warnings

from dp_clinical_pipeline.cli.app import app
from dp_clinical_pipeline.errors import FailedStep, UserError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line. Exit code 0 only where the verb did what it says; 2 for what the user can put right."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        app()
    except UserError as error:
        _leave(2, str(error))
    except FailedStep as error:
        _leave(1, str(error))
    except KeyboardInterrupt:
        _leave(130, "stopped")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from dp_clinical_pipeline.defs.kept_errors import keep_traceback, places

        kept = keep_traceback(error, "command-line")
        _leave(1, f"unexpected {places(error)}" + (f"; the traceback is in {kept}" if kept else ""))


def _leave(code: int, line: str) -> None:
    sys.stderr.write(f"error: {line}\n")
    sys.exit(code)
