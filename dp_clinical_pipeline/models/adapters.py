"""Adapters on disk: kept by mechanism id, in safetensors, in the lake when the ledger covers them."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.quiet import quiet_libraries

_CONFIG = "adapter_config.json"
_BASE_PATH = "base_model_name_or_path"


def adapter_folder(home: Home, budget: str, mechanism_id: str) -> Path:
    """Return where a mechanism's adapter lies."""
    return (home.enclave if budget == NONPRIVATE else home.lake) / "adapters" / mechanism_id


def save_adapter(model: Any, folder: Path) -> str:
    """Write the adapter aside and rename it into place; return its SHA-256.

    Raises:
        UserError: the weights never moved: training looked normal and was not.
    """
    moved = [p for name, p in model.named_parameters() if p.requires_grad and "lora_B" in name]
    if not any(bool(p.detach().abs().max() > 0) for p in moved):
        raise UserError("the adapter's weights did not move in training: nothing was saved")
    with replaced_folder(folder) as aside, quiet_libraries():
        model.save_pretrained(aside, safe_serialization=True)
        (aside / "README.md").unlink(missing_ok=True)
    return adapter_sha256(folder)


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes the place of `folder` once it is written."""
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    for leftover in folder.parent.glob(f".{folder.name}.*.tmp"):  # of a process that was killed
        shutil.rmtree(leftover)
    yield aside
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)


def adapter_sha256(folder: Path) -> str:
    """Return the SHA-256 of an adapter: of the hashes of its weight files, by name, and of its configuration.

    The order of the configuration's keys does not matter, nor does where this machine keeps the base model: which one it
    is, the row says by its own hash.
    """
    return hashlib.sha256("".join([*_weights_sha256(folder), _config_sha256(folder)]).encode()).hexdigest()


def adapter_digests(folder: Path) -> tuple[str, ...]:
    """Return the hashes under which a row may know this adapter: its own, and the first homes', which covers the weights
    alone, so that a changed configuration goes unnoticed there."""
    weights = _weights_sha256(folder)
    old = weights[0] if len(weights) == 1 else hashlib.sha256("".join(weights).encode()).hexdigest()
    return adapter_sha256(folder), old


def _weights_sha256(folder: Path) -> list[str]:
    return [_file_sha256(file) for file in sorted(folder.glob("*.safetensors"))]


def _config_sha256(folder: Path) -> str:
    """Of the configuration in a canonical form; what cannot be read has the hash of its bytes, which fits no row."""
    text = (folder / _CONFIG).read_bytes() if (folder / _CONFIG).exists() else b""
    try:
        config = json.loads(text)
    except ValueError:
        return hashlib.sha256(text).hexdigest()
    canonical = (
        {key: value for key, value in config.items() if key != _BASE_PATH} if isinstance(config, dict) else config
    )
    return hashlib.sha256(json.dumps(canonical, sort_keys=True).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cell_adapter(home: Home, row: dict[str, Any]) -> Path:
    """Return the folder that a cell's row points at.

    Raises:
        UserError: weights or configuration are not those that the row was written for.
    """
    folder = home.path / row["path"]
    if not folder.is_dir() or row["adapter_sha256"] not in adapter_digests(folder):
        raise UserError(
            f"the adapter {row['mechanism_id']} is missing or was changed: restore it from a copy of the home"
        )
    return folder
