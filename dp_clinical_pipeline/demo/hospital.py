"""The made-up hospital as a folder of files that the `table` reader reads, with the gold of all that was planted in it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from dp_clinical_pipeline.demo.broken import (
    PARQUET_KINDS,
    BrokenRow,
    broken_csv,
    broken_json,
    doubled,
    row_of,
    spoiled,
    truncated_gzip,
)
from dp_clinical_pipeline.demo.draft import Span
from dp_clinical_pipeline.demo.exports import ParquetFile, TextFile
from dp_clinical_pipeline.demo.patients import Patient, mail_name
from dp_clinical_pipeline.demo.planted import Surface, gold_surfaces, surface_of
from dp_clinical_pipeline.demo.reports import MadePatient, MadeReport, make_patients, patient_id
from dp_clinical_pipeline.tables import PLANTED_IDENTIFIERS

_SHARED_FILES = ("ward_a.jsonl", "ward_b.csv", "ward_c.parquet", "clinic_d.jsonl.gz", "clinic_e.csv")
_TRUNCATED = "clinic_f_interrupted.jsonl.gz"
_OWN_FILE_EVERY, _OWN_FILE_FIRST, _OWN_FILES_UP_TO = 97, 5, 1000
_DOUBLED_EVERY, _DOUBLED_FIRST = 50, 7


@dataclass(frozen=True, kw_only=True)
class HospitalFiles:
    """What was written: how a reader must count it, and the gold."""

    folder: Path
    files: tuple[Path, ...]
    patients: int
    accepted: int
    rejected: int
    broken: dict[str, int]
    """Rows to be refused, by kind."""
    surfaces: tuple[Surface, ...] = field(repr=False)
    """Planted in file names and in broken rows."""
    gold: pl.DataFrame = field(repr=False)

    @property
    def read(self) -> int:
        return self.accepted + self.rejected

    def gold_frame(self) -> pl.DataFrame:
        """Return the spans of all accepted reports, in `tables.PLANTED_IDENTIFIERS`' schema."""
        return self.gold


def planted_surfaces(planted: HospitalFiles | pl.DataFrame) -> list[Surface]:
    """Return every planted surface: of a hospital, with file names and broken rows; of a gold frame, of its text."""
    if isinstance(planted, pl.DataFrame):
        return gold_surfaces(planted)
    return sorted({*gold_surfaces(planted.gold), *planted.surfaces})


def own_file(patient: Patient) -> str:
    """Return the name of the file that holds one patient's export: as careless as real ones."""
    name = patient.name
    forms = (
        f"{name.surname}_{name.given}_MRN{patient.mrn}.jsonl",
        f"{name.surname}, {name.given} {patient.mrn}.csv",
        f"{patient.mrn}-{mail_name(name.given)}-{mail_name(name.surname)}.jsonl",
    )
    return forms[patient.index % len(forms)]


def _own_file_surfaces(patient: Patient) -> list[Surface]:
    name = patient.name
    joined = (
        f"{name.surname}_{name.given}",
        f"{name.surname}, {name.given}",
        f"{mail_name(name.given)}-{mail_name(name.surname)}",
    )
    return [surface_of(joined[patient.index % 3], "PERSON", "file name"), surface_of(patient.mrn, "MRN", "file name")]


def _has_own_file(index: int) -> bool:
    return index < _OWN_FILES_UP_TO and index % _OWN_FILE_EVERY == _OWN_FILE_FIRST


def _file_name(made: MadePatient) -> str:
    """Return which file holds a patient's rows: a function of the patient alone."""
    index = made.patient.index
    return own_file(made.patient) if _has_own_file(index) else _SHARED_FILES[index % len(_SHARED_FILES)]


def write_hospital(
    folder: Path,
    patients: int = 1000,
    seed: int = 7,
    *,
    without: str | None = None,
    held_out_templates: bool = False,
) -> HospitalFiles:
    """Write the hospital's exports into a folder and return what is in them. The same arguments give the same bytes.

    Args:
        folder: made if missing; files of the same names are replaced.
        patients: how many patients are drawn.
        seed: with a patient's index it decides all of that patient's rows, and with a number each broken row.
        without: a `patient_id` to leave out; no row of anybody else changes.
        held_out_templates: use the second, disjoint set of identifier templates and wordings.

    Raises:
        OSError: the folder cannot be written.
        ValueError: nobody has the id given as `without`.
    """
    if without is not None and without not in {patient_id(index) for index in range(patients)}:
        raise ValueError(f"there is no patient {without!r} among {patients}")
    folder.mkdir(parents=True, exist_ok=True)
    desk = _Desk(folder, seed, held_out_templates)
    with desk:
        for made in make_patients(patients, seed, held_out_templates=held_out_templates):
            if made.patient.patient_id != without:
                desk.take(made)
    return desk.account()


