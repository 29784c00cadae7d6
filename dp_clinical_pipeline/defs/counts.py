"""Jobs that buy noisy counts: what `dp-clinical counts` does, from the UI's launchpad."""

import dagster as dg
from pydantic import Field

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.jobs import NO_RETRIES
from dp_clinical_pipeline.defs.resources import HomeResource
from dp_clinical_pipeline.errors import UserError


class Lengths(dg.Config):
    """Where bins end, in words, and what the answer may cost."""

    edges: list[int] = Field(default=[25, 50, 100, 200, 400])
    epsilon: float


class Scores(dg.Config):
    """Whose outcomes on the real test patients are counted, and what the answer may cost."""

    arm: str
    classifier: str
    budget: str
    generator: str | None = None
    epsilon: float
    labels_per_patient: int | None = None


@dg.op(description="Buy the histogram of report lengths, once; it lies in the lake's label_marginals.")
@guarded
def count_lengths(context: dg.OpExecutionContext, config: Lengths, home: HomeResource) -> None:
    from dp_clinical_pipeline.privacy.queries import LengthHistogram
    from dp_clinical_pipeline.privacy.releases import release_lengths

    try:
        query = LengthHistogram(edges=tuple(config.edges))
    except ValueError:
        raise UserError("edges are not ascending numbers above 0: write [50, 100, 200]") from None
    release_lengths(home.open(), query, config.epsilon)
    context.log.info("bought: `dp-clinical query` shows it in label_marginals, kind length")


@dg.op(description="Buy true positives, false positives and false negatives of a private model, once, and their F1.")
@guarded
def count_scores(context: dg.OpExecutionContext, config: Scores, home: HomeResource) -> None:
    from dp_clinical_pipeline.privacy.releases import f1_of, release_scores

    here = home.open()
    cap = config.labels_per_patient or here.settings.privacy.labels_per_report
    frame = release_scores(
        here, config.arm, config.classifier, config.budget, config.epsilon, labels_per_patient=cap,
        generator=config.generator,
    )  # fmt: skip
    for label, score in f1_of(here, frame, cap).iter_rows():
        context.log.info(f"F1 of {label}: {score:.3f}")


@dg.job(description="How long reports are, with noise that the ledger holds.", tags=NO_RETRIES)
def buy_lengths() -> None:
    count_lengths()


@dg.job(
    description="What a private model gets right on real patients, with noise that the ledger holds.", tags=NO_RETRIES
)
def buy_scores() -> None:
    count_scores()


COUNTS = (buy_lengths, buy_scores)
