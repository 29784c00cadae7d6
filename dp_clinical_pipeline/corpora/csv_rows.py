"""CSV rows that survive broken ones: each refused row keeps its line number, and reading goes on."""

import csv
import hashlib
import re
from collections import deque
from collections.abc import Iterator

from dp_clinical_pipeline.corpora.files import MAX_RECORD, Line, Lines, SourceFile
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Row, rejected

# The size of a row is bounded here by MAX_RECORD; the module's own limit (128 KiB) would refuse long notes.
csv.field_size_limit(2**31 - 1)

_ID = re.compile(rb'\s*(?:"[^"\s]+"|[^"\s]+)\s*')


class _TooLong(Exception):
    """The row being read passed MAX_RECORD."""


class _Feed:
    """Gives lines to csv.reader and remembers those that the present row has taken."""

    def __init__(self, lines: Lines):
        self.lines = lines
        self.taken: list[Line] = []
        self.utf8 = True
        self._next = iter(lines)
        self._back: deque[Line] = deque()
        self._size = 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._next)
        if line.sha256 or self._size + len(line.raw) > MAX_RECORD:
            self.give_back([line])
            raise _TooLong
        self.taken.append(line)
        self._size += len(line.raw)
        try:
            return line.raw.decode()
        except UnicodeDecodeError:
            self.utf8 = False
            return line.raw.decode("utf-8", "surrogateescape")

    def start_row(self) -> None:
        self.taken, self.utf8, self._size = [], True, 0

    def line(self) -> Line:
        return self._back.popleft() if self._back else next(self.lines)

    def give_back(self, lines: list[Line]) -> None:
        self._back.extendleft(reversed(lines))


class CsvRows:
    """Iterate over a CSV file's rows as `Row` or `Rejected`. The first line names the columns."""

    def __init__(self, file: SourceFile, required: tuple[str, ...]):
        self.file = file
        self.required = required
        self.header: list[str] = []
        self._feed = _Feed(Lines(file))

    def __iter__(self) -> Iterator[Row | Rejected]:
        if problem := self.file.problem() or self._read_header():
            yield problem
            return
        feed, reader = self._feed, self._reader()
        while True:
            feed.start_row()
            try:
                fields = next(reader)
            except StopIteration:
                break
            except (csv.Error, _TooLong) as error:
                yield from self._recover(error)
                reader = self._reader()
                continue
            if (
                len(feed.taken) > 1
                and len(fields) != len(self.header)
                and (start := self._next_row(taken := feed.taken))
            ):
                yield self._refuse(taken[:start], Reason.UNCLOSED_QUOTE, "a quote is not closed")
                reader = self._reader()
            elif any(line.raw.strip() for line in feed.taken):
                yield self._row(fields)
        if feed.lines.broken:
            yield from feed.lines.ending()

    def _reader(self) -> "Iterator[list[str]]":
        return csv.reader(self._feed, strict=True)

    def _read_header(self) -> Rejected | None:
        try:
            self.header = [name.strip() for name in next(self._reader())]
        except (csv.Error, _TooLong, StopIteration):
            if broken := self._feed.lines.broken:
                return self.file.reject(broken.reason, broken.detail)
            return self.file.reject(Reason.MALFORMED_CSV, "the first line does not name the columns")
        if not self._feed.utf8:
            return self.file.reject(Reason.NOT_UTF8, "the first line is not UTF-8")
        missing = [name for name in self.required if name not in self.header]
        if missing:
            return self.file.reject(Reason.MISSING_COLUMN, f"no column {', '.join(missing)}")
        return None

    def _row(self, fields: list[str]) -> Row | Rejected:
        taken = self._feed.taken
        raw, place = b"".join(line.raw for line in taken), self._place(taken[0])
        if not self._feed.utf8:
            return rejected(place, Reason.NOT_UTF8, "bytes that are not UTF-8", raw)
        if len(fields) != len(self.header):
            detail = f"{len(fields)} fields where the header has {len(self.header)}"
            return rejected(place, Reason.WRONG_FIELDS, detail, raw)
        return Row(place, dict(zip(self.header, fields, strict=True)), raw)

    def _recover(self, error: Exception) -> Iterator[Rejected]:
        """Refuse the row that could not be read and go on at the next line where a whole row begins.

        A quote that is never closed takes in the rows below it: they are given back and not lost.
        """
        feed, taken = self._feed, self._feed.taken
        if not taken:
            line = feed.line()
            yield rejected(self._place(line), Reason.TOO_LONG, "a line longer than a row may be", line.raw, line.sha256)
            return
        too_long, at_end = isinstance(error, _TooLong), "end of data" in str(error)
        # A long note has few lines that look like rows by chance; an open quote took in rows alone.
        if too_long and 2 * sum(self._may_begin_row(line) for line in taken[1:]) < len(taken) - 1:
            yield self._pass_over(taken)
        elif start := self._next_row(taken):
            yield self._refuse(taken[:start], Reason.UNCLOSED_QUOTE, "a quote is not closed")
        elif feed.lines.broken and at_end:
            yield from feed.lines.ending(b"".join(line.raw for line in taken), taken[0].number)
            feed.lines.broken = None
        elif at_end or too_long:
            yield self._refuse(taken, Reason.UNCLOSED_QUOTE, "a quote is not closed")
        else:
            yield self._refuse(taken, Reason.MALFORMED_CSV, "text after a closing quote, or a stray line end")

    def _next_row(self, taken: list[Line]) -> int:
        """Return the index of the first later line where a whole row begins, 0 for none, and give it back with all below.

        The row may go on below the lines taken: what is read ahead is given back too.
        """
        feed, utf8 = self._feed, self._feed.utf8
        for start in range(1, len(taken)):
            if not self._may_begin_row(taken[start]):
                continue
            feed.give_back(taken[start:])
            feed.start_row()
            try:
                whole = len(next(self._reader(), [])) == len(self.header)
            except (csv.Error, _TooLong):
                whole = False
            ahead = feed.taken
            feed.give_back(ahead)
            if whole:
                return start
            # Take back what belongs to the refused row.
            for _ in taken[start:]:
                feed.line()
        feed.taken, feed.utf8 = taken, utf8
        return 0

    def _may_begin_row(self, line: Line) -> bool:
        """Say whether a line begins with an id, one word, and has a comma after it for every further field.

        A row whose quoted text goes on below has fewer.
        """
        first, comma, rest = line.raw.partition(b",")
        commas = len(self.header) - 2
        if not comma or not _ID.fullmatch(first):
            return False
        return rest.count(b",") >= commas or b'"' in rest

    def _pass_over(self, taken: list[Line]) -> Rejected:
        """Read past a row that is too long, up to the line where its quotes are closed, holding one line."""
        digest = hashlib.sha256(head := b"".join(line.raw for line in taken))
        is_open = head.count(b'"') % 2 == 1
        while is_open:
            try:
                line = self._feed.line()
            except StopIteration:
                break
            digest.update(line.raw)
            is_open ^= line.raw.count(b'"') % 2 == 1
        detail = "a row longer than a row may be"
        return rejected(self._place(taken[0]), Reason.TOO_LONG, detail, head, digest.hexdigest())

    def _refuse(self, lines: list[Line], reason: Reason, detail: str) -> Rejected:
        return rejected(self._place(lines[0]), reason, detail, b"".join(line.raw for line in lines))

    def _place(self, line: Line) -> str:
        return self._feed.lines.place(line.number)
