"""A home: the folders and settings of one population."""

import os
import shutil
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import platformdirs

from dp_clinical_pipeline.config import Settings, read_settings, settings_yaml
from dp_clinical_pipeline.errors import UserError

HOME_VARIABLE = "DP_CLINICAL_HOME"

_DAGSTER_YAML = """\
# One slot for each torch device; the instance never retries a run, because a second attempt would spend again.
# What steps print is not stored: run storage lies outside the enclave, and a library may print what it reads.
telemetry: {enabled: false}
compute_logs: {module: dagster._core.storage.noop_compute_log_manager, class: NoOpComputeLogManager}
concurrency:
  pools: {granularity: op, default_limit: 1}
  runs: {max_concurrent_runs: 4}
run_monitoring:
  enabled: true            # a killed run gives its slot back
  start_timeout_seconds: 300
  free_slots_after_run_end_seconds: 10
  poll_interval_seconds: 10
run_retries: {enabled: false}
"""


@dataclass(frozen=True)
class Home:
    """One population's folder. Nothing is created until `create` or `open_home`."""

    path: Path

    @property
    def settings_file(self) -> Path:
        return self.path / "settings.yaml"

    @property
    def incoming(self) -> Path:
        """Where files are dropped; a sensor makes one batch of all that arrived."""
        return self.path / "incoming"

    @property
    def enclave(self) -> Path:
        """Everything derived from real text by no ledgered mechanism; mode 0700."""
        return self.path / "enclave"

    @property
    def lake(self) -> Path:
        """What the ledger covers."""
        return self.path / "lake"

    @property
    def models(self) -> Path:
        """Public base models, laid out once; `DP_CLINICAL_MODELS` shares one folder between homes."""
        return Path(os.environ.get("DP_CLINICAL_MODELS") or self.path / "models")

    @property
    def release(self) -> Path:
        return self.path / "release"

    @property
    def dagster(self) -> Path:
        return self.path / "dagster_home"

    @cached_property
    def settings(self) -> Settings:
        """The validated settings, read once for each Home object."""
        return read_settings(self.settings_file)

    def create(self, settings: Settings) -> "Home":
        """Lay the home out; an existing settings file is left as it is.

        Raises:
            UserError: the folder cannot be written.
        """
        try:
            for folder in (self.incoming, self.lake, self.models, self.release, self.dagster):
                folder.mkdir(parents=True, exist_ok=True)
            self.enclave.mkdir(mode=stat.S_IRWXU, exist_ok=True)
            self.enclave.chmod(stat.S_IRWXU)
            if not (self.dagster / "dagster.yaml").exists():
                write_text(self.dagster / "dagster.yaml", _DAGSTER_YAML)
            if not self.settings_file.exists():
                write_text(self.settings_file, settings_yaml(settings))
        except OSError as error:
            raise UserError(f"cannot write the home {self.path}: {error.strerror}") from None
        return self

    def save_settings(self, settings: Settings) -> "Home":
        """Replace the settings file and return the home with the new settings."""
        write_text(self.settings_file, settings_yaml(settings))
        return Home(self.path)


def write_text(path: Path, text: str) -> None:
    """Write a small file aside, then rename, so that a reader sees all of it or the old one, after a power cut too."""
    aside = aside_of(path)
    try:
        with aside.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Have the disk hold a folder's names, where the system can."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def aside_of(path: Path) -> Path:
    """Return where this process writes a file or folder before it renames it to `path`.

    What processes that were killed left there is removed.
    """
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        if not _runs(left.name.split(".")[-2]):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        pass
    return True


def home_path(path: Path | None = None) -> Path:
    """Return the home's folder: the argument, else DP_CLINICAL_HOME, else the platform's user-data folder."""
    chosen = path or os.environ.get(HOME_VARIABLE) or platformdirs.user_data_path("dp-clinical")
    return Path(chosen).expanduser().resolve()


def open_home(path: Path | None = None) -> Home:
    """Return an existing home.

    Raises:
        UserError: no home lies there, or its settings are wrong.
    """
    home = Home(home_path(path))
    if not home.settings_file.exists():
        raise UserError(f"no home at {home.path}: run `dp-clinical init {home.path}`, or pass --home")
    _ = home.settings
    return home
