"""The word lists of the voters, read once."""

import gzip
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


@cache
def packed(name: str) -> frozenset[str]:
    """Return the lines of a compressed list, which are in small letters."""
    data = files("dp_clinical_pipeline.deid").joinpath("lexicons", f"{name}.txt.gz").read_bytes()
    return frozenset(gzip.decompress(data).decode("utf-8").splitlines())


@cache
def is_english(word: str) -> bool:
    """Say whether a lower-case word, or its stem, is in the dictionary and on no list of names."""
    words = packed("english")
    if word in words:
        return True
    for ending, stems in _ENDINGS:
        if word.endswith(ending):
            for stem in stems:
                root = word[: -len(ending)] + stem
                if root in words or (len(root) > 3 and root in lowered("ordinary_words")):
                    return True
    return False


_ENDINGS = (
    ("s", ("",)),
    ("es", ("",)),
    ("ies", ("y",)),
    ("ed", ("", "e")),
    ("ing", ("", "e")),
    ("ly", ("", "le")),
    ("al", ("", "e")),
)
