"""Small made-up corpora, in the shapes that the readers read."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from dp_clinical_pipeline.corpora.batches import register
from dp_clinical_pipeline.corpora.ingest import IngestCounts, ingest_batch
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import CHEXPERT14

TABLE_COLUMNS = ("report_id", "patient_id", "authored_on", "text", "labels", "codes")


def table_row(number: int, **changed: str) -> dict[str, str]:
    """Return a good row of a table; each is its own patient's."""
    row = {
        "report_id": f"r{number}",
        "patient_id": f"p{number}",
        "authored_on": "2031-04-05",
        "text": f"Heart size is normal, again; study {number}.",
        "labels": "Edema|Fracture",
        "codes": "j81.0",
    }
    return row | changed


def csv_bytes(rows: Iterable[Mapping[str, object]], columns: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def table_csv(*rows: Mapping[str, object]) -> bytes:
    return csv_bytes(rows, TABLE_COLUMNS)


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder; what is named `.gz` is compressed."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def ingest(home: Home, path: Path, format: str) -> IngestCounts:
    return ingest_batch(home, register(home, path, format).id)


def chexpert_csv(studies: Mapping[tuple[str, str], Mapping[str, str]]) -> bytes:
    """Return a table as MIMIC-CXR-JPG has it: 1.0, 0.0, -1.0 or nothing for each label."""
    columns = ("subject_id", "study_id", *sorted(CHEXPERT14.labels))
    rows = [{"subject_id": patient, "study_id": study} | dict(cells) for (patient, study), cells in studies.items()]
    return csv_bytes(rows, columns)


STUDY = """\
                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___F with cough  // effusion?

 FINDINGS: 
 
 There is a small right pleural effusion.
 No pneumothorax.
 
 IMPRESSION: 
 
 Small effusion.
"""  # noqa: W291, W293

IMPRESSION_ONLY = "                                 FINAL REPORT\n CHEST RADIOGRAPH\n\n No change since ___.\n"


def mimic_cxr() -> dict[str, bytes]:
    studies = {
        ("10000032", "50414267"): {"Pleural Effusion": "1.0", "Pneumothorax": "0.0", "Edema": "-1.0"},
        ("10000032", "53189527"): {"No Finding": "1.0"},
        ("10000764", "57375967"): {"Edema": "-1.0"},
    }
    return {
        "mimic-cxr-2.0.0-chexpert.csv.gz": chexpert_csv(studies),
        "files/p10/p10000032/s50414267.txt": STUDY.encode(),
        "files/p10/p10000032/s53189527.txt": IMPRESSION_ONLY.encode(),
        "files/p10/p10000764/s57375967.txt": STUDY.encode(),
        "files/p10/p10000898/s50771383.txt": STUDY.encode(),
        "LICENSE.txt": b"This is no report.",
        "index.html": b"<html></html>",
    }


def mimic_iv_note() -> dict[str, bytes]:
    note = ("note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text")
    notes = [
        ("10000032-DS-21", "10000032", "22595853", "DS", "21", "2180-05-07 00:00:00", "2180-05-09 15:26:00"),
        ("10000032-DS-22", "10000032", "22841357", "DS", "22", "2180-06-27 00:00:00", "2180-07-01 10:15:00"),
        ("10000084-DS-17", "10000084", "", "DS", "17", "2160-11-25 00:00:00", ""),
    ]
    text = ' \nName:  ___                   Unit No:   ___\n \n"Patient" did well, and went home.\n'
    rows = [dict(zip(note, (*values, text), strict=True)) for values in notes]
    diagnosis = ("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version")
    diagnoses = [
        ("10000032", "22595853", "1", "5723", "9"),
        ("10000032", "22595853", "2", "V4581", "9"),
        ("10000032", "22841357", "1", "K7469", "10"),
        ("10000032", "22841357", "2", "I10    ", "10"),
        ("10000084", "23052089", "1", "G3183", "10"),
    ]
    return {
        "note/discharge.csv.gz": csv_bytes(rows, note),
        "hosp/diagnoses_icd.csv.gz": csv_bytes((dict(zip(diagnosis, d, strict=True)) for d in diagnoses), diagnosis),
    }
