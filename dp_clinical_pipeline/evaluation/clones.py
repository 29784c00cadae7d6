"""What clones give away of the notes that they were written for, beside what the cell's synthetic notes do."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.arm_data import accepted_notes
from dp_clinical_pipeline.coding.clone_arm import CLONE, accepted_clones
from dp_clinical_pipeline.evaluation.attack_rows import Row, metric_row
from dp_clinical_pipeline.evaluation.attacked import Arms, choose_arms
from dp_clinical_pipeline.evaluation.bootstrap import Floats, divided, interval, resample_weights
from dp_clinical_pipeline.evaluation.overlap import BOILERPLATE_PATIENTS, rate_excess
from dp_clinical_pipeline.evaluation.privacy import SIGNIFICANT, identifier_rows, overlap_rows
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.privacy.cohort import split_reports
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.fields import read_fields
from dp_clinical_pipeline.synthesis.prompts import note_to_learn, record_line
from dp_clinical_pipeline.tables import CLONE_METRICS


def measure_clones(home: Home, generator: str, budget: str) -> None:
    """Attack a cell's clones and its synthetic notes alike, and replace the partition. Exact, hence `restricted`.

    Beside the overlap and the identifiers of `privacy_metrics`:

    - `record_linkage`: how often an attacker who knows the records of all train patients' notes and reads a note's
      record by the public rules names its source, picking at random among the patients who have that record. A
      synthetic note has no source: it counts as one of a patient drawn at random, which is what guessing comes to.
    - `record_linkage_given`: the same where the note is handed on with the record that it was asked for.
    - `rare_record_excess`: the share of train patients whose report has a record that the notes state and that fewer
      than `BOILERPLATE_PATIENTS` of the compared patients have, minus the share of hold-out patients.

    `passed` says what the gate would say of such a figure; nothing asks it, since clones are barred from release.

    Raises:
        UserError: the cell was not cloned or generated, or there are no labelled reports to compare.
    """
    arms, people = choose_arms(home), _People.of(home)
    rows: list[Row] = []
    for arm, accepted in ((CLONE, accepted_clones), ("synthetic", accepted_notes)):
        notes = accepted(home, generator, budget)
        texts = notes["text"].to_list()
        found = [*overlap_rows(home, arms, texts), *identifier_rows(home, texts)]
        found += [*_linkage(home, people, notes), *_rare_records(home, people, arms, notes)]
        cell = {"arm": arm, "generator": generator, "budget": budget, "mechanism_id": notes["mechanism_id"].first()}
        rows += [cell | row for row in found]
    Store(home).write(CLONE_METRICS, pl.DataFrame(rows, schema=CLONE_METRICS.schema), generator, budget)


@dataclass(frozen=True)
class _People:
    """What the attacker knows: which train patients have a note with a record."""

    labels: LabelSet
    patients: int
    holders: dict[str, frozenset[str]]

    @classmethod
    def of(cls, home: Home) -> "_People":
        labels = label_set(home.settings.corpus.label_set)
        reports = split_reports(home, "train").filter(pl.col("targets").is_not_null())
        holders: dict[str, set[str]] = {}
        for patient, record in zip(reports["patient_key"], _records(reports, labels), strict=True):
            holders.setdefault(record, set()).add(patient)
        known = {record: frozenset(patients) for record, patients in holders.items()}
        return cls(labels, reports["patient_key"].n_unique(), known)

    def chance(self, record: str | None, source: str | None) -> float:
        """Return the chance that the attacker names a note's source; without one, that of a patient drawn at random."""
        fits = self.holders.get(record or "", frozenset())
        if source is None:
            return 1 / self.patients if fits else 0.0
        return 1 / len(fits) if source in fits else 0.0


def _records(reports: pl.DataFrame, labels: LabelSet) -> list[str]:
    """The record of each report, as its prompt would name it."""
    rows = reports.select("text", "targets").iter_rows()
    pairs = [(note_to_learn(text, targets, labels), targets) for text, targets in rows]
    return [record_line(targets, labels, read_fields(note, targets, labels)) for note, targets in pairs]


def _stated(notes: pl.DataFrame, labels: LabelSet) -> list[str]:
    """The record that each note states by the public rules; its labels are given where a label set has no rules."""
    rows = notes.select("text", "stated", "targets").iter_rows()
    read = [(text, targets if stated is None else stated) for text, stated, targets in rows]
    return [record_line(said or [], labels, read_fields(text, said or [], labels)) for text, said in read]


def _linkage(home: Home, people: _People, notes: pl.DataFrame) -> Iterator[Row]:
    sources = notes["patient_key"].to_list() if "patient_key" in notes.columns else [None] * notes.height
    units = np.unique([source or f"note {i}" for i, source in enumerate(sources)], return_inverse=True)[1]
    chosen, counts = home.settings.evaluation, np.bincount(units).astype(np.float64)
    weights = resample_weights(len(counts), chosen.bootstrap, chosen.seed)
    for name, records in (
        ("record_linkage", _stated(notes, people.labels)),
        ("record_linkage_given", notes["record"].to_list()),
    ):
        named = np.array([people.chance(*pair) for pair in zip(records, sources, strict=True)], dtype=np.float64)
        draws: Floats = divided(weights @ np.bincount(units, named), weights @ counts)
        yield metric_row(name, float(draws[0]), interval(draws[1:]), n=notes.height)


def _rare_records(home: Home, people: _People, arms: Arms, notes: pl.DataFrame) -> Iterator[Row]:
    stated, chosen = set(_stated(notes, people.labels)), home.settings.evaluation
    members, others = (_records(side, people.labels) for side in (arms.members, arms.nonmembers))
    rare = {record for record in stated if (members + others).count(record) < BOILERPLATE_PATIENTS}
    hits = [np.array([record in rare for record in side]) for side in (members, others)]
    excess = rate_excess(hits[0], hits[1], chosen.bootstrap, chosen.seed)
    between, rates = (excess.low, excess.high), (excess.members, excess.nonmembers)
    passed = bool(excess.p_value > SIGNIFICANT)
    yield metric_row("rare_record_excess", excess.value, between, rates, n=len(members), passed=passed)
    yield metric_row("rare_record_p_value", excess.p_value, n=len(members))
