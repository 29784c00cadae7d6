"""Trains homes' cells in child processes, one after the other, each killed by SIGKILL at its own moment.

`killed.py HOME OUT MOMENT... [-- HOME OUT MOMENT...]`: a moment is the how-manieth of the places below is reached; 0 is
never. Children are forked, so that torch is imported once and the rules are compiled once. OUT gets a line for each draw
of noise, each checkpoint and each child; how many moments there were; and the logits of the trained model in memory.
"""

import hashlib
import itertools
import os
import pathlib
import signal
import sys
import traceback
from pathlib import Path

import peft  # noqa: F401
import torch

from dp_clinical_pipeline.coding.labelers import stating_parts
from dp_clinical_pipeline.home import open_home
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.privacy.ledger import Ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.prompts import pair_to_learn
from dp_clinical_pipeline.training import cell, generator, loop
from dp_clinical_pipeline.training.checkpoint import Checkpoint

TOKENS = [[5, 6, 7, 8, 9, 10, 11, 12]]


class Moments:
    """Counts the places that a training passes, before and after each, and kills its own process at one of them."""

    def __init__(self, last: int, out: Path) -> None:
        self.last, self.out, self.passed = last, out, 0

    def note(self, name: str, line: str) -> None:
        with (self.out / name).open("a") as file:
            file.write(line + "\n")

    def _passes(self) -> None:
        self.passed += 1
        if self.passed == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner, name: str, also=None) -> None:
        honest = getattr(owner, name)

        def watched(*args, **kwargs):
            self._passes()
            if also:
                also(*args)
            result = honest(*args, **kwargs)
            self._passes()
            return result

        setattr(owner, name, watched)


def train(home: Path, moment: int, out: Path) -> None:
    torch.set_num_threads(1)
    moments = Moments(moment, out)
    gaussian, honest = loop.gaussian, cell.train

    def noted(source, size, std):
        draws = gaussian(source, size, std)
        moments.note("noise", f"{source.name} {hashlib.sha256(draws[:4].tobytes()).hexdigest()}")
        return draws

    def remembered(model, *args, **kwargs):
        honest(model, *args, **kwargs)
        with torch.no_grad():
            torch.save(model(torch.tensor(TOKENS)).logits, out / "logits.pt")

    def steps(_, model, optimizer, step, *__):
        made = {int(state["step"]) for state in optimizer.state_dict()["state"].values()}
        moments.note("steps", f"{step} {sorted(made)}")

    loop.gaussian, cell.train = noted, remembered
    moments.around(loop, "poisson_sample")
    moments.around(loop, "_add_noise")
    moments.around(torch.optim.AdamW, "step")
    moments.around(Checkpoint, "save", steps)
    moments.around(Checkpoint, "restore")
    moments.around(Checkpoint, "delete")
    moments.around(cell, "write_manifest")
    moments.around(Store, "write")
    moments.around(Ledger, "record")
    moments.around(Ledger, "reserve")
    for name in ("replace", "rename", "unlink"):
        moments.around(pathlib.Path, name)
    cell_facts = generator.train_generator(open_home(home), "tiny", "eps-8")
    moments.note("ended", f"{moments.passed} {cell_facts.steps}")


def _compile_rules() -> None:
    text = "Small left effusion on 3/4/2012. Discussed with Dr. Dana Fields of Ward 7 at 555-123-4567."
    _, note = pair_to_learn(text, ["Pleural Effusion"], CHEXPERT14)
    stating_parts(note, ["Pleural Effusion"], CHEXPERT14)


def main(arguments: list[str]) -> None:
    _compile_rules()
    jobs = [list(part) for mark, part in itertools.groupby(arguments, lambda a: a == "--") if not mark]
    for home, out, *moments in jobs:
        Path(out).mkdir(exist_ok=True)
        for moment in map(int, moments):
            _child(Path(home), Path(out), moment)


def _child(home: Path, out: Path, moment: int) -> None:
    if (child := os.fork()) == 0:
        code = 1
        try:
            train(home, moment, out)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
    with (out / "children").open("a") as file:
        file.write(f"{moment} {how}\n")
    if how == "exit 1":
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
