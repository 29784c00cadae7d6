"""A generator that has read public reports before any private one: domain-adaptive tuning, which costs no privacy.

Gururangan et al., "Don't Stop Pretraining" (ACL 2020); before DP training it spares the private steps what reports of a
kind have in common.

A laptop can try it: `dp-clinical adapt ./tried --corpus FILE.csv --licence "CC0" --label-set nih14 --steps 2`.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.coding.labelers import stated_labels, stating_parts
from dp_clinical_pipeline.config import Compute, Training
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import LabelSet
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_lora
from dp_clinical_pipeline.models.quiet import quiet_libraries
from dp_clinical_pipeline.privacy.noise import PublicSource
from dp_clinical_pipeline.synthesis.fields import stated_others
from dp_clinical_pipeline.synthesis.primer import has_primer, primer_pairs
from dp_clinical_pipeline.synthesis.prompts import pair_to_learn
from dp_clinical_pipeline.training.checkpoint import Checkpoint, write_manifest
from dp_clinical_pipeline.training.examples import Drawn, Example, causal_example, microbatches
from dp_clinical_pipeline.training.loop import Progress, Randomness, TrainSpec, train
from dp_clinical_pipeline.training.made_once import made_once
from dp_clinical_pipeline.training.model_card import adapted_card
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline.training.public_notes import PublicNotes
from dp_clinical_pipeline.training.public_text import outside_homes

_HELD_OUT = 20
"""One note of so many is kept back, by its own hash; fewer than that are too few."""
_PAIRS_SEED = 3
"""Neither the primer's, nor that of the untuned arm, nor that of pre-training."""


@dataclass(frozen=True, kw_only=True)
class AdaptSpec:
    """What the weights follow from, beside the base and the text. Only public text is ever looked at to choose it."""

    steps: int | None = None
    """None: so many that as many notes are drawn as there are; each lot is a random sample of them."""
    lot_size: int = 32
    learning_rate: float = 1e-3
    lora_rank: int = 16
    lora_alpha: int = 32
    max_tokens: int = 160
    stated_weight: float = Training().stated_weight
    longest_words: int = 60
    made_up: int = 1000
    """Made-up public notes among the others, where the label set has sentences."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """What was made, or was there already."""

    folder: Path
    manifest: dict[str, Any]
    fresh: bool


def adapt(
    folder: Path,
    base: BaseModel,
    public: PublicNotes,
    labels: LabelSet,
    licence: str,
    spec: AdaptSpec,
    on_progress: Callable[[Progress], None] | None = None,
) -> Adapted:
    """Tune a base model on public notes, each for the record that public rules read in it, and save it whole in `folder`.

    LoRA on all layers, merged into the base's weights: the folder is a generator's source like any other. Killed, the
    same call goes on from its last checkpoint, beside `folder`.

    Guarantee: none, and none is needed: the weights are a function of public text, and no ledger is touched. Text that
    is not public would be in the weights without any account.

    Raises:
        UserError: the folder holds something else, base or folder lie where private text does, there are too few notes,
            another process writes it, or no rules read the label set.
    """
    folder = outside_homes(folder)
    if outside_homes(base.path) == folder:
        raise UserError(f"{folder} is the base itself: give another folder")
    plan = {
        "base": {"name": base.name, "sha256": base.sha256},
        "label_set": labels.name,
        "text": {"sources": list(public.sources), "licence": licence},
        "pieces_sha256": hashlib.sha256("\x00".join(public.pieces).encode()).hexdigest(),
        "spec": asdict(spec),
    }
    with quiet_libraries():
        manifest, fresh = made_once(
            folder,
            plan,
            lambda work: _adapt(work, base, public.pieces, labels, spec, plan, on_progress),
            verb="adapts",
            doing="adapting",
        )
    return Adapted(folder=folder, manifest=manifest, fresh=fresh)


def notes_to_learn(pieces: Sequence[str], labels: LabelSet, made_up: int) -> list[tuple[str, str, list[str]]]:
    """Return prompt, note and labels of each public note, of those that state a label, and of no more others.

    The labels are what public rules read in a piece. `made_up` notes of the package's own sentences come last, where the
    label set has any.

    Raises:
        UserError: no rules read this label set.
    """
    stating: list[tuple[str, str, list[str]]] = []
    others: list[tuple[str, str, list[str]]] = []
    for piece in pieces:
        targets = stated_labels(piece, labels)
        if targets is None:
            raise UserError(f"no public rules read {labels.name}: nothing could say what a public note states")
        prompt, note = pair_to_learn(piece, targets, labels)
        (stating if set(targets) - {labels.normal} else others).append((prompt, note, targets))
    pairs = primer_pairs(labels, made_up, _PAIRS_SEED) if made_up and has_primer(labels) else []
    made = [(pair.prompt, pair.note, list(pair.targets)) for pair in pairs]
    return [*stating, *others[: max(len(stating), 1)], *made]


def _adapt(
    work: Path,
    base: BaseModel,
    pieces: Sequence[str],
    labels: LabelSet,
    spec: AdaptSpec,
    plan: dict[str, Any],
    on_progress: Callable[[Progress], None] | None,
) -> dict[str, Any]:
    """Train from the last checkpoint on, and write the model's folder; return its manifest."""
    import torch

    tokenizer, device = load_tokenizer(base, padding_side="right"), choose_device(Compute())
    notes = notes_to_learn(pieces, labels, spec.made_up)
    made_up = spec.made_up if has_primer(labels) else 0
    held_out, learnt = _parted(_examples(tokenizer, notes, labels, spec))
    if len(notes) - made_up < _HELD_OUT or not held_out or not learnt:
        raise UserError(
            f"{len(notes) - made_up} notes of that text can be learnt from: give a corpus with more of them"
        )
    losses = partial(_losses, pad=tokenizer.pad_token_id)
    torch.manual_seed(spec.seed)
    model = with_lora(load_causal(base, device), causal=True, rank=spec.lora_rank, alpha=spec.lora_alpha)
    before = _mean_loss(model, held_out, losses)
    steps = spec.steps or math.ceil(len(learnt) / spec.lot_size)
    digest = hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
    checkpoint, sampling = Checkpoint(work / "checkpoint.safetensors", digest), PublicSource(spec.seed)
    for _ in range(checkpoint.steps_done()):
        sampling.uniform(len(learnt))  # the lots that were read before it was stopped
    train(
        model,
        [[example] for example in learnt],
        TrainSpec(
            noise_multiplier=None,
            sample_rate=min(1.0, spec.lot_size / len(learnt)),
            steps=steps,
            max_grad_norm=1.0,
            expected_lot=spec.lot_size,
            max_reports=1,
            learning_rate=spec.learning_rate,
            microbatch_tokens=Training().microbatch_tokens,
            checkpoint_every=10,
        ),
        losses,
        checkpoint=checkpoint,
        randomness=Randomness(sampling=sampling, noise=PublicSource(spec.seed)),
        on_progress=on_progress,
    )
    after = _mean_loss(model, held_out, losses)
    facts = {
        "notes": len(learnt),
        "made_up_notes": made_up,
        "held_out_notes": len(held_out),
        "steps": steps,
        "precision": device.precision,
    }
    return _save(work, base, model, plan | facts | {"loss_before": round(before, 3), "loss": round(after, 3)})


