"""The plan of this population: the cells of the settings, declared before the first mechanism."""

from collections.abc import Sequence

from dp_clinical_pipeline.defs.cells import Cell, planned_classifiers
from dp_clinical_pipeline.home import Home


def planned_cells(home: Home) -> list[Cell]:
    """Return every (generator, budget) of the settings."""
    settings = home.settings
    return [(generator, budget) for generator in settings.models.generators for budget in settings.budgets]


def declare_planned(home: Home, cells: Sequence[Cell] = (), classifiers: Sequence[Cell] = ()) -> None:
    """Declare the plan where there is none yet: the given cells, else those of the settings."""
    from dp_clinical_pipeline.privacy.plan import declare_plan

    if not (cells or classifiers):
        cells, classifiers = planned_cells(home), planned_classifiers(home)
    declare_plan(home, cells, classifiers)
