"""The headline table of a home: what each arm scores, what each cell claims, and what the attacks found."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import query

TRADEOFF_SQL = Path(__file__).with_name("tradeoff.sql").read_text()

MISSING = "—"
NO_CLAIM = "none"
"""What stands for the ε of a cell trained without privacy: it claims nothing."""


def tradeoff_table(home: Home) -> pl.DataFrame:
    """Return one row for each arm or synthetic cell, and classifier; null where nothing was measured.

    Scores lie in [0, 1]; `_low` and `_high` are the ends of their 95 % patient-bootstrap intervals.
    `share_of_real` is the weighted F1 over that of the real arm with the same classifier.
    `checks_failed` names the privacy metrics that did not pass, null where all did.
    `epsilon` is null where nothing is claimed; the held-out losses are nats a token.
    """
    return query(home, TRADEOFF_SQL)


ATTACKED = ("synthetic", "dp_classifier")
"""Arms whose cells make a claim of their own, and are attacked."""


def model_name(row: Mapping[str, Any]) -> str | None:
    """Return the generator of a row, or the encoder of a classifier that was trained on private text.

    With `+rules` where the classifier also reads what public rules find.
    """
    if row["generator"] is None and row["arm"] == "dp_classifier" and row["classifier"]:
        return re.sub(r"-(?:lora|full)(?=\+|$)", "", str(row["classifier"]))
    name: str | None = row["generator"]
    return name


def arm_name(row: Mapping[str, Any]) -> str:
    """Return how a row of the table is called: the arm, or the cell where it has one."""
    cell = " ".join(str(part) for part in (model_name(row), row["budget"]) if part is not None)
    return f"{row['arm']} {cell}".strip()


def shown(value: float | None, digits: int = 3) -> str:
    """Return a number as both the CLI and the page show it."""
    return MISSING if value is None else f"{value:.{digits}f}"


def shown_interval(low: float | None, high: float | None) -> str:
    """Return an interval's ends, nothing where there is none."""
    return "" if low is None or high is None else f"{low:.3f}–{high:.3f}"


def shown_epsilon(row: Mapping[str, Any]) -> str:
    """Return the claimed ε, `none` where training was not private, a dash where there is no cell."""
    epsilon = row["epsilon"]
    if isinstance(epsilon, float):
        return f"{epsilon:.3g}"
    return NO_CLAIM if row["budget"] == NONPRIVATE else MISSING


def shown_audit(row: Mapping[str, Any]) -> str:
    """Return the ε that canaries proved of the claim's training, nothing where none were sent."""
    proved = row["canary_epsilon"]
    return f"≥ {proved:.2g}" if isinstance(proved, float) else ""


def shown_share(value: float | None) -> str:
    """Return a share as a percentage."""
    return MISSING if value is None else f"{value:.0%}"


def shown_count(value: float | None) -> str:
    """Return a count with thousands set apart."""
    return MISSING if value is None else f"{value:,.0f}"


LABEL_SQL = """\
SELECT arm, generator, budget, classifier, label, value, ci_low, ci_high, support
FROM utility_metrics WHERE metric = 'f1' AND label IS NOT NULL ORDER BY label"""


def label_scores(home: Home, table: pl.DataFrame) -> pl.DataFrame:
    """Return F1 by arm and label, in the table's order: name, label, value, ci_low, ci_high, support.

    An arm with several classifiers is shown with the first, as the table orders them.
    """
    keys = ["arm", "generator", "budget", "classifier"]
    name = pl.struct(keys).map_elements(arm_name, return_dtype=pl.String).alias("name")
    shown_rows = table.select(*keys, name).unique("name", keep="first", maintain_order=True).with_row_index("place")
    scores = query(home, LABEL_SQL).join(shown_rows, on=keys, nulls_equal=True).sort("place", "label")
    return scores.select("name", "label", "value", "ci_low", "ci_high", "support")
