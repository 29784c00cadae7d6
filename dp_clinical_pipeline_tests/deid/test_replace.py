"""Replacement leaves no identifier, keeps the rest, and depends on the key alone."""

import itertools
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.replace import Mode, Surrogates, masked, redacted
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline_tests.deid.test_detect import _GOLD, examples

KEY = bytes(range(32))
MODES: tuple[Mode, ...] = ("consistent", "random", "markov")


def surrogates(mode: Mode = "markov", key: bytes = KEY, report: str = "r") -> Surrogates:
    return Surrogates(key=key, patient="p", report=report, mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kind", "marked"), examples(), ids=lambda v: v[:60])
def test_no_gold_surface_is_left(kind: str, marked: str, mode: Mode) -> None:
    text = _GOLD.sub(r"\1", marked)
    spans = find_identifiers(text)
    for replaced in (surrogates(mode).replace(text, spans), masked(text, spans), redacted(text, spans)):
        for surface in _GOLD.findall(marked):
            assert not re.search(rf"(?<!\w){re.escape(surface)}(?!\w)", replaced)


@settings(deadline=None)
@given(st.sampled_from(MODES), st.lists(st.sampled_from([m for _, m in examples()]), min_size=1, max_size=6))
def test_same_key_same_text_and_the_rest_stays(mode: Mode, marked: list[str]) -> None:
    text = _GOLD.sub(r"\1", " | ".join(marked))
    spans = find_identifiers(text)
    once = surrogates(mode).replace(text, spans)
    assert once == surrogates(mode).replace(text, spans)
    at = 0
    edges = [0, *(e for s in spans for e in (s.start, s.end)), len(text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        at = once.index(text[start:end], at) + end - start


def test_another_key_gives_another_text() -> None:
    text = "Mary Smith, MRN 482913, seen on 03/04/2020."
    spans = find_identifiers(text)
    assert surrogates().replace(text, spans) != surrogates(key=KEY[::-1]).replace(text, spans)


def test_consistent_names_stay_the_same_over_reports_and_random_ones_do_not() -> None:
    text = "Okonkwo; Okonkwo; Okonkwo; Okonkwo"
    spans = [Span(m.start(), m.end(), "PERSON", "test", 1.0) for m in re.finditer("Okonkwo", text)]
    consistent = {n for r in "abc" for n in surrogates("consistent", report=r).replace(text, spans).split("; ")}
    assert len(consistent) == 1
    assert len(set(surrogates("random").replace(text, spans).split("; "))) == 4
    chains = [surrogates("markov", report=str(r)).replace(text, spans).split("; ") for r in range(200)]
    stays = sum(a == b for chain in chains for a, b in itertools.pairwise(chain)) / 600
    assert 0.4 < stays < 0.6


@pytest.mark.parametrize(
    ("kind", "surface", "expected"),
    [
        ("AGE", "97", r"90\+"),
        ("ZIP", "62704", r"627\*\*"),
        ("ZIP", "03601-1234", r"000\*\*"),
        ("ZIP", "M5V 2T6", r"\[ZIP\]"),
        ("MRN", "AB-12345", r"[A-Z]{2}-\d{5}"),
        ("PHONE", "(312) 555-0182", r"\(\d{3}\) \d{3}-\d{4}"),
        ("PERSON", "Dr. OKONKWO", r"Dr\. [A-Z]+"),
        ("PERSON", "Smith, John Q.", r"[A-Z][a-z]+, [A-Z][a-z]+ [A-Z]\."),
        ("EMAIL", "a@b.com", r"[a-z.]+@example\.org"),
        ("IP", "10.0.0.9", r"192\.0\.2\.\d+"),
        ("CITY", "Tulsa, OK", r"[A-Z][a-z]+, OK"),
        ("FACILITY", "Mercy General Hospital", r"[A-Z][\w ]+ (?:General )?Hospital"),
        ("STREET", "14 Elm St", r"\d{3} [A-Z][a-z]+ Street"),
        ("DATE", "no date at all", r"\[DATE\]"),
    ],
)
def test_a_surrogate_has_the_form_of_its_kind(kind: str, surface: str, expected: str) -> None:
    made = surrogates().replace(surface, [Span(0, len(surface), kind, "test", 1.0)])
    assert re.fullmatch(expected, made), made
    assert made != surface


@given(st.dates(date(1950, 1, 1), date(2040, 1, 1)), st.integers(1, 3000))
def test_intervals_are_kept(first: date, gap: int) -> None:
    second = date.fromordinal(first.toordinal() + gap)
    text = f"{first.isoformat()} {second.isoformat()}"
    moved = surrogates().replace(text, [Span(0, 10, "DATE", "t", 1.0), Span(11, 21, "DATE", "t", 1.0)]).split()
    assert (date.fromisoformat(moved[1]) - date.fromisoformat(moved[0])).days == gap
    assert date.fromisoformat(moved[0]) != first
