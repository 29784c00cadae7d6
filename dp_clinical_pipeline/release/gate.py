"""The release gate: a pure function from facts to the reasons for which nothing may leave."""

from collections.abc import Iterator
from typing import Any

from dp_clinical_pipeline.release.facts import Account, Entry, Facts

MUST_PASS = {
    "generator": ("epsilon", "canary_epsilon", "empirical_epsilon", "membership_auroc", "identifiers_replayed"),
    "classifier": ("epsilon", "canary_epsilon", "empirical_epsilon", "membership_auroc"),
}
"""Metrics without which nothing passes. Any other metric that failed stops it too."""

TRAINED_BY = {"generator": ("generator",), "classifier": ("classifier", "selection")}
"""The kinds of mechanism that make a cell's artefact."""

MEANING = {
    "epsilon": "the claimed epsilon is above its budget",
    "canary_epsilon": "canaries in a training of the same terms prove more than the claimed epsilon",
    "empirical_epsilon": "the membership attack proves more than the claimed epsilon",
    "membership_auroc": "the membership attack tells patients apart better than the claimed epsilon allows",
    "membership_tpr_at_1pct_fpr": "the membership attack finds more training patients than the claimed epsilon allows",
    "identifiers_replayed": "the notes repeat identifiers of training patients",
    "blind_auroc": "training and hold-out patients differ by themselves, so that the attacks show nothing",
    "longest_rare_run_max": "the notes copy long passages of training patients' reports",
}

_GRID = 5e-3
"""By how much a distribution of losses on one grid may lie above the same on another."""

_MANIFEST = (
    "mechanism_id", "adapter_sha256", "base_sha256", "epsilon", "delta", "noise_multiplier", "sample_rate", "steps",
    "max_grad_norm", "noise_source", "privacy_unit",
)  # fmt: skip


def refusals(facts: Facts) -> list[str]:
    """Return every reason for which a cell may not be released, in plain words; none lets it pass.

    The reasons name checks and public figures. They hold no exact number on real reports.
    """
    return [*_public(facts), *_attacks(facts)]


def _public(facts: Facts) -> Iterator[str]:
    if facts.home_kind != "private":
        yield f"this is a {facts.home_kind} home: only a private one can release"
    if facts.allowed_epsilon is None:
        yield "the budget is nonprivate: nothing covers what it made"
    if facts.row is None:
        yield f"the cell was not trained: materialize {facts.cell.table.name} first"
        return
    yield from _ledger(facts, facts.row)
    yield from _artefact(facts, facts.row)
    if facts.row["noise_source"] != "os":
        yield "its noise or its sampling came from a test seed, not from the operating system's generator"
    if facts.notes:
        if not facts.notes.count:
            yield "the cell has no accepted notes: materialize synthetic_reports"
        if facts.notes.refused:
            yield "notes that the acceptance rules refuse are marked as accepted: materialize synthetic_reports again"
        if facts.notes.foreign:
            yield "notes of another mechanism are among the cell's: materialize synthetic_reports again"


def _ledger(facts: Facts, row: dict[str, Any]) -> Iterator[str]:
    if facts.account is None:
        yield f"the ledger does not verify: {facts.ledger_fault or 'it could not be read'}"
        return
    account = facts.account
    for kind in account.home_kinds:
        if kind is None:
            yield "the ledger does not say in what kind of home all of it was bought: some was before that was recorded"
        elif kind != "private":
            yield f"the ledger was begun in a {kind} home: what was done there no private account covers"
    yield from _entry(account.training, "its training", TRAINED_BY[facts.cell.kind], str(facts.cell))
    if facts.cell.kind == "generator":
        yield from _entry(account.counts, "its label counts", ("marginals",), facts.cell.budget)
    if account.training and facts.allowed_epsilon is not None and account.training.epsilon > facts.allowed_epsilon:
        yield f"the ledger claims epsilon {account.training.epsilon:g} for it, above its budget"
    if facts.allowed_epsilon is not None and (account.cell_epsilon or 0.0) > facts.allowed_epsilon * (1 + _GRID):
        yield f"what the ledger holds of it costs epsilon {account.cell_epsilon:.4g}, above its budget"
    if account.training and not _same_terms(account, row):
        yield "the cell states other terms (epsilon, delta, noise, sample rate, steps) than the ledger holds"
    yield from _noise(account)
    if account.epsilon > account.cap:
        yield f"the cumulative claim, epsilon {account.epsilon:.4g}, is above the cap of {account.cap:g}"


def _noise(account: Account) -> Iterator[str]:
    """The training's own source stands in row and manifest too, which older ledgers did not repeat."""
    if account.seeded:
        yield (
            f"noise or sampling came from a test seed in {', '.join(account.seeded)}: no claim over what the ledger holds "
            "is true"
        )
    for entry, what in ((account.counts, "label counts"), (account.patients, "patient count")):
        if entry and entry.noise_source is None:
            yield f"the ledger does not say where the noise of its {what} came from: it was bought before that was recorded"


def _entry(entry: Entry | None, what: str, kinds: tuple[str, ...], cell: str) -> Iterator[str]:
    if entry is None:
        yield f"{what} cannot be found in the ledger"
    elif entry.kind not in kinds or entry.cell != cell:
        yield f"the ledger holds another mechanism under the id of {what}"
    elif entry.state != "done":
        yield f"the ledger does not hold {what} as done but as {entry.state}"


def _same_terms(account: Account, row: dict[str, Any]) -> bool:
    return account.terms is not None and all(row[name] == value for name, value in vars(account.terms).items())


def _artefact(facts: Facts, row: dict[str, Any]) -> Iterator[str]:
    manifest = facts.manifest
    if manifest is None:
        yield "the artefact has no manifest that can be read"
    elif any(manifest.get(name) != row[name] for name in _MANIFEST):
        yield "the manifest and the cell's row do not say the same"
    if not facts.artefact_digests:
        yield "the weights are missing, or links to some"
    elif (manifest or row)["adapter_sha256"] not in facts.artefact_digests:
        yield "weights or adapter_config.json are not those of the manifest"
    if manifest is not None and facts.account is not None and not facts.account.head_known:
        yield "the ledger's head that the manifest repeats is not in the ledger"


def _attacks(facts: Facts) -> Iterator[str]:
    if facts.row is None:
        return
    if facts.metrics is None:
        yield (
            f"the gate has judged this cell {facts.attempts_allowed} times, which is all that release.attempts allows: "
            "it does not look again"
        )
    elif not facts.metrics:
        yield f"it was not attacked: materialize {facts.cell.metrics.name}"
    else:
        yield from _verdicts(facts, facts.metrics, facts.row)


def _verdicts(facts: Facts, metrics: dict[str, bool | None], row: dict[str, Any]) -> Iterator[str]:
    again = f"materialize {facts.cell.metrics.name} again"
    if facts.metrics_mechanism != row["mechanism_id"]:
        yield f"the attacks were made on another mechanism: {again}"
    elif facts.metrics_stale:
        yield f"the attacks are older than what they attack: {again}"
    needed = MUST_PASS[facts.cell.kind]
    for name in needed:
        if metrics.get(name) is None:
            yield f"the privacy metric {name} is missing or has no verdict: {again}"
    for name, passed in metrics.items():
        if passed is False:
            yield MEANING.get(name, f"the privacy metric {name} did not pass")
