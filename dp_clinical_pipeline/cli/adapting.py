"""`adapt`: a generator that has read public reports before any private one."""

from pathlib import Path
from typing import Annotated

import typer

from dp_clinical_pipeline.cli.common import console
from dp_clinical_pipeline.cli.pretraining import public_steps
from dp_clinical_pipeline.labelsets import label_set as label_set_of


def adapt(
    folder: Annotated[
        Path, typer.Argument(help="Where the model goes: $DP_CLINICAL_MODELS/NAME, HOME/models/NAME, or anywhere else.")
    ],
    corpus: Annotated[
        list[str],
        typer.Option(
            help="PUBLIC reports: FORMAT=PATH (openi, ct-rate, cmc, …), COLUMN+COLUMN=PATH of a CSV file, whose columns are "
            "joined, or its PATH alone for a column `text`. May be given again."
        ),
    ],
    label_set: Annotated[str, typer.Option(help="Whose labels the records name: that of the home to be tuned.")],
    licence: Annotated[
        str,
        typer.Option(help="Why anyone may read that text: its licence, and who states it. Goes into the model's card."),
    ],
    generator: Annotated[
        str, typer.Option(help="The base: the name of a packaged model, a folder, or a hub id.")
    ] = "smollm2-135m",
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Steps of some 32 notes; default: as many as draw each note once in the mean."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the adapter and of the order.")] = 0,
) -> None:
    """Have a generator read PUBLIC reports, each as the answer to its record, before any private one.

    Private steps then need not teach what reports of a kind have in common, so that the same epsilon buys more. Reports
    are cut into pieces as long as notes; public rules read in each what it states.

    **The text must be public.** Whatever is in it can come out of the model word for word, no ledger counts it, and no
    epsilon covers it. What lies in a home is refused; a private file that was copied elsewhere cannot be told from a
    public one. Do not use the corpus of any home that is to be tuned from this model: its epsilon would say nothing.

    About half an hour on two cores for 4,700 short notes. Stopped or killed, the same command goes on from the last
    checkpoint. Then name it in settings.yaml: `models: {generators: {NAME: FOLDER}}`, or `{NAME: pretrained}` where FOLDER
    is NAME in the home's models folder.

    Examples:

    `dp-clinical adapt $DP_CLINICAL_MODELS/smollm2-chest --label-set nih14 --licence "CT-RATE, CC BY-NC-SA 4.0"
    --corpus ct-rate=../shared/data/ct_rate/reports.csv`

    `dp-clinical adapt ./tried --label-set cmc45 --corpus indication+impression=public.csv --steps 20
    --licence "CC BY 4.0, its authors"`
    """
    from dp_clinical_pipeline.models.base import named_base
    from dp_clinical_pipeline.training.adapting import AdaptSpec
    from dp_clinical_pipeline.training.adapting import adapt as adapted
    from dp_clinical_pipeline.training.public_notes import read_public_notes
    from dp_clinical_pipeline.training.public_text import outside_homes

    out, spec, labels = console(), AdaptSpec(steps=steps, seed=seed), label_set_of(label_set)
    base = named_base(outside_homes(folder).parent, generator)
    public = read_public_notes(corpus, spec.longest_words)
    out.print(
        f"[bold yellow]{', '.join(str(source['name']) for source in public.sources)} must be PUBLIC text[/bold yellow]: the "
        f"model may repeat any of it, and no ledger counts it. Stated: {licence}"
    )
    with public_steps(out) as on_progress:
        made = adapted(folder, base, public, labels, licence, spec, on_progress)
    facts = made.manifest
    out.print(
        f"{made.folder}: {'made' if made.fresh else 'was there already'} from {base.name}, {facts['steps']} steps over "
        f"{facts['notes']} notes; held-out loss of a note's token {facts['loss_before']:g} before, {facts['loss']:g} after"
    )
