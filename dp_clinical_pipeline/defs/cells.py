"""Which cells a verb or a job is about."""

from collections.abc import Sequence

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

Cell = tuple[str, str]


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


def chosen_encoders(home: Home, names: Sequence[str]) -> list[str]:
    """Return the encoders named, once each.

    Raises:
        UserError: one of them is not in the settings.
    """
    known = home.settings.models.encoders
    for name in names:
        if name not in known:
            raise UserError(
                f"{name[:60]!r} is not an encoder of this home: use {', '.join(known) or 'one'}, or add it under "
                "models.encoders in settings.yaml"
            )
    return list(dict.fromkeys(names))


def chosen_cells(
    home: Home, generators: Sequence[str], encoders: Sequence[str], budgets: Sequence[str]
) -> tuple[list[Cell], list[Cell]]:
    """Return the cells of generators and those of classifiers that are asked for.

    Where only encoders are named, only their cells are meant; where no model is named, all that the settings list.

    Raises:
        UserError: a model is not in the settings, or a budget is not in its canonical form.
    """
    keys = chosen_budgets(home, budgets)
    classifiers = [(name, key) for key in keys for name in chosen_encoders(home, encoders)]
    if encoders and not generators:
        return [], classifiers
    cells = [(name, key) for key in keys for name in chosen_generators(home, generators)]
    if not (generators or encoders or budgets):
        classifiers = planned_classifiers(home)
    return cells, classifiers


def planned_classifiers(home: Home) -> list[Cell]:
    """Return every (encoder, budget) that the settings list."""
    settings = home.settings
    return [(encoder, budget) for budget in settings.classifier_budgets for encoder in settings.models.encoders]


def chosen_budgets(home: Home, keys: Sequence[str]) -> list[str]:
    """Return the budgets named, else all of the settings.

    Raises:
        UserError: one of them is not a budget in its canonical form.
    """
    for key in keys:
        budget_epsilon(key)
    return list(dict.fromkeys(keys or home.settings.budgets))
