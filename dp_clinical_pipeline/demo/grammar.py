"""A small grammar of sentences: `[a|b|]` alternatives, `<name>` shared phrases, `{slot}` left for the report to fill."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

_INNERMOST = re.compile(r"\[([^\[\]]*)\]")
_SHARED = re.compile(r"<(\w+)>")


def expand(pattern: str, shared: Mapping[str, str]) -> tuple[str, ...]:
    """Return every sentence that a pattern stands for, in a fixed order, without doubles.

    Raises:
        KeyError: the pattern names a shared phrase that does not exist.
    """
    while _SHARED.search(pattern):
        pattern = _SHARED.sub(lambda match: f"[{shared[match[1]]}]", pattern)
    return tuple(dict.fromkeys(" ".join(text.split()) for text in alternatives(pattern)))


def alternatives(pattern: str) -> list[str]:
    """Return every choice of a pattern's brackets, nested ones included; white space stays as it is."""
    match = _INNERMOST.search(pattern)
    if match is None:
        return [pattern]
    flat = _INNERMOST.split(pattern)
    if "[" not in "".join(flat):
        choices = [[part] if index % 2 == 0 else part.split("|") for index, part in enumerate(flat)]
        return ["".join(parts) for parts in product(*choices)]
    # Nested: replace one innermost bracket by each of its choices and go on.
    before, after = pattern[: match.start()], pattern[match.end() :]
    return [text for choice in match[1].split("|") for text in alternatives(before + choice + after)]


@dataclass(frozen=True)
class Phrases:
    """Patterns of one meaning. A pattern is drawn first, then its wording, so that long patterns do not crowd out short."""

    patterns: tuple[str, ...]
    shared: Mapping[str, str]

    @cached_property
    def choices(self) -> tuple[tuple[str, ...], ...]:
        """The wordings of each pattern."""
        return tuple(expand(pattern, self.shared) for pattern in self.patterns)

    @property
    def count(self) -> int:
        """How many distinct wordings there are before slots are filled."""
        return len({text for choice in self.choices for text in choice})


@dataclass(frozen=True, kw_only=True)
class FindingWords:
    """How one label is asserted, at length and briefly, and named when it is denied, doubted or long past.

    `both` replaces `stated` where the finding lies on both sides; `nouns` are what follows "no", "evaluate for" or "may be".
    """

    stated: Phrases
    both: Phrases | None
    brief: Phrases
    nouns: Phrases


@dataclass(frozen=True, kw_only=True)
class Wording:
    """All the wording of a report's clinical part. `findings` is by label, `devices` by kind of device."""

    findings: Mapping[str, FindingWords]
    devices: Mapping[str, FindingWords]
    denied: Phrases
    doubted: Phrases
    past: Phrases
    normal: Sequence[tuple[Phrases, frozenset[str]]]
    """Statements that all is well, each with the labels that it denies."""
    neutral: Phrases
    """What is neither a finding of the label set nor a denial of one."""
    healthy: Phrases
    unchanged: Phrases
    indications: Phrases
    symptoms: Mapping[str, str]
    """Symptom as written, to its ICD-10-CM code."""
    techniques: Phrases
    severities: Mapping[str, tuple[str, ...]]
    changes: Mapping[str, tuple[str, ...]]
