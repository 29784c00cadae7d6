"""The verbs, in the order in which a newcomer meets them."""

import sys
from typing import Annotated

import typer

from dp_clinical_pipeline import __version__
from dp_clinical_pipeline.cli import (
    accounts,
    adapting,
    counting,
    demo,
    experiment,
    homes,
    intake,
    lineage,
    pretraining,
    releasing,
    selecting,
    tables,
    writing,
)

app = typer.Typer(
    name="dp-clinical",
    help="Clinical notes to synthetic notes and coding models, with patient-level differential privacy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"dp-clinical {__version__}\n")
        raise typer.Exit


app.command("init")(homes.init)
app.command("demo")(demo.demo)
app.command("ingest")(intake.ingest)
app.add_typer(accounts.budgets, name="budgets")
app.command("run")(lineage.run)
app.command("plan")(accounts.plan)
app.command("ledger")(accounts.ledger)
app.add_typer(counting.counts, name="counts")
app.command("select")(selecting.select)
app.command("query")(tables.query)
app.command("report")(lineage.report)
app.command("deid-eval")(intake.deid_eval)
app.command("generate")(writing.generate)
app.command("pretrain")(pretraining.pretrain)
app.command("adapt")(adapting.adapt)
app.command("experiment")(experiment.experiment)
app.command("release")(releasing.release)


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass
