"""The rule pack of a label set: which phrases mention which label, and what each must be to count."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from dp_clinical_pipeline.coding.context import STATUSES, Status
from dp_clinical_pipeline.coding.phrases import is_skip, whole_words
from dp_clinical_pipeline.labelsets import LabelSet

_RULES = files("dp_clinical_pipeline.coding") / "rules"


class Rule(NamedTuple):
    """What mentions one label, in lower-case text."""

    label: str
    finds: re.Pattern[str]
    """Its skips are phrases that look like a mention and are none."""
    counts: frozenset[Status]
    """What a mention must be to state the label."""
    elsewhere: re.Pattern[str] | None
    """Words of another organ: a sentence with one of them is not about this label ..."""
    here: re.Pattern[str]
    """... unless it has one of these too."""
    yields_to: frozenset[str]
    """Labels beside which this one is not stated."""

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the mentions in a text."""
        return (match for match in self.finds.finditer(text) if not is_skip(match))

    def speaks_of(self, sentence: str) -> bool:
        """Say whether a mention in this sentence is about the label's organ."""
        return not (self.elsewhere and self.elsewhere.search(sentence) and not self.here.search(sentence))


class RulePack(NamedTuple):
    """The rules of a label set, and what a normal report is."""

    all_rules: tuple[Rule, ...]
    """In the order of the labels; a last one without a label finds what no label names and yet ends normality."""
    normal: str | None
    says_normal: re.Pattern[str]
    """A report without findings is normal only if it says so in one of these words."""
    beside_normal: frozenset[str]
    """Labels that a normal report may have."""
    ends_normal: frozenset[Status]
    """What a mention of any other label must be for the report not to be normal."""
    quiet_sections: re.Pattern[str]


@cache
def rule_pack(label_set: LabelSet) -> RulePack | None:
    """Return the compiled rules of a label set, None where the package ships none.

    Raises:
        ValueError: the file names a label that is not in the set, or a status that does not exist.
    """
    file = _RULES / f"{label_set.name}.yaml"
    return read_pack(file.read_text(), label_set) if file.is_file() else None


def rules_sha256(label_set: LabelSet) -> str:
    """Return the SHA-256 of the files by which a label set's labels are read: its own rules, and what denies or doubts."""
    texts = [(_RULES / name).read_bytes() for name in (f"{label_set.name}.yaml", "context.yaml")]
    return hashlib.sha256(b"\n".join(texts)).hexdigest()


def read_pack(text: str, label_set: LabelSet) -> RulePack:
    """Compile a rule file (YAML; phrases one a line, as `phrases` describes them).

    Raises:
        ValueError: it names a label that is not in the set, or a status that does not exist.
    """
    pack = yaml.safe_load(text)
    given: dict[str, dict[str, Any] | list[dict[str, Any]]] = pack["labels"]
    if not set(given) <= set(label_set.labels):
        raise ValueError(f"{sorted(set(given) - set(label_set.labels))} are not labels of {label_set.name}")
    default = pack.get("counts", ["present"])
    rules = [
        _rule(label, {"counts": default} | each) for label in label_set.labels for each in _listed(given.get(label, []))
    ]
    normal = pack.get("normal", {})
    if "unless" in normal:
        rules.append(_rule("", normal["unless"]))
    return RulePack(
        all_rules=tuple(rules),
        normal=label_set.normal,
        says_normal=whole_words(normal.get("says", "")),
        beside_normal=frozenset(normal.get("beside", [])),
        ends_normal=_statuses(normal.get("ended_by", ["present"])),
        quiet_sections=whole_words(pack.get("quiet_sections", "")),
    )


def _listed(given: dict[str, Any] | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rules of a label, which has one or, where its phrases count in different ways, several."""
    return [given] if isinstance(given, dict) else given


def _rule(label: str, given: dict[str, Any]) -> Rule:
    return Rule(
        label=label,
        finds=whole_words(given["finds"], skips=given.get("skips", "")),
        counts=_statuses(given.get("counts", ["present"])),
        elsewhere=whole_words(given["elsewhere"]) if "elsewhere" in given else None,
        here=whole_words(given.get("here", "")),
        yields_to=frozenset(given.get("yields_to", [])),
    )


def _statuses(given: list[Status]) -> frozenset[Status]:
    if not set(given) <= set(STATUSES):
        raise ValueError(f"{given}: a status is one of {', '.join(STATUSES)}")
    return frozenset(given)
