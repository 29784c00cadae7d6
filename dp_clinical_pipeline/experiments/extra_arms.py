"""The arms that a study adds to those of the lineage; each is done once and found again by its predictions."""

from collections.abc import Callable

import polars as pl

from dp_clinical_pipeline.coding.arm_data import accepted_notes
from dp_clinical_pipeline.coding.arms import UNTUNED, train_synthetic_arm
from dp_clinical_pipeline.coding.clone_arm import CLONE, train_clone_arm
from dp_clinical_pipeline.coding.features import Embeddings, Features, HashedNgrams, RuleLabels
from dp_clinical_pipeline.coding.linear_arms import DP_LINEAR, train_dp_linear_arm, train_feature_arm
from dp_clinical_pipeline.coding.mixed_arms import DISTILLED, MIXED, train_distilled_arm, train_mixed_arm
from dp_clinical_pipeline.coding.relabelled_arms import RELABELLED, RELABELLED_CLONE, train_relabelled_arm
from dp_clinical_pipeline.coding.teacher import TAUGHT, TEACHER, label_by_teacher, train_taught_arms
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.clones import measure_clones
from dp_clinical_pipeline.evaluation.fidelity import compute_fidelity
from dp_clinical_pipeline.experiments.recipe import HASHED, RULES, Recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.store import Store, up_to_date
from dp_clinical_pipeline.tables import (
    CLONE_METRICS,
    CLONED_REPORTS,
    COHORT,
    DP_CLASSIFIER,
    FIDELITY_METRICS,
    GENERATOR_ADAPTER,
    PREDICTIONS,
    SYNTHETIC_REPORTS,
    TEACHER_LABELS,
)
from dp_clinical_pipeline.training.classifier_cell import PRACTISED, classify, predict_practised
from dp_clinical_pipeline.training.clone import BARRED, write_clone
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
    for encoder in recipe.encoders:
        if not store.exists(PREDICTIONS, PRACTISED, encoder):
            say(f"{encoder} before any private step")
            predict_practised(home, encoder)
    for teacher in recipe.teachers:
        _teacher_arms(home, teacher, say)
    for generator in (*recipe.generators, *recipe.untuned_too) if recipe.untuned else ():
        _untuned_arm(home, generator, say)
        if recipe.relabelled:
            _relabelled_arm(home, generator, UNTUNED, say)
    for generator, budget in recipe.cells:
        notes = [store.path(SYNTHETIC_REPORTS, generator, budget, budget=budget)]
        if recipe.relabelled:
            _relabelled_arm(home, generator, budget, say)
        if recipe.mixed and not up_to_date([store.path(PREDICTIONS, MIXED, generator, budget)], notes):
            say(f"synthetic and surrogate text, {generator} {budget}")
            train_mixed_arm(home, generator, budget)
        if recipe.fidelity and not up_to_date([store.path(FIDELITY_METRICS, generator, budget)], notes):
            say(f"fidelity, {generator} {budget}")
            compute_fidelity(home, generator, budget, features_of(home, recipe.fidelity))
        if recipe.clone:
            _clone_arm(home, generator, budget, say)
            if recipe.relabelled:
                _relabelled_arm(home, generator, budget, say, clones=True)
        if recipe.distilled and budget in recipe.classifier_budgets:
            for encoder in recipe.encoders:
                _distilled_arm(home, generator, budget, encoder, say)


def _teacher_arms(home: Home, teacher: str, say: Said) -> None:
    """Ask a language model what the reports say, and train on its labels and on the rules'."""
    store = Store(home)
    asked = {split: store.path(TEACHER_LABELS, teacher, split) for split in ("train", "test")}
    for split, path in asked.items():
        if not up_to_date([path], [store.path(COHORT)]):
            say(f"{teacher} is asked what each {split} report says")
            label_by_teacher(home, teacher, split)
    made = [store.path(PREDICTIONS, TEACHER, teacher), store.path(PREDICTIONS, TAUGHT, teacher)]
    if not up_to_date(made, list(asked.values())):
        say(f"classifiers with the labels of {teacher} and of the rules")
        train_taught_arms(home, teacher)


