"""Pre-trains a tiny generator, and dies by SIGKILL when it has made a given step: `pretrained.py FOLDER TABLE STEP`."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from dp_clinical_pipeline.training.pretraining import Pretrained, PretrainProgress, PretrainSpec, pretrain
from dp_clinical_pipeline.training.public_text import read_public_text

SHAPE = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}  # fmt: skip


def tiny_spec(**changes: Any) -> PretrainSpec:
    values = {"steps": 7, "vocabulary": 400, "context": 32, "rows": 4, "pairs": 3, "shape": dict(SHAPE)}
    return PretrainSpec(**(values | changes))


def made(folder: Path, table: Path, on_progress: Any = None, hours: float | None = None, **changes: Any) -> Pretrained:
    """Pre-train on a table as the command does, with a checkpoint at every second step."""
    torch.set_num_threads(1)
    text = read_public_text(table, "text")
    spec = tiny_spec(**changes)
    return pretrain(folder, text, "made up here", spec, hours=hours, checkpoint_every=2, on_progress=on_progress)


def _killed_at(last: int) -> Any:
    def on_progress(at: PretrainProgress) -> None:
        if at.step == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return on_progress


if __name__ == "__main__":
    made(Path(sys.argv[1]), Path(sys.argv[2]), _killed_at(int(sys.argv[3])))
