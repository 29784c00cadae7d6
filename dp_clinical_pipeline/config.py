"""The settings a user may change, validated once, and the canonical form of a budget."""

import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.patterns import bad_pattern

NONPRIVATE = "nonprivate"
SPLITS = ("train", "validation", "test", "holdout")

_SMALLEST = 1e-10  # what the digits of a key can say

IDENTIFIER_TYPES = (
    "PERSON", "STREET", "CITY", "ZIP", "FACILITY", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "ACCESSION",
    "HEALTH_PLAN", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "PHOTO", "OTHER_ID",
)  # fmt: skip
"""The kinds that HIPAA's Safe Harbor names; the place kinds are its one `geographic subdivision` in four."""

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


def budget_epsilon(key: str) -> float | None:
    """Return the epsilon that a budget key stands for, None for `nonprivate`.

    Raises:
        UserError: the key is not in its one canonical form (`eps-8`, `eps-0.1`, `nonprivate`).
    """
    if key == NONPRIVATE:
        return None
    shown = re.sub(r"[^\w.+-]", "?", key)[:40]
    match = re.fullmatch(r"(?:eps-)?(\d+(?:\.\d+)?)", key)
    value = float(match[1]) if match else 0.0
    if not (match and _SMALLEST <= value < math.inf):
        raise UserError(
            f"budget {shown!r} is not a budget: write eps-N with a positive number (eps-8, eps-0.1), or nonprivate"
        )
    right = budget_key(value)
    if key != right:
        raise UserError(f"budget {shown!r} is not in its canonical form: write {right}")
    return value


def budget_key(epsilon: float) -> str:
    """Return the canonical key of a positive, finite epsilon: `eps-8`, `eps-0.1`."""
    digits = f"{epsilon:.10f}".rstrip("0").rstrip(".")
    return f"eps-{digits}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Corpus(_Part):
    """What the population's reports look like."""

    format: str | None = Field(None, description="openi, ct-rate, cmc, codiesp, mimic-cxr, mimic-iv-note, table, text; "
                               "empty: the first ingest sets it, and the format of what arrives in incoming/")  # fmt: skip
    label_set: str | None = Field(None, description="chexpert14, nih14, ct-rate18, icd9-chapters, icd10-chapters, "
                                  "icd10-categories, cmc45; "
                                  "empty: the format's own, set by the first ingest")  # fmt: skip
    columns: dict[str, str] = Field({}, description="format table: schema column -> the file's column")


class Patients(_Part):
    """Public facts on the population and how much of one patient a mechanism may read."""

    count: Count | None = Field(
        None,
        description="public number of patients in the whole population (of reports, where privacy.unit is report); empty: "
        "bought once with a noisy count, before any other mechanism",
    )
    count_epsilon: Positive = Field(0.05, description="what that noisy count costs")
    max_reports: Count = Field(1, description="reports of a sampled patient that one training step reads (G)")


class Deid(_Part):
    """How identifiers are replaced, and what a site knows of its own identifiers."""

    replacement: Literal["markov", "consistent", "random"] = Field(
        "markov", description="surrogates of a patient's values: a chain, always the same, or drawn for each mention; "
        "markov leaks least when a mention is missed",
    )  # fmt: skip
    patterns: dict[str, list[str]] = Field(
        {}, description="identifier type -> regular expressions of the site's own numbers: {MRN: ['KX-[0-9]{6}']}"
    )
    names: dict[str, list[str]] = Field(
        {}, description="identifier type -> names that are always identifiers: {FACILITY: ['Ward 7B']}"
    )

    @model_validator(mode="after")
    def _entries(self) -> "Deid":
        for field, table in (("patterns", self.patterns), ("names", self.names)):
            for kind, entries in table.items():
                if kind not in IDENTIFIER_TYPES:
                    raise ValueError(f"{field}.{kind} is no identifier type: one of {', '.join(IDENTIFIER_TYPES)}")
                for number, entry in enumerate(entries):
                    reason = bad_pattern(entry) if field == "patterns" else "is empty" if not entry.strip() else None
                    if reason:
                        raise ValueError(f"{field}.{kind}[{number}] {reason}")
        return self


class Splits(_Part):
    """Shares of the patients, decided by a keyed hash of the patient alone."""

    train: Share = 0.6
    validation: Share = 0.1
    test: Share = 0.2
    holdout: Share = 0.1

    @model_validator(mode="after")
    def _sum(self) -> "Splits":
        total = self.train + self.validation + self.test + self.holdout
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the shares of the splits add up to {total:g}, not 1")
        return self


class Retraining(_Part):
    """The scheduled retrainings of a period, part of the declared plan."""

    generator: str = "smollm2-135m"
    budget: str = "eps-1"
    runs: Annotated[int, Field(ge=0)] = 0
    cron: str = "0 2 * * 1"


