"""Negation, doubt and history around a finding, and where they end."""

import pytest

from dp_clinical_pipeline.coding.context import Context


def status(sentence: str, finding: str = "effusion") -> str:
    start = sentence.index(finding)
    return Context.of(sentence).status(start, start + len(finding))


@pytest.mark.parametrize(
    "sentence",
    [
        "there is a small effusion.",
        "no change in the effusion.",
        "no significant interval change in the left effusion.",
        "without interval change in the effusion.",
        "the effusion has not significantly changed.",
        "effusion not seen before.",
        "compared to the prior examination the effusion is larger.",
        "the effusion is larger than on the previous study.",
        "no pneumothorax but effusion.",
        "no pneumothorax, however there is an effusion.",
        "no pneumothorax, there is an effusion.",
        "no pneumothorax and the effusion has increased.",
        "no focal disease, the effusion persists and is larger.",
        "pneumothorax was not observed, effusion is present.",
        "effusion on the left, no pneumothorax.",
        "lungs are clear except for an effusion.",
        "effusion without pneumothorax.",
        "no pneumothorax was observed, effusion is seen.",
    ],
)
def test_a_finding_is_present(sentence: str) -> None:
    assert status(sentence) == "present"


@pytest.mark.parametrize(
    "sentence",
    [
        "no effusion.",
        "no evidence of pleural effusion.",
        "no focal consolidation, pneumothorax, or pleural effusion.",
        "no pneumothorax, mass or effusion is seen.",
        "no visible pneumothorax, focal opacity, or effusion is seen.",
        "negative for effusion.",
        "the study is negative for pneumothorax or effusion.",
        "the lungs are free of effusion.",
        "effusion was not observed.",
        "effusion-thickening was not detected.",
        "neither pneumothorax nor effusion.",
        "pneumothorax, effusion, or mass is absent.",
        "the effusion has resolved.",
        "interval resolution of the effusion.",
        "effusion is no longer seen.",
        "large heart without effusion.",
        "mass on the left but no effusion.",
        "no definite effusion.",
        "effusion cannot be seen.",
        "no pneumothorax has developed, or an effusion has appeared.",
    ],
)
def test_a_finding_is_negated(sentence: str) -> None:
    assert status(sentence) == "negated"


@pytest.mark.parametrize(
    "sentence",
    [
        "possible effusion.",
        "this may represent an effusion.",
        "blunting suggests effusion.",
        "effusion cannot be excluded.",
        "effusion is difficult to exclude.",
        "atelectasis versus effusion.",
        "suspicious for effusion.",
        "rule out effusion.",
        "effusion?",
        "a small effusion is a possibility.",
    ],
)
def test_a_finding_is_doubted(sentence: str) -> None:
    assert status(sentence) == "uncertain"


@pytest.mark.parametrize(
    "sentence", ["history of effusion.", "status post drained effusion.", "prior effusion.", "effusion in the past."]
)
def test_a_finding_is_remembered(sentence: str) -> None:
    assert status(sentence) == "historical"


@pytest.mark.parametrize(
    ("sentence", "finding", "expected"),
    [
        ("no effusion but atelectasis.", "atelectasis", "present"),
        ("no effusion but atelectasis.", "effusion", "negated"),
        ("possible atelectasis, although there is an effusion.", "effusion", "present"),
        ("heart is not enlarged.", "heart is not enlarged", "negated"),
        ("no effusion and possible pneumonia.", "effusion", "negated"),
    ],
)
def test_a_trigger_keeps_to_its_clause(sentence: str, finding: str, expected: str) -> None:
    assert status(sentence, finding) == expected
