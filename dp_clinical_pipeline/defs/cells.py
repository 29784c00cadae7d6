"""Which cells a verb or a job is about."""

from collections.abc import Sequence

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home


def chosen_generators(home: Home, names: Sequence[str]) -> list[str]:
    """Return the generators named, else all of the settings.

    Raises:
        UserError: one of them is not in the settings.
    """
    known = home.settings.models.generators
    for name in names:
        if name not in known:
            raise UserError(
                f"{name[:60]!r} is not a generator of this home: use {', '.join(known) or 'one'}, or add it under "
                "models.generators in settings.yaml"
            )
    return list(dict.fromkeys(names or known))


def chosen_budgets(home: Home, keys: Sequence[str]) -> list[str]:
    """Return the budgets named, else all of the settings.

    Raises:
        UserError: one of them is not a budget in its canonical form.
    """
    for key in keys:
        budget_epsilon(key)
    return list(dict.fromkeys(keys or home.settings.budgets))
