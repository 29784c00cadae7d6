"""Every table: its schema, where it lies, and what it holds. Writers, checks, docs and tests read this."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Place = Literal["enclave", "lake", "by_cell"]
"""`enclave` holds what no mechanism covers, `lake` what the ledger covers; `by_cell` is decided by the budget."""

TEXTS = pl.List(pl.String)
SECTIONS = pl.List(pl.Struct({"name": pl.String, "text": pl.String}))


@dataclass(frozen=True, kw_only=True)
class Table:
    """A Parquet table kept as `<enclave or lake>/<name>/<partition>.parquet`."""

    name: str
    place: Place
    about: str
    columns: dict[str, pl.DataType | type[pl.DataType]]

    @property
    def schema(self) -> pl.Schema:
        """The Polars schema, in column order."""
        return pl.Schema(self.columns)

    def empty(self) -> pl.DataFrame:
        """A frame of this schema without rows."""
        return pl.DataFrame(schema=self.schema)


RAW_REPORTS = Table(
    name="raw_reports",
    place="enclave",
    about="Reports as read, one row each. `labels` is null where nobody labelled the report.",
    columns={
        "report_id": pl.String,
        "patient_id": pl.String,
        "authored_on": pl.Date,
        "modality": pl.String,
        "sections": SECTIONS,
        "text": pl.String,
        "labels": TEXTS,
        "codes": TEXTS,
        "source": pl.String,
        "batch": pl.String,
    },
)

REJECTED_REPORTS = Table(
    name="rejected_reports",
    place="enclave",
    about="Rows that were refused, where they stood, and why; `raw` keeps the row (its first 65,536 characters).",
    columns={
        "batch": pl.String,
        "source": pl.String,
        "place": pl.String,
        "reason": pl.String,
        "detail": pl.String,
        "raw": pl.String,
        "raw_sha256": pl.String,
    },
)

PLANTED_IDENTIFIERS = Table(
    name="planted_identifiers",
    place="enclave",
    about="The made-up hospital's gold: each identifier planted in a report's text, with code-point offsets.",
    columns={
        "report_id": pl.String,
        "patient_id": pl.String,
        "type": pl.String,
        "start": pl.Int64,
        "end": pl.Int64,
        "surface": pl.String,
    },
)

DEIDENTIFIED_FOR = b"privacy_unit"
"""Metadata of a file of DEIDENTIFIED_REPORTS: the privacy unit within whose documents names were looked for."""

DEIDENTIFIED_REPORTS = Table(
    name="deidentified_reports",
    place="enclave",
    about="Reports under keyed pseudonyms: text with surrogates, masked text, and what a classifier is to predict.",
    columns={
        "report_key": pl.String,
        "patient_key": pl.String,
        "authored_on": pl.Date,
        "modality": pl.String,
        "text": pl.String,
        "masked": pl.String,
        "labels": TEXTS,
        "codes": TEXTS,
        "targets": TEXTS,
        "batch": pl.String,
    },
)

IDENTIFIER_SPANS = Table(
    name="identifier_spans",
    place="enclave",
    about="What de-identification found in the raw text, with code-point offsets.",
    columns={
        "report_key": pl.String,
        "patient_key": pl.String,
        "start": pl.Int64,
        "end": pl.Int64,
        "type": pl.String,
        "voter": pl.String,
        "score": pl.Float64,
        "batch": pl.String,
    },
)

COHORT = Table(
    name="cohort",
    place="enclave",
    about="Patient to split (train, validation, test, holdout), by keyed hash of the patient alone.",
    columns={"patient_key": pl.String, "split": pl.String},
)

LABEL_MARGINALS = Table(
    name="label_marginals",
    place="by_cell",
    about="Counts of reports by label, pair of labels and number of labels, over the public label list.",
    columns={
        "budget": pl.String,
        "mechanism_id": pl.String,
        "kind": pl.String,
        "label": pl.String,
        "other": pl.String,
        "noisy_count": pl.Float64,
        "noise_std": pl.Float64,
    },
)

GENERATOR_ADAPTER = Table(
    name="generator_adapter",
    place="by_cell",
    about="The adapter that a cell points at, and what its training was.",
    columns={
        "generator": pl.String,
        "budget": pl.String,
        "mechanism_id": pl.String,
        "path": pl.String,
        "base_sha256": pl.String,
        "adapter_sha256": pl.String,
        "epsilon": pl.Float64,
        "delta": pl.Float64,
        "noise_multiplier": pl.Float64,
        "sample_rate": pl.Float64,
        "steps": pl.Int64,
        "max_grad_norm": pl.Float64,
        "trainable_parameters": pl.Int64,
        "privacy_unit": pl.String,
        "noise_source": pl.String,
        "precision": pl.String,
        "made_at": pl.Datetime("us", "UTC"),
    },
)

DP_CLASSIFIER = Table(
    name="dp_classifier",
    place="by_cell",
    about="The classifier adapter trained on private text that a cell points at.",
    columns={"encoder": pl.String} | {k: v for k, v in GENERATOR_ADAPTER.columns.items() if k != "generator"},
)

SYNTHETIC_REPORTS = Table(
    name="synthetic_reports",
    place="by_cell",
    about="Generated notes, the record each was asked to state, what it states by rules, and why it was refused.",
    columns={
        "synthetic_id": pl.String,
        "generator": pl.String,
        "budget": pl.String,
        "mechanism_id": pl.String,
        "modality": pl.String,
        "targets": TEXTS,
        "record": pl.String,
        "text": pl.String,
        "stated": TEXTS,
        "tokens": pl.Int64,
        "accepted": pl.Boolean,
        "reason": pl.String,
    },
)

CLONED_REPORTS = Table(
    name="cloned_reports",
    place="enclave",
    about="Notes written for the records of private notes, by source and try; barred from release whatever their budget.",
    columns={"report_key": pl.String, "patient_key": pl.String} | SYNTHETIC_REPORTS.columns,
)

PREDICTIONS = Table(
    name="predictions",
    place="enclave",
    about="Predictions of every classifier on real test patients, a row for each report and label.",
    columns={
        "arm": pl.String,
        "generator": pl.String,
        "budget": pl.String,
        "classifier": pl.String,
        "report_key": pl.String,
        "patient_key": pl.String,
        "label": pl.String,
        "y_true": pl.Int8,
        "y_score": pl.Float64,
        "y_pred": pl.Int8,
    },
)

TEACHER_LABELS = Table(
    name="teacher_labels",
    place="enclave",
    about="How sure a language model is that a real report says a label, a row for each report and label.",
    columns={"teacher": pl.String, "report_key": pl.String, "label": pl.String, "score": pl.Float64},
)

UTILITY_METRICS = Table(
    name="utility_metrics",
    place="enclave",
    about="Scores of every arm on real test patients, with patient-bootstrap intervals.",
    columns={
        "arm": pl.String,
        "generator": pl.String,
        "budget": pl.String,
        "classifier": pl.String,
        "label": pl.String,
        "average": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
        "ci_low": pl.Float64,
        "ci_high": pl.Float64,
        "n_reports": pl.Int64,
        "n_patients": pl.Int64,
        "support": pl.Int64,
        "visibility": pl.String,
    },
)

PRIVACY_METRICS = Table(
    name="privacy_metrics",
    place="enclave",
    about="The claim and the attacks on each cell: value, its interval, the hold-out or blind figure beside it.",
    columns={
        "generator": pl.String,
        "budget": pl.String,
        "mechanism_id": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
        "ci_low": pl.Float64,
        "ci_high": pl.Float64,
        "train_value": pl.Float64,
        "holdout_value": pl.Float64,
        "n": pl.Int64,
        "passed": pl.Boolean,
        "visibility": pl.String,
    },
)

CLASSIFIER_PRIVACY_METRICS = Table(
    name="classifier_privacy_metrics",
    place="enclave",
    about="The claim and the attacks on each classifier that was trained on private text.",
    columns={"encoder": pl.String} | {k: v for k, v in PRIVACY_METRICS.columns.items() if k != "generator"},
)

CLONE_METRICS = Table(
    name="clone_metrics",
    place="enclave",
    about="What clones give away of the notes that they were written for; the cell's synthetic notes beside them.",
    columns={"arm": pl.String} | PRIVACY_METRICS.columns,
)

PRIVACY_LEDGER = Table(
    name="privacy_ledger",
    place="lake",
    about="The public view of the ledger: every mechanism, its state, cost and source of noise (null: the plan, or not "
    "recorded yet), and what all that ran by then costs.",
    columns={
        "seq": pl.Int64,
        "recorded_at": pl.Datetime("us", "UTC"),
        "mechanism_id": pl.String,
        "kind": pl.String,
        "cell": pl.String,
        "planned": pl.Boolean,
        "state": pl.String,
        "event": pl.String,
        "epsilon": pl.Float64,
        "delta": pl.Float64,
        "cumulative_epsilon": pl.Float64,
        "noise_source": pl.String,
        "row_sha256": pl.String,
    },
)

FIDELITY_METRICS = Table(
    name="fidelity_metrics",
    place="enclave",
    about="How close each cell's notes are to real reports, and real reports of other patients beside them.",
    columns={
        "arm": pl.String,
        "generator": pl.String,
        "budget": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
        "ci_low": pl.Float64,
        "ci_high": pl.Float64,
        "n": pl.Int64,
        "visibility": pl.String,
    },
)

EXPERIMENT_SCORES = Table(
    name="experiment_scores",
    place="enclave",
    about="A study's arms over its seeds; `label` is null for what is averaged over all labels.",
    columns={
        "experiment": pl.String,
        "arm": pl.String,
        "generator": pl.String,
        "budget": pl.String,
        "classifier": pl.String,
        "label": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
        "ci_low": pl.Float64,
        "ci_high": pl.Float64,
        "n": pl.Int64,
        "seeds": pl.Int64,
        "visibility": pl.String,
    },
)

EXPERIMENT_TESTS = Table(
    name="experiment_tests",
    place="enclave",
    about="Answers to the questions that a study asked beforehand; `p_holm` corrects for all of them.",
    columns={
        "experiment": pl.String,
        "test": pl.String,
        "arm": pl.String,
        "against": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
        "ci_low": pl.Float64,
        "ci_high": pl.Float64,
        "least": pl.Float64,
        "passed": pl.Boolean,
        "p_value": pl.Float64,
        "p_holm": pl.Float64,
        "visibility": pl.String,
    },
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        RAW_REPORTS, REJECTED_REPORTS, PLANTED_IDENTIFIERS, DEIDENTIFIED_REPORTS, IDENTIFIER_SPANS, COHORT,
        LABEL_MARGINALS, GENERATOR_ADAPTER, DP_CLASSIFIER, SYNTHETIC_REPORTS, CLONED_REPORTS, PREDICTIONS,
        TEACHER_LABELS, UTILITY_METRICS, PRIVACY_METRICS, CLASSIFIER_PRIVACY_METRICS, CLONE_METRICS, PRIVACY_LEDGER,
        FIDELITY_METRICS, EXPERIMENT_SCORES, EXPERIMENT_TESTS,
    )
}  # fmt: skip