class Privacy(_Part):
    """The account of this population."""

    unit: Literal["patient", "report"] = Field(
        "patient",
        description="what neighbouring populations differ by: a patient with all reports; or one report, which does NOT "
        "protect a patient who has several, and every card says so. Fixed with the first thing that is spent",
    )
    cap_epsilon: Positive = Field(
        10.0, description="the ledger refuses what would pass this, over everything ever done"
    )
    delta: Annotated[float, Field(gt=0, lt=1)] | None = Field(None, description="empty: min(1e-5, count^-1.1)")
    marginals_share: Share = Field(0.1, description="part of a cell's epsilon that its label marginals may use")
    labels_per_report: Count = Field(4, description="labels of one report that the marginals count, at most")
    retraining: Retraining = Field(default_factory=Retraining)


class Models(_Part):
    """Base models by the name that cells use. A source is `package`, a local folder, a hub id, for generators `pretrained`
    (what `dp-clinical pretrain` put into the models folder under that name), or for encoders `shape`: the random weights
    of bert-small-scratch, bert-medium-scratch or albert-base-scratch."""

    generators: dict[str, str] = Field(default_factory=lambda: {"smollm2-135m": "package"})
    encoders: dict[str, str] = Field(default_factory=lambda: {"minilm-l6": "package"})


class _PrivateTraining(_Part):
    """What trainings of generators and classifiers have in common."""

    clipping: Literal["flat", "automatic", "adaptive"] = Field(
        "flat",
        description="flat: cut at max_grad_norm; automatic: all scaled to it; adaptive: starts there, follows a quantile",
    )
    clipping_quantile: Share = Field(0.5, description="adaptive: share of the patients whose norm is within the bound")
    clipping_share: Share = Field(
        0.05, description="adaptive: part of a step's privacy that finding the quantile takes"
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="of plain descent, whose later weights are averaged; empty: AdamW"
    )
    adapter_rate: Positive = Field(1.0, description="what the learning rate of LoRA's weights is to that of a head")
    gradient_checkpointing: bool = Field(False, description="compute layers again in the backward pass: less memory")


class Training(_PrivateTraining):
    """DP-LoRA training of a generator. None of this may be chosen by looking at private text."""

    lot_size: Count = Field(64, description="expected patients a step")
    steps: Count = 30
    learning_rate: Positive = 8e-3
    nonprivate_lot_size: Count = Field(8, description="without noise small lots learn more from as many reports")
    nonprivate_learning_rate: Positive = 5e-3
    max_grad_norm: Positive = 0.5
    stated_weight: Positive = Field(
        4.0, description="what a token that states the record counts in a note's loss, where others count 1"
    )
    lora_rank: Count = 4
    lora_alpha: Count = 16
    lora_layers: Count | None = Field(
        12, description="adapt the last so many layers only: faster, and less noise; empty: all"
    )
    max_tokens: Count = Field(160, description="tokens of prompt and note that are read; from public text")
    microbatch_tokens: Count = 1024
    checkpoint_every: Count = Field(5, description="steps between checkpoints")
    primer_steps: Annotated[int, Field(ge=0)] = Field(0, description="steps on made-up public notes before any private "
                                                      "one, once for a base model and label set; 0: none")  # fmt: skip
    primer_lot_size: Count = 32


class ClassifierTraining(_PrivateTraining):
    """DP-LoRA training of an encoder with a multi-label head."""

    lot_size: Count = 384
    steps: Count = 60
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        0.9,
        description="of plain descent, whose later weights are averaged; empty: AdamW, with learning rates near 0.005",
    )
    learning_rate: Positive = 12.0
    nonprivate_lot_size: Count = 384
    nonprivate_learning_rate: Positive = 12.0
    max_grad_norm: Positive = 1.0
    positive_weight: Positive = Field(
        3.0,
        description="what a label that is there counts against one that is not: the rare ones would never be chosen",
    )
    practice_notes: Annotated[int, Field(ge=0)] = Field(
        600,
        description="made-up public notes that set the features' scale and a first head, before any private one; 0: none",
    )
    encoder_notes: Annotated[int, Field(ge=0)] = Field(
        4000,
        description="made-up public notes that the encoder itself reads before any private one, once for a base model and "
        "label set (a minute or two); 0: none",
    )
    adapted: Literal["lora", "full"] = Field(
        "lora", description="full: the layers themselves are trained, and not an adapter; for comparison, and slower"
    )
    rule_labels: bool = Field(
        True,
        description="the head also reads which labels public rules find in the whole text, where the label set has rules",
    )
    lora_rank: Count = 4
    lora_alpha: Positive = Field(
        0.25, description="small: a head that has practised gives the adapter large gradients, which fill the bound"
    )
    adapter_rate: Positive = Field(0.002, description="what the learning rate of LoRA's weights is to that of the head")
    lora_layers: Count | None = Field(
        1, description="adapt the last so many layers only; what lies below is computed once; empty: all"
    )
    left_out_layers: Annotated[int, Field(ge=0)] = Field(
        1, description="last layers of the encoder that are not used: they serve what it was trained for"
    )
    max_tokens: Count = 128
    microbatch_tokens: Count = 4096
    checkpoint_every: Count = 5


