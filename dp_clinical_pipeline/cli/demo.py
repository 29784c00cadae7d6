"""`demo`: a made-up hospital, and the whole lineage on it."""

import os
from pathlib import Path

from dp_clinical_pipeline.cli.common import HomeOption, chosen_home
from dp_clinical_pipeline.cli.experiment import study_arms
from dp_clinical_pipeline.cli.lineage import run_lineage
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import HOME_VARIABLE, Home

_CHECKOUT = Path(__file__).resolve().parents[2]


def demo(home: HomeOption = None) -> None:
    """Make a hospital up and run the whole lineage on it: minutes the first time, seconds the next.

    The study `demo` is part of it: `dp-clinical experiment demo --from-tables --home data/demo` prints its answers.

    The home is data/demo in the checkout unless you name another. Nothing in it is about anybody.

    Examples:

    `dp-clinical demo`

    `dp-clinical demo --home ~/demo`
    """
    from dp_clinical_pipeline.defs.cells import chosen_cells
    from dp_clinical_pipeline.demo.settings import demo_settings
    from dp_clinical_pipeline.experiments.recipe import recipe
    from dp_clinical_pipeline.experiments.results import write_results

    here = chosen_home(home or _demo_folder()).create(demo_settings())
    if here.settings.kind != "demo":
        raise UserError(f"{here.path} is a {here.settings.kind} home: give the demo another folder with --home")
    furnish(here)
    study = recipe("demo")
    run_lineage(here, *chosen_cells(here, (), (), ()), more_arms=lambda out: study_arms(study, here, out))
    write_results(study, [here])


def furnish(home: Home) -> None:
    """Put the hospital's files into incoming/ and its gold into the enclave, once.

    Raises:
        UserError: the disk is full or the home cannot be written.
    """
    from dp_clinical_pipeline.corpora.incoming import collect_incoming
    from dp_clinical_pipeline.demo.hospital import write_hospital
    from dp_clinical_pipeline.demo.settings import PATIENTS
    from dp_clinical_pipeline.store import Store
    from dp_clinical_pipeline.tables import PLANTED_IDENTIFIERS

    if Store(home).exists(PLANTED_IDENTIFIERS):
        return
    try:
        hospital = write_hospital(home.incoming, patients=PATIENTS)
    except OSError as error:
        raise UserError(f"cannot write the made-up hospital: {error.strerror}") from None
    Store(home).write(PLANTED_IDENTIFIERS, hospital.gold_frame())
    collect_incoming(home)  # whole: this process wrote it


def _demo_folder() -> Path | None:
    if os.environ.get(HOME_VARIABLE):
        return None
    return (_CHECKOUT if (_CHECKOUT / "pyproject.toml").exists() else Path.cwd()) / "data" / "demo"
