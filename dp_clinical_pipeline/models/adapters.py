"""Adapters on disk: kept by mechanism id, in safetensors, in the lake when the ledger covers them."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.quiet import quiet_libraries

_WEIGHTS = "adapter_model.safetensors"


def adapter_folder(home: Home, budget: str, mechanism_id: str) -> Path:
    """Return where a mechanism's adapter lies."""
    return (home.enclave if budget == NONPRIVATE else home.lake) / "adapters" / mechanism_id


def save_adapter(model: Any, folder: Path) -> str:
    """Write the adapter aside and rename it into place; return the SHA-256 of its weights.

    Raises:
        UserError: the weights never moved: training looked normal and was not.
    """
    moved = [p for name, p in model.named_parameters() if p.requires_grad and "lora_B" in name]
    if not any(bool(p.detach().abs().max() > 0) for p in moved):
        raise UserError("the adapter's weights did not move in training: nothing was saved")
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    for leftover in folder.parent.glob(f".{folder.name}.*.tmp"):  # of a process that was killed
        shutil.rmtree(leftover)
    with quiet_libraries():
        model.save_pretrained(aside, safe_serialization=True)
    (aside / "README.md").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    return adapter_sha256(folder)


def adapter_sha256(folder: Path) -> str:
    """Return the SHA-256 of an adapter's weights; of the hashes of all its weight files where it has a head too."""
    digests = [_file_sha256(file) for file in sorted(folder.glob("*.safetensors"))]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cell_adapter(home: Home, row: dict[str, Any]) -> Path:
    """Return the folder that a cell's row points at.

    Raises:
        UserError: the weights are not those that the row was written for.
    """
    folder = home.path / row["path"]
    if not (folder / _WEIGHTS).exists() or adapter_sha256(folder) != row["adapter_sha256"]:
        raise UserError(
            f"the adapter {row['mechanism_id']} is missing or was changed: restore it from a copy of the home"
        )
    return folder
