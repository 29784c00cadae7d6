"""The privacy ledger: append-only, hash-chained, written before data is touched, and it refuses to overspend."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from filelock import FileLock

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, write_text
from dp_clinical_pipeline.privacy.account import Account, Mechanism
from dp_clinical_pipeline.privacy.witnesses import witnesses
from dp_clinical_pipeline.tables import PRIVACY_LEDGER

_ORIGIN = "0" * 64
_META = sa.MetaData()
_ROWS = sa.Table(
    "privacy_ledger",
    _META,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous_sha256", sa.String(64), nullable=False),
    sa.Column("row_sha256", sa.String(64), nullable=False, unique=True),
)

SPENT = ("reserved", "running", "done", "aborted")


class OverBudget(UserError):
    """The ledger refused: the mechanism would pass the cap."""


@dataclass(frozen=True)
class Row:
    """One line of the chain: a mechanism's state at a moment, or the declared plan."""

    seq: int
    row_sha256: str
    recorded_at: datetime
    state: str
    mechanism: Mechanism
    home: str | None = None
    """The fingerprint of the writing home's key; None where it had none yet."""
    home_kind: str | None = None
    """What kind the writing home's settings said it was; None where it was written before that was recorded."""


@dataclass(frozen=True)
class Ledger:
    """One account for everything derived from a home's patients.

    Guarantee: (cap_epsilon, delta)-DP for adding or removing one patient with all reports (one report, where `unit` says
    so), over every mechanism that was ever reserved here, whatever became of it. Assumes that every mechanism that
    touches private data reserves first, and that nobody can rewrite the database, the head file and the artefacts'
    manifests together.
    """

    home: Home
    engine: sa.Engine
    cap_epsilon: float
    unit: str = "patient"

    # -- reading -------------------------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """Return the verified chain.

        Raises:
            UserError: a row was changed or removed, or an old copy was put back.
        """
        with self._reading() as connection:
            return self._verified(connection)

    def account(self) -> Account:
        """Return what was spent, from the verified chain."""
        return _account(self.rows())

    def mechanisms(self) -> dict[str, Row]:
        """Return each mechanism's latest row."""
        return {row.mechanism.mechanism_id: row for row in self.rows() if row.mechanism.mechanism_id}

    def cumulative(self) -> tuple[float, float]:
        """Return (epsilon, delta) of the claim: the whole plan, run or not, and all that ran outside it."""
        return self.account().cumulative()

    def so_far(self) -> float:
        """Return epsilon of what ran so far; for display, not the claim."""
        return self.account().so_far()

    def remaining(self) -> float:
        """Return what the claim leaves below the cap."""
        return max(0.0, self.cap_epsilon - self.cumulative()[0])

    def head(self) -> tuple[int, str]:
        """Return the sequence number and hash of the last row, for an artefact's manifest."""
        rows = self.rows()
        return (rows[-1].seq, rows[-1].row_sha256) if rows else (0, _ORIGIN)

    def verify(self) -> None:
        """Check the chain against itself, the head file, and what artefacts in the lake repeat of it.

        Raises:
            UserError: they do not fit.
        """
        seen = witnesses(self.home)
        rows = self.rows()
        seen.check([row.row_sha256 for row in rows], {row.mechanism.mechanism_id for row in rows})
        if rows and self._read_head() != (rows[-1].seq, rows[-1].row_sha256):
            self._catch_up()

    def public_view(self) -> pl.DataFrame:
        """Return every row with its own cost, as the lake's table. `cumulative_epsilon` is what ran so far, by that row.

        All of a mechanism's rows bear the day of its first: how long it took tells what its lots held, and how many runs
        a selection had, which its price assumes that nobody learns.
        """
        rows = self.rows()
        days: dict[str, datetime] = {}
        records = []
        for i, row in enumerate(rows):
            m = row.mechanism
            day = days.setdefault(m.mechanism_id, day_of(row.recorded_at))
            records.append(
                {
                    "seq": row.seq, "recorded_at": day, "mechanism_id": m.mechanism_id, "kind": m.kind,
                    "cell": m.cell, "planned": m.slot is not None, "state": row.state, "event": json.dumps(m.events),
                    "epsilon": m.epsilon, "delta": m.delta, "row_sha256": row.row_sha256,
                    "cumulative_epsilon": _account(rows[: i + 1]).so_far(), "noise_source": m.noise_source,
                }
            )  # fmt: skip
        return pl.DataFrame(records, schema=PRIVACY_LEDGER.schema)

    # -- writing -------------------------------------------------------------------------------------------------

    def declare(self, plan: Mechanism) -> None:
        """Fix the plan, by its hash, before its first mechanism.

        Raises:
            OverBudget: the plan as a whole passes the cap; nothing of it may run.
            UserError: a plan was declared before, or the ledger accounts for another privacy unit.
        """

        plan = replace(plan, privacy_unit=self.unit)

        def decide(rows: list[Row]) -> tuple[str, str | None]:
            self._refuse_another_unit(rows)
            if any(row.state == "declared" for row in rows):
                raise UserError("this home's plan is declared and fixed already")
            after, _ = _account(rows).with_plan(plan).cumulative()
            if after > self.cap_epsilon:
                raise OverBudget(
                    f"the plan costs epsilon {after:.3g} in all and the cap is {self.cap_epsilon:g}: "
                    "take cells or retrainings out of it, or raise privacy.cap_epsilon in settings.yaml"
                )
            return "declared", None

        self._append(plan, decide)

    def reserve(self, mechanism: Mechanism) -> Mechanism:
        """Write a mechanism's cost before it touches data and return it with its id.

        A mechanism whose slot and events stand in the plan and were not used before is covered by the plan; any other
        passes the Rényi filter.

        Raises:
            OverBudget: it would pass the cap; the refusal is written down, and nothing was spent.
            UserError: the ledger accounts for another privacy unit.
        """
        named = replace(mechanism, mechanism_id=secrets.token_hex(8), privacy_unit=self.unit)

        def decide(rows: list[Row]) -> tuple[str, str | None]:
            self._refuse_another_unit(rows)
            account = _account(rows)
            covered = account.covers(named)
            after, _ = account.spend(named if covered else replace(named, slot=None)).cumulative()
            if after > self.cap_epsilon:
                return "refused", (
                    f"{named.kind} for {named.cell or 'the population'} would bring the account to epsilon {after:.3g}, "
                    f"over the cap of {self.cap_epsilon:g}: nothing was spent. `dp-clinical ledger` shows what was; "
                    "a new cell belongs in the plan before the first mechanism runs"
                )
            return "reserved", None

        return self._append(named, decide, place_in_plan=True).mechanism

    def record(self, mechanism: Mechanism, state: str) -> None:
        """Write a mechanism's next state: running, done or aborted. Aborted is spent all the same.

        Raises:
            ValueError: the ledger reserved no such mechanism, or at another cost: a state never changes what is spent.
        """
        if state not in ("running", "done", "aborted"):
            raise ValueError(f"{state!r} is not a state that a mechanism can reach")

        def decide(rows: list[Row]) -> tuple[str, str | None]:
            held = {row.mechanism.mechanism_id: row.mechanism for row in rows if row.state in SPENT}
            reserved = held.get(mechanism.mechanism_id)
            if reserved is None or replace(mechanism, noise_source=reserved.noise_source) != reserved:
                raise ValueError(f"the ledger holds no mechanism {mechanism.mechanism_id} of this cost")
            return state, None

        self._append(mechanism, decide)

    def _refuse_another_unit(self, rows: Sequence[Row]) -> None:
        """One account, one unit: epsilons for reports say nothing of a patient, and do not add up with a patient's."""
        held = next((row.mechanism.privacy_unit for row in rows if row.state != "refused"), self.unit)
        if held != self.unit:
            raise UserError(
                f"this home's ledger accounts for each {held} and privacy.unit is {self.unit} now: set it back, or start "
                "a home of its own (`dp-clinical init PATH`)"
            )

    @property
    def _home(self) -> str | None:
        file = self.home.enclave / "keys" / "fingerprint"
        return file.read_text().strip() if file.exists() else None

    def _refuse_another_home(self, rows: Sequence[Row]) -> None:
        """Two homes on one database would take each other's running mechanisms for their own interrupted ones."""
        mine, others = self._home, {row.home for row in rows if row.home}
        if mine and others - {mine}:
            raise UserError(
                "this database holds the ledger of another home: give each home a database of its own (ledger_url)"
            )

    def _refuse_another_kind(self, rows: Sequence[Row]) -> None:
        """What a benchmark may do, repeat seeds and choose freely, no account of a private home covers."""
        mine, others = self.home.settings.kind, {row.home_kind for row in rows if row.home_kind}
        if others - {mine}:
            raise UserError(
                f"this home's ledger was begun in a {min(others - {mine})} home and settings.yaml says {mine} now: set "
                "kind back, or start a home of its own (`dp-clinical init PATH`)"
            )

    def _append(
        self,
        mechanism: Mechanism,
        decide: Callable[[list[Row]], tuple[str, str | None]],
        *,
        place_in_plan: bool = False,
    ) -> Row:
        with self._writing() as connection:
            rows = self._verified(connection)
            if rows and not self._head_file.exists():
                self._write_head(rows[-1])  # a kill after the next row would look like a lost head
            self._refuse_another_home(rows)
            self._refuse_another_kind(rows)
            state, refusal = decide(rows)
            if place_in_plan and not _account(rows).covers(mechanism):
                mechanism = replace(mechanism, slot=None)
            seq = rows[-1].seq + 1 if rows else 1
            previous = rows[-1].row_sha256 if rows else _ORIGIN
            at = datetime.now(UTC)
            kind = self.home.settings.kind
            held = {"at": at.isoformat(), "state": state, "home": self._home, "home_kind": kind}
            body = json.dumps(held | {"mechanism": mechanism.as_dict()}, sort_keys=True)
            digest = _digest(seq, previous, body)
            connection.execute(_ROWS.insert().values(seq=seq, body=body, previous_sha256=previous, row_sha256=digest))
        self._catch_up()
        if refusal:
            raise OverBudget(refusal)
        return Row(seq, digest, at, state, mechanism, self._home, kind)

    # -- the chain -----------------------------------------------------------------------------------------------

    @property
    def _head_file(self):  # type: ignore[no-untyped-def]
        return self.home.enclave / "ledger.head.json"

    def _verified(self, connection: sa.Connection) -> list[Row]:
        head = self._read_head()  # before the rows: what another process appends meanwhile is newer than this head
        rows: list[Row] = []
        previous = _ORIGIN
        for record in connection.execute(sa.select(_ROWS).order_by(_ROWS.c.seq)):
            expected = _digest(record.seq, previous, record.body)
            if record.seq != len(rows) + 1 or record.previous_sha256 != previous or record.row_sha256 != expected:
                raise UserError(f"the privacy ledger is broken at row {record.seq}: stop, and restore an intact copy")
            rows.append(_row(record))
            previous = record.row_sha256
        self._check_head(rows, head)
        return rows

    def _catch_up(self) -> None:
        """Point the head at the last row, where a kill came between the two: an older chain would still fit it."""
        with self._writing() as connection:
            self._write_head(self._verified(connection)[-1])

    def _write_head(self, row: Row) -> None:
        write_text(self._head_file, json.dumps({"seq": row.seq, "row_sha256": row.row_sha256}))

    def _read_head(self) -> tuple[int, str] | None:
        try:
            head = json.loads(self._head_file.read_text())
            return int(head["seq"]), str(head["row_sha256"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError):
            raise UserError(
                "the ledger's head file cannot be read: stop, and restore it from a copy of the home"
            ) from None

    def _check_head(self, rows: Sequence[Row], head: tuple[int, str] | None) -> None:
        if head is None:
            # One row without a head is a first append that was killed between the two.
            if len(rows) > 1 and not self._head_file.exists():
                raise UserError("the ledger's head file is missing: stop, and restore it from a copy of the home")
            return
        seq, digest = head
        if not 1 <= seq <= len(rows) or rows[seq - 1].row_sha256 != digest:
            raise UserError("the privacy ledger is older than its head file: stop, and restore the newest copy")

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _reported(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """One writer at a time, across processes: an immediate transaction on SQLite, a table lock on PostgreSQL."""
        with _reported(), self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.text("LOCK TABLE privacy_ledger IN EXCLUSIVE MODE"))
            yield connection
            connection.commit()


def day_of(moment: datetime) -> datetime:
    """Return a moment's day, in UTC: all that what leaves the enclave says of when something ran."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def open_ledger(home: Home) -> Ledger:
    """Open a home's ledger, making it on first use, and verify its chain.

    Raises:
        UserError: the database cannot be reached, or the chain is broken.
    """
    url = home.settings.ledger_url or f"sqlite:///{home.enclave / 'ledger.sqlite'}"
    sqlite = url.startswith("sqlite")
    options: dict[str, Any] = {"connect_args": {"timeout": 60, "isolation_level": None}} if sqlite else {}
    engine = sa.create_engine(url, poolclass=sa.NullPool, **options)
    if sqlite:
        # The driver must not open transactions of its own: the ledger's are immediate.
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=FULL"))
    # Two processes that both found no table would both make it, and one would fail.
    with FileLock(home.enclave / ".ledger.lock"), _reported():
        _META.create_all(engine)
    ledger = Ledger(home, engine, home.settings.privacy.cap_epsilon, home.settings.privacy.unit)
    ledger.verify()
    return ledger


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise UserError(
            f"the privacy ledger cannot be read or written ({kind}): check ledger_url and the disk"
        ) from None


def _digest(seq: int, previous: str, body: str) -> str:
    return hashlib.sha256(f"{seq}\n{previous}\n{body}".encode()).hexdigest()


def _row(record: Any) -> Row:
    body = json.loads(record.body)
    at = datetime.fromisoformat(body["at"])
    mechanism = Mechanism.from_dict(body["mechanism"])
    return Row(record.seq, record.row_sha256, at, body["state"], mechanism, body.get("home"), body.get("home_kind"))


def _account(rows: Sequence[Row]) -> Account:
    plan = next((row.mechanism for row in rows if row.state == "declared"), None)
    spent = {row.mechanism.mechanism_id: row.mechanism for row in rows if row.state in SPENT}
    return Account(plan=plan, spent=tuple(spent.values()))
