"""Voter: names of people by the name lists alone: pairs, name and initial, `Last, First`, and lone given names."""

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.lexicon import is_english, lowered
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

UPPER = "A-ZÀ-ÖØ-Þ" + "".join(c for c in map(chr, range(0x100, 0x250)) if c.isupper())
"""Capital letters of Latin scripts, for a character class."""
WORD = rf"[{UPPER}][\w'’]{{0,40}}+(?:-[\w'’]{{1,40}}+){{0,4}}+"
INITIAL = r"[A-Z](?:\.(?!\w)|(?![\w'’-]))"
SUFFIX = re.compile(r",?[ ](?:Jr|Sr|JR|SR|II|III|IV)\b\.?")
_WORKING = frozenset(
    """april blood book case child christmas colon driver easter english french german house kidney knee lady ledger march
    noon page pages parkinson person post prior read sample street town walk ward wing work""".split()  # noqa: SIM905
)
"""Surnames that are a report's words too: somebody's only beside what is surely a given name, or its initial."""
_POSSESSIVE = re.compile(r"['’][sS]$")
_COMMA = sieved(rf"(?<![\w-])(?P<last>{WORD}),[ ]?(?P<first>{WORD})(?:[ ](?P<middle>{INITIAL}|{WORD}))?(?![\w'’])")
_TOKEN = re.compile(rf"(?<![\w'’-]){WORD}")
_INITIALS_FIRST = sieved(rf"(?<![\w.'’-])(?:[A-Z]\.[ ]?){{1,3}}(?P<last>{WORD})")
_PERSON_BEFORE = re.compile(
    r"(?:\b(?:male|female|man|woman|m|f|patient|pt|boy|girl|child|gentleman|lady|yo|y/o|old|infant|person"
    r"|individual)\b[^.;:]{0,60}"
    r"|[,(:;]\s?|\bfor\s|\bon\s)$",
    re.I,
)
_DOSE_AFTER = re.compile(
    r"['’]?s?\s(?:\w{1,3}\s)?\d+(?:\.\d+)?\s?(?:mg|mcg|g|ml|cc|units?|percent|%|per|x\d|French|Fr)\b", re.I
)


def word(token: str) -> str:
    """Return a token as the lists hold it: lower case, without a possessive."""
    return _POSSESSIVE.sub("", token).rstrip(".").replace("’", "'").lower()


def is_given(token: str) -> bool:
    """Say whether a token, or a part of it between hyphens, is a given name."""
    return _listed_in("given_names", token)


def is_surname(token: str) -> bool:
    """Say whether a token, or a part of it between hyphens, is a surname."""
    return _listed_in("surnames", token)


def is_ordinary(token: str) -> bool:
    """Say whether a name is an ordinary word too."""
    return word(token) in lowered("ordinary_words")


def is_excluded(token: str) -> bool:
    """Say whether a capitalised word is a clinical word, a report's word or a medicine."""
    key = word(token)
    if "-" in key and any(
        p in lowered("not_names") or is_english(p) for p in key.split("-") if p not in lowered("name_particles")
    ):
        return True
    return key in lowered("not_names") or key in lowered("drugs")


def is_working_surname(token: str) -> bool:
    """Say whether a surname is a report's word too, so that only a name beside it shows it to be one."""
    return word(token) in _WORKING


def is_clear_given(token: str) -> bool:
    """Say whether a token is a given name and nothing else."""
    return word(token) in lowered("clear_given_names")


def _listed_in(name: str, token: str) -> bool:
    key, names = word(token), lowered(name)
    return key in names or ("-" in key and any(part in names for part in key.split("-") if len(part) > 2))


def vote(text: str) -> Iterator[Span]:
    """Find names that the lists show to be names."""
    yield from _last_first(text)
    for found in _INITIALS_FIRST.finditer(text):
        last = found["last"]
        if len(last) > 2 and is_surname(last) and not is_ordinary(last) and not is_excluded(last):
            yield Span(*found.span(), "PERSON", "names:initials", 0.7)
    tokens = list(_TOKEN.finditer(text))
    past = 0
    for i, token in enumerate(tokens):
        raw = token.group()
        if token.start() < past or len(raw) < 2 or is_excluded(raw) or not is_given(raw):
            continue
        end, kind = _name_from(text, tokens, i)
        if kind:
            past = end
            yield Span(token.start(), end, "PERSON", f"names:{kind}", 0.55 if kind == "given" else 0.72)


def _last_first(text: str) -> Iterator[Span]:
    for found in _COMMA.finditer(text):
        first, last, middle = found["first"], found["last"], found["middle"]
        surely = is_working_surname(last) and last.isupper() == first.isupper()
        if not is_surname(last) or not is_given(first) or is_excluded(first) or (is_excluded(last) and not surely):
            continue
        if (
            not surely
            and is_ordinary(last)
            and (is_ordinary(first) or not middle)
            and not (last.isupper() and not is_ordinary(first))
        ):
            continue
        stop = found.end() if not middle or not is_excluded(middle) else found.end("first")
        yield Span(found.start(), stop, "PERSON", "names:comma", 0.7)


def _name_from(text: str, tokens: list[re.Match[str]], i: int) -> tuple[int, str]:
    """Return where the name that starts with the given name tokens[i] ends, and the rule; an empty rule is no name."""
    first = tokens[i]
    raw = first.group()
    end, used, surname, initial = first.end(), 0, False, False
    while used < 3 and i + used + 1 < len(tokens):
        following = tokens[i + used + 1]
        if text[end : following.start()] not in (" ", "\n"):
            break
        value = following.group()
        if "\n" in text[end : following.start()] and (is_ordinary(value) or not (is_surname(value) or is_given(value))):
            break
        if len(word(value)) == 1:
            dotted = text[following.end() : following.end() + 1] == "."
            if not dotted and (raw.isupper() or is_ordinary(raw)):
                break
            end, initial, used = following.end() + dotted, True, used + 1
        elif _goes_on(raw, value, initial or surname):
            end, surname, initial, used = following.end(), True, False, used + 1
        else:
            break
    if used and text[end - 2 : end] in ("'s", "’s"):
        end -= 2
    if surname:
        suffix = SUFFIX.match(text, end)
        return (suffix.end() if suffix else end), "pair"
    if initial:
        expected = not is_ordinary(raw) or _PERSON_BEFORE.search(text[max(0, first.start() - 80) : first.start()])
        return end, "initial" if expected else ""
    return _lone(text, first)


def _goes_on(first: str, value: str, begun: bool) -> bool:
    """Say whether a word carries on a name that began with the given name `first`."""
    shouting = first.isupper() and len(first) > 1
    if is_working_surname(value) and value[1:].islower() and not shouting:
        return begun or not is_ordinary(first)
    if (
        is_excluded(value)
        or value[:1].isupper() is False
        or (value.isupper() != shouting and len(value) > 2 and not begun)
    ):
        return False
    known = is_surname(value) or is_given(value)
    if shouting:
        clear = is_clear_given(first) and is_surname(value)
        return (known and not is_ordinary(value) and not is_ordinary(first)) or clear
    if is_ordinary(first):
        return begun or (known and not is_ordinary(value))
    return known or value[1:].islower() or "-" in value or "'" in value or "’" in value


def _lone(text: str, token: re.Match[str]) -> tuple[int, str]:
    raw = token.group()
    clear = is_clear_given(raw)
    if not clear or (raw.isupper() and len(raw) > 1) or _DOSE_AFTER.match(text, token.end()):
        return token.end(), ""
    return token.end() - (2 if raw[-2:] in ("'s", "’s") else 0), "given"
