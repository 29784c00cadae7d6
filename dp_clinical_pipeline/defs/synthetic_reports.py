"""Stage 6: synthetic notes."""

import dagster as dg

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.label_marginals import covered
from dp_clinical_pipeline.defs.partitions import cell, grid
from dp_clinical_pipeline.defs.progress import observer, writing
from dp_clinical_pipeline.defs.resources import TORCH_POOL, TORCH_TAGS, ComputeDevice, HomeResource

SYNTHESIS = "team:synthesis"


@dg.asset(
    deps=["generator_adapter", "label_marginals"],
    partitions_def=grid,
    group_name="synthesis",
    kinds={"pytorch", "huggingface"},
    owners=[SYNTHESIS],
    pool=TORCH_POOL,
    op_tags=TORCH_TAGS,
)
@guarded
def synthetic_reports(
    context: dg.AssetExecutionContext, home: HomeResource, compute: ComputeDevice
) -> dg.MaterializeResult:
    """Notes about patients who do not exist: findings drawn from the noisy counts, written up by the adapted model.

    A note is accepted when it states the findings that it was asked to state and breaks no rule; refused ones are kept
    with the reason. Costs no further privacy, however many notes are made.
    """
    from dp_clinical_pipeline.synthesis.generate import generate_cell

    generator, budget = cell(context)
    here, device = compute.claim(context, home.open())
    private = budget == NONPRIVATE
    watch = writing(observer(context, stored=not private), here.settings.generation.accepted)
    facts = generate_cell(here, generator, budget, on_progress=watch)
    counts = {} if private else covered(accepted=facts.accepted, tried=facts.tried)
    return dg.MaterializeResult(metadata=counts | device)
