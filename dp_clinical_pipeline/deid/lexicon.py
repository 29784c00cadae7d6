"""The word lists of the voters, read once."""

from functools import cache
from importlib.resources import files


@cache
def entries(name: str) -> frozenset[str]:
    """Return the lines of a list in `lexicons/`."""
    text = files("dp_clinical_pipeline.deid").joinpath("lexicons", f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line)


@cache
def lowered(name: str) -> frozenset[str]:
    """Return the lines of a list in lower case."""
    return frozenset(line.lower() for line in entries(name))
