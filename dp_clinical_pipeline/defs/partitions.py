"""How the lineage is cut: batches as they arrive, budgets as they are registered, generators from the settings."""

import dagster as dg

from dp_clinical_pipeline.config import Settings, read_settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, home_path


def settings_or_default() -> Settings:
    """Return the settings of the home in use, or the defaults where there is none yet: the location must load.

    Raises:
        UserError: there is a settings file, and it is wrong.
    """
    home = Home(home_path())
    return read_settings(home.settings_file) if home.settings_file.exists() else Settings()


def _generators() -> list[str]:
    names = list(settings_or_default().models.generators)
    for name in names:
        if not all(letter.isalnum() or letter in "._-" for letter in name):
            raise UserError(f"generator {name[:40]!r}: use letters, digits, '.', '_' and '-' in a model's name")
    return names


batches = dg.DynamicPartitionsDefinition(name="batch")
budgets = dg.DynamicPartitionsDefinition(name="privacy_budget")
generators = dg.StaticPartitionsDefinition(_generators())
grid = dg.MultiPartitionsDefinition({"generator": generators, "budget": budgets})


def cell_key(generator: str, budget: str) -> dg.MultiPartitionKey:
    """Return the partition key of a cell."""
    return dg.MultiPartitionKey({"generator": generator, "budget": budget})


def cell(context: dg.AssetExecutionContext) -> tuple[str, str]:
    """Return (generator, budget) of the cell that a step works on.

    A run launched with only the `dagster/partition` tag carries a plain string, in the order of dimension names.
    """
    key = context.partition_key
    if isinstance(key, dg.MultiPartitionKey):
        return key.keys_by_dimension["generator"], key.keys_by_dimension["budget"]
    budget, _, generator = key.partition("|")
    return generator, budget
