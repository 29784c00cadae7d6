"""`budgets` and `ledger`: what may be spent, what was spent. `plan` stands in `planning`."""

import json
import sys
from typing import Annotated

import typer

from dp_clinical_pipeline.cli.common import HomeOption, JsonOption, console, existing_home, show
from dp_clinical_pipeline.cli.planning import plan as plan

budgets = typer.Typer(help="List and register privacy budgets. Registering spends nothing.", no_args_is_help=True)


@budgets.command("list")
def list_budgets(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the budgets of the home.

    Example: `dp-clinical budgets list`
    """
    from dp_clinical_pipeline.defs.budgets import registered
    from dp_clinical_pipeline.defs.runner import Runner

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
    from dp_clinical_pipeline.defs.budgets import register_budgets
    from dp_clinical_pipeline.defs.runner import Runner

    here = existing_home(home)
    with Runner(here) as runner:
        new = register_budgets(here, runner.instance, keys)
    console().print(f"registered: {', '.join(new)}" if new else "all of them were registered already")


def ledger(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """Show every mechanism that read this population, what it cost, and what is left under the cap.

    The claim holds for everything together: the whole plan, run or not, and what ran outside it. So far is what ran.

    Examples:

    `dp-clinical ledger`

    `dp-clinical ledger --json`
    """
    from dp_clinical_pipeline.privacy.ledger import open_ledger

    here = existing_home(home)
    account = open_ledger(here)
    view = account.public_view()
    claim, delta = account.cumulative()
    so_far, cap, remaining = account.so_far(), account.cap_epsilon, account.remaining()
    if as_json:
        about = {
            "claim_epsilon": claim,
            "so_far_epsilon": so_far,
            "cumulative_epsilon": claim,  # the claim's first name, which scripts may read
            "delta": delta,
            "cap_epsilon": cap,
            "remaining_epsilon": remaining,
            "privacy_unit": account.unit,
        }
        rows = view.rename({"cumulative_epsilon": "so_far_epsilon"}).to_dicts()
        sys.stdout.write(json.dumps(about | {"mechanisms": rows}, default=str, indent=1) + "\n")
        return
    show(view.rename({"cumulative_epsilon": "so_far"}).drop("event", "row_sha256"))
    console().print(
        f"claim: ε {claim:.4g} at δ {delta:.3g} (all that is planned, run or not, and all else that ran); "
        f"so far: ε {so_far:.4g}; cap: {cap:g}; left below it: {remaining:.4g}",
        soft_wrap=True,
    )
    if account.unit != "patient":
        console().print(
            f"[bold red]NOT patient-level:[/] all of it is for one {account.unit} added or removed; a patient with several "
            "is not covered for all of them together",
            soft_wrap=True,
        )
