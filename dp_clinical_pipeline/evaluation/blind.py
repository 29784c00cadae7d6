"""The blind baseline: telling members from non-members by their text alone, without any model."""

from collections.abc import Sequence

import numpy as np

from dp_clinical_pipeline.evaluation.membership import Attack, attack_scores

FOLDS = 5


def blind_attack(
    members: Sequence[str],
    nonmembers: Sequence[str],
    *,
    member_clusters: Sequence[str] | None = None,
    nonmember_clusters: Sequence[str] | None = None,
    resamples: int,
    seed: int,
) -> Attack | None:
    """Judge a text classifier's cross-validated scores: an AUROC away from 0.5 means that the split leaks.

    TF-IDF with logistic regression, five folds that keep a patient's reports together. Returns None where a
    side has fewer clusters than folds.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    groups = [f"in {c}" for c in member_clusters or range(len(members))]
    groups += [f"out {c}" for c in nonmember_clusters or range(len(nonmembers))]
    truth = np.repeat([1, 0], [len(members), len(nonmembers)])
    if min(len(set(groups[: len(members)])), len(set(groups[len(members) :]))) < FOLDS:
        return None
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"),
        LogisticRegression(solver="liblinear", random_state=0),
    )
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=seed)
    texts = np.array([*members, *nonmembers], dtype=object)
    score = cross_val_predict(model, texts, truth, groups=groups, cv=folds, method="decision_function")
    return attack_scores(
        score[truth == 1],
        score[truth == 0],
        member_clusters=member_clusters,
        nonmember_clusters=nonmember_clusters,
        resamples=resamples,
        seed=seed,
    )
