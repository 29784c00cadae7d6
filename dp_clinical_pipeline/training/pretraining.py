"""A small generator from nothing: tokenizer and weights learnt from public text, in an hour of one core.

A laptop can try it: `dp-clinical pretrain ./tried --corpus FILE.csv --licence "CC0" --steps 20`.
"""

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dp_clinical_pipeline.config import Compute
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.device import Device, choose_device
from dp_clinical_pipeline.models.quiet import quiet_libraries
from dp_clinical_pipeline.models.shapes import SMALL_GENERATOR, random_generator
from dp_clinical_pipeline.training.checkpoint import Checkpoint, write_manifest
from dp_clinical_pipeline.training.made_once import made_once
from dp_clinical_pipeline.training.model_card import pretrained_card
from dp_clinical_pipeline.training.public_rows import Rows, lot, rows_of
from dp_clinical_pipeline.training.public_text import PublicText, outside_homes

_WARM_UP, _COOL_DOWN = 40, 0.4
_WEIGHT_DECAY, _BETAS, _MAX_NORM = 0.1, (0.9, 0.95), 1.0


@dataclass(frozen=True, kw_only=True)
class PretrainSpec:
    """What the weights follow from, beside the text. Only public text is ever looked at to choose it."""

    steps: int | None = None
    """None: as many as read everything once."""
    seed: int = 0
    vocabulary: int = 8192
    context: int = 512
    """Tokens of a row; texts follow one another in it, parted by the end of text."""
    rows: int = 4
    """Rows of a step."""
    learning_rate: float = 2e-3
    pairs: int = 1000
    """Made-up public notes with their prompts for each list of labels that has sentences, among the texts."""
    shape: dict[str, Any] = field(default_factory=lambda: dict(SMALL_GENERATOR))

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise UserError(f"steps is {self.steps}: at least one")
        if self.context > self.shape["max_position_embeddings"]:
            raise UserError(
                f"context is {self.context}: the shape has {self.shape['max_position_embeddings']} positions"
            )


@dataclass(frozen=True, kw_only=True)
class PretrainProgress:
    """How far it is. The loss may be shown: it is one on public text."""

    step: int
    steps: int
    seconds_left: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """What was made, or was there already."""

    folder: Path
    manifest: dict[str, Any]
    fresh: bool


def pretrain(
    folder: Path,
    text: PublicText,
    licence: str,
    spec: PretrainSpec,
    *,
    hours: float | None = None,
    checkpoint_every: int = 25,
    on_progress: Callable[[PretrainProgress], None] | None = None,
) -> Pretrained:
    """Pre-train a small causal model and save it in `folder`, which then is a generator's source.

    Killed, the same call goes on from its last checkpoint, beside `folder`, and with `steps` alone ends with the same
    weights. `hours` ends it earlier: the learning rate sinks towards whichever end comes first.

    Guarantee: none, and none is needed: the weights are a function of public text, and no ledger is touched. Text that
    is not public would be in the weights without any account.

    Raises:
        UserError: the folder holds something else, lies where private text does, or is being pre-trained by another
            process.
    """
    folder = outside_homes(folder)
    plan = _plan(text, licence, spec)

    def make(work: Path) -> dict[str, Any]:
        _take_up(work, plan)
        return _train(work, text, spec, plan, hours, checkpoint_every, on_progress)

    with quiet_libraries():
        manifest, fresh = made_once(folder, plan, make, verb="pre-trains", doing="pretraining")
    return Pretrained(folder=folder, manifest=manifest, fresh=fresh)


def _plan(text: PublicText, licence: str, spec: PretrainSpec) -> dict[str, Any]:
    """Return all that the weights follow from, and what the card says of the text."""
    source = {"file": text.name, "sha256": text.sha256, "column": text.column, "licence": licence}
    texts = {"texts": len(text.learnt), "held_out_texts": len(text.held_out)}
    return {"text": source | texts, "spec": asdict(spec)}


def _take_up(work: Path, plan: dict[str, Any]) -> None:
    """Begin, or go on with what was begun.

    Raises:
        UserError: what was begun there was another plan.
    """
    file = work / "plan.json"
    if not file.exists():
        file.with_suffix(".tmp").write_text(json.dumps(plan, indent=2))
        file.with_suffix(".tmp").rename(file)
    elif json.loads(file.read_text()) != plan:
        raise UserError(f"{work} was begun with other text or options: delete it, or give those that it was begun with")


