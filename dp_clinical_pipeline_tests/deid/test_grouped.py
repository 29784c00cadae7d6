"""Row groups of many blocks: nothing is lost, order is kept, and a failure leaves no half group behind."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dp_clinical_pipeline.deid import grouped
from dp_clinical_pipeline.deid.grouped import GroupedWriter

SCHEMA = pa.schema([("n", pa.int64())])


def block(start: int, rows: int) -> pa.Table:
    return pa.table({"n": pa.array(range(start, start + rows), pa.int64())}, SCHEMA)


def test_blocks_come_back_in_order_in_few_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped, "ROWS", 10)
    with GroupedWriter(tmp_path / "t.parquet", SCHEMA) as out:
        for start in range(0, 25, 4):
            out.write(block(start, min(4, 25 - start)))
    with pq.ParquetFile(tmp_path / "t.parquet") as file:
        assert file.read()["n"].to_pylist() == list(range(25))
        assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [12, 12, 1]


def test_a_file_without_rows_still_has_its_columns(tmp_path: Path) -> None:
    with GroupedWriter(tmp_path / "t.parquet", SCHEMA):
        pass
    assert pq.read_table(tmp_path / "t.parquet").schema == SCHEMA


def test_what_waits_when_something_fails_is_not_written(tmp_path: Path) -> None:
    def stopped() -> None:
        with GroupedWriter(tmp_path / "t.parquet", SCHEMA) as out:
            out.write(block(0, 3))
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        stopped()
    assert pq.read_table(tmp_path / "t.parquet").num_rows == 0
