"""`plan`: what cells, or a training on a corpus that is not there, would cost before anything is spent."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dp_clinical_pipeline.cli.common import HomeOption, JsonOption, console, existing_home, show
from dp_clinical_pipeline.errors import UserError

if TYPE_CHECKING:
    from dp_clinical_pipeline.privacy.accounting import Calibration
    from dp_clinical_pipeline.privacy.outlook import Outlook


def plan(
    generator: Annotated[list[str] | None, typer.Option(help="Only these generators; repeat it.")] = None,
    budget: Annotated[list[str] | None, typer.Option(help="Only these budgets; repeat it.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="Without a home: the epsilon that noise is wanted for.")] = None,
    noise_multiplier: Annotated[float | None, typer.Option(help="Or the noise whose epsilon is wanted.")] = None,
    delta: Annotated[float | None, typer.Option(help="Without a home: delta, below one over the patients.")] = None,
    sample_rate: Annotated[float | None, typer.Option(help="Without a home: a step's share of the patients.")] = None,
    steps: Annotated[int | None, typer.Option(help="Without a home: steps of the training.")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show what cells would cost before anything is spent: noise, steps, retrainings, and what the cap admits.

    With --epsilon or --noise-multiplier, --delta, --sample-rate and --steps it answers for a corpus that is not there.

    Examples:

    `dp-clinical plan`

    `dp-clinical plan --budget eps-2 --budget eps-8`

    `dp-clinical plan --epsilon 1 --delta 1e-5 --sample-rate 0.008 --steps 500 --json`
    """
    facts = (epsilon, noise_multiplier, delta, sample_rate, steps)
    if any(fact is not None for fact in facts):
        if generator or budget:
            raise UserError("--generator and --budget are a home's: leave them out where epsilon or noise is given")
        _show_training(_training(epsilon, noise_multiplier, delta, sample_rate, steps), as_json)
        return
    from dp_clinical_pipeline.defs.cells import chosen_budgets, chosen_generators, planned_classifiers
    from dp_clinical_pipeline.privacy.outlook import outlook

    here = existing_home(home)
    classifiers = [] if generator or budget else planned_classifiers(here)
    budgets, generators = chosen_budgets(here, budget or ()), chosen_generators(here, generator or ())
    _show_outlook(outlook(here, budgets, generators, classifiers), as_json)


def _training(
    epsilon: float | None,
    noise_multiplier: float | None,
    delta: float | None,
    sample_rate: float | None,
    steps: int | None,
) -> "Calibration":
    from dp_clinical_pipeline.privacy.accounting import calibrate, evaluate

    if (epsilon is None) == (noise_multiplier is None):
        raise UserError("give --epsilon or --noise-multiplier: one of them, and not both")
    if delta is None or sample_rate is None or steps is None:
        named = {"--delta": delta, "--sample-rate": sample_rate, "--steps": steps}
        raise UserError(f"without a home {', '.join(k for k, v in named.items() if v is None)} must be given too")
    if epsilon is not None:
        return calibrate(epsilon=epsilon, delta=delta, sample_rate=sample_rate, steps=steps).check()
    assert noise_multiplier is not None
    return evaluate(noise_multiplier=noise_multiplier, delta=delta, sample_rate=sample_rate, steps=steps).check()


def _show_training(found: "Calibration", as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(asdict(found), indent=1) + "\n")
        return
    import polars as pl

    show(pl.DataFrame([asdict(found)]))


def _show_outlook(seen: "Outlook", as_json: bool) -> None:
    if as_json:
        about = {
            "declared": seen.declared,
            "claim_epsilon": seen.claim,
            "delta": seen.delta,
            "cap_epsilon": seen.cap,
            "remaining_epsilon": seen.left,
            "retraining_budget": seen.retraining_budget,
            "retrainings_planned": seen.retrainings_planned,
            "retrainings_that_fit": seen.retrainings_that_fit,
            "warnings": seen.warnings,
            "parts": seen.table.to_dicts(),
        }
        sys.stdout.write(json.dumps(about, indent=1) + "\n")
        return
    show(seen.table)
    out = console()
    state = "the plan is declared" if seen.declared else "no plan is declared yet; as one plan"
    out.print(
        f"{state}: claim with all of it ε {seen.claim:.4g} at δ {seen.delta:.3g}; cap: {seen.cap:g}; left: {seen.left:.4g}",
        soft_wrap=True,
    )
    out.print(
        f"retrainings at {seen.retraining_budget}: {seen.retrainings_planned} planned, "
        f"{seen.retrainings_that_fit} would fit",
        soft_wrap=True,
    )
    for warning in seen.warnings:
        out.print(f"warning: {warning}", soft_wrap=True)
