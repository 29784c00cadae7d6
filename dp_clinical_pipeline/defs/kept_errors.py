"""What is said about an unexpected exception: its type and places outside, its text in the enclave."""

import os
import traceback
from pathlib import Path

import dp_clinical_pipeline
from dp_clinical_pipeline.home import Home, home_path

_PACKAGE = Path(dp_clinical_pipeline.__file__).parent
_GUARD = _PACKAGE / "defs" / "guard.py"


def places(error: BaseException) -> str:
    """Return an exception's type and the lines of this package that it went through, without its message."""
    frames = [
        f"{Path(frame.filename).relative_to(_PACKAGE)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE) and Path(frame.filename) != _GUARD
    ]
    return f"{type(error).__name__} at {' > '.join(frames) or 'a place outside this package'}"


def keep_traceback(error: BaseException, name: str) -> Path | None:
    """Write the full traceback to the enclave for its owner alone; None where there is no home to write to."""
    path = private_file(f"{name}.txt")
    if path is None:
        return None
    try:
        with open(path, "w", opener=owner_only) as file:
            file.write("".join(traceback.format_exception(error)))
    except OSError:
        return None
    return path


def owner_only(path: str, flags: int) -> int:
    """An `opener` for open(): the file is readable by its owner alone."""
    return os.open(path, flags, 0o600)


def private_file(name: str) -> Path | None:
    """Return a path under `enclave/errors/`, made where needed; None where there is no home or it cannot be written."""
    enclave = Home(home_path()).enclave
    if not enclave.is_dir():
        return None
    try:
        (enclave / "errors").mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return enclave / "errors" / name
