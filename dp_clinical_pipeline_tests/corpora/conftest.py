"""A fresh home for each test, and where the open corpora lie."""

import os
from pathlib import Path

import pytest

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.home import Home

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create(Settings())


@pytest.fixture(scope="session")
def open_corpora() -> Path:
    folder = Path(os.environ.get("DP_CLINICAL_CORPORA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the open corpora are absent: set DP_CLINICAL_CORPORA")
    return folder
