"""What every verb shares: which home, and how a table is printed."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dp_clinical_pipeline.home import HOME_VARIABLE, Home, home_path, open_home

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help=f"The population's folder; default: ${HOME_VARIABLE}, else your user-data folder."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to standard output.")]
Format = Literal["table", "csv", "json"]


def chosen_home(path: Path | None) -> Home:
    """Return the home that a verb works on, and make this process and its children use it; it need not exist."""
    home = Home(home_path(path))
    os.environ[HOME_VARIABLE] = str(home.path)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    return home


def existing_home(path: Path | None) -> Home:
    """Return an existing home.

    Raises:
        UserError: no home lies there, or its settings are wrong.
    """
    return open_home(chosen_home(path).path)


def console() -> "Console":
    """Return where progress and remarks go: standard error, so that standard output holds only what was asked for."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def show(frame: "pl.DataFrame", format: Format = "table") -> None:
    """Print a frame to standard output: every row and column, as a table, CSV or a JSON list of rows."""
    if format == "csv":
        flat = frame.select(_flattened(frame))
        sys.stdout.write(flat.write_csv())
    elif format == "json":
        sys.stdout.write(json.dumps(frame.to_dicts(), default=str, ensure_ascii=False, indent=1) + "\n")
    else:
        _table(frame)


def _flattened(frame: "pl.DataFrame") -> list["pl.Expr"]:
    """CSV knows no lists and no bytes: they become JSON text and hexadecimals."""
    import polars as pl

    def as_text(value: object) -> str:
        return json.dumps(list(value) if isinstance(value, pl.Series) else value, default=str)

    return [
        pl.col(name).map_elements(as_text, return_dtype=pl.String)
        if kind.is_nested()
        else pl.col(name).bin.encode("hex")
        if kind == pl.Binary
        else pl.col(name)
        for name, kind in frame.schema.items()
    ]


def _table(frame: "pl.DataFrame") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=True, header_style="bold", box=None, pad_edge=False)
    for name, kind in frame.schema.items():
        table.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(Text(_cell(value)) for value in row))
    width = None if sys.stdout.isatty() else 10_000
    Console(highlight=False, width=width).print(table)


def _cell(value: object) -> str:
    if value is None:
        return "—"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
