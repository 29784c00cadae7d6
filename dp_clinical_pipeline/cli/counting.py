"""`counts`: numbers about real patients that may leave, bought one question at a time."""

from typing import Annotated

import typer

from dp_clinical_pipeline.cli.common import Format, HomeOption, console, existing_home, show
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

counts = typer.Typer(
    help="Buy noisy counts of real patients, which may leave. Each is answered once; asked again, it costs nothing.",
    no_args_is_help=True,
)
EpsilonOption = Annotated[float, typer.Option("--epsilon", help="What the answer may cost.", min=0.001, max=100.0)]
FormatOption = Annotated[Format, typer.Option("--format", help="table, csv or json")]


@counts.command("lengths")
def lengths(
    epsilon: EpsilonOption,
    edges: Annotated[str, typer.Option(help="Where bins end, in words, from public knowledge.")] = "25,50,100,200,400",
    format: FormatOption = "table",
    home: HomeOption = None,
) -> None:
    """Buy how long the training patients' reports are: one report each, in bins of words.

    Example: `dp-clinical counts lengths --epsilon 0.1 --edges 50,100,200`
    """
    from dp_clinical_pipeline.privacy.queries import LengthHistogram
    from dp_clinical_pipeline.privacy.releases import release_lengths

    try:
        query = LengthHistogram(edges=tuple(int(edge) for edge in edges.split(",")))
    except ValueError:
        raise UserError(f"--edges {edges[:60]!r} are not ascending numbers above 0: write 50,100,200") from None
    here = existing_home(home)
    frame = release_lengths(here, query, epsilon)
    show(frame.select("label", "other", "noisy_count", "noise_std").rename({"label": "from", "other": "below"}), format)
    _say_what_is_left(here)


@counts.command("scores")
def scores(
    arm: Annotated[str, typer.Argument(help="synthetic, dp_classifier or dp-linear: a private model's.")],
    classifier: Annotated[str, typer.Argument(help="As the table predictions names it: tfidf-logreg.")],
    budget: Annotated[str, typer.Argument(help="The cell's budget: eps-8.")],
    epsilon: EpsilonOption,
    generator: Annotated[str | None, typer.Option(help="The cell's generator, for the arm synthetic.")] = None,
    labels_per_patient: Annotated[
        int | None, typer.Option(help="Labels of a patient that count; default: privacy.labels_per_report.", min=1)
    ] = None,
    format: FormatOption = "table",
    home: HomeOption = None,
) -> None:
    """Buy what a private model gets right on the real test patients, label by label, and print the F1 made of it.

    Example: `dp-clinical counts scores synthetic tfidf-logreg eps-8 --generator smollm2-135m --epsilon 0.5`
    """
    from dp_clinical_pipeline.privacy.releases import f1_of, release_scores

    here = existing_home(home)
    cap = labels_per_patient or here.settings.privacy.labels_per_report
    frame = release_scores(here, arm, classifier, budget, epsilon, labels_per_patient=cap, generator=generator)
    show(f1_of(here, frame, cap), format)
    _say_what_is_left(here)


def _say_what_is_left(home: Home) -> None:
    from dp_clinical_pipeline.privacy.ledger import open_ledger

    ledger = open_ledger(home)
    console().print(
        f"claim: ε {ledger.cumulative()[0]:.4g} of {ledger.cap_epsilon:g}; left below the cap: {ledger.remaining():.4g}",
        soft_wrap=True,
    )
