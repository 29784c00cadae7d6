"""`query`: SQL over the home's tables."""

from typing import Annotated

import typer

from dp_clinical_pipeline.cli.common import Format, HomeOption, existing_home, show


def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement, in DuckDB's dialect.")],
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = "table",
    public: Annotated[bool, typer.Option("--public", help="See only what the ledger covers.")] = False,
    home: HomeOption = None,
) -> None:
    """Ask a question of the home's tables: every table is a view of its own name.

    Without `--public` the answer may hold patients' text: it stays on this machine.

    Examples:

    `dp-clinical query "SELECT reason, count(*) FROM rejected_reports GROUP BY ALL"`

    `dp-clinical query "FROM privacy_ledger" --public --format json`
    """
    from dp_clinical_pipeline.store import query as ask

    show(ask(existing_home(home), sql, public=public), format)
