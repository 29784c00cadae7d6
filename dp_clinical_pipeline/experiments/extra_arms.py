"""The arms that a study adds to those of the lineage; each is done once and found again by its predictions."""

from collections.abc import Callable

import polars as pl

from dp_clinical_pipeline.coding.arms import UNTUNED, train_synthetic_arm
from dp_clinical_pipeline.coding.features import Embeddings, Features, HashedNgrams
from dp_clinical_pipeline.coding.linear_arms import DP_LINEAR, train_dp_linear_arm, train_feature_arm
from dp_clinical_pipeline.coding.mixed_arms import MIXED, train_mixed_arm
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.fidelity import compute_fidelity
from dp_clinical_pipeline.experiments.recipe import HASHED, Recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store, up_to_date
from dp_clinical_pipeline.tables import FIDELITY_METRICS, PREDICTIONS, SYNTHETIC_REPORTS
from dp_clinical_pipeline.training.untuned import write_untuned

Said = Callable[[str], None]


def train_extra_arms(home: Home, recipe: Recipe, say: Said) -> None:
    """Train and test what is missing of the recipe's own arms, and measure each cell's notes, again if they are newer.

    Raises:
        OverBudget: the ledger refused a DP arm.
        UserError: a cell has too few accepted notes, or an encoder's weights are absent.
    """
    store = Store(home)
    for name in recipe.features:
        features = features_of(home, name)
        if not store.exists(PREDICTIONS, "features", f"{name}-logreg"):
            say(f"logistic regression on {name}")
            train_feature_arm(home, features)
        missing = [key for key in recipe.linear_budgets if not store.exists(PREDICTIONS, DP_LINEAR, name, key)]
        if missing:
            say(f"DP linear model on {name}: {', '.join(missing)}")
            train_dp_linear_arm(home, features, missing)
    for generator in recipe.generators if recipe.untuned else ():
        _untuned_arm(home, generator, say)
    for generator, budget in recipe.cells:
        notes = [store.path(SYNTHETIC_REPORTS, generator, budget, budget=budget)]
        if recipe.mixed and not up_to_date([store.path(PREDICTIONS, MIXED, generator, budget)], notes):
            say(f"synthetic and surrogate text, {generator} {budget}")
            train_mixed_arm(home, generator, budget)
        if recipe.fidelity and not up_to_date([store.path(FIDELITY_METRICS, generator, budget)], notes):
            say(f"fidelity, {generator} {budget}")
            compute_fidelity(home, generator, budget, features_of(home, recipe.fidelity))


def _untuned_arm(home: Home, generator: str, say: Said) -> None:
    """Write the base model's notes once and train on those accepted; too few of them are a finding, not a failure."""
    store = Store(home)
    if not store.exists(SYNTHETIC_REPORTS, generator, UNTUNED, budget=UNTUNED):
        say(f"notes of the untuned {generator}")
        rows = write_untuned(home, generator, home.settings.generation.accepted)
        frame = pl.DataFrame(rows, schema=SYNTHETIC_REPORTS.schema)
        store.write(SYNTHETIC_REPORTS, frame, generator, UNTUNED, budget=UNTUNED)
    if not store.exists(PREDICTIONS, UNTUNED, generator, UNTUNED):
        try:
            train_synthetic_arm(home, generator, UNTUNED)
        except UserError:
            say(f"the untuned {generator} wrote too few notes that pass the rules: it has no arm")


def features_of(home: Home, name: str) -> Features:
    """Return public features by the name that a recipe uses."""
    return HashedNgrams() if name == HASHED else Embeddings(home, name)
