"""Where a study lies: one home for each seed, with the same patients in the same splits."""

import hashlib
import os
import stat
from pathlib import Path

import platformdirs

from dp_clinical_pipeline.deid.keys import key_file
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.experiments.recipe import Recipe
from dp_clinical_pipeline.home import Home

CORPORA_VARIABLE = "DP_CLINICAL_CORPORA"


def study_homes(recipe: Recipe, folder: Path | None = None) -> list[Home]:
    """Return the home of each seed, laid out or not; the first is `folder` itself and holds the study's results."""
    first = (folder or platformdirs.user_data_path("dp-clinical") / "experiments" / recipe.name).expanduser().resolve()
    others = [first.with_name(f"{first.name}-seed-{seed}") for seed in recipe.seeds[1:]]
    return [Home(path) for path in (first, *others)]


def lay_out(recipe: Recipe, home: Home, seed: int) -> Home:
    """Create the home of a seed, or take up the one that is there.

    The pseudonyms' key is the study's name, or that of the study whose patients it takes: the corpus is open, nothing
    leaves a benchmark home, and every seed tests on the same patients, here and wherever the study is done again. Sampling
    and noise come from the operating system all the same.

    Raises:
        UserError: a home with other settings lies there, or it cannot be written.
    """
    base = recipe.base_settings
    wanted = base.model_copy(update={"generation": base.generation.model_copy(update={"seed": seed})})
    made = home.create(wanted)
    # A run adds the budgets of the study's classifiers to those of its generators.
    begun = made.settings.model_copy(update={"budgets": made.settings.budgets[: len(wanted.budgets)]})
    if begun != wanted:
        raise UserError(
            f"{home.path} is a home with other settings than those of the experiment {recipe.name}: give another folder "
            "with --home"
        )
    path = key_file(made)
    if not path.exists():
        path.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        digest = hashlib.sha256(f"dp-clinical experiment {recipe.patients_of or recipe.name}".encode()).hexdigest()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR), "w") as file:
            file.write(digest + "\n")
    return made


def corpus_path(recipe: Recipe, given: Path | None) -> Path:
    """Return where the study's corpus lies: the argument, else its folder below DP_CLINICAL_CORPORA.

    Raises:
        UserError: neither is there.
    """
    root = os.environ.get(CORPORA_VARIABLE)
    path = given or (Path(root).expanduser() / (recipe.folder or "") if root else None)
    if path is None or not path.exists():
        raise UserError(
            f"the corpus of the experiment {recipe.name} ({recipe.corpus}) is not there: give its folder with --corpus, or "
            f"the folder that holds {recipe.folder}/ in {CORPORA_VARIABLE}"
        )
    return path.resolve()
