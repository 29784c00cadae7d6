"""`ingest` and `deid-eval`: reports come in, and how well identifiers are found."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dp_clinical_pipeline.cli.common import HomeOption, JsonOption, chosen_home, console, show
from dp_clinical_pipeline.cli.homes import OPEN_CORPORA, create_home
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, open_home


def ingest(
    path: Annotated[Path, typer.Argument(help="The file or folder to read; it is not changed.")],
    format: Annotated[
        str,
        typer.Option("--format", help="openi, ct-rate, cmc, codiesp, mimic-cxr, mimic-iv-note, table or text."),
    ],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Read a corpus into the home as one batch; rows that cannot be used are set aside with the reason.

    Creates the home where there is none yet. A batch that was read before is recognised by its content.

    Examples:

    `dp-clinical ingest ../data/openi --format openi --home ~/openi`

    `dp-clinical ingest export.parquet --format table --json`
    """
    from dp_clinical_pipeline.corpora.readers import get_reader

    get_reader(format)
    if not path.exists():
        raise UserError(f"nothing lies at {path}: give the file or folder of the corpus")
    here = chosen_home(home)
    if not here.settings_file.exists():
        create_home(here, "benchmark" if format in OPEN_CORPORA else "private")
    counts = take_in(open_home(here.path), path, format)
    if as_json:
        sys.stdout.write(json.dumps(counts) + "\n")
    else:
        console().print(
            f"batch {counts['batch']}: read {counts['read']:,}, accepted {counts['accepted']:,}, "
            f"rejected {counts['rejected']:,}"
        )


def take_in(home: Home, path: Path, format: str) -> dict[str, int | str]:
    """Register a batch and materialize it; return read, accepted, rejected and batch.

    Raises:
        UserError: nothing in it is usable. Whatever stops it, a new batch of which nothing was kept is forgotten then, so
            that it can be ingested anew, from anywhere.
    """
    from dp_clinical_pipeline.corpora.batches import register
    from dp_clinical_pipeline.corpora.registration import unregister
    from dp_clinical_pipeline.defs.runner import Runner
    from dp_clinical_pipeline.store import Store
    from dp_clinical_pipeline.tables import RAW_REPORTS, REJECTED_REPORTS

    batch = register(home, path, format)
    store = Store(home)
    if not (store.exists(RAW_REPORTS, batch.id) and store.exists(REJECTED_REPORTS, batch.id)):
        with Runner(home) as runner:
            runner.add_batches([batch.id])
            try:
                runner.materialize("raw_reports", "rejected_reports", partition=batch.id)
            except BaseException:
                runner.drop_batch(batch.id)
                if batch.is_new and not store.exists(RAW_REPORTS, batch.id):
                    unregister(home, batch)
                raise
    accepted, rejected = (_rows(store.path(table, batch.id)) for table in (RAW_REPORTS, REJECTED_REPORTS))
    return {"read": accepted + rejected, "accepted": accepted, "rejected": rejected, "batch": batch.id}


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def deid_eval(
    file: Annotated[Path, typer.Argument(help="Notes with gold spans, as JSON lines.")],
    as_json: JsonOption = False,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="A population's folder, whose own patterns and names of identifiers count too."),
    ] = None,
) -> None:
    """Measure how many identifiers de-identification finds in notes that somebody annotated.

    Each line: `{"text": "...", "spans": [{"start": 0, "end": 4, "type": "PERSON"}]}`, offsets in code points.

    Examples:

    `dp-clinical deid-eval annotated.jsonl`

    `dp-clinical deid-eval annotated.jsonl --home ~/hospital --json`
    """
    from dp_clinical_pipeline.deid.evaluate import evaluate_file
    from dp_clinical_pipeline.deid.site import Site

    settings = None if home is None else open_home(home).settings
    site = Site(settings.deid) if settings else None
    result = evaluate_file(file, site, alone=bool(settings and settings.privacy.unit == "report")).as_dict()
    by_type = result.pop("by_type")
    if as_json:
        sys.stdout.write(json.dumps(result | {"by_type": by_type}, indent=1) + "\n")
        return
    import polars as pl

    measures = [
        (name, value, result.get(f"{name}_interval")) for name, value in result.items() if "interval" not in name
    ]
    show(pl.DataFrame([_measure(*row) for row in measures], schema=_MEASURES))
    show(pl.DataFrame([{"type": kind} | _typed(row) for kind, row in by_type.items()], schema=_TYPES))


_MEASURES = ("measure", "value", "low", "high")
_TYPES = ("type", "spans", "recall", "low", "high")


def _measure(name: str, value: float | None, interval: list[float | None] | None) -> dict[str, object]:
    low, high = interval or (None, None)
    return {"measure": name, "value": None if value is None else float(value), "low": low, "high": high}


def _typed(row: dict[str, Any]) -> dict[str, object]:
    low, high = row["span_recall_interval"]
    return {"spans": row["spans"], "recall": row["span_recall"], "low": low, "high": high}
