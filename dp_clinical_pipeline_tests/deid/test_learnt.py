"""What the model of the voter `learnt` adds to the rules, what it takes from them, and how it is trained."""

import numpy as np
import pytest

from dp_clinical_pipeline.deid import learnt
from dp_clinical_pipeline.deid.clues import clues, is_looked_at, tokens_of, types_at
from dp_clinical_pipeline.deid.detect import find_identifiers, found_by_rules
from dp_clinical_pipeline.deid.spans import Span, resolve
from dp_clinical_pipeline_tests.deid.learning import Word, trained


def surfaces(text: str, spans: list[Span]) -> set[str]:
    return {text[span.start : span.end] for span in spans}


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("3) Okonjo: cellulitis, day 3 of abx.", "Okonjo"),
        ("gown change by kealoha, tolerated well", "kealoha"),
    ],
)
def test_what_no_rule_finds_is_found(text: str, surface: str) -> None:
    assert surface not in surfaces(text, resolve(found_by_rules(text)))
    assert surface in surfaces(text, find_identifiers(text))


def test_what_only_its_capital_speaks_for_goes_where_the_model_is_sure_and_a_firm_rule_is_never_doubted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "Dr. Braden saw her. Morse 65."
    found = [Span(0, 10, "PERSON", "people:title", 0.9), Span(20, 25, "PERSON", "runs:lone", 0.5)]
    for sure, stands in ((0.0, found[:1]), (0.5, found)):
        monkeypatch.setattr(learnt, "_surest", lambda _, sure=sure: sure)
        assert learnt.settled(text, found)[0] == stands


def test_a_doubted_word_is_judged_by_the_words_around_it_and_not_by_having_been_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "Braden scale, Morse scale"
    tokens, asked = tokens_of(text), []
    monkeypatch.setattr(learnt, "_surest", lambda words: asked.extend(words) or 1.0)
    learnt._undoubted(tokens, [Span(14, 19, "PERSON", "runs:lone", 0.5)])
    assert asked == [[*clues(tokens, [""] * len(tokens), 3)]]


def test_times_of_day_years_and_masks_are_not_looked_at() -> None:
    text = "On 14:20 in 2019 the XXXX was 4.5"
    tokens = tokens_of(text)
    looked_at = {text[t.start : t.end] for i, t in enumerate(tokens) if is_looked_at(tokens, [""] * len(tokens), i)}
    assert looked_at == {"On", "4.5"}
    beside = ["DATE" if t.word == "in" else "" for t in tokens]
    assert any(is_looked_at(tokens, beside, i) for i, t in enumerate(tokens) if t.form == "year")


@pytest.mark.parametrize(
    ("word", "least"),
    [("Okonjo", 0.15), ("BP", 0.3), ("QK", 0.15), ("K", 0.9), ("12/14", 0.9), ("A12", 0.9), ("patient", 0.95)],
)
def test_the_less_a_word_says_the_surer_the_model_has_to_be(word: str, least: float) -> None:
    assert learnt._least(tokens_of(word)[0]) == least


def test_a_department_alone_is_no_institution() -> None:
    assert find_identifiers("Seen in Physical Therapy and Nuclear Medicine.") == []


def test_the_tokens_of_a_text_and_the_spans_that_cover_them() -> None:
    text = "Seen by Ann\nB. on 3/4, MRN A-12"
    tokens = tokens_of(text)
    assert [text[t.start : t.end] for t in tokens] == [
        "Seen",
        "by",
        "Ann",
        "\n",
        "B",
        ".",
        "on",
        "3/4",
        ",",
        "MRN",
        "A-12",
    ]
    types = types_at(tokens, [Span(8, 14, "PERSON", "x", 1.0), Span(27, 31, "MRN", "x", 1.0)])
    assert types == ["", "", "PERSON", "PERSON", "PERSON", "PERSON", "", "", "", "", "MRN"]
    looked_at = [text[t.start : t.end] for i, t in enumerate(tokens) if is_looked_at(tokens, types, i)]
    assert looked_at == ["Seen", "by", "on", "3/4", "MRN"]
    assert {"w4=0/0", "w3=on", "r3=", "r2=PERSON"} <= {*clues(tokens, types, 7)}
    assert {"r3=PERSON", "w4=on"} <= {*clues(tokens, types, 6)}


def test_shares_are_of_one_whole_and_unknown_clues_say_nothing() -> None:
    shares = learnt.model().shares([["w4=never seen"], [], ["w3=dr", "s4=Xx"]])
    assert np.allclose(shares.sum(1), 1)
    assert np.array_equal(shares[0], shares[1])
    assert not np.array_equal(shares[0], shares[2])
    assert learnt.model().types[0] == ""


def test_training_learns_which_clues_speak_for_which_type() -> None:
    words = [
        Word(["w3=nurse", "s4=Xx"], "PERSON"),
        Word(["w3=dose", "s4=Xx"], ""),
        Word(["w3=mrn", "s4=d0"], "MRN"),
    ] * 9000
    arrays = trained(words)
    kept = dict(zip(bytes(arrays["clues"]).decode().split("\x00"), range(99), strict=False))
    weights = arrays["weights"].astype(np.float32) * arrays["scale"]
    model = learnt.Model(
        kept, str(arrays["types"]).split(" "), weights, *(arrays[k] for k in ("bias", "out", "out_bias"))
    )
    best = model.shares([["w3=nurse", "s4=Xx"], ["w3=dose", "s4=Xx"], ["w3=mrn", "s4=d0"]]).argmax(1)
    assert [model.types[i] for i in best] == ["PERSON", "", "MRN"]
    assert arrays["weights"].dtype == np.int8
