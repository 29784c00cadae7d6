"""Which real identifiers a synthetic corpus repeats, and whether training could have taught it them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from dp_clinical_pipeline.coding.arm_data import raw_texts
from dp_clinical_pipeline.evaluation.replay import distinctive, replayed, words
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS, IDENTIFIER_SPANS, PLANTED_IDENTIFIERS


@dataclass(frozen=True)
class Replay:
    """Distinct identifiers, counted; those that belong to patients of both arms are left out of both."""

    members: int
    """Train patients' identifiers that were looked for, and of these, found."""
    members_found: int
    nonmembers: int
    nonmembers_found: int
    learnt: int
    """Found, and read in training: it survived de-identification in the text of the patient whose it is, and
    stands in no hold-out patient's text. What was never read in training can only coincide: surrogates and
    the base model draw names from public lists too."""
    p_value: float
    """Fisher, one-sided: members' identifiers are found more often than non-members'."""


def measure_replay(home: Home, texts: Sequence[str]) -> Replay:
    """Look for train and hold-out patients' identifiers in synthetic texts."""
    from scipy.stats import fisher_exact

    owned = identifiers(home).join(Store(home).read(COHORT), on="patient_key")
    train, holdout = (set(owned.filter(split=split)["surface"]) for split in ("train", "holdout"))
    members, nonmembers = sorted(train - holdout), sorted(holdout - train)
    found = [members[index] for index in sorted(replayed(texts, members))]
    found_outside = len(replayed(texts, nonmembers))
    table = [[len(found), len(members) - len(found)], [found_outside, len(nonmembers) - found_outside]]
    return Replay(
        members=len(members),
        members_found=len(found),
        nonmembers=len(nonmembers),
        nonmembers_found=found_outside,
        learnt=len(_learnt(home, found, owned)),
        p_value=float(fisher_exact(table, alternative="greater").pvalue),
    )


def identifiers(home: Home) -> pl.DataFrame:
    """Return the distinctive identifiers of raw text (surface, patient_key), lower case, no punctuation.

    The planted ones where the home has gold, else those that de-identification found.
    """
    planted = _planted(home)
    owned = planted if planted.height else _detected(home)
    return (
        owned.filter(pl.Series([distinctive(surface) for surface in owned["surface"]], dtype=pl.Boolean))
        .with_columns(pl.col("surface").map_elements(lambda s: " ".join(words(s)), return_dtype=pl.String))
        .unique()
        .sort("surface", "patient_key")
    )


def _planted(home: Home) -> pl.DataFrame:
    from dp_clinical_pipeline.deid.keys import pseudonym, secret

    store, key = Store(home), secret(home)
    planted = store.read(PLANTED_IDENTIFIERS)
    ids = zip(planted["patient_id"], planted["report_id"], strict=True)
    reports = planted.select("surface").with_columns(
        report_key=pl.Series([pseudonym(key, "report", patient, report) for patient, report in ids], dtype=pl.String)
    )
    patients = store.scan(DEIDENTIFIED_REPORTS).select("report_key", "patient_key").collect()
    return reports.join(patients, on="report_key").select("surface", "patient_key")


def _detected(home: Home) -> pl.DataFrame:
    spans = Store(home).scan(IDENTIFIER_SPANS).select("report_key", "patient_key", "start", "end").collect()
    return spans.join(raw_texts(home), on="report_key").select(
        pl.col("raw").str.slice(pl.col("start"), pl.col("end") - pl.col("start")).alias("surface"),
        "patient_key",
    )


def _learnt(home: Home, found: Sequence[str], owned: pl.DataFrame) -> set[str]:
    """Return those that a train patient's own de-identified text holds and no hold-out patient's does."""
    store = Store(home)
    cohort = store.read(COHORT)
    reports = store.scan(DEIDENTIFIED_REPORTS).select("patient_key", "text")
    holdout = reports.join(cohort.lazy().filter(split="holdout"), on="patient_key", how="semi").collect()
    common = {found[index] for index in replayed(holdout["text"], found)}
    owners = owned.filter(pl.col("surface").is_in(sorted(set(found) - common)), split="train")
    survived: set[str] = set()
    texts = reports.join(owners.lazy(), on="patient_key", how="semi").collect()
    by_patient = {patient: frame["text"].to_list() for (patient,), frame in texts.group_by("patient_key")}
    for (patient,), frame in owners.group_by("patient_key"):
        surfaces = frame["surface"].to_list()
        survived |= {surfaces[index] for index in replayed(by_patient[patient], surfaces)}
    return survived
