"""Pictures of pages by headless Chromium, for the documentation and the tests."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dp_clinical_pipeline.errors import UserError

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)


def missing_browser() -> str | None:
    """Return what is missing for a picture, None where all is there."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed: pip install selenium"
    absent = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    packages = "apt-get install chromium chromium-driver"
    return f"{' and '.join(absent)} not found: {packages}, or your system's packages of them" if absent else None


@contextmanager
def browser(width: int, height: int, *, dark: bool = False) -> Iterator["WebDriver"]:
    """Give a headless Chromium with an empty profile, closed and removed at the end.

    Raises:
        UserError: Chromium, chromedriver or selenium is absent.
    """
    if missing := missing_browser():
        raise UserError(missing)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(prefix="dp-clinical-browser-", ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for option in (*_OPTIONS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        try:
            colour_scheme(driver, dark=dark)
            yield driver
        finally:
            driver.quit()


def colour_scheme(driver: "WebDriver", *, dark: bool) -> None:
    """Make the open page, and those opened later, believe that the user prefers a dark or a light ground."""
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})


def screenshot(
    html_or_url: Path | str,
    png: Path,
    width: int = 1280,
    height: int = 1600,
    wait_for_css: str | None = None,
    *,
    dark: bool = False,
    timeout: float = 30,
) -> Path:
    """Write a picture of a file or URL, once something matches the CSS selector, and return its path.

    Raises:
        UserError: no browser, no such file, or nothing matched within `timeout` seconds.
    """
    is_url = isinstance(html_or_url, str) and "://" in html_or_url
    if not is_url and not Path(html_or_url).exists():
        raise UserError(f"no page at {html_or_url}: make it first with `dp-clinical report`")
    with browser(width, height, dark=dark) as driver:
        from selenium.common.exceptions import TimeoutException
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import WebDriverWait

        driver.get(str(html_or_url) if is_url else Path(html_or_url).resolve().as_uri())
        if wait_for_css:
            try:
                WebDriverWait(driver, timeout).until(lambda d: d.find_elements(By.CSS_SELECTOR, wait_for_css))
            except TimeoutException:
                raise UserError(f"nothing matched {wait_for_css!r} within {timeout:g} s") from None
        png.parent.mkdir(parents=True, exist_ok=True)
        png.write_bytes(driver.get_screenshot_as_png())
    return png
