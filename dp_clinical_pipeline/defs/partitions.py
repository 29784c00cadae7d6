"""How the lineage is cut: batches as they arrive, budgets as they are registered, models from the settings."""

from typing import Literal

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


def _models(role: Literal["generators", "encoders"]) -> list[str]:
    names = list(getattr(settings_or_default().models, role))
    for name in names:
        if not all(letter.isalnum() or letter in "._-" for letter in name):
            raise UserError(f"{role}: {name[:40]!r}: use letters, digits, '.', '_' and '-' in a model's name")
    return names


batches = dg.DynamicPartitionsDefinition(name="batch")
budgets = dg.DynamicPartitionsDefinition(name="privacy_budget")
generators = dg.StaticPartitionsDefinition(_models("generators"))
encoders = dg.StaticPartitionsDefinition(_models("encoders"))
grid = dg.MultiPartitionsDefinition({"generator": generators, "budget": budgets})
classifier_grid = dg.MultiPartitionsDefinition({"encoder": encoders, "budget": budgets})


def cell_key(generator: str, budget: str) -> dg.MultiPartitionKey:
    """Return the partition key of a generator's cell."""
    return dg.MultiPartitionKey({"generator": generator, "budget": budget})


def classifier_key(encoder: str, budget: str) -> dg.MultiPartitionKey:
    """Return the partition key of a classifier's cell."""
    return dg.MultiPartitionKey({"encoder": encoder, "budget": budget})


def cell(context: dg.AssetExecutionContext) -> tuple[str, str]:
    """Return (generator or encoder, budget) of the cell that a step works on.

    A run launched with only the `dagster/partition` tag carries a plain string, in the order of dimension names.
    """
    key = context.partition_key
    if isinstance(key, dg.MultiPartitionKey):
        parts = key.keys_by_dimension
        return parts.get("generator") or parts["encoder"], parts["budget"]
    budget, _, model = key.partition("|")
    return model, budget
