"""`experiment`: a declared comparison from its corpus to its tables, or its tables again."""

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dp_clinical_pipeline.cli.common import JsonOption, chosen_home, console, show
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

if TYPE_CHECKING:
    from rich.console import Console

    from dp_clinical_pipeline.experiments.measured import StudyTables
    from dp_clinical_pipeline.experiments.recipe import Recipe

Precision = Literal["fp32", "bf16", "auto"]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The study's home, and its siblings for more seeds; default: in your user-data folder."
    ),
]


def experiment(
    name: Annotated[str | None, typer.Argument(help="The study; --list shows them.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print the studies and what each costs in hours.")] = False,
    from_tables: Annotated[
        bool,
        typer.Option(
            "--from-tables",
            help="Print what is stored, in seconds; run nothing. Not run here: what the project measured.",
        ),
    ] = False,
    so_far: Annotated[bool, typer.Option("--so-far", help="Score the arms that are there; train nothing.")] = False,
    seeds: Annotated[
        int | None, typer.Option("--seeds", min=1, help="Only so many of the study's seeds, the first ones.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Where the corpus lies; default: its folder below $DP_CLINICAL_CORPORA.")
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            help="What torch computes in. Studies of a corpus have fp32, so that machines give the same figures; bf16 takes "
            "half the time where the processor multiplies it, and auto is bf16 there."
        ),
    ] = None,
    kept_in: Annotated[
        Path | None,
        typer.Option("--keep", help="Also write the tables as Parquet below this folder: exact numbers, uncovered."),
    ] = None,
    as_json: JsonOption = False,
    home: FolderOption = None,
) -> None:
    """Run a study from its corpus to its tables: each cell once, going on from where it was stopped.

    The tables are printed as Markdown and kept in the study's home. What a study compares is declared in its file.

    Examples:

    `dp-clinical experiment --list`

    `dp-clinical experiment openi-synthesis --corpus ../shared/data/openi`

    `dp-clinical experiment openi-synthesis --corpus ../shared/data/openi --seeds 1`

    `dp-clinical experiment openi-synthesis --from-tables --json`
    """
    from dp_clinical_pipeline.experiments.homes import study_homes
    from dp_clinical_pipeline.experiments.measured import keep, measured, tables_of
    from dp_clinical_pipeline.experiments.recipe import recipe
    from dp_clinical_pipeline.experiments.results import write_results

    if listed or name is None:
        _list(as_json)
        return
    if so_far and from_tables:
        raise UserError("--so-far scores anew what is there, --from-tables prints what was stored: give one of them")
    chosen = recipe(name)
    chosen = chosen.model_copy(update={"seeds": chosen.seeds[:seeds]})
    chosen = chosen.computed_in(precision) if precision else chosen
    homes = study_homes(chosen, home)
    if so_far:
        write_results(chosen, _begun(chosen, homes))
    elif not from_tables:
        with redirect_stdout(sys.stderr):
            run_study(chosen, homes, corpus)
    tables = tables_of(chosen, homes[0]) or (measured(chosen) if from_tables else None)
    if tables is None:
        raise UserError(f"{homes[0].path} holds no results of {name}: run `dp-clinical experiment {name}` first")
    if kept_in:
        console().print(f"kept in {keep(chosen, tables, kept_in)}")
    print_study(chosen, tables, as_json)


def run_study(recipe: "Recipe", homes: "Sequence[Home]", corpus: Path | None) -> None:
    """Do what of a study is not done yet, and write its tables into the first home.

    Raises:
        UserError: the corpus is not there, or a home holds something else.
    """
    from dp_clinical_pipeline.experiments.homes import corpus_path, lay_out
    from dp_clinical_pipeline.experiments.labelers import score_labelers
    from dp_clinical_pipeline.experiments.results import write_results

    path = corpus_path(recipe, corpus) if recipe.corpus else None
    console().print(f"{recipe.name}: about {recipe.hours:g} hours from scratch")
    made = []
    for home, seed in zip(homes, recipe.seeds, strict=True):
        made.append(lay_out(recipe, chosen_home(home.path), seed))
        if recipe.study == "arms":
            _run_seed(recipe, made[-1], path)
    if recipe.study == "arms":
        write_results(recipe, made)
    elif path:
        score_labelers(recipe, made[0], path)


def _begun(recipe: "Recipe", homes: "Sequence[Home]") -> "list[Home]":
    """Return the homes of the seeds that have a trained arm, the first one's among them.

    Raises:
        UserError: the first has none, or the study trains nothing.
    """
    from dp_clinical_pipeline.home import open_home
    from dp_clinical_pipeline.store import Store
    from dp_clinical_pipeline.tables import PREDICTIONS

    begun = [home for home in homes if any(Store(home).files(PREDICTIONS))]
    if recipe.study != "arms" or homes[0] not in begun:
        raise UserError(
            f"{homes[0].path} holds no arm of {recipe.name} yet: run `dp-clinical experiment {recipe.name}` first"
        )
    return [open_home(home.path) for home in begun]


def _run_seed(recipe: "Recipe", home: Home, corpus: Path | None) -> None:
    from dp_clinical_pipeline.cli.demo import furnish
    from dp_clinical_pipeline.cli.intake import take_in
    from dp_clinical_pipeline.cli.lineage import run_lineage
    from dp_clinical_pipeline.models.base import base_model

    for generator in (*recipe.generators, *recipe.untuned_too):
        base_model(home, "generators", generator)  # one that is missing is said before the corpus is read
    if recipe.corpus and corpus:
        take_in(home, corpus, recipe.corpus)
    else:
        furnish(home)
    run_lineage(home, recipe.cells, recipe.classifiers, lambda out: study_arms(recipe, home, out))


def study_arms(recipe: "Recipe", home: Home, out: "Console") -> None:
    """Train and test the arms that the study adds to the lineage's, saying which."""
    from dp_clinical_pipeline.experiments.extra_arms import train_extra_arms

    train_extra_arms(home, recipe, lambda what: out.print(f"[green]+[/green] {what}"))


def print_study(recipe: "Recipe", tables: "StudyTables", as_json: bool) -> None:
    """Print a study's tables to standard output."""
    from dp_clinical_pipeline.experiments.markdown import study_markdown

    if as_json:
        rows = {name: frame.to_dicts() for name, frame in tables.frames().items()}
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
    else:
        sys.stdout.write(study_markdown(recipe, tables))


def _list(as_json: bool) -> None:
    import polars as pl

    from dp_clinical_pipeline.experiments.recipe import recipe, recipe_names

    rows = [
        {
            "name": one.name, "hours": one.hours, "corpus": one.corpus or "made-up hospital",
            "cells": len(one.cells) + len(one.classifiers), "seeds": len(one.seeds), "about": one.about.strip(),
        }
        for one in map(recipe, recipe_names())
    ]  # fmt: skip
    show(pl.DataFrame(rows), "json" if as_json else "table")
