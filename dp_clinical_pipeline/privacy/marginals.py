"""Counts of labels, pairs of labels and labels a report, over a public label list, with discrete Gaussian noise.

A list of more than `labelsets.PAIRED` labels has no pairs: records are then drawn as if its labels were independent.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import polars as pl
from filelock import FileLock

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.privacy.account import Mechanism, event_from_json
from dp_clinical_pipeline.privacy.attempts import interrupted, running, settle
from dp_clinical_pipeline.privacy.cohort import split_reports
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.drawn import drawn_once, forget_drawn
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import RandomSource, SystemSource, discrete_gaussian
from dp_clinical_pipeline.privacy.plan import marginals_slot, slot_terms
from dp_clinical_pipeline.privacy.terms import marginals_sensitivity, settings_sha256
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS

Key = tuple[str, str, str | None]


@dataclass(frozen=True, kw_only=True)
class ReleaseFacts:
    """What may be shown of a release."""

    mechanism_id: str
    epsilon: float | None
    noise_std: float


def marginal_keys(labels: LabelSet, labels_per_report: int) -> list[Key]:
    """Return the public domain: every label, every pair where the list is short, and 0 to the cap labels a report."""
    keys: list[Key] = [("label", name, None) for name in labels.labels]
    if labels.paired:
        keys += [("pair", a, b) for a, b in combinations(labels.labels, 2)]
    return keys + [("size", str(k), None) for k in range(labels_per_report + 1)]


def exact_counts(targets: Sequence[Sequence[str]], labels_per_report: int, *, pairs: bool = True) -> Counter[Key]:
    """Count one report for each patient; of a report with more labels, the list's first ones.

    Sensitivity: L2 `terms.marginals_sensitivity(labels_per_report, pairs=pairs)` for one patient added or removed.
    """
    counts: Counter[Key] = Counter()
    for stated in targets:
        kept = list(stated)[:labels_per_report]
        counts.update(("label", name, None) for name in kept)
        if pairs:
            counts.update(("pair", a, b) for a, b in combinations(kept, 2))
        counts["size", str(len(kept)), None] += 1
    return counts


def release_marginals(home: Home, budget: str, *, source: RandomSource | None = None) -> ReleaseFacts:
    """Write the marginals of a budget once; they are shared by all its cells and never drawn again.

    Guarantee: the whole table is one Gaussian mechanism over patients (add/remove one) with the ledgered noise
    multiplier. The exact sampler is a discrete Gaussian, whose Rényi divergence is never above the Gaussian's that the
    ledger holds (Canonne, Kamath and Steinke 2020, Theorem 4). For `nonprivate` the counts are exact, in the enclave.

    Raises:
        OverBudget: the ledger refused; nothing was read.
    """
    with FileLock(home.enclave / f".marginals.{budget}.lock"):
        return _release(home, budget, source or SystemSource())


def _release(home: Home, budget: str, source: RandomSource) -> ReleaseFacts:
    store = Store(home)
    if store.exists(LABEL_MARGINALS, budget, budget=budget):
        old = store.read(LABEL_MARGINALS, budget, budget=budget).row(0, named=True)
        if budget != NONPRIVATE:
            settle(open_ledger(home), old["mechanism_id"])
            forget_drawn(home, old["mechanism_id"])
        return ReleaseFacts(mechanism_id=old["mechanism_id"], epsilon=None, noise_std=old["noise_std"])
    labels, cap = label_set(home.settings.corpus.label_set), home.settings.privacy.labels_per_report
    if budget == NONPRIVATE:
        counts = exact_counts(_one_report_each(home), cap, pairs=labels.paired)
        store.write(LABEL_MARGINALS, _table(labels, cap, counts, budget, NONPRIVATE, 0.0), budget, budget=budget)
        return ReleaseFacts(mechanism_id=NONPRIVATE, epsilon=None, noise_std=0.0)
    ledger, slot = open_ledger(home), marginals_slot(budget)
    events, epsilon, delta = slot_terms(home, ledger, budget, slot)
    wanted = Mechanism(
        kind="marginals",
        cell=budget,
        slot=slot,
        events={slot: events},
        epsilon=epsilon * home.settings.privacy.marginals_share,
        delta=delta,
        settings_sha256=settings_sha256(home.settings, public_count(home)),
        noise_source=source.name,
    )
    mechanism = interrupted(
        ledger, kind="marginals", cell=budget, slot=slot, settings_sha256=wanted.settings_sha256
    ) or ledger.reserve(wanted)
    with running(ledger, mechanism, source.name):
        noise = event_from_json(mechanism.events[slot][0]).noise_multiplier
        variance = Fraction(noise * marginals_sensitivity(cap, pairs=labels.paired)) ** 2
        std = float(variance) ** 0.5

        def draw() -> pl.DataFrame:
            counts = exact_counts(_one_report_each(home), cap, pairs=labels.paired)
            noisy = Counter({k: counts[k] + discrete_gaussian(source, variance) for k in marginal_keys(labels, cap)})
            return _table(labels, cap, noisy, budget, mechanism.mechanism_id, std)

        store.write(LABEL_MARGINALS, drawn_once(home, mechanism.mechanism_id, draw), budget, budget=budget)
    forget_drawn(home, mechanism.mechanism_id)
    return ReleaseFacts(mechanism_id=mechanism.mechanism_id, epsilon=mechanism.epsilon, noise_std=std)


def _one_report_each(home: Home) -> list[list[str]]:
    """The targets of each train unit's first labelled report, by the keyed order of that unit's reports alone."""
    reports = split_reports(home, "train").filter(pl.col("targets").is_not_null())
    return reports.group_by("unit_key", maintain_order=True).first()["targets"].to_list()


def _table(
    labels: LabelSet, cap: int, counts: Counter[Key], budget: str, mechanism_id: str, std: float
) -> pl.DataFrame:
    rows = [
        {
            "budget": budget, "mechanism_id": mechanism_id, "kind": kind, "label": label, "other": other,
            "noisy_count": float(counts[kind, label, other]), "noise_std": std,
        }
        for kind, label, other in marginal_keys(labels, cap)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=LABEL_MARGINALS.schema)
