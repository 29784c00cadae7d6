"""CSV is read as Python's own module reads it, and a broken row costs no other row."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.corpora.csv_rows import CsvRows
from dp_clinical_pipeline.corpora.files import SourceFile
from dp_clinical_pipeline.corpora.records import Rejected, Row

COLUMNS = ("id", "note", "end")


def rows(folder: Path, content: bytes) -> list[Row | Rejected]:
    (folder / "t.csv").write_bytes(content)
    return list(CsvRows(SourceFile(folder / "t.csv", "t.csv"), COLUMNS))


CELL = st.text(st.sampled_from('ab ,"\n\r\té中|'), max_size=8)


@given(
    table=st.lists(st.tuples(st.from_regex(r"[a-z]{1,3}", fullmatch=True), CELL, CELL)),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_well_formed_reads_as_pythons_own_reader_does(tmp_path_factory: pytest.TempPathFactory, table, end):
    text = io.StringIO(newline="")
    # Python's writer leaves a lone carriage return unquoted, which ends a row.
    quoting = csv.QUOTE_ALL if any("\r" in cell for row in table for cell in row) else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([COLUMNS, *table])
    content = text.getvalue().encode()
    found = rows(tmp_path_factory.mktemp("csv"), content)
    expected = list(csv.DictReader(io.StringIO(text.getvalue(), newline="")))
    assert [row.values for row in found if isinstance(row, Row)] == expected
    assert content.split(end.encode(), 1)[1] == b"".join(row.raw for row in found if isinstance(row, Row))


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ('1,"open,x\n2,b,x\n', ["unclosed_quote 2", "2"]),
        ('1,"open,x\n2,b,x\n3,"c, c",x\n4,d,x\n', ["unclosed_quote 2", "2", "3", "4"]),
        ('1,"open,x\n2,"b\nb",x\n3,c,x\n', ["unclosed_quote 2", "2", "3"]),
        ('1,"a\nopen,x\n2,"b\nb",x\n3,c,x\n', ["unclosed_quote 2", "2", "3"]),
        ('1,"open,x\n2,", b",x\n3,c,x\n', ["unclosed_quote 2", "2", "3"]),
        ('1,"open,x\nWell, and so on\n', ["unclosed_quote 2"]),
        ('1,"two\nlines",x,y\n2,b,x\n', ["wrong_fields 2", "2"]),
        ('1,"a" b,x\n2,b,x\n', ["malformed_csv 2", "2"]),
        ('1,a 5" tube,x\n2,b,x\n', ["1", "2"]),
        ("1,a\rb,x\n2,b,x\n", ["malformed_csv 2", "2"]),
        ("1,a,x\n\n  \n2,b,x", ["1", "2"]),
        ("1,a,x\n\n2,b\n", ["1", "wrong_fields 4"]),
    ],
)
def test_a_broken_row_costs_no_other(tmp_path: Path, content: str, seen: list[str]):
    found = rows(tmp_path, b"id,note,end\n" + content.encode())
    told = [f"{r.reason} {r.place.split()[-1]}" if isinstance(r, Rejected) else r.values["id"] for r in found]
    assert told == seen


def test_an_open_quote_in_a_file_of_many_megabytes_costs_one_row(tmp_path: Path):
    good = "".join(f"{n},{'word ' * 40},x\n" for n in range(30_000))
    found = rows(tmp_path, f'id,note,end\n0,"open,x\n{good}'.encode())
    assert [r.reason for r in found if isinstance(r, Rejected)] == ["unclosed_quote"]
    assert len(found) == 30_001


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_gzip_cut_inside_a_quoted_text_adds_one_refusal_with_its_bytes(tmp_path: Path, cut: int):
    # Stored, not compressed, so that the cut falls on a known byte: inside the second row's text.
    content = b'id,note,end\n1,"a\nb",x\n2,"some\nlines, of\ntext",x\n'
    zipped = gzip.compress(content, compresslevel=0)
    kept = zipped.index(b"some") + cut
    found = rows(tmp_path, zipped[:kept])
    assert [row.values["id"] for row in found if isinstance(row, Row)] == ["1"]
    [refused] = [row for row in found if isinstance(row, Rejected)]
    assert (refused.reason, refused.place) == ("truncated_gzip", "t.csv, line 4")
    assert refused.raw == '2,"' + "some\nlines, of\ntext"[:cut]