def _clone_arm(home: Home, generator: str, budget: str, say: Said) -> None:
    """Clone the train patients' notes, train on the clones, and measure what they give away."""
    store = Store(home)
    clones, notes = (
        store.path(table, generator, budget, budget=budget) for table in (CLONED_REPORTS, SYNTHETIC_REPORTS)
    )
    made_from = [store.path(GENERATOR_ADAPTER, generator, budget, budget=budget), store.path(COHORT)]
    if not up_to_date([clones], made_from):
        say(f"clones, {generator} {budget}: {BARRED}")
        write_clone(home, generator, budget, _tenths(f"clones, {generator} {budget}", say))
    if not up_to_date([store.path(PREDICTIONS, CLONE, generator, budget)], [clones]):
        train_clone_arm(home, generator, budget)
    if not up_to_date([store.path(CLONE_METRICS, generator, budget)], [clones, notes]):
        say(f"attacks on clones, {generator} {budget}")
        measure_clones(home, generator, budget)


def _tenths(what: str, say: Said) -> Callable[[float], None]:
    """Return what says each tenth of a round of tries once."""
    said: list[float] = []

    def at(share: float) -> None:
        if said[-1:] != [share]:
            said.append(share)
            say(f"{what}: {100 * share:.0f} % of this round of tries")

    return at


def _relabelled_arm(home: Home, generator: str, budget: str, say: Said, *, clones: bool = False) -> None:
    """Train on a cell's notes under the labels that they state; the untuned model may have written too few."""
    store, arm = Store(home), RELABELLED_CLONE if clones else RELABELLED
    notes = store.path(CLONED_REPORTS if clones else SYNTHETIC_REPORTS, generator, budget, budget=budget)
    if up_to_date([store.path(PREDICTIONS, arm, generator, budget)], [notes]):
        return
    say(f"{'clones' if clones else 'notes'} with the labels that they state, {generator} {budget}")
    try:
        train_relabelled_arm(home, generator, budget, clones=clones)
    except UserError as error:
        if budget != UNTUNED:
            raise
        say(f"no arm: {error}")


def _distilled_arm(home: Home, generator: str, budget: str, encoder: str, say: Said) -> None:
    """Have the classifier of the same budget label a cell's notes, and train on its labels."""
    store, labels = Store(home), label_set(home.settings.corpus.label_set).labels
    made_from = [
        store.path(SYNTHETIC_REPORTS, generator, budget, budget=budget),
        store.path(DP_CLASSIFIER, encoder, budget, budget=budget),
    ]
    if up_to_date([store.path(PREDICTIONS, DISTILLED, generator, budget, encoder)], made_from):
        return
    say(f"notes of {generator} with the labels of {encoder}, {budget}")
    notes = accepted_notes(home, generator, budget)
    chosen = classify(home, encoder, budget, notes["text"].to_list()).chosen
    named = [[label for label, is_chosen in zip(labels, row, strict=True) if is_chosen] for row in chosen]
    train_distilled_arm(home, generator, budget, encoder, dict(zip(notes["synthetic_id"], named, strict=True)))


def _untuned_arm(home: Home, generator: str, say: Said) -> None:
    """Write the base model's notes once and train on those accepted; too few of them are a finding, not a failure."""
    store = Store(home)
    if not store.exists(SYNTHETIC_REPORTS, generator, UNTUNED, budget=UNTUNED):
        say(f"notes of the untuned {generator}")
        wanted, name = home.settings.generation.accepted, f"notes of the untuned {generator}"
        rows = write_untuned(
            home, generator, wanted, lambda at: say(f"{name}: {at.accepted} of {wanted}, {at.tried} tried")
        )
        frame = pl.DataFrame(rows, schema=SYNTHETIC_REPORTS.schema)
        store.write(SYNTHETIC_REPORTS, frame, generator, UNTUNED, budget=UNTUNED)
    if not store.exists(PREDICTIONS, UNTUNED, generator, UNTUNED):
        try:
            train_synthetic_arm(home, generator, UNTUNED)
        except UserError:
            say(f"the untuned {generator} wrote too few notes that pass the rules: it has no arm")


def features_of(home: Home, name: str) -> Features:
    """Return public features by the name that a recipe uses."""
    if name == RULES:
        return RuleLabels(label_set(home.settings.corpus.label_set))
    return HashedNgrams() if name == HASHED else Embeddings(home, name)
