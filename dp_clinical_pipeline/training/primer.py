"""A generator's first lesson: made-up notes from public sentences, so that their form costs no privacy afterwards."""

import hashlib
import json
import math
import os
import shutil
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.models.adapters import save_adapter
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.privacy.noise import PublicSource
from dp_clinical_pipeline.synthesis.primer import Pair, primer_pairs
from dp_clinical_pipeline.training.cell import OnProgress
from dp_clinical_pipeline.training.checkpoint import write_manifest
from dp_clinical_pipeline.training.examples import causal_example
from dp_clinical_pipeline.training.loop import Progress, Randomness, TrainSpec, train
from dp_clinical_pipeline.training.note_loss import note_losses

_SEED = 0
_LEARNING_RATE = 2e-3
_WEIGHTS = "primer.safetensors"


@dataclass(frozen=True)
class Primed:
    """What an adapter started from: the primer's digest, the hash of its file, and its weights by parameter name."""

    digest: str
    sha256: str
    weights: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PrimerProgress(Progress):
    """A step of the primer, so that nobody takes it for a private one."""

    note: str = "primer on public text"


def apply_primer(home: Home, base: BaseModel, model: Any, on_progress: OnProgress | None = None) -> str | None:
    """Put the primer's weights into a fresh adapter; return the primer's digest, None where the settings want none.

    The primer is trained on first use, once for all homes that share a models folder, and read from there afterwards.

    Guarantee: the weights are a function of public text, the base model and the settings. Whatever training follows
    starts from a public point, as it would from a base model, and its guarantee stays what it was.

    Raises:
        UserError: the primer's file was changed, or cannot be written.
    """
    if not home.settings.training.primer_steps:
        return None
    labels = label_set(home.settings.corpus.label_set)
    digest = primer_digest(home, base, labels)
    folder = home.models / "primers" / f"{base.name}-{labels.name}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if not folder.exists():
            _make(home, base, labels, model, folder, on_progress)
    model.primed = _read(folder, digest, model)
    return digest


def primer_digest(home: Home, base: BaseModel, labels: LabelSet) -> str:
    """Return a short hash of all that a primer's weights follow from: base, adapter, notes and schedule."""
    settings = home.settings.training
    fixed = settings.model_dump(
        include={"lora_rank", "lora_alpha", "lora_layers", "primer_steps", "primer_lot_size", "max_tokens"}
    )
    fixed |= {"base": base.sha256, "labels": labels.name, "learning_rate": _LEARNING_RATE, "seed": _SEED}
    fixed |= {"pairs": _pairs_sha256(labels, settings.primer_steps * settings.primer_lot_size)}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:12]


def save_trained(model: Any, folder: Path) -> str:
    """Save an adapter as `save_adapter` does, which cannot tell a primer's weights from trained ones.

    Raises:
        UserError: the weights are still the primer's, or zero.
    """
    import torch

    primed: Primed | None = getattr(model, "primed", None)
    if primed and all(torch.equal(p.detach().cpu(), primed.weights[name].to(p.dtype)) for name, p in _adapter(model)):
        raise UserError("the adapter's weights did not move in training: nothing was saved")
    return save_adapter(model, folder)


def started_from(model: Any) -> dict[str, Any]:
    """Return what an adapter's manifest says of where its training started."""
    primed: Primed | None = getattr(model, "primed", None)
    return {"primer": primed.digest if primed else None, "primer_sha256": primed.sha256 if primed else None}


@cache
def _pairs(labels: LabelSet, count: int) -> list[Pair]:
    return primer_pairs(labels, count, _SEED)


def _pairs_sha256(labels: LabelSet, count: int) -> str:
    return hashlib.sha256(repr(_pairs(labels, count)).encode()).hexdigest()


def _make(
    home: Home, base: BaseModel, labels: LabelSet, model: Any, folder: Path, on_progress: OnProgress | None
) -> None:
    """Train the adapter on public pairs from a seeded start, and write its weights aside, then into place."""
    from safetensors.torch import save_file

    settings, tokenizer = home.settings.training, load_tokenizer(base, padding_side="right")
    pairs = _pairs(labels, settings.primer_steps * settings.primer_lot_size)
    _start(model)
    spec = TrainSpec(
        noise_multiplier=None,
        sample_rate=1 / settings.primer_steps,
        steps=settings.primer_steps,
        max_grad_norm=settings.max_grad_norm,
        expected_lot=settings.primer_lot_size,
        max_reports=1,
        learning_rate=_LEARNING_RATE,
        microbatch_tokens=settings.microbatch_tokens,
        checkpoint_every=settings.primer_steps,
    )
    train(
        model,
        [[causal_example(tokenizer, pair.prompt, pair.note, settings.max_tokens)] for pair in pairs],
        spec,
        lambda m, batch: note_losses(m, batch, tokenizer.pad_token_id),
        randomness=Randomness(sampling=PublicSource(_SEED), noise=PublicSource(_SEED)),
        on_progress=(lambda step: on_progress(PrimerProgress(**asdict(step)))) if on_progress else None,
    )
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    for leftover in folder.parent.glob(f".{folder.name}.*.tmp"):  # of a process that was killed
        shutil.rmtree(leftover)
    try:
        aside.mkdir()
        save_file({name: p.detach().cpu().contiguous() for name, p in _adapter(model)}, aside / _WEIGHTS)
        facts = settings.model_dump(
            include={"lora_rank", "lora_alpha", "lora_layers", "primer_steps", "primer_lot_size"}
        )
        facts |= {"base": base.name, "base_sha256": base.sha256, "label_set": labels.name, "sha256": _sha256(aside)}
        write_manifest(aside, facts | {"text": "public sentences that ship with the package; no record of any patient"})
        aside.rename(folder)
    except OSError as error:
        raise UserError(f"cannot write the primer {folder.name}: {error.strerror or type(error).__name__}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _start(model: Any) -> None:
    """Give the fresh adapter's A the library's usual distribution from a seed, on every device the same."""
    import torch

    random = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for name, parameter in _adapter(model):
            if "lora_A" in name:
                bound = 1 / math.sqrt(parameter.shape[1])
                parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound, generator=random))


def _read(folder: Path, digest: str, model: Any) -> Primed:
    """Load a primer into the adapter.

    Raises:
        UserError: it is not the file that was written, or not one of this adapter.
    """
    import torch
    from safetensors.torch import load_file

    sha256 = _sha256(folder)
    if json.loads((folder / "manifest.json").read_text())["sha256"] != sha256:
        raise UserError(f"the primer {folder} was changed: delete it, and it is trained again")
    weights = load_file(folder / _WEIGHTS)
    shapes = {name: tuple(p.shape) for name, p in _adapter(model)}
    if shapes != {name: tuple(tensor.shape) for name, tensor in weights.items()}:
        raise UserError(f"the primer {folder} is of another adapter: delete it, and it is trained again")
    with torch.no_grad():
        for name, parameter in _adapter(model):
            parameter.copy_(weights[name])
    return Primed(digest, sha256, weights)


def _adapter(model: Any) -> list[tuple[str, Any]]:
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


def _sha256(folder: Path) -> str:
    with (folder / _WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
