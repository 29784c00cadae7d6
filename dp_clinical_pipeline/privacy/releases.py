"""Noisy counts bought one question at a time: report lengths, and the outcomes that an F1 is made of."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction

import polars as pl
from filelock import FileLock

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.privacy.account import Mechanism, event_from_json, event_to_json
from dp_clinical_pipeline.privacy.accounting import gaussian_event, least_noise
from dp_clinical_pipeline.privacy.attempts import interrupted, running, settle
from dp_clinical_pipeline.privacy.cohort import split_reports, unit_column
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.drawn import drawn_once, forget_drawn
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import RandomSource, SystemSource, discrete_gaussian
from dp_clinical_pipeline.privacy.queries import ConfusionCounts, Key, LengthHistogram, Query
from dp_clinical_pipeline.privacy.terms import schedule
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS, PREDICTIONS

_KEY = ("kind", "label", "other")
COVERED_ARMS = ("synthetic", "dp_classifier", "dp-linear")
"""Arms whose model reads private text through ledgered mechanisms alone: what a train patient changes in the others'
predictions has no bound."""


def release_lengths(
    home: Home, query: LengthHistogram, epsilon: float, *, source: RandomSource | None = None
) -> pl.DataFrame:
    """Release how long the train patients' reports are, in words: one report each, bins fixed beforehand.

    Guarantee: (epsilon, delta)-DP for one patient added or removed, as `release_counts` says.

    Raises:
        OverBudget: the ledger refused; nothing was read.
    """

    def read() -> Counter[Key]:
        reports = split_reports(home, "train").group_by("unit_key", maintain_order=True).first()
        return query.count(len(text.split()) for text in reports["text"])

    return release_counts(home, "lengths", query, epsilon, read, source=source)


def release_scores(
    home: Home,
    arm: str,
    classifier: str,
    budget: str,
    epsilon: float,
    *,
    labels_per_patient: int,
    generator: str | None = None,
    source: RandomSource | None = None,
) -> pl.DataFrame:
    """Release a private arm's outcomes on the real test patients, label by label; `ConfusionCounts.f1` makes an F1 of
    them.

    Guarantee: (epsilon, delta)-DP for one patient added or removed, beside what the arm's model cost. It holds for the
    train patients because the model is itself private: hence the arms of `COVERED_ARMS`, and never `nonprivate`.

    Raises:
        OverBudget: the ledger refused; nothing was read.
        UserError: the arm is not private, or has no predictions.
    """
    if budget_epsilon(budget) is None or arm not in COVERED_ARMS:
        raise UserError("scores of a model without privacy cannot be released: its predictions tell on who trained it")
    query = _outcomes(home, labels_per_patient)
    wanted = (pl.col("arm") == arm) & (pl.col("budget") == budget) & (pl.col("classifier") == classifier)
    wanted &= pl.col("generator").is_null() if generator is None else pl.col("generator") == generator
    predictions = Store(home).scan(PREDICTIONS).filter(wanted)
    # That an arm was tested is no secret, and a slip of the pen must not cost epsilon.
    if predictions.head(1).collect().is_empty():
        raise UserError(f"there are no predictions of {arm} {classifier} at {budget}: train and test it first")

    def read() -> Counter[Key]:
        rows = predictions.sort("report_key").collect()
        first = rows.group_by(unit_column(home), maintain_order=True).agg(read=pl.col("report_key").first())
        outcomes = rows.join(first, left_on="report_key", right_on="read").group_by("report_key").agg(
            stated=pl.col("label").filter(pl.col("y_true") == 1), predicted=pl.col("label").filter(pl.col("y_pred") == 1)
        )  # fmt: skip
        return query.count((set(a), set(b)) for a, b in outcomes.select("stated", "predicted").iter_rows())

    name = "-".join(part for part in ("scores", arm, generator, classifier, budget) if part)
    return release_counts(home, name, query, epsilon, read, source=source)


def f1_of(home: Home, counts: pl.DataFrame, labels_per_patient: int) -> pl.DataFrame:
    """Return the F1 of each label, weighted and macro, from released outcomes: columns label and f1. Costs nothing."""
    query = _outcomes(home, labels_per_patient)
    noisy = {(kind, label, other): n for kind, label, other, n in counts.select(*_KEY, "noisy_count").iter_rows()}
    found = query.f1(noisy)
    return pl.DataFrame(
        {"label": list(found), "f1": list(found.values())}, schema={"label": pl.String, "f1": pl.Float64}
    )


def release_counts(
    home: Home,
    name: str,
    query: Query,
    epsilon: float,
    read: Callable[[], Counter[Key]],
    *,
    source: RandomSource | None = None,
) -> pl.DataFrame:
    """Answer a query once, under its name, into the lake's table of counts; the same answer is given ever after.

    Guarantee: the vector is one Gaussian mechanism over patients (add or remove one) of the query's L2 sensitivity,
    with exact discrete Gaussian noise, reserved in the ledger before `read` is called. `read` may depend on other
    patients only through what the ledger holds.

    Raises:
        OverBudget: the ledger refused; nothing was read.
        UserError: the name was used for another question.
    """
    store, random = Store(home), source or SystemSource()
    with FileLock(home.enclave / f".counts.{name}.lock"):
        ledger, slot = open_ledger(home), f"counts:{name}"
        if store.exists(LABEL_MARGINALS, name, budget=name):
            kept = _kept(store.read(LABEL_MARGINALS, name, budget=name), query, name)
            settle(ledger, kept["mechanism_id"][0])
            forget_drawn(home, kept["mechanism_id"][0])
            return kept
        delta = schedule(home.settings, public_count(home)).delta
        digest = hashlib.sha256(json.dumps([asdict(query), epsilon, delta], sort_keys=True).encode()).hexdigest()
        entry = interrupted(ledger, kind="counts", cell=name, slot=slot, settings_sha256=digest)
        if entry is None:
            event = gaussian_event(least_noise(lambda noise: [gaussian_event(noise)], epsilon, delta))
            entry = ledger.reserve(
                Mechanism(
                    kind="counts", cell=name, slot=slot, events={slot: [event_to_json(event)]}, epsilon=epsilon,
                    delta=delta, settings_sha256=digest, noise_source=random.name,
                )
            )  # fmt: skip
        with running(ledger, entry, random.name):
            variance = Fraction(event_from_json(entry.events[slot][0]).noise_multiplier * query.sensitivity) ** 2

            def draw() -> pl.DataFrame:
                exact = read()
                rows = [
                    {
                        "budget": name, "mechanism_id": entry.mechanism_id, "kind": key[0], "label": key[1],
                        "other": key[2], "noisy_count": float(exact[key] + discrete_gaussian(random, variance)),
                        "noise_std": float(variance) ** 0.5,
                    }
                    for key in query.domain()
                ]  # fmt: skip
                return pl.DataFrame(rows, schema=LABEL_MARGINALS.schema)

            frame = drawn_once(home, entry.mechanism_id, draw)
            store.write(LABEL_MARGINALS, frame, name, budget=name)
        forget_drawn(home, entry.mechanism_id)
    return frame


def _kept(frame: pl.DataFrame, query: Query, name: str) -> pl.DataFrame:
    if list(frame.select(*_KEY).iter_rows()) != query.domain():
        raise UserError(f"counts named {name} were released for another question: choose another name")
    return frame


def _outcomes(home: Home, labels_per_patient: int) -> ConfusionCounts:
    """Return the query of a home's labels: a patient touches no more of them than there are."""
    labels = tuple(label_set(home.settings.corpus.label_set).labels)
    return ConfusionCounts(labels=labels, labels_per_patient=min(labels_per_patient, len(labels)))
