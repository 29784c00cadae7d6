"""A made-up home with hand-written metric tables."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from dp_clinical_pipeline.config import Corpus, Settings
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import (
    CLASSIFIER_PRIVACY_METRICS,
    PRIVACY_LEDGER,
    PRIVACY_METRICS,
    SYNTHETIC_REPORTS,
    UTILITY_METRICS,
    Table,
)

LABELS = ("Atelectasis", "Cardiomegaly", "Edema", "No Finding", "Pneumonia <b>&", "Support Devices")
GENERATORS = ("smollm2-135m", "gpt2-tiny")
BUDGETS = {"nonprivate": None, "eps-8": 7.94, "eps-1": 0.98}
WEIGHTED = {
    ("real", None, None): 0.80,
    ("masked", None, None): 0.78,
    ("surrogate", None, None): 0.79,
    ("majority", None, None): 0.21,
    ("all-negative", None, None): 0.0,
    ("rules", None, None): 0.74,
    ("synthetic", "smollm2-135m", "nonprivate"): 0.70,
    ("synthetic", "smollm2-135m", "eps-8"): 0.60,
    ("synthetic", "smollm2-135m", "eps-1"): 0.40,
    ("synthetic", "gpt2-tiny", "nonprivate"): 0.62,
    ("synthetic", "gpt2-tiny", "eps-8"): 0.47,
    ("synthetic", "gpt2-tiny", "eps-1"): 0.33,
    ("dp_classifier", None, "eps-8"): 0.55,
}
NO_TEXT = ("majority", "all-negative", "rules")
LINEAGE = {
    "raw_reports": [],
    "rejected_reports": [],
    "deidentified_reports": ["raw_reports"],
    "cohort": ["deidentified_reports"],
    "label_marginals": ["cohort"],
    "generator_adapter": ["cohort"],
    "synthetic_reports": ["generator_adapter", "label_marginals"],
    "coding_classifier": ["synthetic_reports", "cohort"],
    "baseline_classifiers": ["cohort"],
    "privacy_metrics": ["generator_adapter", "synthetic_reports", "cohort"],
    "utility_metrics": ["coding_classifier", "baseline_classifiers"],
    "privacy_ledger": ["label_marginals", "generator_adapter"],
    "tradeoff_report": ["utility_metrics", "privacy_metrics", "privacy_ledger"],
}
GROUPS = {
    name: group
    for group, names in {
        "ingest": ("raw_reports", "rejected_reports"),
        "de-identification": ("deidentified_reports", "cohort"),
        "privacy": ("label_marginals", "privacy_ledger"),
        "training": ("generator_adapter",),
        "synthesis": ("synthetic_reports",),
        "coding": ("coding_classifier", "baseline_classifiers"),
        "evaluation": ("privacy_metrics", "utility_metrics", "tradeoff_report"),
    }.items()
    for name in names
}


def rows_of(table: Table, rows: list[dict]) -> pl.DataFrame:
    """Return rows as the table's frame, null where a column is not given."""
    return pl.DataFrame([dict.fromkeys(table.columns) | row for row in rows], schema=table.schema)


def utility_rows() -> list[dict]:
    """Overall and per-label rows of every arm."""
    rows = []
    for (arm, generator, budget), f1 in WEIGHTED.items():
        base = {
            "arm": arm, "generator": generator, "budget": budget, "n_reports": 412, "n_patients": 130,
            "classifier": {"dp_classifier": "minilm-l6-lora"}.get(arm, arm if arm in NO_TEXT else "lexical"),
            "visibility": "restricted",
        }  # fmt: skip
        overall = {("f1", "weighted"): f1, ("f1", "micro"): f1 + 0.01, ("f1", "macro"): 0.8 * f1}
        overall |= {("accuracy", "none"): 0.5, ("auroc", "macro"): 0.5 + f1 / 2, ("auprc", "macro"): 0.9 * f1}
        for (metric, average), value in overall.items():
            ends = {"ci_low": max(0.0, value - 0.03), "ci_high": value + 0.02}
            rows.append(base | ends | {"metric": metric, "average": average, "value": value})
        for i, label in enumerate(LABELS):
            value = max(0.0, f1 - 0.06 * i)
            one = {
                "label": label,
                "average": "none",
                "support": 80 - 11 * i,
                "ci_low": max(0.0, value - 0.05),
                "ci_high": value + 0.05,
            }
            rows.append(base | one | {"metric": "f1", "value": value})
    return rows


