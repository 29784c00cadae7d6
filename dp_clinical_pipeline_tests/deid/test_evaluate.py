"""The evaluation counts as it says, refuses bad gold, and holds its figures on an outside corpus."""

import json
import os
from pathlib import Path

import pytest
from scipy.stats import binomtest
from typer import Typer
from typer.testing import CliRunner

from dp_clinical_pipeline.cli.intake import deid_eval
from dp_clinical_pipeline.config import Deid, Settings
from dp_clinical_pipeline.deid.evaluate import Document, evaluate, evaluate_file, wilson
from dp_clinical_pipeline.deid.site import Site
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

CORPORA = Path(os.environ.get("DP_CLINICAL_CORPORA") or Path(__file__).parents[2] / "../shared/data")


def test_counts_on_documents_small_enough_to_count_by_hand() -> None:
    result = evaluate(
        [
            Document(id="1", text="Dr. Okafor saw a xyzzy.", spans=((0, 10, "PERSON"), (17, 22, "OTHER"))),
            Document(id="2", text="Clear lungs."),
            Document(id="3", text="Seen in Tulsa."),
        ]
    )
    assert result.gold_spans == 2
    assert result.span_recall.value == 0.5
    assert result.by_type["PERSON"].value == 1
    assert result.by_type["OTHER"].value == 0
    assert result.hard_negative_rate.value == 0.5
    assert result.char_recall.value == pytest.approx(8 / 13)
    assert result.char_precision.value == pytest.approx(8 / 13)
    assert result.reports_per_second > 0


def test_names_go_over_to_the_same_patients_other_documents() -> None:
    texts = ("Patient: Zelda Quombee.", "Today quombee was seen.")
    together = [
        Document(id=str(n), patient_id="p", text=t, spans=((at := t.lower().index("quombee"), at + 7, "PERSON"),))
        for n, t in enumerate(texts)
    ]
    apart = [Document(id=d.id, patient_id=d.id, text=d.text, spans=d.spans) for d in together]
    assert evaluate(together).span_recall.value == 1
    assert evaluate(together, alone=True).span_recall.value == 0.5
    nobodys = [Document(id=d.id, patient_id="", text=d.text, spans=d.spans) for d in together]
    assert evaluate(apart).span_recall.value == evaluate(nobodys).span_recall.value == 0.5


def test_a_span_without_letters_or_digits_is_no_find() -> None:
    result = evaluate([Document(id="1", text="Seen *** xyzzy.", spans=((5, 8, "OTHER"), (9, 14, "OTHER")))])
    assert (result.gold_spans, result.span_recall.value) == (1, 0)


def test_a_sites_own_patterns_and_names_count() -> None:
    text = "Moved to blue corridor, bed kx/ab."
    documents = [Document(id="1", text=text, spans=((9, 22, "FACILITY"), (28, 33, "MRN")))]
    site = Site(Deid(patterns={"MRN": [r"kx/[a-z]{2}"]}, names={"FACILITY": ["Blue Corridor"]}))
    assert evaluate(documents).span_recall.value == 0
    assert evaluate(documents, site).span_recall.value == 1


def test_the_verb_lets_a_homes_settings_vote(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create(Settings(deid=Deid(patterns={"MRN": [r"kx/[a-z]{2}"]})))
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"text": "In bed kx/ab.", "spans": [{"start": 7, "end": 12, "type": "MRN"}]}\n')
    app = Typer()
    app.command()(deid_eval)
    found = [
        json.loads(CliRunner().invoke(app, [str(gold), "--json", *more]).stdout)
        for more in ([], ["--home", str(home.path)])
    ]
    assert [result["span_recall"] for result in found] == [0, 1]


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (3, 7), (470, 500)])
def test_wilson_agrees_with_scipy(hits: int, n: int) -> None:
    share = wilson([True] * hits + [False] * (n - hits))
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert share.interval == pytest.approx([expected.low, expected.high])


def test_nothing_to_measure_is_null() -> None:
    flat = evaluate([Document(id="1", text="Clear lungs.")]).as_dict()
    assert flat["span_recall"] is None
    assert flat["span_recall_interval"] == [None, None]
    assert flat["hard_negative_rate"] == 0
    json.dumps(flat)


def test_a_gold_file_is_read_with_optional_types(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(
        '{"id": 1, "patient_id": "p", "text": "Dr. Okafor", "spans": [{"start": 4, "end": 10}]}\n\n{"text": ""}\n'
    )
    result = evaluate_file(gold)
    assert result.documents == 2
    assert result.by_type["UNTYPED"].value == 1


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"id": 1}', '{"text": 5}', '{"text": "ab", "spans": [{"start": 0, "end": 9}]}',
     '{"text": "ab", "spans": [{"start": 1, "end": 1}]}', '{"text": "ab", "spans": [3]}'],
)  # fmt: skip
def test_bad_gold_is_refused_by_line(tmp_path: Path, line: str) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"text": "fine"}\n' + line + "\n")
    with pytest.raises(UserError, match="line 2"):
        evaluate_file(gold)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_an_unreadable_or_empty_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    gold = tmp_path / "gold.jsonl"
    if content is not None:
        gold.write_bytes(content)
    with pytest.raises(UserError):
        evaluate_file(gold)


def asq_phi() -> list[Document]:
    """Return the queries with the offsets of their tagged values, each at its first free place."""
    documents = []
    blocks = (CORPORA / "asq_phi/queries.txt").read_text().split("===QUERY===")[1:]
    for number, block in enumerate(blocks):
        text, tags = (part.strip() for part in block.split("===PHI_TAGS==="))
        spans: list[tuple[int, int, str]] = []
        for tag in map(json.loads, filter(None, tags.splitlines())):
            value, start = tag["value"], -1
            while (start := text.find(value, start + 1)) >= 0:
                end = start + len(value)
                if not any(s < end and start < e for s, e, _ in spans):
                    spans.append((start, end, tag["identifier_type"]))
                    break
        documents.append(Document(id=str(number), text=text, spans=tuple(spans)))
    return documents


@pytest.mark.corpora
@pytest.mark.skipif(not (CORPORA / "asq_phi").exists(), reason="the open corpora are not here")
def test_figures_on_asq_phi() -> None:
    result = evaluate(asq_phi())
    assert result.span_recall.value >= 0.99
    assert result.char_precision.value >= 0.985
    assert result.hard_negative_rate.value <= 0.03
