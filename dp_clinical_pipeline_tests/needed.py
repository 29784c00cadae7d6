"""Under CI a test that is skipped for want of a browser or of PostgreSQL has failed: `.ci/run` installs both."""

import os
from collections.abc import Generator

import pytest

NEEDED = ("browser", "postgres")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a test that carries one of the markers into a failure where CI is set."""
    report = yield
    wanted = [name for name in NEEDED if item.get_closest_marker(name)]
    if os.environ.get("CI") and wanted and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{' and '.join(wanted)} must be there under CI. {reason}"
    return report
