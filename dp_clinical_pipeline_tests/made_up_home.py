"""A small population written straight into a home's tables, without ingest or de-identification."""

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.config import Corpus, Evaluation, Settings
from dp_clinical_pipeline.deid.keys import key_file, pseudonym, secret
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.fields import read_fields
from dp_clinical_pipeline.synthesis.prompts import record_line
from dp_clinical_pipeline.tables import (
    CLONED_REPORTS,
    COHORT,
    DEIDENTIFIED_REPORTS,
    GENERATOR_ADAPTER,
    IDENTIFIER_SPANS,
    PLANTED_IDENTIFIERS,
    RAW_REPORTS,
    SYNTHETIC_REPORTS,
)

FINDINGS = {
    "Edema": ("interstitial edema", "no edema"),
    "Pneumothorax": ("small pneumothorax", "no pneumothorax"),
    "Fracture": ("rib fracture", "bones intact"),
}
FILLERS = [f"{a} {b}" for a in ("stable", "mild", "old", "new") for b in ("scar", "rotation", "granuloma", "nodule")]
SPLITS = ["train"] * 6 + ["test"] * 2 + ["holdout"] * 2


def make_home(folder: Path, patients: int = 120, bootstrap: int = 50, seed: int = 0) -> Home:
    """Write reports, cohort and gold: two reports a patient, one patient in twelve unlabelled.

    A report names its patient; the surrogate text has another name in its place, the masked text a tag.
    """
    settings = Settings(
        corpus=Corpus(label_set="chexpert14"),
        evaluation=Evaluation(bootstrap=bootstrap, attack_patients=20, canary_runs=2),
    )
    home = Home(folder / "home").create(settings)
    _fix_key(home)
    key, rng = secret(home), np.random.default_rng(seed)
    raw, clean, cohort, gold, found = [], [], [], [], []
    for number in range(patients):
        patient = f"P{number}"
        patient_key = pseudonym(key, "patient", patient)
        cohort.append({"patient_key": patient_key, "split": SPLITS[number % len(SPLITS)]})
        for visit in range(2):
            labels = [label for label in FINDINGS if rng.random() < 0.4]
            body = report_body(labels, rng)
            text = f"Patient Zeb{number}ulon Quarrel{number}. {body}"
            report = f"R{visit}"
            targets = None if number % 12 == 11 else labels
            shared = {
                "labels": targets,
                "codes": None,
                "batch": "b1",
                "modality": "CXR",
                "authored_on": dt.date(2020, 1, 1),
            }
            raw.append(
                shared | {"report_id": report, "patient_id": patient, "sections": [], "text": text, "source": "x"}
            )
            clean.append(
                shared
                | {
                    "report_key": pseudonym(key, "report", patient, report),
                    "patient_key": patient_key,
                    "text": f"Patient Ann Other. {body}",
                    "masked": f"Patient [NAME]. {body}",
                    "targets": targets,
                }
            )
            surface = f"Zeb{number}ulon Quarrel{number}"
            place = {"type": "name", "start": 8, "end": 8 + len(surface), "surface": surface}
            gold.append({"report_id": report, "patient_id": patient} | place)
            span = {"start": 8, "end": 8 + len(surface), "type": "PERSON", "voter": "x", "score": 1.0}
            found.append({name: clean[-1][name] for name in ("report_key", "patient_key", "batch")} | span)
    store = Store(home)
    for table, rows, part in (
        (RAW_REPORTS, raw, ["b1"]),
        (DEIDENTIFIED_REPORTS, clean, ["b1"]),
        (COHORT, cohort, []),
        (PLANTED_IDENTIFIERS, gold, []),
        (IDENTIFIER_SPANS, found, ["b1"]),
    ):
        store.write(table, pl.DataFrame(rows, schema=table.schema), *part)
    return home


def _fix_key(home: Home) -> None:
    """The same pseudonyms in every run: what a statistical check says of a home must not depend on the day."""
    path = key_file(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(hashlib.sha256(b"made-up home").hexdigest())
    path.chmod(0o600)


def report_body(labels: list[str], rng: np.random.Generator) -> str:
    """State the labels, deny the others, and add a few words that differ from report to report."""
    stated = [there if label in labels else absent for label, (there, absent) in FINDINGS.items()]
    return ". ".join([*stated, *rng.choice(FILLERS, size=6)]) + "."


def write_cell(home: Home, notes: list[tuple[str, list[str]]], budget: str = "eps-8", accepted: bool = True) -> None:
    """Write a trained and generated cell of the generator `tiny`."""
    rows = [
        {
            "synthetic_id": f"s{index:05}",
            "generator": "tiny",
            "budget": budget,
            "mechanism_id": "m1",
            "modality": "CXR",
            "targets": labels,
            "text": text,
            "stated": labels,
            "tokens": 9,
            "accepted": accepted,
            "reason": None,
        }
        for index, (text, labels) in enumerate(notes)
    ]
    private = budget == "nonprivate"
    adapter = {"generator": "tiny", "budget": budget, "mechanism_id": "m1"}
    adapter |= {"epsilon": None if private else 7.2, "delta": None if private else 1e-5}
    store = Store(home)
    store.write(SYNTHETIC_REPORTS, pl.DataFrame(rows, schema=SYNTHETIC_REPORTS.schema), "tiny", budget, budget=budget)
    store.write(
        GENERATOR_ADAPTER,
        pl.DataFrame([adapter], schema=GENERATOR_ADAPTER.schema),
        "tiny",
        budget,
        budget=budget,
    )


def write_clones(
    home: Home, text_of: Callable[[dict[str, Any]], str], budget: str = "eps-8", accepted: bool = True
) -> pl.DataFrame:
    """Write an accepted clone of each labelled train report, a row of DEIDENTIFIED_REPORTS, and return the clones."""
    store = Store(home)
    train = store.read(COHORT).filter(split="train")
    reports = store.read(DEIDENTIFIED_REPORTS).filter(pl.col("targets").is_not_null())
    sources = reports.join(train, on="patient_key", how="semi").sort("patient_key", "report_key")
    rows = [
        {name: source[name] for name in ("report_key", "patient_key", "modality", "targets")}
        | {"synthetic_id": f"m1-clone-{index:06}", "generator": "tiny", "budget": budget, "mechanism_id": "m1-clone"}
        | {
            "record": record_line(
                source["targets"], CHEXPERT14, read_fields(source["text"], source["targets"], CHEXPERT14)
            )
        }
        | {"text": text_of(source), "stated": source["targets"], "tokens": 9}
        | {"accepted": accepted, "reason": None if accepted else "repeats"}
        for index, source in enumerate(sources.iter_rows(named=True))
    ]
    store.write(CLONED_REPORTS, made := pl.DataFrame(rows, schema=CLONED_REPORTS.schema), "tiny", budget)
    return made


def plain_notes(count: int, seed: int = 1) -> list[tuple[str, list[str]]]:
    """Notes in the reports' manner that repeat no report."""
    rng = np.random.default_rng(seed)
    drawn = [[label for label in FINDINGS if rng.random() < 0.4] for _ in range(count)]
    return [(report_body(labels, rng), labels) for labels in drawn]
