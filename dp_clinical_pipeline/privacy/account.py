"""What a population has been charged: mechanisms, the declared plan, and the cumulative claim."""

import functools
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from dp_clinical_pipeline.privacy.accounting import pld_epsilon
from dp_clinical_pipeline.privacy.renyi import filter_epsilon

if TYPE_CHECKING:
    from dp_accounting import DpEvent

COUNT = "patient_count"


@dataclass(frozen=True, kw_only=True)
class Mechanism:
    """One thing done to private data, as dp-accounting events. `slot` is its place in the declared plan."""

    kind: str
    cell: str | None
    events: dict[str, list[Any]]
    """Slot name to events as JSON: one slot for a mechanism, all of them for the plan."""
    epsilon: float
    delta: float
    slot: str | None = None
    settings_sha256: str = ""
    mechanism_id: str = ""
    privacy_unit: str = "patient"
    """What its guarantee is for: a patient with all reports, or a report. The ledger writes it."""
    noise_source: str | None = None
    """Where its coins and noise come from (`os`, `test-seed`); None where a ledger did not record it yet."""

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Mechanism":
        """Return the mechanism of a JSON form."""
        return cls(**data)

    def dp_events(self) -> list["DpEvent"]:
        """Return the dp-accounting events."""
        return [event_from_json(item) for items in self.events.values() for item in items]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Everything that was charged so far.

    The claim (`cumulative`) is for the whole plan, run or not, and all that ran outside it: the noisy patient count (pure
    epsilon, bought before the plan was fixed) by basic composition, plus PLD over the declared plan while all was
    planned, or the Rényi filter once anything ran outside it. What ran so far (`so_far`) is less.
    """

    plan: Mechanism | None
    spent: tuple[Mechanism, ...]

    def covers(self, mechanism: Mechanism) -> bool:
        """Say whether the plan holds this slot with these events, unused so far."""
        if self.plan is None or mechanism.slot is None:
            return False
        same = self.plan.events.get(mechanism.slot) == mechanism.events.get(mechanism.slot)
        used = {m.slot for m in self.spent if m.mechanism_id != mechanism.mechanism_id}
        return same and mechanism.slot in self.plan.events and mechanism.slot not in used

    def with_plan(self, plan: Mechanism) -> "Account":
        """Return the account with a plan declared."""
        return replace(self, plan=plan)

    def spend(self, mechanism: Mechanism) -> "Account":
        """Return the account after one more mechanism."""
        return replace(self, spent=(*self.spent, mechanism))

    def cumulative(self) -> tuple[float, float]:
        """Return (epsilon, delta) of the claim. A declared plan counts whole, since what is left of it may still run."""
        counts = [m for m in self.spent if m.kind == COUNT]
        outside = [m for m in self.spent if m.kind != COUNT and m.slot is None]
        # The least that any of them was promised: a delta raised later must not make room below the cap.
        delta = min((m.delta for m in (self.plan, *outside) if m), default=0.0)
        planned = self.plan.dp_events() if self.plan else []
        if outside:
            events = [*planned, *(event for m in outside for event in m.dp_events())]
            return sum(m.epsilon for m in counts) + _cached(filter_epsilon, events, delta), delta
        if planned:
            return sum(m.epsilon for m in counts) + _cached(pld_epsilon, planned, delta), delta
        return sum(m.epsilon for m in counts), delta

    def so_far(self) -> float:
        """Return epsilon of what ran so far, as if nothing more of the plan were to come.

        For display: not the claim, because whether the rest runs may depend on what was seen.
        """
        ran = Mechanism(
            kind="plan", cell=None, events={str(i): _flat(m) for i, m in enumerate(self.spent) if m.slot is not None},
            epsilon=0.0, delta=self.plan.delta if self.plan else 0.0,
        )  # fmt: skip
        return replace(self, plan=ran if ran.events else None).cumulative()[0]


def _flat(mechanism: Mechanism) -> list[Any]:
    return [item for items in mechanism.events.values() for item in items]


def event_to_json(event: "DpEvent") -> Any:
    """Return a dp-accounting event as plain JSON."""

    def plain(value: Any) -> Any:
        if hasattr(value, "_asdict"):
            return {"type": value.class_name} | {
                k: plain(v) for k, v in value._asdict().items() if k not in ("module_name", "class_name")
            }
        return [plain(v) for v in value] if isinstance(value, list | tuple) else value

    return plain(event.to_named_tuple())


def event_from_json(data: Any) -> "DpEvent":
    """Return the dp-accounting event of a JSON form; only dp-accounting's own event classes are built."""
    from dp_accounting import dp_event

    name = data["type"]
    kind = getattr(dp_event, name, None)
    if not (isinstance(kind, type) and issubclass(kind, dp_event.DpEvent)):
        raise ValueError(f"{name} is not a dp-accounting event")
    return kind(**{key: _part(value) for key, value in data.items() if key != "type"})


def _part(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_part(item) for item in value)  # events are compared and counted by their hash
    return event_from_json(value) if isinstance(value, dict) else value


def _cached(compute: Any, events: list["DpEvent"], delta: float) -> float:
    return _by_text(compute, json.dumps(sorted((event_to_json(e) for e in events), key=json.dumps)), delta)


@functools.lru_cache(maxsize=256)
def _by_text(compute: Any, text: str, delta: float) -> float:
    return compute([event_from_json(item) for item in json.loads(text)], delta)
