"""The table in a terminal shows the numbers whole, also where there are only 80 columns."""

import io

import pytest
from rich.console import Console

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.reporting.terminal import render
from dp_clinical_pipeline.reporting.tradeoff import shown, shown_interval, tradeoff_table


def printed(home: Home, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(render(tradeoff_table(home)))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120, 200])
def test_every_number_is_printed_whole(home: Home, width: int) -> None:
    text = printed(home, width)
    assert "…" not in text
    for row in tradeoff_table(home).iter_rows(named=True):
        for column in ("f1_weighted", "f1_micro", "f1_macro", "membership_auroc"):
            assert row[column] is None or shown(row[column]) in text
            assert shown_interval(row[f"{column}_low"], row[f"{column}_high"]) in text
        assert f"{row['share_of_real']:.0%}" in text
    assert "3.41 → 2.61" in text
    assert text.count("failed identifiers_replayed") == 2
    assert max(map(len, text.splitlines())) <= width


def test_a_home_in_which_nothing_ran_prints_a_table_without_rows(empty_home: Home) -> None:
    text = printed(empty_home, 80)
    assert "Weighted F1" in text
    assert "Cell" not in text
