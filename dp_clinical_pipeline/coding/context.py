"""Whether a sentence states, denies, doubts or remembers a finding: triggers with a scope, ended by clauses.

The method is that of ConText (Harkema and others, 2009): a trigger before a finding reaches forwards, one after it
backwards, neither further than the clause; a pseudo-trigger ("no change in") looks like one and is none.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

import yaml

from dp_clinical_pipeline.coding.phrases import whole_words

Status = Literal["present", "negated", "uncertain", "historical"]
STATUSES: tuple[Status, ...] = ("present", "negated", "uncertain", "historical")


_OR = re.compile(r"\s*n?or\b")
_FAR = 1 << 30


class Trigger(NamedTuple):
    """Words that change what is said of the findings on one side of them."""

    status: Status
    side: str
    start: int
    end: int


class Context(NamedTuple):
    """The triggers of one sentence and where its clauses begin, after the first one; all in characters."""

    sentence: str
    triggers: list[Trigger]
    clauses: list[int]

    @classmethod
    def of(cls, sentence: str) -> "Context":
        """Read a lower-case sentence."""
        return cls(sentence, find_triggers(sentence), find_clauses(sentence))

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the clause, or clauses, that `start` to `end` lies in."""
        low = max((s for s in self.clauses if s <= start), default=0)
        high = min((s for s in self.clauses if s >= end), default=len(self.sentence))
        return low, high

    def status(self, start: int, end: int) -> Status:
        """Return the status of the finding at `start` to `end`.

        Negation wins over doubt, and doubt over history. A trigger inside the finding ("heart is not enlarged") counts,
        and a question mark right beside it is doubt.
        """
        low, high = self.clause(start, end)
        found: set[Status] = set()
        for trigger in self.triggers:
            inside = start <= trigger.start and trigger.end <= end
            before = trigger.side == "before" and low <= trigger.start and trigger.end <= start
            after = trigger.side == "after" and end <= trigger.start and trigger.end <= high
            if inside or before or after:
                found.add(trigger.status)
        if self.sentence.startswith("?", end):
            found.add("uncertain")
        return next((status for status in STATUSES[1:] if status in found), "present")


class _Grammar(NamedTuple):
    triggers: re.Pattern[str]
    kinds: tuple[tuple[Status, str, re.Pattern[str]], ...]
    borders: re.Pattern[str]
    openers: re.Pattern[str]
    verbs: re.Pattern[str]
    presenting: re.Pattern[str]


@cache
def _grammar() -> _Grammar:
    rules = yaml.safe_load((files("dp_clinical_pipeline.coding") / "rules" / "context.yaml").read_text())
    kinds = [(status, side, listed) for status in STATUSES[1:] for side, listed in rules[status].items()]
    return _Grammar(
        triggers=whole_words("\n".join(listed for *_, listed in kinds), skips=rules["pseudo"]),
        kinds=tuple((status, side, whole_words(listed)) for status, side, listed in kinds),
        borders=re.compile(rf"[;:]|,(?=\s)|{whole_words(rules['borders']).pattern}"),
        openers=whole_words(rules["openers"] + rules["verbs"]),
        verbs=whole_words(rules["verbs"]),
        presenting=whole_words(rules["presenting"]),
    )


@lru_cache(maxsize=4096)
def _kinds(words: str) -> tuple[tuple[Status, str], ...]:
    """Return status and side of a trigger's words, none for a pseudo-trigger's.

    The words may hold one of the note's own: this cache never leaves memory.
    """
    return tuple((status, side) for status, side, pattern in _grammar().kinds if pattern.fullmatch(words))


def find_triggers(sentence: str) -> list[Trigger]:
    """Return the triggers of a lower-case sentence, in order."""
    return [
        Trigger(status, side, match.start(), match.end())
        for match in _grammar().triggers.finditer(sentence)
        for status, side in _kinds(match[0])
    ]


def find_clauses(sentence: str) -> list[int]:
    """Return where the clauses of a lower-case sentence begin, after the first one.

    A conjunction such as "but" always begins one. A comma or "and" does where what follows has a verb of its own and
    is not only the end of a list ("no effusion, the heart is enlarged", but not "no effusion, mass or nodule is seen").
    """
    grammar = _grammar()
    marks = list(grammar.borders.finditer(sentence))
    ends = [*(mark.start() for mark in marks[1:]), len(sentence)]
    starts: list[int] = []
    begin = 0
    for mark, end in zip(marks, ends, strict=False):
        before, after = sentence[begin : mark.start()], sentence[mark.end() : end]
        if mark[0] not in (",", "and") or _is_clause(before, after, grammar):
            begin = mark.end()
            starts.append(begin)
    return starts


def _is_clause(before: str, after: str, grammar: _Grammar) -> bool:
    """Say whether what follows a comma or "and" stands on its own feet."""
    opener = None if _OR.match(after) else grammar.openers.search(after)
    if opener is None:
        return False
    return bool(grammar.verbs.search(before)) or not grammar.presenting.match(after, opener.start())