class _Desk:
    """Spreads rows over the files and keeps the books."""

    def __init__(self, folder: Path, seed: int, held_out_templates: bool) -> None:
        self._folder, self._seed, self._held_out = folder, seed, held_out_templates
        self._files: dict[str, TextFile | ParquetFile] = {}
        self._patients = self._accepted = 0
        self._broken: Counter[str] = Counter()
        self._surfaces: set[Surface] = set()
        self._gold: dict[str, list[object]] = {name: [] for name in PLANTED_IDENTIFIERS.columns}

    def __enter__(self) -> None:
        for place, name in enumerate(_SHARED_FILES):
            # Personas of broken rows are numbered by file, so that no file's rows hang on another's.
            self._open(name, 100 * place)
        self._write_truncated(900)

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            file.close()

    def take(self, made: MadePatient) -> None:
        """Write one patient's rows, the doubled one after its first."""
        name = _file_name(made)
        if name not in self._files:
            self._surfaces.update(_own_file_surfaces(made.patient))
        file = self._files.get(name) or self._open(name, None)
        file.write([row_of(report) for report in made.reports])
        if made.patient.index % _DOUBLED_EVERY == _DOUBLED_FIRST:
            file.write([doubled(made.reports[0])])
            self._broken["duplicate"] += 1
        self._patients += 1
        self._accepted += len(made.reports)
        for report in made.reports:
            self._keep(report)

    def account(self) -> HospitalFiles:
        return HospitalFiles(
            folder=self._folder,
            files=tuple(sorted(self._folder / name for name in [*self._files, _TRUNCATED])),
            patients=self._patients,
            accepted=self._accepted,
            rejected=self._broken.total(),
            broken=dict(self._broken),
            surfaces=tuple(sorted(self._surfaces)),
            gold=pl.DataFrame(self._gold, schema=PLANTED_IDENTIFIERS.schema),
        )

    def _open(self, name: str, first: int | None) -> "TextFile | ParquetFile":
        path = self._folder / name
        if name.endswith(".parquet"):
            rows = [spoiled(self._seed, (first or 0) + place, kind, held_out_templates=self._held_out)
                    for place, kind in enumerate(PARQUET_KINDS)]  # fmt: skip
            for kind, (_, spans) in zip(PARQUET_KINDS, rows, strict=True):
                self._note(kind, spans)
            self._files[name] = ParquetFile(path, [row for row, _ in rows])
            return self._files[name]
        broken: list[BrokenRow] = []
        if first is not None:
            make = broken_csv if ".csv" in name else broken_json
            broken = make(self._seed, first, held_out_templates=self._held_out)
        for row in broken:
            self._note(row.kind, row.spans)
        self._files[name] = TextFile(path, [row.raw for row in broken])
        return self._files[name]

    def _write_truncated(self, number: int) -> None:
        row = truncated_gzip(self._seed, number, held_out_templates=self._held_out)
        (self._folder / _TRUNCATED).write_bytes(row.raw)
        self._note(row.kind, row.spans)

    def _note(self, kind: str, spans: Iterable[Span]) -> None:
        self._broken[kind] += 1
        self._surfaces.update(surface_of(span.surface, span.type, "row") for span in spans)

    def _keep(self, report: MadeReport) -> None:
        gold, spans = self._gold, report.spans
        gold["report_id"] += [report.report_id] * len(spans)
        gold["patient_id"] += [report.patient_id] * len(spans)
        gold["type"] += [span.type for span in spans]
        gold["start"] += [span.start for span in spans]
        gold["end"] += [span.end for span in spans]
        gold["surface"] += [span.surface for span in spans]


def made_reports(patients: int, seed: int, *, held_out_templates: bool = False) -> Iterator[MadeReport]:
    """Make the reports alone, one after the other, without files: for tests and benchmarks of any size."""
    for made in make_patients(patients, seed, held_out_templates=held_out_templates):
        yield from made.reports
