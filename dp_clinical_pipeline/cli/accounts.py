"""`budgets`, `plan` and `ledger`: what may be spent, what a plan costs, what was spent."""

import json
import sys
from typing import Annotated

import typer

from dp_clinical_pipeline.cli.common import HomeOption, JsonOption, console, existing_home, show

budgets = typer.Typer(help="List and register privacy budgets. Registering spends nothing.", no_args_is_help=True)


@budgets.command("list")
def list_budgets(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the budgets of the home.

    Example: `dp-clinical budgets list`
    """
    from dp_clinical_pipeline.cli.runner import Runner
    from dp_clinical_pipeline.defs.budgets import registered

    here = existing_home(home)
    with Runner(here) as runner:
        keys = list(dict.fromkeys([*here.settings.budgets, *registered(runner.instance)]))
    sys.stdout.write(json.dumps(keys) + "\n" if as_json else "".join(f"{key}\n" for key in keys))


@budgets.command("add")
def add_budgets(
    keys: Annotated[list[str], typer.Argument(help="eps-2, eps-0.5, nonprivate…")], home: HomeOption = None
) -> None:
    """Register budgets in the settings and in Dagster; nothing is launched or spent.

    Example: `dp-clinical budgets add eps-2 eps-0.5`
    """
    from dp_clinical_pipeline.cli.runner import Runner
    from dp_clinical_pipeline.defs.budgets import register_budgets

    here = existing_home(home)
    with Runner(here) as runner:
        new = register_budgets(here, runner.instance, keys)
    console().print(f"registered: {', '.join(new)}" if new else "all of them were registered already")


def plan(
    generator: Annotated[list[str] | None, typer.Option(help="Only these generators; repeat it.")] = None,
    budget: Annotated[list[str] | None, typer.Option(help="Only these budgets; repeat it.")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show what cells would cost before anything is spent: noise, steps, and whether the cap admits them.

    Examples:

    `dp-clinical plan`

    `dp-clinical plan --budget eps-2 --budget eps-8`
    """
    from dp_clinical_pipeline.defs.cells import chosen_budgets, chosen_generators
    from dp_clinical_pipeline.privacy.plan import describe_plan

    here = existing_home(home)
    frame = describe_plan(here, chosen_budgets(here, budget or ()), chosen_generators(here, generator or ()))
    show(frame, "json" if as_json else "table")


def ledger(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """Show every mechanism that read this population, what it cost, and what is left under the cap.

    Examples:

    `dp-clinical ledger`

    `dp-clinical ledger --json`
    """
    from dp_clinical_pipeline.privacy.ledger import open_ledger

    here = existing_home(home)
    account = open_ledger(here)
    account.verify()
    view = account.public_view()
    epsilon, delta = account.cumulative()
    cap, remaining = here.settings.privacy.cap_epsilon, account.remaining()
    if as_json:
        about = {
            "cumulative_epsilon": epsilon,
            "delta": delta,
            "cap_epsilon": cap,
            "remaining_epsilon": remaining,
        }
        sys.stdout.write(json.dumps(about | {"mechanisms": view.to_dicts()}, default=str, indent=1) + "\n")
        return
    show(view.drop("event", "row_sha256"))
    console().print(f"spent: ε {epsilon:.4g} at δ {delta:.3g}; cap: {cap:g}; left: {remaining:.4g}")
