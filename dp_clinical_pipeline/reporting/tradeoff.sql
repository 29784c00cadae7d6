-- The headline table: a row for each arm, or for each cell of the synthetic arm, and classifier.
-- The CLI prints it, the page shows it, and `dp-clinical query` runs it as it stands.
WITH overall AS (
    SELECT arm, generator, budget, classifier, metric, average, value, ci_low, ci_high, n_reports, n_patients
    FROM utility_metrics
    WHERE label IS NULL
),
utility AS (
    SELECT
        arm, generator, budget, classifier,
        max(value)   FILTER (metric = 'f1' AND average = 'weighted') AS f1_weighted,
        max(ci_low)  FILTER (metric = 'f1' AND average = 'weighted') AS f1_weighted_low,
        max(ci_high) FILTER (metric = 'f1' AND average = 'weighted') AS f1_weighted_high,
        max(value)   FILTER (metric = 'f1' AND average = 'micro')    AS f1_micro,
        max(ci_low)  FILTER (metric = 'f1' AND average = 'micro')    AS f1_micro_low,
        max(ci_high) FILTER (metric = 'f1' AND average = 'micro')    AS f1_micro_high,
        max(value)   FILTER (metric = 'f1' AND average = 'macro')    AS f1_macro,
        max(ci_low)  FILTER (metric = 'f1' AND average = 'macro')    AS f1_macro_low,
        max(ci_high) FILTER (metric = 'f1' AND average = 'macro')    AS f1_macro_high,
        max(value)   FILTER (metric = 'auroc' AND average = 'macro') AS auroc_macro,
        max(value)   FILTER (metric = 'auprc' AND average = 'macro') AS auprc_macro,
        max(n_reports)  AS n_reports,
        max(n_patients) AS n_patients
    FROM overall
    GROUP BY ALL
),
attacked AS (
    SELECT 'synthetic' AS arm, generator, NULL AS classifier, budget, metric, value, ci_low, ci_high, passed
    FROM privacy_metrics
    UNION ALL
    SELECT 'dp_classifier', NULL, encoder || '-lora', budget, metric, value, ci_low, ci_high, passed
    FROM classifier_privacy_metrics
),
attacks AS (
    SELECT
        arm, generator, classifier, budget,
        max(value)   FILTER (metric = 'epsilon' AND isfinite(value)) AS epsilon,
        max(value)   FILTER (metric = 'canary_epsilon' AND isfinite(value)) AS canary_epsilon,
        max(value)   FILTER (metric = 'membership_auroc')    AS membership_auroc,
        max(ci_low)  FILTER (metric = 'membership_auroc')    AS membership_auroc_low,
        max(ci_high) FILTER (metric = 'membership_auroc')    AS membership_auroc_high,
        max(value)   FILTER (metric = 'empirical_epsilon')   AS empirical_epsilon,
        max(value)   FILTER (metric = 'blind_auroc')         AS blind_auroc,
        max(value)   FILTER (metric = 'ngram8_excess')       AS ngram8_excess,
        max(value)   FILTER (metric = 'identifiers_replayed') AS identifiers_replayed,
        max(value)   FILTER (metric = 'heldout_loss_base')   AS heldout_loss_base,
        max(value)   FILTER (metric IN ('heldout_loss_tuned', 'heldout_loss')) AS heldout_loss_tuned,
        string_agg(metric, ', ' ORDER BY metric) FILTER (NOT passed) AS checks_failed
    FROM attacked
    GROUP BY ALL
),
notes AS (
    SELECT generator, budget, count(*) FILTER (accepted) AS accepted_notes
    FROM synthetic_reports
    GROUP BY ALL
),
-- A cell that was generated or attacked but not scored yet has its row too.
scored AS (
    SELECT arm, generator, budget, classifier FROM utility
    UNION ALL
    SELECT 'synthetic', generator, budget, NULL
    FROM (
        SELECT generator, budget FROM attacks WHERE arm = 'synthetic' UNION SELECT generator, budget FROM notes
        WHERE budget <> 'untuned'  -- an arm of its own, of no cell
    ) AS cell
    WHERE NOT EXISTS (
        SELECT 1 FROM utility u
        WHERE u.arm = 'synthetic' AND u.generator = cell.generator AND u.budget = cell.budget
    )
),
-- The share compares like with like; an arm with a classifier of its own is held against the best real one.
real_arm AS (SELECT classifier, f1_weighted FROM utility WHERE arm = 'real')
SELECT
    s.arm, s.generator, s.budget, s.classifier, a.epsilon, a.canary_epsilon,
    u.f1_weighted, u.f1_weighted_low, u.f1_weighted_high,
    u.f1_micro, u.f1_micro_low, u.f1_micro_high,
    u.f1_macro, u.f1_macro_low, u.f1_macro_high,
    u.auroc_macro, u.auprc_macro,
    u.f1_weighted / nullif(coalesce(
        (SELECT max(r.f1_weighted) FROM real_arm r WHERE r.classifier = s.classifier),
        (SELECT max(r.f1_weighted) FROM real_arm r)
    ), 0) AS share_of_real,
    n.accepted_notes,
    a.membership_auroc, a.membership_auroc_low, a.membership_auroc_high, a.empirical_epsilon, a.blind_auroc,
    a.ngram8_excess, a.identifiers_replayed, a.heldout_loss_base, a.heldout_loss_tuned, a.checks_failed,
    u.n_reports, u.n_patients
FROM scored s
LEFT JOIN utility u
    ON u.arm = s.arm
    AND u.generator IS NOT DISTINCT FROM s.generator
    AND u.budget IS NOT DISTINCT FROM s.budget
    AND u.classifier IS NOT DISTINCT FROM s.classifier
LEFT JOIN attacks a
    ON a.arm = s.arm
    AND a.budget = s.budget
    AND a.generator IS NOT DISTINCT FROM s.generator
    AND (a.arm = 'synthetic' OR a.classifier = regexp_replace(s.classifier, '-(full|lora)([+]rules)?$', '-lora'))
LEFT JOIN notes n ON s.arm = 'synthetic' AND n.generator = s.generator AND n.budget = s.budget
ORDER BY
    coalesce(list_position(
        ['real', 'surrogate', 'masked', 'redacted', 'synthetic', 'dp_classifier', 'rules', 'majority', 'all-negative'],
        s.arm), 6),
    s.arm, s.generator,
    s.budget = 'nonprivate' DESC,
    coalesce(a.epsilon, try_cast(replace(s.budget, 'eps-', '') AS DOUBLE)) DESC,
    s.budget, s.classifier
