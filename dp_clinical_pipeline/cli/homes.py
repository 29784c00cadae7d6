"""`init`: lay out a home."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dp_clinical_pipeline.cli.common import HomeOption, chosen_home, console
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

Kind = Literal["private", "benchmark", "demo"]

OPEN_CORPORA = ("openi", "ct-rate", "cmc", "codiesp")
"""Formats of corpora that anyone can download: a home that begins with one is a benchmark, and releases nothing."""


def init(
    path: Annotated[Path | None, typer.Argument(help="Where to lay the home out.")] = None,
    kind: Annotated[
        Kind, typer.Option(help="What the population is; only a private home can ever release.")
    ] = "private",
    home: HomeOption = None,
) -> None:
    """Lay out the home of a population: its settings, its enclave, its ledger's place.

    Settings that are there already are left as they are.

    Examples:

    `dp-clinical init /srv/radiology`

    `dp-clinical init ~/openi --kind benchmark`
    """
    if path and home:
        raise UserError("give the folder once: as PATH or as --home")
    created = create_home(chosen_home(path or home), kind)
    console().print(f"home: {created.path}\nsettings: {created.settings_file}")


def create_home(home: Home, kind: Kind) -> Home:
    """Create a home of this kind with default settings; one that is there must be of the same kind.

    Raises:
        UserError: the folder cannot be written, or is a home of another kind.
    """
    from dp_clinical_pipeline.config import Settings

    created = home.create(Settings(kind=kind))
    if created.settings.kind != kind:
        raise UserError(f"{home.path} is a {created.settings.kind} home already: choose another folder")
    return created
