"""The secret key of a home, and the keyed pseudonyms and numbers that are made from it."""

import base64
import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, write_text
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS

KEY_VARIABLE = "DP_CLINICAL_KEY"
KEY_BYTES = 32
_LEAST_BYTES = 16
_LEAST_DISTINCT = 8
_ADVICE = "give 32 hexadecimal digits or more (`python -c 'import secrets; print(secrets.token_hex(32))'` makes some)"


def key_file(home: Home) -> Path:
    """Return where a home keeps its key when the environment gives none."""
    return home.enclave / "keys" / "pseudonym.key"


def secret(home: Home) -> bytes:
    """Return the home's 32-byte key: DP_CLINICAL_KEY (hexadecimal), else the enclave's file, made on first use.

    Raises:
        UserError: the key is not hexadecimal, too short or a placeholder; its file can be read by others, cannot be
            read or written, or is lost although tables were made with it; or it is another key than theirs.
    """
    given = os.environ.get(KEY_VARIABLE)
    key = _parsed(given, KEY_VARIABLE) if given is not None else _from_file(home)
    _refuse_another(home, key)
    return key


def _from_file(home: Home) -> bytes:
    path = key_file(home)
    try:
        if not path.exists():
            _refuse_a_second(home, path)
            _make(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UserError(f"the key can be read by others (mode {mode:04o}): run `chmod 600 {path}`")
        return _parsed(path.read_text(encoding="ascii", errors="replace"), str(path))
    except OSError as error:
        raise UserError(f"cannot use the key at {path}: {error.strerror or type(error).__name__}") from None


def pseudonym(key: bytes, kind: str, *parts: str) -> str:
    """Return 20 characters (base32, 100 bits) that stand for `parts` among pseudonyms of one kind.

    Parts are framed by their length, so that ("ab", "c") and ("a", "bc") differ.
    """
    return base64.b32encode(_digest(key, kind, parts)).decode("ascii")[:20].lower()


def unit_interval(key: bytes, kind: str, *parts: str) -> float:
    """Return a number in [0, 1) with 53 random bits, fixed by the key, the kind and the parts."""
    return (int.from_bytes(_digest(key, kind, parts)[:8], "big") >> 11) / 2**53


def _digest(key: bytes, kind: str, parts: tuple[str, ...]) -> bytes:
    if len(key) < _LEAST_BYTES:
        raise ValueError(f"a key has at least {_LEAST_BYTES} bytes, this one has {len(key)}")
    message = bytearray()
    for part in ("dp-clinical", kind, *parts):
        data = part.encode("utf-8", "surrogatepass")
        message += len(data).to_bytes(8, "big") + data
    return hmac.new(key, message, hashlib.sha256).digest()


def _parsed(text: str, where: str) -> bytes:
    try:
        raw = bytes.fromhex(text.strip())
    except ValueError:
        raise UserError(f"{where} is not a hexadecimal key: {_ADVICE}") from None
    if len(raw) < _LEAST_BYTES:
        raise UserError(f"{where} is too short for a key: {_ADVICE}")
    if len(set(raw)) < _LEAST_DISTINCT:
        raise UserError(f"{where} looks like a placeholder, not a key: {_ADVICE}")
    return raw if len(raw) == KEY_BYTES else hashlib.sha256(raw).digest()


def _refuse_a_second(home: Home, path: Path) -> None:
    """A new key would give every patient a new pseudonym and split: who trained yesterday would be tested today."""
    if any(Store(home).files(table) for table in (DEIDENTIFIED_REPORTS, COHORT)):
        raise UserError(
            f"the key that this home's pseudonyms were made with is missing: restore {path} from a copy of the home, or "
            f"set {KEY_VARIABLE} to it; no new one is made while tables made with the old one exist"
        )


def _refuse_another(home: Home, key: bytes) -> None:
    """Keep a keyed fingerprint beside the tables on first use, and refuse a key that does not fit it."""
    file = home.enclave / "keys" / "fingerprint"
    mine = pseudonym(key, "fingerprint")
    try:
        file.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        if not file.exists():
            with FileLock(file.with_name(".fingerprint.lock")):
                if not file.exists():
                    write_text(file, mine + "\n")
        held = file.read_text().strip()
    except OSError as error:
        raise UserError(f"cannot use {file}: {error.strerror or type(error).__name__}") from None
    if held != mine:
        raise UserError(
            "this is not the key that this home's pseudonyms and splits were made with: give the old one "
            f"({KEY_VARIABLE}, or {key_file(home)}), or start a home of its own (`dp-clinical init PATH`)"
        )


def _make(path: Path) -> None:
    """Write a new key; where two processes race, the first one's file stands."""
    path.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)  # a link, not a rename: it never replaces a key that is already in use
    finally:
        aside.unlink()
