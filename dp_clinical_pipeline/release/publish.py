"""Releasing a cell: the gate is asked once, and what passes is copied beside a card, aside and then renamed."""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.corpora.registration import batches
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, aside_of
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.models.adapters import adapter_digests
from dp_clinical_pipeline.models.deltas import FILE as PRACTICE
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.release import attempts
from dp_clinical_pipeline.release.facts import Cell, Facts, artefact_folder, gather
from dp_clinical_pipeline.release.gate import refusals
from dp_clinical_pipeline.reporting.cards import Card, card_markdown
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.training.classifier import rules_kept

CARD = "card.json"
ONE_REPORT_EACH = ("openi", "ct-rate", "cmc", "codiesp")
"""Formats without a patient id: each report is its own patient, and the guarantee is one for reports."""


class ReleaseRefused(UserError):
    """The gate refused; nothing was copied, and what was released before stays as it is."""

    def __init__(self, cell: Cell, reasons: list[str]) -> None:
        self.reasons = reasons
        told = "; ".join(f"({i}) {reason}" for i, reason in enumerate(reasons, 1))
        super().__init__(f"{cell.kind} {cell} is not released: {told}")


@dataclass(frozen=True, kw_only=True)
class Released:
    """Where a released cell lies, and its card."""

    folder: Path
    card: Card


def release_cell(home: Home, cell: Cell) -> Released:
    """Ask the gate, record the attempt, and copy what passes to `release/<cell>/`.

    Guarantee: what is copied is the output of ledgered mechanisms and post-processing of it. That the gate let it pass
    is not covered: it looks at exact attacks, which is why attempts are counted, limited and named on the card.

    Raises:
        ReleaseRefused: with every reason; the old release stays.
        UserError: no such model or budget, or the disk is full.
    """
    _known(home, cell)
    with FileLock(home.enclave / f".release.{cell.folder}.lock"):
        before = attempts.used(home, cell)
        attacked = Store(home).exists(cell.metrics, cell.model, cell.budget)
        look = before < home.settings.release.attempts
        number = before + 1 if look and attacked else before
        mechanism = str((gather(home, cell, look=False).row or {}).get("mechanism_id", ""))
        if number > before:
            attempts.note(home, cell, "begun", mechanism, number, [])
        facts = gather(home, cell, look=look)
        if reasons := refusals(facts):
            attempts.note(home, cell, "refused", mechanism, number, reasons)
            raise ReleaseRefused(cell, reasons)
        card = _card(home, facts, number)
        folder = _copied(home, facts, card)
        attempts.note(home, cell, "released", mechanism, number, [])
    return Released(folder=folder, card=card)


def _known(home: Home, cell: Cell) -> None:
    models = home.settings.models
    known = models.generators if cell.kind == "generator" else models.encoders
    if cell.model not in known:
        role = "a generator" if cell.kind == "generator" else "an encoder"
        raise UserError(f"{cell.model[:60]!r} is not {role} of this home: use {', '.join(known) or 'one'}")
    budget_epsilon(cell.budget)


def _card(home: Home, facts: Facts, attempt: int) -> Card:
    row, account = facts.row, facts.account
    if row is None or account is None or account.terms is None:
        raise ValueError("the gate let a cell without an account pass")
    settings = home.settings
    return Card(
        kind=facts.cell.kind,
        model=facts.cell.model,
        budget=facts.cell.budget,
        unit=_unit(home, row),
        **vars(account.terms),
        max_grad_norm=row["max_grad_norm"],
        counts_epsilon=account.counts.epsilon if account.counts else None,
        cumulative_epsilon=account.epsilon,
        cumulative_delta=account.delta,
        cap_epsilon=account.cap,
        mechanism_id=row["mechanism_id"],
        ledger_seq=account.head[0],
        ledger_sha256=account.head[1],
        base_sha256=row["base_sha256"],
        artefact_sha256=row["adapter_sha256"],
        noise_source=row["noise_source"],
        label_set=label_set(settings.corpus.label_set).name,
        labels=label_set(settings.corpus.label_set).labels,
        public_patients=public_count(home, buy=False),
        reports_of_a_patient=settings.patients.max_reports,
        notes=facts.notes.count if facts.notes else None,
        practised=(artefact_folder(home, facts.cell, row) / PRACTICE).exists(),
        rules_sha256=rules_kept(artefact_folder(home, facts.cell, row)) if facts.cell.kind == "classifier" else None,
        attempt=attempt,
        attempts_allowed=facts.attempts_allowed,
        released_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _unit(home: Home, row: dict[str, Any]) -> str:
    """Whom the guarantee is for: where any batch came without patient ids, whatever is read now, a report."""
    formats = {home.settings.corpus.format, *(batch.format for batch in batches(home))}
    return "report" if formats & set(ONE_REPORT_EACH) else str(row["privacy_unit"])


def _copied(home: Home, facts: Facts, card: Card) -> Path:
    cell, row = facts.cell, facts.row or {}
    final = home.release / cell.folder
    aside = aside_of(final)
    try:
        shutil.rmtree(aside, ignore_errors=True)
        _copy_adapter(artefact_folder(home, cell, row), aside / "adapter", facts)
        if row["adapter_sha256"] not in adapter_digests(aside / "adapter"):
            raise ReleaseRefused(cell, ["weights or configuration changed while they were copied"])
        if facts.notes and facts.notes.frame is not None:
            facts.notes.frame.write_parquet(aside / "synthetic_reports.parquet")
        (aside / CARD).write_text(json.dumps(card.as_dict(), indent=2) + "\n")
        (aside / "card.md").write_text(card_markdown(card))
        _put_in_place(aside, final, row["mechanism_id"])
    except OSError as error:
        raise UserError(f"cannot write the release {final}: {error.strerror or type(error).__name__}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return final


def _copy_adapter(source: Path, folder: Path, facts: Facts) -> None:
    """Copy weights and PEFT's config, and write the manifest that was judged; the config names the base by its name, not
    by this machine's path."""
    folder.mkdir(parents=True)
    for file in source.glob("*.safetensors"):
        shutil.copyfile(file, folder / file.name)
    (folder / "manifest.json").write_text(json.dumps(facts.manifest, indent=2, sort_keys=True))
    config: dict[str, Any] = json.loads((source / "adapter_config.json").read_text())
    named = config | {"base_model_name_or_path": facts.cell.model}
    (folder / "adapter_config.json").write_text(json.dumps(named, indent=2))


def _put_in_place(aside: Path, final: Path, mechanism_id: str) -> None:
    """Rename; an older release of another mechanism is kept under its mechanism's id, since it left already."""
    if final.exists():
        old = json.loads((final / CARD).read_text())["mechanism_id"]
        if old == mechanism_id:
            shutil.rmtree(final)
        else:
            final.rename(final.with_name(f"{final.name}@{old}"))
    aside.rename(final)