class Generation(_Part):
    """Sampling of synthetic notes."""

    accepted: Count = Field(500, description="notes wanted in a cell")
    max_ratio: Positive = Field(4.0, description="notes tried for each one wanted, at most")
    batch_size: Count = Field(128, description="notes that are written together; guidance doubles most rows")
    max_new_tokens: Count = 96
    min_words: Count = 5
    clones: Count = Field(1, description="notes that cloning writes for each private note")
    even_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0,
        description="share of the notes whose first label is any of the list alike, and not as frequent as in the private "
        "text: rare labels get notes too",
    )
    require_record: bool = Field(False, description="refuse a note that does not state its record by the rules labeler")
    temperature: Positive = 0.5
    top_p: Annotated[float, Field(gt=0, le=1)] = Field(1.0, description="below 1 every step sorts the whole vocabulary")
    top_k: Annotated[int, Field(ge=0)] = 50
    guidance: Positive = Field(
        1.5, description="above 1: notes keep closer to their record, for more work and less fluency; 1: off"
    )
    seed: int = Field(0, description="public: sampling from a released adapter is post-processing")


class Evaluation(_Part):
    """How much the attacks and intervals compute."""

    bootstrap: Count = 1000
    attack_patients: Count = Field(150, description="members and non-members that the attacks read, each")
    canary_runs: Count = Field(16, description="trainings of 500 canaries each that audit a claim; made up, seconds")
    seed: int = 0


class Release(_Part):
    """The gate between a private home and the world."""

    attempts: Count = Field(3, description="times that the gate may judge one cell; each look at exact metrics steers")


class Compute(_Part):
    """Which device and precision a step that runs torch asks for."""

    device: str = Field("auto", pattern=r"^(auto|cpu|cuda|cuda:\d+|mps)$")
    precision: Literal["auto", "fp32", "bf16"] = "auto"


class Settings(_Part):
    """One population: its labels, budgets, cap and models. Read from `<home>/settings.yaml`."""

    kind: Literal["private", "benchmark", "demo"] = "private"
    corpus: Corpus = Field(default_factory=Corpus)
    deid: Deid = Field(default_factory=Deid)
    patients: Patients = Field(default_factory=Patients)
    splits: Splits = Field(default_factory=Splits)
    budgets: list[str] = Field(default_factory=lambda: [NONPRIVATE, "eps-8"])
    classifier_budgets: list[str] = Field(
        [],
        description="budgets at which every encoder is trained on private text itself; each is paid for beside the rest",
    )
    privacy: Privacy = Field(default_factory=Privacy)
    models: Models = Field(default_factory=Models)
    training: Training = Field(default_factory=Training)
    classifier_training: ClassifierTraining = Field(default_factory=ClassifierTraining)
    generation: Generation = Field(default_factory=Generation)
    evaluation: Evaluation = Field(default_factory=Evaluation)
    release: Release = Field(default_factory=Release)
    compute: Compute = Field(default_factory=Compute)
    ledger_url: str | None = Field(None, description="empty: SQLite in the enclave; or postgresql+psycopg://…")

    @model_validator(mode="after")
    def _budgets(self) -> "Settings":
        try:
            for key in [*self.budgets, *self.classifier_budgets, self.privacy.retraining.budget]:
                budget_epsilon(key)
        except UserError as error:
            raise ValueError(str(error)) from None
        return self


def read_settings(path: Path) -> Settings:
    """Read and validate a settings file.

    Raises:
        UserError: the file is missing, is not YAML, or a value is out of range; the message names the field.
    """
    try:
        data: Any = yaml.safe_load(path.read_text()) or {}
    except FileNotFoundError:
        raise UserError(f"no settings at {path}: run `dp-clinical init {path.parent}`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text ({type(error).__name__})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UserError(f"{path} is not YAML{f' (line {mark.line + 1})' if mark else ''}") from None
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise UserError(
            f"{path}: {where}: {first['msg'].removeprefix('Value error, ')} (got {first['input']!r})"
        ) from None


def settings_yaml(settings: Settings) -> str:
    """Return the settings as YAML with each field's description as a comment above it."""
    lines: list[str] = ["# One population of patients. `dp-clinical plan` says what a budget costs before it is spent."]
    _write_part(settings, 0, lines)
    return "\n".join(lines) + "\n"


def _write_part(part: BaseModel, depth: int, lines: list[str]) -> None:
    pad = "  " * depth
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if field.description:
            lines.append(f"{pad}# {field.description}")
        if isinstance(value, BaseModel):
            lines.append(f"{pad}{name}:")
            _write_part(value, depth + 1, lines)
        else:
            text = yaml.safe_dump(value, default_flow_style=True, width=10_000).strip().removesuffix("...").strip()
            lines.append(f"{pad}{name}: {'' if value is None else text}".rstrip())
