"""Registering a budget: it becomes a column that can be launched, and spends nothing."""

from collections.abc import Iterable

import dagster as dg

from dp_clinical_pipeline.config import budget_epsilon, budget_key
from dp_clinical_pipeline.defs.partitions import budgets
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home


def check_budget(home: Home, key: str) -> None:
    """Check a budget's spelling, and that the home's cap admits it at all.

    Raises:
        UserError: it is not in its canonical form, or above the cap.
    """
    epsilon = budget_epsilon(key)
    cap = home.settings.privacy.cap_epsilon
    if epsilon is not None and epsilon > cap:
        raise UserError(
            f"budget {key} is above the cap of this home ({budget_key(cap)}): choose a smaller one, or have "
            "privacy.cap_epsilon raised in settings.yaml by whoever answers for these patients"
        )


def registered(instance: dg.DagsterInstance) -> list[str]:
    """Return the budgets that are registered in Dagster."""
    return list(instance.get_dynamic_partitions(str(budgets.name)))


def register_budgets(home: Home, instance: dg.DagsterInstance, keys: Iterable[str]) -> list[str]:
    """Add budgets to the settings and to Dagster; return those that were new to Dagster.

    Raises:
        UserError: one of them is not a budget, or above the cap; none is added then.
    """
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        check_budget(home, key)
    settings = home.settings
    unlisted = [key for key in wanted if key not in settings.budgets]
    if unlisted:
        home.save_settings(settings.model_copy(update={"budgets": [*settings.budgets, *unlisted]}))
        vars(home).pop("settings", None)  # a Home reads its settings once
    new = [key for key in wanted if key not in registered(instance)]
    instance.add_dynamic_partitions(str(budgets.name), new)
    return new
