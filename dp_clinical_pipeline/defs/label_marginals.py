"""Stage 4: how often each label and pair of labels occurs, with noise."""

import dagster as dg

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.partitions import budgets
from dp_clinical_pipeline.defs.plan import declare_planned
from dp_clinical_pipeline.defs.resources import POPULATION_POOL, HomeResource

PRIVACY = "team:privacy"


@dg.asset(
    deps=["cohort"],
    partitions_def=budgets,
    group_name="privacy",
    kinds={"python", "parquet"},
    owners=[PRIVACY],
    pool=POPULATION_POOL,
)
@guarded
def label_marginals(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """Noisy counts of labels and pairs of labels over a public code list: what synthetic patients are drawn from.

    Spends this budget's share for counts, once; all generators with this budget read the same counts. Under `nonprivate`
    the counts are exact and stay in the enclave.
    """
    from dp_clinical_pipeline.privacy.marginals import release_marginals

    budget = context.partition_key
    declare_planned(home.open())
    facts = release_marginals(home.open(), budget)
    return dg.MaterializeResult(metadata=covered(epsilon=facts.epsilon, noise_std=facts.noise_std))


def covered(**facts: float | int | str | None) -> dict[str, float | int | str]:
    """Return the facts that are there: what a ledgered mechanism covers, or public settings. Never anything exact."""
    return {name: value for name, value in facts.items() if value is not None}