def _train(
    work: Path,
    text: PublicText,
    spec: PretrainSpec,
    plan: dict[str, Any],
    hours: float | None,
    checkpoint_every: int,
    on_progress: Callable[[PretrainProgress], None] | None,
) -> dict[str, Any]:
    """Train from the last checkpoint on, and write the model's folder; return its manifest."""
    import torch

    device, tokenizer, rows = choose_device(Compute()), *rows_of(work, text, spec)
    model = random_generator(
        spec.shape, vocabulary=len(tokenizer), end=tokenizer.eos_token_id, pad=tokenizer.pad_token_id, seed=spec.seed
    ).to(device.name)
    before = _bits(model, rows, device)
    steps = spec.steps or math.ceil(len(rows.learnt) / spec.rows)
    optimizer = _optimizer(model, spec)
    checkpoint = Checkpoint(work / "checkpoint.safetensors", hashlib.sha256(repr(plan).encode()).hexdigest())
    # Its place for a clipping bound, of which there is none here, holds the seconds that were spent.
    step, spent = checkpoint.restore(model, optimizer)
    first, began, limit = step, time.monotonic() - (spent or 0.0), hours * 3600 if hours else math.inf
    resumed = time.monotonic()
    model.train()
    while (done := max(step / steps, (time.monotonic() - began) / limit)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = spec.learning_rate * _warmth(step, steps, done)
        loss = _loss(model, lot(rows.learnt, step, spec), device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _MAX_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        now = time.monotonic()
        if step % checkpoint_every == 0 or step == steps:
            checkpoint.save(model, optimizer, step, now - began)
        if on_progress:
            left = min((now - resumed) / (step - first) * (steps - step), limit - (now - began))
            on_progress(
                PretrainProgress(step=step, steps=steps, seconds_left=max(left, 0.0), loss=float(loss.detach()))
            )
    after = _bits(model.eval(), rows, device)
    return _save(work, model, tokenizer, plan | _facts(model, rows, step, steps, spec, before, after, device))


def _warmth(step: int, steps: int, done: float) -> float:
    """Return the share of the learning rate: up at first, level, and down to 0 over the last part."""
    return min(1.0, (step + 1) / min(_WARM_UP, steps), (1 - done) / _COOL_DOWN)


def _optimizer(model: Any, spec: PretrainSpec) -> Any:
    import torch

    wide = [p for p in model.parameters() if p.dim() > 1]
    narrow = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": wide, "weight_decay": _WEIGHT_DECAY}, {"params": narrow, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=spec.learning_rate, betas=_BETAS, fused=True)


def _loss(model: Any, rows: np.ndarray, device: Device) -> Any:
    """Return the mean negative log-likelihood of a token given those before it in its row, in fp32."""
    import torch
    from torch.nn.functional import cross_entropy

    ids = torch.from_numpy(rows).to(device.name)
    with torch.autocast(device.kind, dtype=torch.bfloat16, enabled=device.precision == "bf16"):
        states = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
        scores = model.lm_head(states)
    return cross_entropy(scores.float().flatten(0, 1), ids[:, 1:].flatten())


def _bits(model: Any, rows: Rows, device: Device) -> float:
    """Return the mean negative log-likelihood of a held-out token, in bits."""
    import torch

    with torch.no_grad():
        sums = [float(_loss(model, rows.held_out[i : i + 1], device)) for i in range(len(rows.held_out))]
    return sum(sums) / len(sums) / math.log(2)


def _facts(
    model: Any, rows: Rows, step: int, steps: int, spec: PretrainSpec, before: float, after: float, device: Device
) -> dict[str, Any]:
    per_token = rows.held_out.size / rows.held_out_bytes
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": step,
        "planned_steps": steps,
        "tokens_read": step * spec.rows * spec.context,
        "tokens_to_learn_from": int(rows.learnt.size),
        "precision": device.precision,
        "held_out": {
            "tokens": int(rows.held_out.size),
            "perplexity_before": round(2**before, 1),
            "perplexity": round(2**after, 2),
            "bits_per_byte_before": round(before * per_token, 3),
            "bits_per_byte": round(after * per_token, 3),
        },
    }


def _save(work: Path, model: Any, tokenizer: Any, manifest: dict[str, Any]) -> dict[str, Any]:
    aside = work / "model"
    shutil.rmtree(aside, ignore_errors=True)  # of a process that was killed
    model.to("cpu").save_pretrained(aside)
    tokenizer.save_pretrained(aside)
    with (aside / "model.safetensors").open("rb") as file:
        manifest |= {"weights_sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    write_manifest(aside, manifest)
    (aside / "README.md").write_text(pretrained_card(manifest))
    return manifest
