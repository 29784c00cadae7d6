"""The page: the table's numbers, nothing from outside, nothing of a report, in a real browser too."""

import json
import os
import time
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.reporting.numbers import NUMBERS
from dp_clinical_pipeline.reporting.page import page_path, write_page
from dp_clinical_pipeline.reporting.picture import browser, colour_scheme, missing_browser, screenshot
from dp_clinical_pipeline.reporting.tradeoff import tradeoff_table
from dp_clinical_pipeline.store import query
from dp_clinical_pipeline_tests.reporting.conftest import GROUPS, LINEAGE

NOW = datetime(2025, 3, 4, 10, 0, tzinfo=UTC)


class Parsed(HTMLParser):
    """Attributes of all tags, text outside scripts, and the scripts by id."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.attributes: list[tuple[str, str, str]] = []
        self.text, self.scripts, self._in = "", {}, None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._in = (dict(attrs).get("id", f"{tag}{len(self.scripts)}")) if tag in ("script", "style") else None

    def handle_endtag(self, tag: str) -> None:
        self._in = None

    def handle_data(self, data: str) -> None:
        if self._in:
            self.scripts[self._in] = self.scripts.get(self._in, "") + data
        else:
            self.text += data


@pytest.fixture
def page(home: Home) -> Path:
    return write_page(home, LINEAGE, GROUPS, NOW)


@pytest.fixture
def parsed(page: Path) -> Parsed:
    return Parsed(page.read_text(encoding="utf-8"))


def test_the_page_lies_in_the_enclave_and_nothing_is_left_beside_it(home: Home, page: Path) -> None:
    assert page == home.enclave / "report" / "tradeoff.html"
    assert list(page.parent.iterdir()) == [page]


def test_the_embedded_numbers_are_the_tables(home: Home, parsed: Parsed) -> None:
    assert json.loads(parsed.scripts["tradeoff"]) == tradeoff_table(home).to_dicts()


def test_the_page_refers_to_nothing_outside_itself(parsed: Parsed) -> None:
    fetching = ("src", "href", "srcset", "action", "data", "poster", "xlink:href")
    assert [a for a in parsed.attributes if a[1] in fetching] == []
    assert [a for a in parsed.attributes if a[0] in ("link", "iframe", "img", "object", "base")] == []
    assert "@import" not in parsed.scripts["style0"]
    assert "url(" not in parsed.scripts["style0"]
    policy = next(value for _, name, value in parsed.attributes if name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy


def test_a_cell_that_failed_a_check_says_so(parsed: Parsed) -> None:
    assert parsed.text.count("failed: identifiers replayed") == 2


def test_no_text_of_a_note_is_on_the_page(page: Path) -> None:
    assert "SECRETNOTE" not in page.read_text(encoding="utf-8")


def test_labels_cannot_write_markup(parsed: Parsed, page: Path) -> None:
    assert "Pneumonia <b>&" in parsed.text
    assert "Pneumonia <b>" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("demo", "Nothing here can be released."),
        ("benchmark", "Nothing here can be released."),
        ("private", "in the enclave."),
    ],
)
def test_the_banner_says_what_may_be_done_with_the_page(home: Home, kind: str, says: str) -> None:
    home = home.save_settings(home.settings.model_copy(update={"kind": kind}))
    text = Parsed(write_page(home, LINEAGE, GROUPS, NOW).read_text(encoding="utf-8")).text
    assert f"{kind} home" in text
    assert says in text
    assert ("Nothing here can be released." in text) == (kind != "private")


@pytest.mark.parametrize(("unit", "loud"), [("patient", False), ("report", True)])
def test_a_guarantee_for_reports_is_said_loudly(home: Home, unit: str, loud: bool) -> None:
    privacy = home.settings.privacy.model_copy(update={"unit": unit})
    home = home.save_settings(home.settings.model_copy(update={"privacy": privacy}))
    text = Parsed(write_page(home, LINEAGE, GROUPS, NOW).read_text(encoding="utf-8")).text
    assert ("Not patient-level." in text) == loud
    assert ("differentially private for a whole patient" in " ".join(text.split())) != loud


def test_every_table_has_a_caption_and_every_figure_a_description(page: Path, parsed: Parsed) -> None:
    html = page.read_text(encoding="utf-8").split('<script type="application/json" id="tradeoff">')[0]
    assert html.count("<table") == html.count("<caption") == 4
    plots = [a for a in parsed.attributes if a[1] == "data-figure"]
    assert [value for *_, value in plots] == ["privacy-utility", "attacks", "per-label", "ledger"]
    assert sum(1 for _, name, value in parsed.attributes if name == "role" and value == "img") == len(plots) + 1


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_each_query_on_the_page_runs_and_finds_its_number(home: Home, number) -> None:
    assert len(query(home, number.sql)) > 0
    assert '"' not in number.sql, "it stands between double quotes in a shell"


@pytest.mark.parametrize(
    ("name", "column"), [("Weighted F1", "f1_weighted"), ("Micro F1", "f1_micro"), ("AUROC", "auroc_macro")]
)
def test_a_query_gives_what_the_table_shows(home: Home, name: str, column: str) -> None:
    sql = next(number.sql for number in NUMBERS if number.name == name)
    keys = ("arm", "generator", "budget", "classifier")
    again = {tuple(r[k] for k in keys): r["value"] for r in query(home, sql).to_dicts()}
    assert again == {tuple(r[k] for k in keys): r[column] for r in tradeoff_table(home).to_dicts()}


def test_a_home_in_which_nothing_ran_has_a_page_that_says_so(empty_home: Home) -> None:
    text = Parsed(write_page(empty_home, {}, {}, NOW).read_text(encoding="utf-8")).text
    assert "No arm was scored yet." in text
    assert "nothing was spent" in text


def test_a_failed_write_keeps_the_old_page(home: Home, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = page.read_bytes()

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UserError, match="No space left on device"):
        write_page(home, LINEAGE, GROUPS, NOW)
    assert page.read_bytes() == before
    assert list(page.parent.iterdir()) == [page]


def need_browser() -> None:
    """Skip without Chromium, except where CI promises it."""
    if missing := missing_browser():
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


PLOTS = """return [...document.querySelectorAll('[data-figure]')].map(box => [
  box.dataset.figure,
  box.querySelectorAll('.main-svg').length,
  box.querySelectorAll('.point, .heatmaplayer image').length,
  getComputedStyle(box.querySelector('.xtick text')).fill,
])"""
SHOWN_F1 = """return [...document.querySelectorAll('table.headline tbody tr')]
  .map(row => row.cells[2].innerText.split('\\n')[0])"""


def redrawn(driver: Any, text: str) -> list[Any]:
    """Return the plots once all are drawn in the scheme's text colour, or as they are after a minute."""
    for _ in range(120):
        plots = driver.execute_script(PLOTS)
        if {fill for *_, fill in plots} == {text}:
            break
        time.sleep(0.5)
    return list(plots)


