"""What each number of the page means, and the SQL that gives it again."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Number:
    """A kind of number on the page. `sql` runs as it stands in `dp-clinical query`."""

    name: str
    about: str
    sql: str


def _utility(metric: str, average: str) -> str:
    return (
        "SELECT arm, generator, budget, classifier, value, ci_low, ci_high FROM utility_metrics "
        f"WHERE label IS NULL AND metric = '{metric}' AND average = '{average}'"
    )


def _privacy(*metrics: str) -> str:
    listed = ", ".join(f"'{metric}'" for metric in metrics)
    return (
        "SELECT generator, budget, metric, value, ci_low, ci_high, train_value, holdout_value "
        f"FROM privacy_metrics WHERE metric IN ({listed})"
    )


NUMBERS = (
    Number(
        name="Claimed ε",
        about="How far one patient's presence may change all that this cell made, at the ledger's δ. "
        "Smaller is more private.",
        sql=_privacy("epsilon"),
    ),
    Number(
        name="Weighted F1",
        about="F1 of each label weighted by its support, on real test patients; intervals resample patients.",
        sql=_utility("f1", "weighted"),
    ),
    Number(
        name="Micro F1",
        about="F1 over all decisions on reports and labels together.",
        sql=_utility("f1", "micro"),
    ),
    Number(
        name="Macro F1",
        about="Mean F1 of the labels; rare labels count as much as common ones.",
        sql=_utility("f1", "macro"),
    ),
    Number(
        name="AUROC",
        about="Mean over labels of the area under the ROC curve.",
        sql=_utility("auroc", "macro"),
    ),
    Number(
        name="AUPRC",
        about="Mean over labels of the area under the precision-recall curve.",
        sql=_utility("auprc", "macro"),
    ),
    Number(
        name="Of real",
        about="Weighted F1 over that of the same classifier trained on the real notes.",
        sql=_utility("f1", "weighted"),
    ),
    Number(
        name="Accepted notes",
        about="Generated notes that passed the public acceptance rules.",
        sql="SELECT generator, budget, count(*) FILTER (accepted) AS accepted, count(*) AS tried "
        "FROM synthetic_reports GROUP BY ALL",
    ),
    Number(
        name="Membership AUROC",
        about="How well the model's loss, less the base model's, tells training patients from "
        "held-out ones; 0.5 is chance.",
        sql=_privacy("membership_auroc", "membership_tpr_at_1pct_fpr"),
    ),
    Number(
        name="Audit",
        about="The ε that canaries prove, at 99 % confidence, of a training by the same loop with the cell's noise, rate "
        "and steps, whose share of the claim it may not pass.",
        sql=_privacy("canary_epsilon"),
    ),
    Number(
        name="Empirical ε",
        about="The ε that the membership attack proves at 97.5 % confidence: a claim below it would be refuted. An attack "
        "no better than chance proves none.",
        sql=_privacy("empirical_epsilon"),
    ),
    Number(
        name="Privacy of classifiers",
        about="The same of classifiers that were trained on private text.",
        sql="SELECT encoder, budget, metric, value, ci_low, ci_high, train_value, holdout_value "
        "FROM classifier_privacy_metrics",
    ),
    Number(
        name="Blind AUROC",
        about="The same question answered without the model: what it finds is a difference "
        "between the groups, not a leak.",
        sql=_privacy("blind_auroc"),
    ),
    Number(
        name="8-gram excess",
        about="Share of training patients whose note has an uncommon run of 8 words that the generated "
        "notes have too, less that share of held-out patients.",
        sql=_privacy("ngram5_excess", "ngram8_excess", "ngram13_excess", "longest_rare_run_max"),
    ),
    Number(
        name="Identifiers replayed",
        about="Identifiers that training read, no held-out patient has, and generated notes hold. "
        "More than none blocks a release.",
        sql=_privacy("identifiers_replayed"),
    ),
    Number(
        name="Failed checks",
        about="What each privacy metric had to pass; the headline table names those that did not.",
        sql="SELECT generator, budget, metric, value FROM privacy_metrics WHERE passed IS NOT NULL "
        "ORDER BY passed, generator, budget",
    ),
    Number(
        name="Held-out loss",
        about="Loss on held-out patients before and after tuning, nats a token.",
        sql=_privacy("heldout_loss_base", "heldout_loss_tuned"),
    ),
    Number(
        name="F1 by label",
        about="F1 of every arm for every label, with the label's support.",
        sql="SELECT arm, generator, budget, classifier, label, value, ci_low, ci_high, support "
        "FROM utility_metrics WHERE label IS NOT NULL AND metric = 'f1'",
    ),
    Number(
        name="Ledger",
        about="Every mechanism that read the patients, its cost, and what all of them together claim.",
        sql="SELECT seq, recorded_at, kind, cell, planned, state, epsilon, delta, cumulative_epsilon "
        "FROM privacy_ledger ORDER BY seq",
    ),
)
