"""F1 and accuracy of multi-label predictions for all resamples at once, from counts by patient."""

from dataclasses import dataclass

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats, Integers, divided


@dataclass(frozen=True)
class Counts:
    """True and false positives and false negatives by patient and label, and reports right, by patient."""

    tp: Floats
    """(patients, L); so are fp and fn."""
    fp: Floats
    fn: Floats
    right: Floats
    """(patients,) reports with every label right."""
    cells_right: Floats
    """(patients,) labels right over all reports."""
    reports: Floats
    """(patients,)"""


def counts(truth: Integers, chosen: Integers, patient: Integers) -> Counts:
    """Count by patient.

    Args:
        truth, chosen: (n, L) 0 or 1.
        patient: (n,) from 0 to patients - 1.
    """
    patients = int(patient.max()) + 1

    def by_patient(values: Integers) -> Floats:
        sums = np.zeros((patients, *values.shape[1:]))
        np.add.at(sums, patient, values)
        return sums

    same = truth == chosen
    return Counts(
        tp=by_patient(truth * chosen),
        fp=by_patient((1 - truth) * chosen),
        fn=by_patient(truth * (1 - chosen)),
        right=by_patient(same.all(axis=1).astype(np.int64)),
        cells_right=by_patient(same.sum(axis=1)),
        reports=by_patient(np.ones(len(truth), dtype=np.int64)),
    )


def label_scores(count: Counts, weights: Floats) -> dict[str, Floats]:
    """Return f1, precision and recall of each label, (resamples, L); 0 where nothing is divided."""
    tp, fp, fn = weights @ count.tp, weights @ count.fp, weights @ count.fn
    return {
        "f1": divided(2 * tp, 2 * tp + fp + fn),
        "precision": divided(tp, tp + fp),
        "recall": divided(tp, tp + fn),
    }


def average_scores(count: Counts, weights: Floats) -> dict[tuple[str, str], Floats]:
    """Return (metric, average) to (resamples,), averaged over all labels as sklearn does.

    `accuracy` is the share of reports with every label right (sklearn's subset accuracy, exact match of a code set),
    `label_accuracy` the share of single decisions that are right. `weighted_cells` and `weighted_by_label` are the two
    other things that papers call weighted F1: both count the absent class as well, so that saying no to everything
    scores high. They are here to be held against, and nothing is concluded from them.
    """
    tp, fp, fn = weights @ count.tp, weights @ count.fp, weights @ count.fn
    f1 = divided(2 * tp, 2 * tp + fp + fn)
    support = tp + fn
    all_tp, all_fp, all_fn = tp.sum(axis=1), fp.sum(axis=1), fn.sum(axis=1)
    reports = weights @ count.reports
    return {
        ("f1", "weighted"): divided((f1 * support).sum(axis=1), support.sum(axis=1)),
        ("f1", "micro"): divided(2 * all_tp, 2 * all_tp + all_fp + all_fn),
        ("f1", "macro"): f1.mean(axis=1),
        ("f1", "weighted_cells"): _both_classes(all_tp, all_fp, all_fn, reports * tp.shape[1]),
        ("f1", "weighted_by_label"): _both_classes(tp, fp, fn, reports[:, None]).mean(axis=1),
        ("accuracy", "overall"): divided(weights @ count.right, reports),
        ("label_accuracy", "overall"): divided(weights @ count.cells_right, reports * tp.shape[1]),
    }


def _both_classes(tp: Floats, fp: Floats, fn: Floats, cells: Floats) -> Floats:
    """Return the mean of a class's F1 and its absence's, each by its share of the cells."""
    present, tn = tp + fn, cells - tp - fp - fn
    positive, negative = divided(2 * tp, 2 * tp + fp + fn), divided(2 * tn, 2 * tn + fp + fn)
    return divided(positive * present + negative * (cells - present), cells)
