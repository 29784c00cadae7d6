"""A model that is made of public text once: beside its folder until it is whole, by one process, and never over another."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dp_clinical_pipeline.errors import UserError


def made_once(
    folder: Path, plan: dict[str, Any], make: Callable[[Path], dict[str, Any]], *, verb: str, doing: str
) -> tuple[dict[str, Any], bool]:
    """Return the manifest of the model in `folder`, and whether it was made now.

    `plan` is all that the weights follow from, part of the manifest. `make` is given a folder beside the model's to work
    in, which stays where it is stopped, writes the model into `model/` there and returns its manifest.

    Raises:
        UserError: the folder holds something else, cannot be written, or another process makes it.
    """
    work = folder.with_name(f".{folder.name}.{doing}")
    try:
        work.mkdir(parents=True, exist_ok=True)
        with FileLock(work.with_name(f"{work.name}.lock"), timeout=0):
            manifest = made_before(folder, plan)
            if fresh := manifest is None:
                manifest = make(work)
                (work / "model").rename(folder)
            shutil.rmtree(work, ignore_errors=True)
            return manifest, fresh
    except Timeout:
        raise UserError(f"another process {verb} {folder}: wait for it, or give another folder") from None
    except OSError as error:
        raise UserError(f"cannot write the model {folder}: {error.strerror or type(error).__name__}") from None


def made_before(folder: Path, plan: dict[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of a model that this plan made, None where there is none.

    Raises:
        UserError: the folder holds something else.
    """
    if not folder.exists():
        return None
    manifest = folder / "manifest.json"
    facts: dict[str, Any] = json.loads(manifest.read_text()) if manifest.is_file() else {}
    if {key: facts.get(key) for key in plan} != plan:
        raise UserError(f"{folder} is there already and was not made from this: delete it, or give another folder")
    return facts
