"""Spans resolve to disjoint ones that cover all that was found."""

import itertools
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.deid.cores import core
from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.replace import masked
from dp_clinical_pipeline.deid.spans import TYPES, Span, matched, resolve

spans = st.builds(
    lambda start, length, kind, score: Span(start, start + length, kind, "test", score),
    st.integers(0, 40),
    st.integers(1, 10),
    st.sampled_from(TYPES),
    st.floats(0, 1),
)


def cells(given_spans: list[Span]) -> set[int]:
    return {i for s in given_spans for i in range(s.start, s.end)}


@given(st.lists(spans, max_size=12))
def test_resolved_spans_are_ordered_disjoint_and_cover_the_same(found: list[Span]) -> None:
    resolved = resolve(found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(resolved))
    assert cells(resolved) == cells(found)
    assert resolve(resolved) == resolved
    assert resolve(found[::-1]) == resolved


def test_the_surest_span_gives_the_type() -> None:
    loose, sure = Span(0, 10, "OTHER_ID", "a", 0.5), Span(4, 8, "MRN", "b", 0.9)
    assert resolve([loose, sure]) == [Span(0, 10, "MRN", "b", 0.9)]


pieces = st.sampled_from(
    ["Dr. Smith", "03/04/2020", "MRN: 482913", "clear lungs", "L4-5", "@", "é", "\x00", "  ", "\n", "😀", "St. "]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=120), st.lists(pieces, max_size=8).map(" ".join)))
def test_any_text_survives_and_offsets_map_back(text: str) -> None:
    found = find_identifiers(text)
    assert all(0 <= s.start < s.end <= len(text) for s in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    kept = masked(text, found)
    for span in found:
        kept = kept.replace(f"[{span.type}]", text[slice(*core(text, span))], 1)
    assert kept == text


def test_a_match_becomes_a_span_of_its_last_named_group_where_it_is_accepted() -> None:
    pattern = re.compile(r"no (?:(?P<short>\d)|(?P<long>\d{3})(?!\d))(?!\d)")
    text = "no 7, no 123, no 456"
    found = list(matched(text, pattern, "MRN", "test:{}", 0.5, accept=lambda m: m["long"] != "456"))
    assert [(text[s.start : s.end], s.type, s.voter) for s in found] == [
        ("7", "MRN", "test:short"),
        ("123", "MRN", "test:long"),
    ]
    assert [text[s.start : s.end] for s in matched(text, pattern, "MRN", "test", 0.5, group=0)] == [
        "no 7",
        "no 123",
        "no 456",
    ]
