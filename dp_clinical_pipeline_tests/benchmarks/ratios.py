"""What the speed programs share: ratios of paired rounds with intervals, and how a result is shown and kept."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import bootstrap


def paired(a: Sequence[float], b: Sequence[float], resamples: int = 4000) -> dict[str, float]:
    """Return the median of a/b over the rounds, and its 95 % bootstrap interval."""
    ratios = np.asarray(a) / np.asarray(b)
    found = bootstrap((ratios,), np.median, n_resamples=resamples, method="percentile", rng=0).confidence_interval
    return {"median": float(np.median(ratios)), "low": float(found.low), "high": float(found.high)}


def show(result: dict[str, Any], out: Path | None) -> None:
    """Print a result as a table, and keep it as JSON where a path is given."""
    table = Table("what", "value")
    for key, value in result.items():
        for name, part in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(f"{key} {name}".strip(), f"{part:,.3f}" if isinstance(part, float) else f"{part}")
    Console().print(table)
    if out:
        out.write_text(json.dumps(result, indent=1) + "\n")
