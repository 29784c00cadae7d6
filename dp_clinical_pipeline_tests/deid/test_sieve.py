"""A pattern that is not looked for where its literals are absent finds all that it would have found."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dp_clinical_pipeline.deid
from dp_clinical_pipeline.deid.sieve import Sieved, asks_for_digit, required, sieved
from dp_clinical_pipeline_tests.deid.test_detect import _GOLD, examples, lookalikes


def all_sieved() -> Iterator[Sieved]:
    """Yield every sieved pattern of the voters, alone or in a tuple."""
    for found in pkgutil.iter_modules(dp_clinical_pipeline.deid.__path__):
        module = importlib.import_module(f"dp_clinical_pipeline.deid.{found.name}")
        for value in vars(module).values():
            yield from (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, Sieved))


SIEVED = list(dict.fromkeys(all_sieved()))
SENTENCES = [_GOLD.sub(r"\1", marked) for _, marked in examples()] + lookalikes()
ODD = st.text(st.sampled_from("aisk ıİſK.:/-@19\n_é’(ST"), max_size=12)


def spans(found: object) -> list[tuple[int, int]]:
    return [match.span() for match in found]  # type: ignore[attr-defined]


def test_each_pattern_finds_in_each_sentence_what_it_finds_without_its_sieve() -> None:
    assert len(SIEVED) > 60
    skipped = 0
    for sentence in SENTENCES:
        for one in SIEVED:
            skipped += not one.may_match(sentence)
            assert one.may_match(sentence) or one.pattern.search(sentence) is None, one.pattern.pattern[:80]
    assert skipped > len(SENTENCES) * len(SIEVED) / 2


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(SENTENCES), ODD), max_size=5), st.sampled_from([" ", "\n", "", "/"]))
def test_nothing_is_lost_in_any_text(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    for one in SIEVED:
        assert spans(one.finditer(text)) == spans(one.pattern.finditer(text)), one.pattern.pattern[:80]


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"\b(?:wife|husband)s?\s(\w+)", {" wife", " husband"}),
        (r"(?:wife|husband)\s", {"wife", "husband"}),
        (r"(?<!\w)[Nn]urse", {" nurse"}),
        (r"(?<![^\w])nurse", {"nurse"}),
        (r"\b(?:the\s)?nurse", {" nurse"}),
        (r"\w+(?=\sfamily\b)", {" family"}),
        (r"\w+(?!\sfamily)", None),
        (r"dr|\d", None),
        (r"(?:ward)?\d{3}", None),
        (r"(?:ward){1,2}", {"ward"}),
        (r"\w+[:=]\d", {":", "="}),
        (r"a\.com", {" com"}),
        (r"(?:at|@)\w", {"at", "@"}),
        (r"\bneighbou?r", {" neighbo"}),
    ],
)
def test_what_a_pattern_needs_is_read_off_it(pattern: str, needed: set[str] | None) -> None:
    found = required(_parser.parse(pattern))
    assert (None if found is None else set(found)) == needed


@pytest.mark.parametrize(
    ("pattern", "asks"),
    [
        (r"x\d", True),
        (r"[1-5]x", True),
        (r"(?:\d|x)", False),
        (r"\d?x", False),
        (r"(?=\d)x", True),
        (r"(?!\d)x", False),
    ],
)
def test_whether_a_pattern_needs_a_digit(pattern: str, asks: bool) -> None:
    assert asks_for_digit(_parser.parse(pattern)) is asks


@pytest.mark.parametrize("text", ["KISS", "Kiss", "kiſs", "kıss", "kİss"])
def test_letters_that_count_as_ascii_ones_without_regard_to_case_are_held(text: str) -> None:
    one = sieved(r"\bkiss\b", re.I)
    assert one.may_match(text)
    assert spans(one.finditer(text)) == [(0, 4)]


def test_a_text_without_what_is_needed_is_not_searched() -> None:
    one = sieved(r"\bbed\s\d")
    assert not one.may_match("bed rest")
    assert not one.may_match("room 4, imbed 3")
    assert spans(one.finditer("in bed 3")) == [(3, 8)]
    assert list(one.finditer("bed rest")) == []
