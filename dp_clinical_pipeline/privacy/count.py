"""The public number of patients: declared, or bought once with discrete Laplace noise before anything else."""

from fractions import Fraction

import polars as pl
from filelock import FileLock

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import COUNT, Mechanism, event_to_json
from dp_clinical_pipeline.privacy.attempts import running
from dp_clinical_pipeline.privacy.cohort import count_units
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import RandomSource, SystemSource, discrete_laplace
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, LABEL_MARGINALS

_PARTITION = "patient_count"


def public_count(home: Home, *, buy: bool = True, source: RandomSource | None = None) -> int:
    """Return the patient count that sets the sampling rate and delta.

    Guarantee: epsilon is `patients.count_epsilon` (pure), the sensitivity one patient, paid once in a home's life.

    Raises:
        UserError: no count is declared or bought, and it may not or cannot be bought now.
    """
    if home.settings.patients.count is not None:
        return home.settings.patients.count
    store = Store(home)
    if store.exists(LABEL_MARGINALS, _PARTITION, budget=COUNT):
        return max(2, round(store.read(LABEL_MARGINALS, _PARTITION, budget=COUNT)["noisy_count"].item()))
    if not buy:
        raise UserError(
            "the number of patients is neither declared (patients.count in settings.yaml) nor bought: `run` buys it with "
            f"epsilon {home.settings.patients.count_epsilon:g}"
        )
    if not store.files(COHORT):
        raise UserError("no cohort yet: ingest a corpus and materialize cohort first")
    with FileLock(home.enclave / ".patient_count.lock"):
        if store.exists(LABEL_MARGINALS, _PARTITION, budget=COUNT):
            return public_count(home, buy=False)  # another process bought it meanwhile
        return _buy(home, store, source or SystemSource())


def _buy(home: Home, store: Store, source: RandomSource) -> int:
    from dp_accounting import dp_event

    epsilon = home.settings.patients.count_epsilon
    ledger = open_ledger(home)
    events = {COUNT: [event_to_json(dp_event.DiscreteLaplaceDpEvent(epsilon, 1))]}
    mechanism = ledger.reserve(
        Mechanism(kind=COUNT, cell=None, events=events, epsilon=epsilon, delta=0.0, noise_source=source.name)
    )
    with running(ledger, mechanism, source.name):
        exact = count_units(home)
        noisy = exact + discrete_laplace(source, 1 / Fraction(epsilon))
        row = {
            "budget": COUNT, "mechanism_id": mechanism.mechanism_id, "kind": COUNT, "label": None, "other": None,
            "noisy_count": float(noisy), "noise_std": 2**0.5 / epsilon,
        }  # fmt: skip
        store.write(LABEL_MARGINALS, pl.DataFrame([row], schema=LABEL_MARGINALS.schema), _PARTITION, budget=COUNT)
    return max(2, noisy)