def privacy_rows(generator: str, budget: str) -> list[dict]:
    """The claim and the attacks on one cell."""
    base = {
        "generator": generator,
        "budget": budget,
        "mechanism_id": f"m-{generator}-{budget}",
        "visibility": "restricted",
    }
    member = {"nonprivate": 0.66, "eps-8": 0.53, "eps-1": 0.497}[budget]
    values = {
        "epsilon": BUDGETS[budget], "membership_auroc": member, "membership_tpr_at_1pct_fpr": 0.02,
        "empirical_epsilon": 0.04, "canary_epsilon": None if budget == "nonprivate" else 0.7, "blind_auroc": 0.508,
        "heldout_loss_base": 3.41, "heldout_loss_tuned": 1.52 if budget == "nonprivate" else 2.61,
        "ngram8_excess": 0.0123 if budget == "nonprivate" else 0.0004, "longest_rare_run_max": 1.5,
        "identifiers_replayed": 2.0 if budget == "nonprivate" else 0.0,
    }  # fmt: skip
    rows = [base | {"metric": metric, "value": value} for metric, value in values.items()]
    rows[-1]["passed"] = budget != "nonprivate"
    rows[1] |= {"ci_low": member - 0.04, "ci_high": member + 0.04}
    return rows


def classifier_rows() -> list[dict]:
    """The claim and the attack on one classifier that was trained on private text."""
    base = {"encoder": "minilm-l6", "budget": "eps-8", "mechanism_id": "m-c", "visibility": "restricted"}
    values = {"epsilon": 7.5, "membership_auroc": 0.521, "empirical_epsilon": 0.0, "heldout_loss": 0.41}
    return [base | {"metric": metric, "value": value} for metric, value in values.items()]


def synthetic_rows(generator: str, budget: str, accepted: int = 5, refused: int = 2) -> list[dict]:
    """Notes of one cell; their text must never reach the page."""
    note = {
        "generator": generator,
        "budget": budget,
        "text": "SECRETNOTE heart size is normal",
        "targets": [],
        "stated": [],
    }
    return [note | {"synthetic_id": f"s{i}", "accepted": i < accepted} for i in range(accepted + refused)]


def ledger_rows() -> list[dict]:
    """Four mechanisms and what they claim together."""
    entries = [
        ("count", None, 0.05, 0.05),
        ("marginals", "eps-8", 0.8, 0.83),
        ("training", "smollm2-135m|eps-8", 7.5, 7.96),
    ]
    entries += [("training", "gpt2-tiny|eps-1", 0.9, 8.4)]
    return [
        {
            "seq": i, "recorded_at": datetime(2025, 3, 4, 9, i, tzinfo=UTC), "mechanism_id": f"m{i}",
            "kind": kind, "cell": cell, "planned": True, "state": "done", "epsilon": epsilon, "delta": 1e-5,
            "cumulative_epsilon": total, "row_sha256": f"{i:064x}",
        }
        for i, (kind, cell, epsilon, total) in enumerate(entries, 1)
    ]  # fmt: skip


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    """A home in which nothing was run."""
    return Home(tmp_path / "st-elsewhere").create(
        Settings(kind="demo", corpus=Corpus(format="table", label_set="chexpert14"))
    )


@pytest.fixture
def home(empty_home: Home) -> Home:
    """A home with every metric table filled by hand."""
    return fill(empty_home)


def fill(home: Home) -> Home:
    """Write the metric tables of all arms and cells."""
    store = Store(home)
    store.write(UTILITY_METRICS, rows_of(UTILITY_METRICS, utility_rows()))
    for generator in GENERATORS:
        for budget in BUDGETS:
            store.write(PRIVACY_METRICS, rows_of(PRIVACY_METRICS, privacy_rows(generator, budget)), generator, budget)
            notes = rows_of(SYNTHETIC_REPORTS, synthetic_rows(generator, budget))
            store.write(SYNTHETIC_REPORTS, notes, generator, budget, budget=budget)
    attacked = rows_of(CLASSIFIER_PRIVACY_METRICS, classifier_rows())
    store.write(CLASSIFIER_PRIVACY_METRICS, attacked, "minilm-l6", "eps-8")
    store.write(PRIVACY_LEDGER, rows_of(PRIVACY_LEDGER, ledger_rows()))
    return home