def _examples(
    tokenizer: Any, notes: Sequence[tuple[str, str, list[str]]], labels: LabelSet, spec: AdaptSpec
) -> list[Example]:
    made = []
    for prompt, note, targets in notes:
        stating = stating_parts(note, targets, labels) + [(o.start, o.end) for o in stated_others(note, labels)]
        made.append(causal_example(tokenizer, prompt, note, spec.max_tokens, stating, spec.stated_weight))
    return list(dict.fromkeys(made))


def _parted(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Return the examples that are held out, and those to learn from, in an order of their own hashes."""
    keys = {example: int(hashlib.sha256(repr(example.tokens).encode()).hexdigest(), 16) for example in examples}
    ordered = sorted(examples, key=keys.__getitem__)
    return [e for e in ordered if keys[e] % _HELD_OUT == 0], [e for e in ordered if keys[e] % _HELD_OUT]


def _losses(model: Any, batch: Sequence[Drawn], pad: int) -> Any:
    return note_losses(model, batch, pad)


def _mean_loss(model: Any, examples: Sequence[Example], losses: Callable[[Any, Sequence[Drawn]], Any]) -> float:
    """Return the mean of the notes' own mean losses."""
    import torch

    drawn = [Drawn(example, i, 1.0) for i, example in enumerate(examples)]
    with torch.no_grad():
        sums = [float(losses(model, batch).sum()) for batch in microbatches(drawn, Training().microbatch_tokens)]
    return sum(sums) / len(drawn)


def _save(work: Path, base: BaseModel, trained: Any, manifest: dict[str, Any]) -> dict[str, Any]:
    """Merge the adapter into the base's own weights, in their own precision, and write both with the tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM

    aside = work / "model"
    shutil.rmtree(aside, ignore_errors=True)  # of a process that was killed
    whole = AutoModelForCausalLM.from_pretrained(base.path, use_safetensors=True, local_files_only=True, dtype="auto")
    spec = manifest["spec"]
    merged = with_lora(whole, causal=True, rank=spec["lora_rank"], alpha=spec["lora_alpha"])
    weights = {name: p for name, p in trained.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for name, parameter in merged.named_parameters():
            if name in weights:
                parameter.copy_(weights[name].detach().to("cpu", parameter.dtype))
    merged.merge_and_unload().save_pretrained(aside, safe_serialization=True)
    load_tokenizer(base, padding_side="right").save_pretrained(aside)
    with (aside / "model.safetensors").open("rb") as file:
        manifest |= {"weights_sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    write_manifest(aside, manifest)
    (aside / "README.md").write_text(adapted_card(manifest))
    return manifest
