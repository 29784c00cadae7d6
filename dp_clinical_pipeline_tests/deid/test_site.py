"""A site's own patterns and names are voters; a pattern that could run away is refused by its entry's name."""

import time
from pathlib import Path

import pytest

from dp_clinical_pipeline.config import Deid, Settings, read_settings, settings_yaml
from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.site import Site
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.patterns import bad_pattern

SETTINGS = Deid(patterns={"MRN": [r"kx/[a-z]{2}"]}, names={"FACILITY": ["Blue Corridor"], "PERSON": ["qua"]})


def test_patterns_and_names_find_what_nothing_else_does() -> None:
    text = "Moved to blue corridor, bed kx/ab. Qua helped; aqua did not."
    assert find_identifiers(text) == []
    found = find_identifiers(text, site=Site(SETTINGS))
    assert [(text[s.start : s.end], s.type, s.voter) for s in found] == [
        ("blue corridor", "FACILITY", "site:FACILITY"),
        ("kx/ab", "MRN", "site:MRN[0]"),
        ("Qua", "PERSON", "site:PERSON"),
    ]


def test_an_identifier_where_two_windows_meet_is_found() -> None:
    text = "x" * 998 + " kx/ab"
    assert [s.voter for s in Site(SETTINGS)(text)] == ["site:MRN[0]"] * len(list(Site(SETTINGS)(text))) != []


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"patterns": {"MRN": ["ok-[0-9]{4}", "("]}}, r"patterns\.MRN\[1\]"),
        ({"patterns": {"MRN": ["(a+)+b"]}}, r"patterns\.MRN\[0\].*very long"),
        ({"patterns": {"MRN": ["[0-9]*"]}}, r"patterns\.MRN\[0\].*nothing"),
        ({"patterns": {"WARD": ["x"]}}, r"patterns\.WARD is no identifier type"),
        ({"names": {"PERSON": [" "]}}, r"names\.PERSON\[0\] is empty"),
        ({"replacement": "other"}, r"deid\.replacement"),
    ],
)
def test_a_bad_entry_is_refused_by_name(tmp_path: Path, entry: dict[str, object], named: str) -> None:
    import yaml

    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump({"deid": entry}))
    with pytest.raises(UserError, match=named):
        read_settings(path)


def test_settings_survive_the_file(tmp_path: Path) -> None:
    settings = Settings(deid=SETTINGS)
    path = tmp_path / "settings.yaml"
    path.write_text(settings_yaml(settings))
    assert read_settings(path) == settings


RUNAWAY = ["(a|a)*b", "(a*)*b", r"(\w+\s?)+$", r"(.*)(.*)(.*)x", r"([0-9]+)-\1", "(?:a?){40}b", "(a{1,9}){1,9}b"]
FINE = [r"KX-[0-9]{6}", r"\b[A-Z]{2}\d{4,8}[A-Z]?\b", r"(?:ward|bed)\s?\d+", r"\d+/\d+", "(?:[0-9]{2}-){3}[0-9]{2}"]


@pytest.mark.parametrize("pattern", RUNAWAY)
def test_a_pattern_that_could_run_away_is_refused(pattern: str) -> None:
    assert bad_pattern(pattern) is not None


@pytest.mark.parametrize("pattern", FINE)
@pytest.mark.parametrize("piece", ["1", "A1", "a", "1-", "1/", "ward "])
def test_what_is_let_through_takes_linear_time(pattern: str, piece: str) -> None:
    assert bad_pattern(pattern) is None
    site = Site(Deid(patterns={"MRN": [pattern]}))

    def seconds(size: int) -> float:
        began = time.process_time()
        list(site((piece * size)[:size]))
        return time.process_time() - began

    # The least of three: a collection of garbage that falls into one of them is not the pattern's doing.
    small, large = (min(seconds(size) for _ in range(3)) for size in (20_000, 80_000))
    assert large < 0.1 or large < 8 * small
