"""What artefacts in the lake know of the ledger: a chain that lost what they repeat is not the one they were made under."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS


@dataclass(frozen=True, kw_only=True)
class Witnesses:
    """The chain's heads that manifests repeat, and the mechanisms that published counts name, each with its place."""

    heads: tuple[tuple[str, int, str], ...]
    mechanisms: tuple[tuple[str, str], ...]

    def check(self, digests: Sequence[str], mechanism_ids: Collection[str]) -> None:
        """Compare with the chain's hashes, in order, and the mechanisms it holds.

        Raises:
            UserError: the ledger is older than an artefact, or another's; both were deleted, say, or put back.
        """
        for place, seq, digest in self.heads:
            if not 1 <= seq <= len(digests) or digests[seq - 1] != digest:
                raise UserError(_LOST.format(place))
        for place, mechanism_id in self.mechanisms:
            if mechanism_id not in mechanism_ids:
                raise UserError(_LOST.format(place))


_LOST = (
    "the privacy ledger does not hold what {} was made under, so that spending would be forgotten: stop, and restore the "
    "ledger's newest copy (database and head file)"
)


def witnesses(home: Home) -> Witnesses:
    """Read them. Call this before reading the chain: what is made meanwhile is newer than both.

    Raises:
        UserError: a manifest or a table of counts cannot be read.
    """
    heads = []
    for manifest in sorted((home.lake / "adapters").glob("[!.]*/manifest.json")):
        place = str(manifest.parent.relative_to(home.path))
        try:
            head = json.loads(manifest.read_text()).get("ledger_head")
            if head is not None:
                heads.append((place, int(head[0]), str(head[1])))
        except (OSError, ValueError, TypeError, IndexError, AttributeError):
            raise UserError(f"the manifest in {place} cannot be read: restore it from a copy of the home") from None
    named = []
    for file in Store(home).files(LABEL_MARGINALS):
        if file.is_relative_to(home.lake):
            place = str(file.relative_to(home.path))
            try:
                ids = pl.read_parquet(file, columns=["mechanism_id"])["mechanism_id"].unique().sort()
            except (OSError, pl.exceptions.PolarsError):
                raise UserError(f"{place} cannot be read: restore it from a copy of the home") from None
            named += [(place, str(mechanism_id)) for mechanism_id in ids]
    return Witnesses(heads=tuple(heads), mechanisms=tuple(named))