@pytest.mark.browser
def test_the_browser_draws_every_figure_and_shows_the_tables_numbers(home: Home, page: Path) -> None:
    need_browser()
    f1 = tradeoff_table(home)["f1_weighted"].to_list()
    with browser(1400, 1000) as driver:
        driver.get(page.as_uri())
        for dark, text in ((False, "rgb(26, 34, 48)"), (True, "rgb(231, 235, 241)")):
            colour_scheme(driver, dark=dark)
            plots = redrawn(driver, text)
            assert [name for name, *_ in plots] == ["privacy-utility", "attacks", "per-label", "ledger"]
            assert all(drawn and marks for _, drawn, marks, _ in plots)
            assert {fill for *_, fill in plots} == {text}
        assert driver.execute_script(SHOWN_F1) == [f"{value:.3f}" for value in f1]
        embedded = driver.execute_script("return JSON.parse(document.getElementById('tradeoff').textContent)")
        assert [row["f1_weighted"] for row in embedded] == f1
        assert driver.get_log("browser") == []
        messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
        asked = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        urls = [r["request"]["url"] for r in asked if r["documentURL"] == page.as_uri()]
        assert [url for url in urls if not url.startswith("data:")] == [page.as_uri()]


@pytest.mark.browser
def test_a_picture_is_taken_once_the_page_is_drawn(page: Path, tmp_path: Path) -> None:
    need_browser()
    png = screenshot(page, tmp_path / "pictures" / "page.png", 800, 600, ".main-svg")
    assert png.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.browser
def test_a_picture_of_what_never_comes_is_refused(tmp_path: Path) -> None:
    need_browser()
    (tmp_path / "empty.html").write_text("<!doctype html><title>empty</title>")
    with pytest.raises(UserError, match=r"nothing matched '\.main-svg'"):
        screenshot(tmp_path / "empty.html", tmp_path / "never.png", 800, 600, ".main-svg", timeout=0.2)
    assert not (tmp_path / "never.png").exists()


def test_without_a_browser_a_picture_is_refused_with_what_to_install(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="chromium"):
        screenshot(page, tmp_path / "page.png")


def test_a_picture_of_no_page_says_how_to_make_one(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dp-clinical report"):
        screenshot(page_path(home), tmp_path / "page.png")
