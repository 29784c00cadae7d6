"""Clinical notes to synthetic notes and coding models under patient-level differential privacy."""

__version__ = "0.1.0"
