"""The card of what was released: covered numbers only, what they guarantee, and what they do not."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).with_name("templates")

GUARANTEED = (
    "Whoever sees all that is released here, and everything else that this population's ledger covers, learns about "
    "the presence of any one {unit} at most what epsilon and delta allow: the odds of any conclusion change by at "
    "most a factor of e^epsilon, but for a probability of delta."
)

NOT_GUARANTEED = (
    "That the artefact passed the gate, and at which attempt: the gate looks at exact attacks on real reports, and no "
    "mechanism covers that choice. Nor does one cover the choice of this cell among others by whoever read exact scores.",
    "Anything about the base model's own training data, or the public code list, rules and settings.",
    "That notes are true, or that a classifier is right: no exact score on real reports may stand here.",
    "Facts of the population: what holds of all patients can be learnt about one who took no part.",
    "Groups: for k {unit}s at once the guarantee weakens to about k times epsilon.",
    "Whoever can rewrite the ledger's database, its head file and the manifests together; and the rounding of noise, "
    "which is drawn in floating point.",
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """What may be said of a released cell. Every field is public, ledgered, or post-processing of what is."""

    kind: str
    model: str
    budget: str
    unit: str
    """patient, or report: then one patient's several reports are not covered together."""
    epsilon: float
    """Of this cell in all: its training and, for a generator, the label counts that it is asked from."""
    delta: float
    noise_multiplier: float
    sample_rate: float
    steps: int
    max_grad_norm: float
    counts_epsilon: float | None
    """What of epsilon the label counts may use."""
    cumulative_epsilon: float
    """Of everything that the ledger holds, all cells and what the plan may still run."""
    cumulative_delta: float
    cap_epsilon: float
    mechanism_id: str
    ledger_seq: int
    ledger_sha256: str
    base_sha256: str
    artefact_sha256: str
    noise_source: str
    label_set: str
    labels: tuple[str, ...]
    public_patients: int
    reports_of_a_patient: int
    notes: int | None
    practised: bool
    """Whether public practice changed the base's weights: its factors lie beside the adapter."""
    rules_sha256: str | None
    """Of the public rules whose findings a classifier reads beside the text; None where it reads the text alone."""
    """Whether a classifier has to be told which labels the package's public rules find in a text."""
    attempt: int
    attempts_allowed: int
    released_at: str

    @property
    def patient_level(self) -> bool:
        """Say whether the guarantee is one for patients."""
        return self.unit == "patient"

    def statements(self) -> dict[str, Any]:
        """Return what is guaranteed and what is not, for this unit."""
        return {
            "guaranteed": GUARANTEED.format(unit=self.unit),
            "not_guaranteed": [line.format(unit=self.unit) for line in NOT_GUARANTEED],
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the card as JSON."""
        return asdict(self) | {"patient_level": self.patient_level} | self.statements()


def card_markdown(card: Card) -> str:
    """Return the card for people."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Markdown for files, not for a browser: names come from the home's own settings.
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("card.md").render(card=card, **card.statements())
