"""Voter: names as runs of capitalised words, judged by the kind of each word and by what leads to the run."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid import lone
from dp_clinical_pipeline.deid.allowlist import AFTER_NAME_OF, HEADS
from dp_clinical_pipeline.deid.kinds import CLEAR, EPONYM, INITIAL, MINOR, ORDINARY, SHORT, UNKNOWN
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.name_cues import STRONG_END, WEAK_CUE, leads
from dp_clinical_pipeline.deid.names import SUFFIX
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.deid.words import Word, groups_of, is_shouting

_REVERSED = re.compile(r"(?:[ ]?,[ ]{0,2}|[ ]?\^[ ]?)")
_CARET_END = re.compile(r"\^?[ ]?")
_SENTENCE = re.compile(r"(?:^|[.!?:;)\n|*>])[\s\"'(*]{0,4}$")
_TWO_CAPITALS = re.compile(r"(?<![\w.'’/-])([A-ZÀ-ÖØ-ÞŁŠŽ]{2,3})[ ]$")
_SCORES = {"lone": 0.5, "amid": 0.4, "led": 0.4}
_TITLE_LIKE = frozenset(("DR", "MR", "MS", "MRS", "CC"))
_FUNCTION = frozenset(
    (
        "TO",
        "BY",
        "IN",
        "IS",
        "THE",
        "AND",
        "FOR",
        "WAS",
        "HIS",
        "HER",
        "SON",
        "ID",
        "NO",
        "MD",
        "RN",
        "MRN",
        "DOB",
        "DOS",
        "OF",
        "AT",
        "ON",
    )
)
_SPECIES = frozenset(
    "aureus coli difficile diff pneumoniae faecalis pylori cepacia albicans influenzae epidermidis jiroveci fumigatus pallidum burgdorferi".split()
)
_FIRM_HEADS = re.compile(
    r"(?:study|trial|position|view|heart|lung|area|unit|block|report|rule|law|line|lines|point|space|risk|port|pump|bag|body|loop|method|staging|grade|stage|monitor|flow|outcome|approach|media|circulation|position|studies)s?$",
    re.I,
)


def vote(text: str) -> Iterator[Span]:
    """Find names by the kinds of their words, their order and what leads to them."""
    shouting = is_shouting(text)
    groups = list(groups_of(text))
    skip = -1
    for number, group in enumerate(groups):
        if number == skip:
            continue
        if number + 1 < len(groups) and (end := _reversed_end(text, group, groups[number + 1], shouting)):
            skip = number + 1
            yield Span(group[0].start, end, "PERSON", "runs:reversed", 0.66)
            continue
        named = list(_judged(text, group, shouting))
        if not named and (rule := lone.judged(text, group, shouting=shouting)):
            named = [(group[0].start, _end(text, group[-1]), rule)]
        for start, end, rule in named:
            suffix = SUFFIX.match(text, end)
            yield Span(start, suffix.end() if suffix else end, "PERSON", f"runs:{rule}", _SCORES.get(rule, 0.6))


def _title(word: Word) -> bool:
    return not word.text.isupper() or len(word.text) == 1


def _judged(text: str, group: list[Word], shouting: bool) -> Iterator[tuple[int, int, str]]:
    """Yield the names in a run: all of it, or the part around a word that is a name and nothing else."""
    clear = [n for n, w in enumerate(group) if w.kind == CLEAR and _counts(w, shouting)]
    if len(group) > 1 and clear:
        cue = leads(text, group[0].start)
        first, last = _extent(text, group, clear, cue, shouting)
        start = _short_before(text, group[first], shouting)
        yield start, _end(text, group[last]), "named" if last > first or start < group[first].start else "lone"
        return
    if clear:
        word = group[0]
        head = HEADS.match(text, word.end)
        start = _short_before(text, word, shouting)
        if AFTER_NAME_OF.search(text, max(0, word.start - 24), word.start):
            return
        if not head or _FIRM_HEADS.search(head.group()) or leads(text, start):
            yield start, word.end, "lone" if start == word.start else "named"
        return
    words = [w for w in group if w.kind not in (INITIAL, SHORT)]
    if not words or any(w.text.lower() in _SPECIES for w in words):
        return
    start = _short_before(text, group[0], shouting)
    if (
        len(group) == 1
        and words[0].kind == UNKNOWN
        and _title(words[0])
        and text[group[0].end : group[0].end + 2] in ("'s", "’s")
    ):
        if not HEADS.match(text, group[0].end):
            yield start, group[0].end, "own"
        return
    cue = leads(text, start)
    initial = group[0].kind == INITIAL and text[group[0].end : group[0].end + 1] == "."
    if initial and len(words) <= 2 and (_title(words[-1]) or shouting or cue):
        yield group[0].start, _end(text, group[-1]), "initial"
    elif len(words) > 1 and _given_first(words) and (cue or not shouting) and not _is_field(text, group):
        yield group[0].start, _end(text, group[-1]), "pair"
    elif cue and len(group) <= 5 and (STRONG_END.match(text, _end(text, group[-1])) or len(words) > 1):
        if words[0].kind == ORDINARY and len(group) == 1 and _title(words[0]) and is_plain(words[0].text):
            return
        if not (
            shouting
            and len(words) == 1
            and words[0].kind == UNKNOWN
            and WEAK_CUE.search(text, max(0, start - 12), start)
        ):
            yield start, _end(text, group[-1]), "cue"


def _short_before(text: str, word: Word, shouting: bool) -> int:
    """Return where a name begins, with two capitals before it that may also be an abbreviation."""
    found = _TWO_CAPITALS.search(text, max(0, word.start - 4), word.start)
    if not found or found[1] in _TITLE_LIKE:
        return word.start
    abbreviation = found[1] in _FUNCTION or (found[1].lower() in MINOR and not leads(text, found.start(1)))
    return word.start if abbreviation else found.start(1)


def is_plain(token: str) -> bool:
    """Say whether a listed name is a word that a sentence may well hold after a cue."""
    return token.lower() in lowered("plain_words")


def _counts(word: Word, shouting: bool) -> bool:
    """Say whether a clear name counts without any context: short words in capitals are abbreviations."""
    return len(word.text) > 2 and (_title(word) or len(word.text) > (3 if shouting else 4))


def _given_first(words: list[Word]) -> bool:
    return words[0].text.lower() in lowered("given_names") and (
        words[-1].text.lower() in lowered("surnames") or words[-1].kind == UNKNOWN
    )


def _extent(text: str, group: list[Word], clear: list[int], cue: bool, shouting: bool) -> tuple[int, int]:
    """Return the first and last word of the name around the clear ones."""
    first, last = 0, len(group) - 1
    begins = _SENTENCE.search(text, max(0, group[0].start - 6), group[0].start) is not None
    while (
        first < clear[0]
        and group[first].kind in (ORDINARY, SHORT, EPONYM)
        and not _leads(group[first], begins, cue, shouting)
    ):
        first += 1
    while last > clear[-1] and group[last].kind in (SHORT,):
        last -= 1
    while last > clear[-1] + 2:
        last -= 1
    return first, last


def _leads(word: Word, begins: bool, cue: bool, shouting: bool) -> bool:
    """Say whether a word may open a name whose later words are clear."""
    if word.kind == SHORT:
        return not shouting or cue or len(word.text) == 2
    return cue or word.text.lower() in lowered("given_names") or not begins


def _is_field(text: str, group: list[Word]) -> bool:
    """Say whether a pair is a field's label: `Pat Loc: EMERGENCY`."""
    return group[0].text in ("Pat", "PAT") and text[group[-1].end : group[-1].end + 1] == ":"


