"""Files of a corpus, plain or gzipped, read in bounded pieces so that memory does not grow with them."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dp_clinical_pipeline.corpora.records import Reason, Rejected, printable, rejected
from dp_clinical_pipeline.errors import UserError

MAX_RECORD = 4 * 2**20
"""Bytes of one row that are held at a time; a longer row is refused, and read past without being held."""

_CHUNK = 2**16
_BOM = b"\xef\xbb\xbf"


class BrokenFile(Exception):
    """Reading cannot go on in this file; what came before stands."""

    def __init__(self, reason: Reason, detail: str):
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a corpus; `name` is relative to the corpus and may be shown only inside the enclave."""

    path: Path
    name: str

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces, decompressed where it begins like gzip.

        Raises:
            BrokenFile: the gzip is cut or damaged, or the file cannot be read.
        """
        try:
            with self.path.open("rb") as plain:
                zipped = plain.read(2) == b"\x1f\x8b"
                plain.seek(0)
                # read1 gives all that was decompressed before it fails; readline would lose the partial line.
                stream = gzip.GzipFile(fileobj=plain) if zipped else plain
                while piece := stream.read1(_CHUNK):
                    yield piece
        except EOFError:
            raise BrokenFile(Reason.TRUNCATED_GZIP, "the gzip file ends before its end mark") from None
        except (gzip.BadGzipFile, zlib.error):
            raise BrokenFile(Reason.CORRUPT_GZIP, "the gzip file is damaged from here") from None
        except OSError as error:
            raise BrokenFile(Reason.UNREADABLE, error.strerror or type(error).__name__) from None

    def reject(self, reason: Reason, detail: str) -> Rejected:
        """Refuse the whole file, keeping its beginning."""
        try:
            with self.path.open("rb") as stream:
                head = stream.read(MAX_RECORD)
                stream.seek(0)
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            head, digest = b"", None
        return rejected(self.name, reason, detail, head, digest)

    def problem(self) -> Rejected | None:
        """Return why the whole file cannot hold text: empty, binary, UTF-16, or unreadable from the start."""
        pieces = self.chunks()
        try:
            head = next(pieces, b"")
        except BrokenFile as broken:
            return self.reject(broken.reason, broken.detail)
        finally:
            pieces.close()  # type: ignore[attr-defined]
        if not head.removeprefix(_BOM):
            return self.reject(Reason.EMPTY_FILE, "the file is empty")
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.reject(Reason.NOT_UTF8, "the file is UTF-16")
        if b"\0" in head:
            return self.reject(Reason.BINARY_FILE, "the file is not text")
        return None

    def whole(self) -> bytes | Rejected:
        """Return a small file's content without byte-order mark; refuse one that is no text or too long."""
        if problem := self.problem():
            return problem
        held = bytearray()
        try:
            for piece in self.chunks():
                held += piece
                if len(held) > MAX_RECORD:
                    return self.reject(Reason.TOO_LONG, "longer than a report may be")
        except BrokenFile as broken:
            return self.reject(broken.reason, broken.detail)
        return bytes(held).removeprefix(_BOM)


class Line(NamedTuple):
    """A line with its end; where it was too long `raw` is its beginning and `sha256` is of all of it."""

    number: int
    raw: bytes
    sha256: str | None = None


class Lines:
    """Iterate over a file's lines. After the last one `broken` says whether the file ended early."""

    def __init__(self, file: SourceFile):
        self.file = file
        self.broken: BrokenFile | None = None
        self.partial = b""
        self.number = 0
        self._iterator = self._lines()

    def __iter__(self) -> Iterator[Line]:
        return self._iterator

    def __next__(self) -> Line:
        return next(self._iterator)

    def place(self, number: int | None = None) -> str:
        """Return where a line stands."""
        return f"{self.file.name}, line {self.number if number is None else number}"

    def ending(self, before: bytes = b"", number: int | None = None) -> Iterator[Rejected]:
        """Yield the one refusal of a file that ended early; `before` are lines of the row that was cut."""
        if self.broken:
            raw, place = before + self.partial, self.place(number or self.number + 1)
            yield rejected(place, self.broken.reason, self.broken.detail, raw)

    def _lines(self) -> Iterator[Line]:
        tail, digest = b"", None
        try:
            for piece in self.file.chunks():
                parts = (tail + piece).split(b"\n") if digest is None else piece.split(b"\n")
                for part in parts[:-1]:
                    if digest or not self.number:
                        yield self._line((tail if digest else b"") + part + b"\n", digest, part + b"\n")
                        tail, digest = b"", None
                    else:
                        self.number += 1
                        yield Line(self.number, part + b"\n")
                if digest is None:
                    tail = parts[-1]
                    if len(tail) > MAX_RECORD:
                        digest = hashlib.sha256(tail)
                else:
                    digest.update(parts[-1])
        except BrokenFile as broken:
            self.broken, self.partial = broken, tail
            return
        if tail:
            yield self._line(tail, digest, b"")

    def _line(self, raw: bytes, digest: "hashlib._Hash | None", last: bytes) -> Line:
        if self.number == 0:
            raw = raw.removeprefix(_BOM)
        self.number += 1
        if digest is None:
            return Line(self.number, raw)
        digest.update(last)
        return Line(self.number, raw[:MAX_RECORD], digest.hexdigest())


def corpus_files(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> Iterator[SourceFile]:
    """Yield the files at or below a path whose lower-case name is wanted, folder by folder by name.

    Names that begin with a dot are passed over. One folder's names are held at a time, not the whole tree's.

    Raises:
        UserError: a folder cannot be read.
    """
    if path.is_file():
        if wanted(path.name.lower()):
            yield SourceFile(path, printable(path.name))
        return
    yield from _walk(path, "", wanted)


def _walk(folder: Path, above: str, wanted: Callable[[str], bool]) -> Iterator[SourceFile]:
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise UserError(f"a folder of the corpus cannot be read ({error.strerror}): allow reading it") from None
    for name, is_folder in found:
        if is_folder:
            yield from _walk(folder / name, f"{above}{name}/", wanted)
        elif wanted(name.lower()):
            yield SourceFile(folder / name, printable(above + name))
