"""A PostgreSQL server for the tests: in a folder of its own, reached by a Unix socket in it, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# initdb and postgres refuse to run as root: Debian's package makes this user.
_OTHER_USER = "postgres"
_OPTIONS = "-c listen_addresses='' -c fsync=off -c max_connections=40"


def missing_postgres() -> str | None:
    """Return what is missing for a server, None where all is there."""
    if _binaries() is None:
        return "PostgreSQL's server binaries are absent: apt-get install postgresql"
    if os.geteuid() == 0 and _other_user() is None:
        return f"root cannot run PostgreSQL and there is no user {_OTHER_USER}"
    return None


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server and give the URL of its `postgres` database; it ends with the block."""
    binaries, user = _binaries(), _other_user() if os.geteuid() == 0 else None
    assert binaries is not None
    # Not under pytest's own folder: another user may not pass through that, and a socket's path is at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="dp-clinical-pg-"))
    data, name = folder / "data", user or pwd.getpwuid(os.geteuid()).pw_name
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries / program, "-D", data, *arguments],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}")

    try:
        run("initdb", "--auth=trust", "--encoding=UTF8", "--no-sync", f"--username={name}")
        run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} {_OPTIONS}")
        try:
            yield f"postgresql+psycopg://{name}@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    """Debian keeps the server's programs out of PATH, a folder for each version."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    newest = max(found, key=lambda path: float(path.parts[-3]), default=None)
    on_path = shutil.which("initdb")
    return newest.parent if newest else Path(on_path).parent if on_path else None


def _other_user() -> str | None:
    try:
        return pwd.getpwnam(_OTHER_USER).pw_name
    except KeyError:
        return None
