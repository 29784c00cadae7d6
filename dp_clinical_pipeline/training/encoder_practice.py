"""What an encoder learns from made-up public notes before any private one: to tell what is found from what is denied."""

import hashlib
import json
from dataclasses import asdict
from functools import partial
from typing import Any

from filelock import FileLock

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.coding.rulepacks import rules_sha256
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet
from dp_clinical_pipeline.models.adapters import replaced_folder
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.deltas import FILE, factors_of, read_factors
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.privacy.noise import PublicSource
from dp_clinical_pipeline.synthesis.primer import has_primer, primer_pairs, primer_sha256
from dp_clinical_pipeline.training.cell import OnProgress
from dp_clinical_pipeline.training.classifier import classifier_example, classifier_losses, new_classifier
from dp_clinical_pipeline.training.loop import Randomness, TrainSpec, train
from dp_clinical_pipeline.training.practice import practise
from dp_clinical_pipeline.training.primer import PrimerProgress

_SEED, _LOT, _RANK, _ALPHA, _RATE, _ADAPTER_RATE = 5, 32, 8, 16, 3e-3, 1 / 3
_HEAD_NOTES = 600


def practised_factors(
    home: Home, base: BaseModel, device: Device, labels: LabelSet, on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """Return what practice on `classifier_training.encoder_notes` made-up notes adds to an encoder's weights.

    LoRA of all used layers is trained once, without privacy and on public text, and kept for all homes that share a
    models folder. Empty where the settings want none, or where nobody wrote notes for the label set.

    Guarantee: a function of public text, the base model and the settings. Nothing private is read.

    Raises:
        UserError: the file was changed, or cannot be written.
    """
    settings = home.settings.classifier_training
    if not settings.encoder_notes or not has_primer(labels):
        return {}
    said = _declaration(home, base, labels)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]
    folder = home.models / "practice" / f"{base.name}-{labels.name}-{digest}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not folder.exists():
                factors = factors_of(_trained(home, base, device, labels, on_progress)["body"])
                _write(folder, factors, said)
        kept = json.loads((folder / "manifest.json").read_text()).get("sha256")
        if kept != _sha256(folder):
            raise UserError(f"what was practised in {folder} was changed: delete it, and it is trained again")
        return read_factors(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"what {base.name} practised cannot be kept in {folder}: {reason}; mend or delete it") from None


def _declaration(home: Home, base: BaseModel, labels: LabelSet) -> dict[str, Any]:
    """All that the factors follow from."""
    chosen = home.settings.classifier_training.model_dump(
        include={"encoder_notes", "left_out_layers", "positive_weight", "max_tokens"}
    )
    schedule = {"lot": _LOT, "rank": _RANK, "alpha": _ALPHA, "rates": [_RATE, _ADAPTER_RATE], "seed": _SEED}
    text = {"sentences": primer_sha256(labels), "rules": rules_sha256(labels)}
    return chosen | schedule | text | {"base": base.name, "base_sha256": base.sha256, "label_set": labels.name}


def _trained(home: Home, base: BaseModel, device: Device, labels: LabelSet, on_progress: OnProgress | None) -> Any:
    """Return a classifier whose head, and then all of it, has read the notes once."""
    import torch

    settings, tokenizer = home.settings.classifier_training, load_tokenizer(base, padding_side="right")
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        model = new_classifier(
            base, device, len(labels.labels), rank=_RANK, alpha=_ALPHA, left_out=settings.left_out_layers
        )
    practise(model, tokenizer, labels, notes=_HEAD_NOTES, positive_weight=settings.positive_weight)
    pairs = primer_pairs(labels, settings.encoder_notes, _SEED)
    truth = multi_hot([pair.targets for pair in pairs], labels).astype(float).tolist()
    notes = [
        [classifier_example(tokenizer, pair.note, true, settings.max_tokens)]
        for pair, true in zip(pairs, truth, strict=True)
    ]
    steps = max(1, round(len(notes) / _LOT))
    spec = TrainSpec(
        noise_multiplier=None,
        sample_rate=1 / steps,
        steps=steps,
        max_grad_norm=settings.max_grad_norm,
        expected_lot=_LOT,
        max_reports=1,
        learning_rate=_RATE,
        adapter_rate=_ADAPTER_RATE,
        microbatch_tokens=settings.microbatch_tokens,
        checkpoint_every=steps,
    )
    losses = partial(classifier_losses, positive_weight=settings.positive_weight)
    train(
        model,
        notes,
        spec,
        lambda m, batch: losses(m, batch, tokenizer.pad_token_id),
        randomness=Randomness(sampling=PublicSource(_SEED), noise=PublicSource(_SEED)),
        on_progress=(lambda step: on_progress(PrimerProgress(**asdict(step)))) if on_progress else None,
    )
    return model


def _write(folder: Any, factors: dict[str, Any], said: dict[str, Any]) -> None:
    from safetensors.torch import save_file

    with replaced_folder(folder) as aside:
        aside.mkdir()
        save_file(factors, aside / FILE)
        text = "public sentences that ship with the package; no record of any patient"
        (aside / "manifest.json").write_text(json.dumps(said | {"text": text, "sha256": _sha256(aside)}, indent=2))


def _sha256(folder: Any) -> str:
    return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
