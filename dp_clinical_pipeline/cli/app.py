"""The verbs, in the order in which a newcomer meets them."""

import typer

from dp_clinical_pipeline.cli import accounts, demo, homes, intake, lineage, tables, writing

app = typer.Typer(
    name="dp-clinical",
    help="Clinical notes to synthetic notes and coding models, with patient-level differential privacy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init")(homes.init)
app.command("demo")(demo.demo)
app.command("ingest")(intake.ingest)
app.add_typer(accounts.budgets, name="budgets")
app.command("run")(lineage.run)
app.command("plan")(accounts.plan)
app.command("ledger")(accounts.ledger)
app.command("query")(tables.query)
app.command("report")(lineage.report)
app.command("deid-eval")(intake.deid_eval)
app.command("generate")(writing.generate)
