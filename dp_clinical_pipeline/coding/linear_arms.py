"""Arms over public features: logistic regression without privacy, and with it by a ledgered mechanism."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from filelock import FileLock

from dp_clinical_pipeline.coding.arm_data import labelled_reports, multi_hot, prediction_rows
from dp_clinical_pipeline.coding.classifiers import THRESHOLD, Chosen, Prediction
from dp_clinical_pipeline.coding.dp_linear import LinearModel, LinearTraining, train_linear
from dp_clinical_pipeline.coding.features import Features, Matrix
from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.privacy.account import Mechanism, event_from_json, event_to_json
from dp_clinical_pipeline.privacy.accounting import least_noise
from dp_clinical_pipeline.privacy.attempts import interrupted, running
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import RandomSource, SystemSource
from dp_clinical_pipeline.privacy.terms import schedule
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS

DP_LINEAR = "dp-linear"
_KIND = "linear_classifier"


def train_feature_arm(home: Home, features: Features) -> None:
    """Train logistic regression on public features of real text, without privacy: the arm `real` with a classifier of
    its own."""
    labels = label_set(home.settings.corpus.label_set)
    train, test = labelled_reports(home, "train"), labelled_reports(home, "test")
    targets = multi_hot(train["targets"].to_list(), labels)
    predicted = fit_logistic(features.of(train["raw"].to_list()), targets, features.of(test["raw"].to_list()))
    name = f"{features.name}-logreg"
    frame = prediction_rows(test, predicted, labels, arm="real", classifier=name)
    Store(home).write(PREDICTIONS, frame, "features", name)


def fit_logistic(rows: Matrix, targets: Chosen, tested: Matrix, inverse_penalty: float = 100.0) -> Prediction:
    """Fit one balanced logistic regression a label and score other rows.

    Rows of length 1 whose directions are close need little penalty; a label that all or none have gets a constant.
    """
    from sklearn.linear_model import LogisticRegression

    share = targets.mean(axis=0).astype(np.float64)
    scores = np.tile(share, (tested.shape[0], 1))
    for label in np.flatnonzero((share > 0) & (share < 1)):
        model = LogisticRegression(C=inverse_penalty, class_weight="balanced", max_iter=1000)
        scores[:, label] = model.fit(rows, targets[:, label]).predict_proba(tested)[:, 1]
    return Prediction(scores, scores >= THRESHOLD)


def train_dp_linear_arm(
    home: Home,
    features: Features,
    budgets: Iterable[str],
    training: LinearTraining | None = None,
    source: RandomSource | None = None,
) -> None:
    """Train and test a linear model on public features for each budget that has no predictions yet.

    Guarantee: a model is (epsilon, delta)-DP for one patient added or removed: `train_linear` with the noise that the
    ledger holds. Its predictions on real test reports are not covered and stay in the enclave. `nonprivate` is the same
    training without noise.

    Raises:
        OverBudget: the ledger refused; no report was read for that budget.
    """
    chosen, random = training or LinearTraining(), source or SystemSource()
    store, labels = Store(home), label_set(home.settings.corpus.label_set)
    read = cache(lambda: _read(home, features))
    for budget in budgets:
        with FileLock(home.enclave / f".linear.{features.name}.{budget}.lock"):
            if store.exists(PREDICTIONS, DP_LINEAR, features.name, budget):
                continue
            model = _trained(home, features.name, budget, read, chosen, random)
            test, tested = read().test, read().tested
            named = {"arm": DP_LINEAR, "classifier": features.name, "budget": budget}
            frame = prediction_rows(test, model.predict(tested), labels, **named)
            store.write(PREDICTIONS, frame, DP_LINEAR, features.name, budget)


class _Read(NamedTuple):
    rows: Matrix
    targets: Chosen
    test: pl.DataFrame
    tested: Matrix


def _read(home: Home, features: Features) -> _Read:
    labels = label_set(home.settings.corpus.label_set)
    train, test = _one_report_each(labelled_reports(home, "train")), labelled_reports(home, "test")
    targets = multi_hot(train["targets"].to_list(), labels)
    return _Read(features.of(train["raw"].to_list()), targets, test, features.of(test["raw"].to_list()))


def _trained(
    home: Home, name: str, budget: str, read: Callable[[], _Read], training: LinearTraining, source: RandomSource
) -> LinearModel:
    """Train one budget's model; reports are read only once the ledger holds what that costs."""
    patients = schedule(home.settings, public_count(home)).patients
    if budget_epsilon(budget) is None:
        found = read()
        return train_linear(found.rows, found.targets, training, noise_multiplier=0.0, patients=patients, source=source)
    ledger, wanted = open_ledger(home), linear_mechanism(home, name, budget, training)
    slot = str(wanted.slot)
    entry = interrupted(
        ledger, kind=_KIND, cell=str(wanted.cell), slot=slot, settings_sha256=wanted.settings_sha256
    ) or ledger.reserve(replace(wanted, noise_source=source.name))
    with running(ledger, entry, source.name):
        noise, found = event_from_json(entry.events[slot][0]).event.noise_multiplier, read()
        return train_linear(
            found.rows, found.targets, training, noise_multiplier=noise, patients=patients, source=source
        )


def linear_mechanism(home: Home, name: str, budget: str, training: LinearTraining) -> Mechanism:
    """Return what the training of a budget costs, calibrated: `steps` Gaussian mechanisms over all patients."""
    import dp_accounting as dpa

    count = public_count(home)
    epsilon, plan, slot = budget_epsilon(budget) or 0.0, schedule(home.settings, count), f"linear:{name}:{budget}"

    def events(noise: float) -> list[Any]:
        return [dpa.SelfComposedDpEvent(dpa.GaussianDpEvent(noise), training.steps)]

    noise = least_noise(events, epsilon, plan.delta)
    facts = asdict(training) | {"count": count, "delta": plan.delta, "patients": plan.patients}
    facts["unit"] = home.settings.privacy.unit
    return Mechanism(
        kind=_KIND,
        cell=f"{name}|{budget}",
        slot=slot,
        events={slot: [event_to_json(event) for event in events(noise)]},
        epsilon=epsilon,
        delta=plan.delta,
        settings_sha256=hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest(),
    )


def _one_report_each(reports: pl.DataFrame) -> pl.DataFrame:
    """Each privacy unit's first labelled report by the keyed order of that unit's reports alone."""
    return reports.sort("report_key").group_by("unit_key", maintain_order=True).first()
