"""A real Dagster webserver and daemon on loopback, driven over GraphQL as the UI does it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from dp_clinical_pipeline.home import HOME_VARIABLE, Home

CHECKOUT = Path(__file__).resolve().parents[2]
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "dp_clinical_pipeline"}
T = TypeVar("T")


def until(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Return the first value that is not None or false; fail after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.5)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


class Server:
    """What a person does in the UI, over its GraphQL."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a GraphQL answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        assert "errors" not in told, told
        data: dict[str, Any] = told["data"]
        return data

    def is_up(self) -> bool:
        """Say whether the server answers and has loaded the code location."""
        try:
            data = self.ask("{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }")
        except (OSError, urllib.error.URLError):
            return False
        return bool(data["repositoriesOrError"].get("nodes"))

    def add_budget(self, key: str) -> str:
        """Add a key to the budgets' partitions and return the answer's type."""
        query = """mutation ($selector: RepositorySelector!, $key: String!) {
            addDynamicPartition(repositorySelector: $selector, partitionsDefName: "privacy_budget", partitionKey: $key)
            { __typename } }"""
        kind: str = self.ask(query, selector=REPOSITORY, key=key)["addDynamicPartition"]["__typename"]
        return kind

    def backfill(self, assets: list[str], partitions: list[str]) -> str:
        """Launch a backfill and return its id."""
        query = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
            __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
        params = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": partitions}
        answer = self.ask(query, params=params)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        id: str = answer["backfillId"]
        return id

    def launch_job(self, job: str, config: dict[str, Any]) -> str:
        """Launch a job with a run config and return the run's id."""
        query = """mutation ($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
        params = {"selector": {**REPOSITORY, "pipelineName": job}, "runConfigData": config, "mode": "default"}
        answer = self.ask(query, params=params)["launchPipelineExecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        id: str = answer["run"]["runId"]
        return id

    def backfill_status(self, id: str) -> str:
        """Return REQUESTED, COMPLETED_SUCCESS, COMPLETED_FAILED…"""
        query = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
            ... on PartitionBackfill { status } } }"""
        status: str = self.ask(query, id=id)["partitionBackfillOrError"]["status"]
        return status


@contextmanager
def serving(home: Home, log: Path) -> Iterator[Server]:
    """Run `dagster dev` for a home until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        HOME_VARIABLE: str(home.path),
        "DAGSTER_HOME": str(home.dagster),
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            server = Server(port)
            until(server.is_up, 300, "the server")
            yield server
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
