"""Trains one cell over several processes of this machine or of several that share the home.

python -m torch.distributed.run --nproc-per-node 2 -m dp_clinical_pipeline.training.several HOME MODEL BUDGET

BUDGET is a budget key; `--classifier` trains the DP classifier of an encoder. gloo on CPUs, NCCL with a GPU a process.
The ledger, the checkpoint and the artefact are written by the first process, as if it were alone.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import open_home
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.training.cell import assist_cell, train_cell
from dp_clinical_pipeline.training.classifier_cell import classifier_recipe
from dp_clinical_pipeline.training.distributed import joined
from dp_clinical_pipeline.training.generator import generator_recipe


def main(arguments: Sequence[str]) -> int:
    """Train, and say in one line what was trained or what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(description="Train one cell over several processes, started by torchrun.")
    parser.add_argument("home", type=Path)
    parser.add_argument("model", help="a generator's name in the settings, or an encoder's")
    parser.add_argument("budget")
    parser.add_argument("--classifier", action="store_true", help="train the DP classifier of an encoder")
    wanted = parser.parse_args(arguments)
    try:
        home = open_home(wanted.home)
        recipe = (classifier_recipe if wanted.classifier else generator_recipe)(home)
        with joined(choose_device(home.settings.compute).kind) as world:
            if not world.first:
                assist_cell(home, recipe, wanted.model, world)
                return 0
            facts = train_cell(home, recipe, wanted.model, wanted.budget, world=world)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    done = "kept" if facts.reused else f"trained by {world.size} processes"
    sys.stdout.write(f"{wanted.model}|{wanted.budget}: {done}, {facts.steps} steps, mechanism {facts.mechanism_id}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
