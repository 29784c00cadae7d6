"""Public text to pre-train on: a table that anyone may read, and never one that lies in a home."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

_HELD_OUT = 20
"""One text of so many is kept back, by its own hash: where it stands in the file does not matter."""
_LOST_LINE = re.compile(r"(?<=[.:;?!])\s*,\s*")
"""MTSamples' table has commas where lines ended: "ALLERGIES:, None.,MEDICATIONS:, None."."""


@dataclass(frozen=True, kw_only=True)
class PublicText:
    """The texts of a public table, each once, without line breaks."""

    name: str
    sha256: str
    """Of the file as it was given."""
    column: str
    learnt: tuple[str, ...]
    held_out: tuple[str, ...]


def read_public_text(path: Path, column: str) -> PublicText:
    """Read one column of a CSV file, gzipped or not.

    Guarantee: none. Whatever is read here is in no account: a file that lies in a home is refused, and nothing can tell
    a private file that was copied out of one.

    Raises:
        UserError: the file lies in a home, cannot be read, or has no such column or no text.
    """
    refuse_home(path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found = pl.read_csv(path, columns=[column], infer_schema=False)[column].drop_nulls()
    except OSError as error:
        raise UserError(f"cannot read the public text {path}: {error.strerror or type(error).__name__}") from None
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"{path} is not a CSV file with a column {column!r} ({type(error).__name__}): give its name with --column"
        ) from None
    texts = [text for text in dict.fromkeys(map(tidy, found)) if text]
    held_out = tuple(text for text in texts if _is_held_out(text))
    learnt = tuple(text for text in texts if not _is_held_out(text))
    if not (learnt and held_out):
        raise UserError(f"{path} has {len(texts)} texts: too few to learn from and to hold one of {_HELD_OUT} back")
    return PublicText(name=path.name, sha256=digest, column=column, learnt=learnt, held_out=held_out)


def tidy(text: str) -> str:
    """Return a text on one line, with spaces where a table has commas for its line ends."""
    return " ".join(_LOST_LINE.sub(" ", text).split())


def refuse_home(path: Path) -> None:
    """Refuse a path in a home, links followed.

    Raises:
        UserError: it is one, or lies in one, or in anything that is called an enclave.
    """
    if home := home_around(path):
        raise UserError(
            f"{path} lies in the home {home.path}: pre-training reads public text only, and no home's folder"
        )
    if "enclave" in path.expanduser().resolve().parts:
        raise UserError(f"{path} lies in an enclave: pre-training reads public text only")


def outside_homes(folder: Path) -> Path:
    """Return where a model made of public text may lie, links followed: outside of homes, or among a home's models.

    Raises:
        UserError: it lies elsewhere in a home, or in an enclave.
    """
    folder = folder.expanduser().resolve()
    home = home_around(folder)
    if home and not folder.is_relative_to(home.path / "models"):
        raise UserError(
            f"{folder} lies in the home {home.path}: give {home.path / 'models'}/NAME, or a folder elsewhere"
        )
    if home is None:
        refuse_home(folder)
    return folder


def home_around(path: Path) -> Home | None:
    """Return the home that a path lies in, links followed, whether or not its settings are there."""
    resolved = path.expanduser().resolve()
    for folder in (resolved, *resolved.parents):
        home = Home(folder)
        if home.enclave.is_dir() and (home.settings_file.is_file() or home.incoming.is_dir()):
            return home
    return None


def _is_held_out(text: str) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % _HELD_OUT == 0
