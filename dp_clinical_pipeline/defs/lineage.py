"""All assets, in lineage order."""

from collections.abc import Mapping, Sequence

import dagster as dg

from dp_clinical_pipeline.defs import (
    baseline_classifiers,
    classifier_privacy_metrics,
    coding_classifier,
    cohort,
    deidentified_reports,
    dp_classifier,
    generator_adapter,
    label_marginals,
    privacy_ledger,
    privacy_metrics,
    raw_reports,
    release,
    synthetic_reports,
    tradeoff_report,
    utility_metrics,
)

STAGES = (
    raw_reports,
    deidentified_reports,
    cohort,
    label_marginals,
    generator_adapter,
    synthetic_reports,
    coding_classifier,
    dp_classifier,
    baseline_classifiers,
    privacy_metrics,
    classifier_privacy_metrics,
    utility_metrics,
    privacy_ledger,
    tradeoff_report,
    release,
)


def assets() -> Sequence[dg.AssetsDefinition]:
    """Return the assets of every stage; their checks are declared with them."""
    return [found for found in dg.load_assets_from_modules(STAGES) if isinstance(found, dg.AssetsDefinition)]


def upstream() -> Mapping[str, Sequence[str]]:
    """Return {asset: its upstream assets} of the whole lineage, in lineage order."""
    return {
        key.to_user_string(): sorted(up.to_user_string() for up in asset.asset_deps[key] if up != key)
        for asset in assets()
        for key in sorted(asset.keys)
    }


def groups() -> Mapping[str, str]:
    """Return {asset: the stage that it belongs to}."""
    return {key.to_user_string(): name for asset in assets() for key, name in asset.group_names_by_key.items()}
