"""A training's place to go on from: weights, optimizer and step in one safetensors file. No randomness is kept."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.store import written_aside


@dataclass(frozen=True)
class Checkpoint:
    """One file in the enclave, replaced as training goes on and deleted at its end."""

    path: Path
    mechanism_id: str

    def save(self, model: Any, optimizer: Any, step: int, bound: float | None = None) -> None:
        """Write the trainable weights, the optimizer and the clipping bound after `step` steps, aside and renamed."""
        from safetensors.torch import save_file

        tensors = {f"model.{n}": p.detach().contiguous() for n, p in _trainable(model)}
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value.detach().contiguous() for key, value in state.items()}
        metadata = {"step": str(step), "mechanism_id": self.mechanism_id, "bound": json.dumps(bound)}
        with written_aside(self.path) as aside:
            save_file(tensors, aside, metadata)

    def restore(self, model: Any, optimizer: Any) -> tuple[int, float | None]:
        """Load the checkpoint into model and optimizer; return the steps done and the clipping bound that they led to.

        Where there is none, (0, None).

        Raises:
            UserError: the file belongs to another mechanism or another model.
        """
        import torch
        from safetensors import safe_open

        if not self.path.exists():
            return 0, None
        with safe_open(self.path, framework="pt") as file:
            metadata, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        shapes = {f"model.{name}": tuple(p.shape) for name, p in _trainable(model)}
        kept = {name: tuple(tensor.shape) for name, tensor in tensors.items() if name.startswith("model.")}
        if metadata["mechanism_id"] != self.mechanism_id or shapes != kept:
            raise UserError(f"{self.path} is the checkpoint of another training: move it away")
        with torch.no_grad():
            for name, parameter in _trainable(model):
                parameter.copy_(tensors[f"model.{name}"])
        state: dict[int, dict[str, Any]] = {}
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".", 2)
                state.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        return int(metadata["step"]), json.loads(metadata["bound"])

    def steps_done(self) -> int:
        """Return the steps that the file holds; 0 where there is none."""
        from safetensors import safe_open

        if not self.path.exists():
            return 0
        with safe_open(self.path, framework="pt") as file:
            return int(file.metadata()["step"])

    def delete(self) -> None:
        """Remove the file, and what a killed process left of one: weights and optimizer state are secret."""
        for leftover in self.path.parent.glob(f".{self.path.name}.*.tmp"):
            leftover.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def _trainable(model: Any) -> list[tuple[str, Any]]:
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Write `manifest.json` beside an artefact's weights."""
    with written_aside(folder / "manifest.json") as aside:
        aside.write_text(json.dumps(facts, indent=2, sort_keys=True, default=str))
