"""Public reports in pieces as long as a generator's notes: what a generator may adapt to at no cost in privacy."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dp_clinical_pipeline.coding.sentences import sentences
from dp_clinical_pipeline.config import Corpus
from dp_clinical_pipeline.corpora.readers import FORMATS, get_reader
from dp_clinical_pipeline.corpora.records import Rejected
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.training.public_text import refuse_home, tidy

_MASK = re.compile(r"X{3,}|_{3,}|\[\*\*|\*{4,}")
"""What stands for an identifier in public corpora (OpenI, MIMIC): a generator is not to learn to write it."""
_FEWEST_WORDS = 4


@dataclass(frozen=True, kw_only=True)
class PublicNotes:
    """The pieces of public corpora, each once, in an order of their own hashes."""

    sources: tuple[dict[str, str | int], ...]
    """Of each corpus its name, how it was read, SHA-256, and how many reports were read and refused."""
    pieces: tuple[str, ...]


def read_public_notes(corpora: Sequence[str], longest_words: int) -> PublicNotes:
    """Read public corpora: `FORMAT=PATH` of a corpus format, `COLUMN+COLUMN=PATH` of a CSV file, or its `PATH` alone.

    A CSV file's columns are joined; without any named, its column `text` is read.

    Reports are cut between sentences into pieces of at most `longest_words` words, a longer sentence being a piece of its
    own. Sentences that hold a mask are left out, and then pieces of fewer than four words.

    Guarantee: none. Whatever is read here is in no account: a path in a home is refused, and nothing can tell a private
    file that was copied out of one.

    Raises:
        UserError: a path lies in a home, cannot be read, or has no text.
    """
    sources: list[dict[str, str | int]] = []
    pieces: list[str] = []
    for given in corpora:
        kind, _, name = given.rpartition("=")
        path = Path(name).expanduser()
        if not path.exists():
            raise UserError(
                f"there is no {path}: give --corpus FORMAT=PATH, COLUMN+COLUMN=PATH of a CSV file, or its PATH"
            )
        _refuse_homes(path)
        refused: list[Rejected] = []
        columns = list(dict.fromkeys(kind.split("+"))) if kind else ["text"]
        texts = list(_reports(kind, path, refused) if kind in FORMATS else _column_texts(path, columns))
        if not texts:
            raise UserError(f"{path} has no text to adapt to")
        pieces += [piece for text in texts for piece in cut(text, longest_words)]
        sources.append(
            {
                "name": path.name,
                "read_as": kind or "text",
                "sha256": _digest(texts),
                "reports": len(texts),
                "refused": len(refused),
            }
        )
    long = (piece for piece in pieces if len(piece.split()) >= _FEWEST_WORDS)
    kept = {piece: hashlib.sha256(piece.encode()).hexdigest() for piece in long}
    if not kept:
        raise UserError(
            f"{', '.join(corpora)}: no text of four words and more is left without masks: nothing to adapt to"
        )
    return PublicNotes(sources=tuple(sources), pieces=tuple(sorted(kept, key=kept.__getitem__)))


def cut(text: str, longest_words: int) -> Iterator[str]:
    """Yield a text in pieces of whole sentences, without those that hold a mask."""
    piece: list[str] = []
    for sentence in sentences(text):
        words = text[sentence.start : sentence.end].split()
        if any(_MASK.search(word) for word in words):
            continue
        if piece and len(piece) + len(words) > longest_words:
            yield " ".join(piece)
            piece = []
        piece += words
    if piece:
        yield " ".join(piece)


def _refuse_homes(path: Path) -> None:
    """Refuse a path that lies in a home, and a folder that holds anything of one, links followed.

    Raises:
        UserError: it does.
    """
    refuse_home(path)
    seen: set[Path] = set()
    for folder, folders, files in os.walk(path, followlinks=True):
        here = Path(folder).resolve()
        if here in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(here)
        for place in {here, *((here / name).resolve().parent for name in files)}:
            refuse_home(place)


def _reports(format: str, path: Path, refused: list[Rejected]) -> Iterator[str]:
    reader = get_reader(format)
    for row in reader.read(path, Corpus(format=format), label_set(reader.label_set)):
        if isinstance(row, Rejected):
            refused.append(row)
        else:
            yield row.text


def _column_texts(path: Path, columns: Sequence[str]) -> Iterator[str]:
    try:
        table = pl.read_csv(path, columns=list(columns), infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(
            f"{path} is not a CSV file with the columns {', '.join(columns)} ({type(error).__name__}): give "
            f"--corpus COLUMN+COLUMN={path} with its own, or FORMAT=PATH with one of {', '.join(FORMATS)}"
        ) from None
    for row in table.select(columns).iter_rows():
        # A field ends with a full stop, so that two of them are two sentences.
        parts = [part for one in row if one and (part := tidy(one))]
        if text := " ".join(part if part[-1] in ".:!?" else f"{part}." for part in parts):
            yield text


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()
