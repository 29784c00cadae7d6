"""Makes the README's pictures from the home that DP_CLINICAL_HOME names: the asset graph and the trade-off page.

    make demo pictures

Only Dagster's webserver is started, read-only and without its daemon, so that no sensor or schedule launches anything.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import open_home
from dp_clinical_pipeline.reporting.page import page_path
from dp_clinical_pipeline.reporting.picture import browser, screenshot

PICTURES = Path(__file__).parent
ROOT = PICTURES.parents[1]
START_SECONDS = 240
GRAPH = "/asset-groups/"
SETTLE_SECONDS = 5.0
"""The graph is laid out by a worker and its states are fetched after it is drawn."""
MOST_GROUPS = 12
CLOSED_GROUP = "foreignObject [aria-label='unfold_more']"


def main() -> None:
    """Write asset-graph.png and tradeoff.png beside this file."""
    home = open_home()
    with webserver(home.dagster) as url:
        asset_graph(url, PICTURES / "asset-graph.png")
    screenshot(page_path(home), PICTURES / "tradeoff.png", width=1200, height=1500, wait_for_css=".main-svg")


@contextmanager
def webserver(dagster_home: Path) -> Iterator[str]:
    """Start the webserver on a free loopback port and give its address; it ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [Path(sys.executable).with_name("dagster-webserver"), "-w", "workspace.yaml", "-h", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "-p", str(port), "--read-only"], cwd=ROOT, env={**os.environ, "DAGSTER_HOME": str(dagster_home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(f"{url}/server_info", process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def asset_graph(url: str, png: Path) -> None:
    """Write a picture of the global asset graph with every group open and nothing around it."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    with browser(2800, 1300) as driver:
        driver.get(url + GRAPH)
        wait = WebDriverWait(driver, 60)
        wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, CLOSED_GROUP))
        for button in driver.find_elements(By.XPATH, "//button[normalize-space()='Skip']"):
            button.click()  # an invitation that a new browser is shown
        for name in ("Hide navigation", "panel_show_right"):
            for button in driver.find_elements(
                By.XPATH, f"//button[normalize-space()='{name}' or .//*[@aria-label='{name}']]"
            ):
                driver.execute_script("arguments[0].click()", button)
        for _ in range(MOST_GROUPS):
            if not (closed := driver.find_elements(By.CSS_SELECTOR, CLOSED_GROUP)):
                break
            driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", closed[0])
            time.sleep(SETTLE_SECONDS / 2)
        driver.refresh()  # open groups are remembered, and a graph that is shown anew fits the window
        wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, "foreignObject"))
        time.sleep(SETTLE_SECONDS)
        png.write_bytes(driver.get_screenshot_as_png())


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise UserError(f"Dagster's webserver did not answer within {START_SECONDS} s: try `make ui`")


if __name__ == "__main__":
    main()
