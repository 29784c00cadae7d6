"""Trains a home's cell and kills its own process with SIGKILL after so many steps: `killed.py HOME STEP`."""

import os
import signal
import sys
from pathlib import Path

from dp_clinical_pipeline.home import open_home
from dp_clinical_pipeline.training.generator import train_generator

if __name__ == "__main__":
    last = int(sys.argv[2])

    def progress(seen):
        if seen.step == last:
            os.kill(os.getpid(), signal.SIGKILL)

    train_generator(open_home(Path(sys.argv[1])), "tiny", "eps-8", progress)