def _end(text: str, word: Word) -> int:
    return word.end + (word.kind == INITIAL and text[word.end : word.end + 1] == ".")


def _reversed_end(text: str, left: list[Word], right: list[Word], shouting: bool) -> int:
    """Return where `Last, First` or `LAST^FIRST` ends; 0 where the two runs are no such name."""
    gap = _REVERSED.fullmatch(text, left[-1].end, right[0].start)
    if not gap or len(left) > 3 or (len(left) == 1 and left[0].kind == INITIAL):
        return 0
    caret = "^" in gap.group()
    words = [w for w in (*left, *right[:1]) if w.kind not in (INITIAL, SHORT)]
    given = right[0].text.lower() in lowered("given_names")
    surname = left[-1].text.lower() in lowered("surnames")
    clear = any(w.kind == CLEAR for w in words)
    initial = right[0].kind == INITIAL and text[right[0].end : right[0].end + 1] == "."
    cue = not (caret or (given and clear)) and leads(text, left[0].start)
    if not (
        caret
        or (given and (clear or cue or surname))
        or (initial and left[-1].kind == CLEAR)
        or (cue and (clear or surname or given))
    ):
        return 0
    if any(w.kind == SHORT for w in left) and not caret and not cue:
        return 0
    count = 1
    for word in right[1:3]:
        if word.kind not in (INITIAL, SHORT) and word.text.isupper() != right[0].text.isupper():
            break
        count += 1
    last = right[count - 1]
    return _end(text, last)
