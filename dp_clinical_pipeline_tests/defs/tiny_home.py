"""A demo home with a small made-up hospital, already taken in, and tiny models as its generators."""

from pathlib import Path

from dp_clinical_pipeline.config import (
    Compute,
    Corpus,
    Evaluation,
    Generation,
    Models,
    Patients,
    Privacy,
    Retraining,
    Settings,
    Training,
)
from dp_clinical_pipeline.corpora.incoming import collect_incoming
from dp_clinical_pipeline.defs.runner import Runner
from dp_clinical_pipeline.demo.hospital import HospitalFiles, write_hospital
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PLANTED_IDENTIFIERS

PATIENTS = 120


def tiny_settings(generators: dict[str, str], **changed: object) -> Settings:
    """Return settings under which a cell takes seconds."""
    usual = {
        "kind": "demo",
        "corpus": Corpus(format="table", label_set="chexpert14"),
        "patients": Patients(count=PATIENTS),
        "budgets": ["nonprivate"],
        "privacy": Privacy(cap_epsilon=60, retraining=Retraining(generator="tiny-gpt2", budget="eps-1")),
        "models": Models(generators=generators),
        "training": Training(lot_size=16, steps=3, max_tokens=128, checkpoint_every=1, primer_steps=0),
        "generation": Generation(accepted=8, max_ratio=8, batch_size=32, max_new_tokens=16, min_words=1),
        "evaluation": Evaluation(bootstrap=20, attack_patients=10, canary_runs=2),
        "compute": Compute(device="cpu", precision="fp32"),
    }
    return Settings.model_validate(usual | changed)


def taken_in(folder: Path, settings: Settings) -> tuple[Home, HospitalFiles]:
    """Make the home, ingest and de-identify the hospital, and place its patients in the cohort."""
    home = Home(folder).create(settings)
    hospital = write_hospital(home.incoming, patients=PATIENTS)
    Store(home).write(PLANTED_IDENTIFIERS, hospital.gold_frame())
    batch = collect_incoming(home)
    assert batch is not None
    with Runner(home) as runner:
        runner.add_batches([batch.id])
        runner.materialize("raw_reports", "rejected_reports", "deidentified_reports", "cohort", partition=batch.id)
    return home, hospital
