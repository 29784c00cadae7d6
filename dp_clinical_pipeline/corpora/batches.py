"""Batches, as the other packages use them: register files, collect what arrived, list what is known."""

from dp_clinical_pipeline.corpora.incoming import collect_incoming
from dp_clinical_pipeline.corpora.registration import Batch, batch, batches, register

__all__ = ["Batch", "batch", "batches", "collect_incoming", "register"]
