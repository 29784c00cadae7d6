"""`select`: a classifier's learning rate, chosen by trainings that are paid for."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dp_clinical_pipeline.cli.common import HomeOption, JsonOption, console, existing_home, show
from dp_clinical_pipeline.home import Home

if TYPE_CHECKING:
    from dp_clinical_pipeline.training.selection import Selected


def select(
    encoder: Annotated[str, typer.Argument(help="The encoder whose classifier is trained.")],
    budget: Annotated[str, typer.Argument(help="What all runs together may cost: eps-4.")],
    learning_rate: Annotated[list[float], typer.Option(help="A rate to choose from; repeat it.")],
    runs: Annotated[int, typer.Option(min=1, help="Trainings on average; how many there are is drawn by lot.")] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost, and spend nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Choose a classifier's learning rate by private trainings, and keep the best one as the classifier of the cell.

    Costs the whole budget, once, reserved before anything is read: ENCODER|BUDGET is then trained, and `run` keeps it.
    Every run gets more noise than a single training at that budget would, the more the larger --runs is; a tenth of the
    budget goes to scores on the validation patients. It has no place in the plan, so that the ledger's claim grows by
    more than the budget: --dry-run says to what.

    How many runs there were is secret, for the price rests on it: no progress is shown, and whoever watches the time or
    the enclave is not covered. Killed, the same command goes on at no further cost.

    Examples:

    `dp-clinical select minilm-l6 eps-4 --learning-rate 6 --learning-rate 12 --learning-rate 24 --dry-run`

    `dp-clinical select minilm-l6 eps-4 --learning-rate 6 --learning-rate 12 --learning-rate 24`
    """
    from dp_clinical_pipeline.defs.cells import chosen_encoders

    here = existing_home(home)
    chosen_encoders(here, [encoder])
    if dry_run:
        _show(_price(here, budget, runs), as_json)
        return
    from dp_clinical_pipeline.training.classifier_cell import predict_test
    from dp_clinical_pipeline.training.selection import select_classifier

    with console().status("training and scoring; how often is drawn by lot, and not shown"):
        selected = select_classifier(here, encoder, budget, learning_rate, mean_runs=runs)
        predict_test(here, encoder, budget)
    _show_in_dagster(here, encoder, budget, selected)
    _show(asdict(selected), as_json)


def _price(home: Home, budget: str, runs: int) -> dict[str, Any]:
    """What the runs would get, the noise of one training at the same budget beside it, and the claim before and after."""
    from dp_clinical_pipeline.privacy.count import public_count
    from dp_clinical_pipeline.privacy.ledger import open_ledger
    from dp_clinical_pipeline.privacy.selection import claim_with
    from dp_clinical_pipeline.privacy.terms import classifier_terms
    from dp_clinical_pipeline.training.selection import classifier_selection_terms

    terms, ledger = classifier_selection_terms(home, budget, runs, buy=False), open_ledger(home)
    alone = classifier_terms(home.settings, budget, public_count(home, buy=False))
    claim = claim_with(home, terms)
    return asdict(terms) | {
        "noise_multiplier_alone": alone.noise_multiplier,
        "claim_before": ledger.cumulative()[0],
        "claim": claim,
        "cap_epsilon": ledger.cap_epsilon,
        "fits": claim <= ledger.cap_epsilon,
    }


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        return
    import polars as pl

    show(pl.DataFrame([found]))


def _show_in_dagster(home: Home, encoder: str, budget: str, selected: "Selected") -> None:
    """Record what this process did as the asset's materialization."""
    from dp_clinical_pipeline.defs.runner import Runner
    from dp_clinical_pipeline.defs.selection import selected_classifier

    with Runner(home) as runner:
        runner.instance.report_runless_asset_event(selected_classifier(encoder, budget, selected))
