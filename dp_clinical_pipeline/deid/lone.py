"""Names that no list shows to be names, and names that are words: by where a capitalised word stands and what follows it.

Amid a sentence a word in title case that neither the dictionary nor medicine knows is a name: of a person, a town or an
institution. Names that are words too need a neighbour that only people have.
"""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re

from dp_clinical_pipeline.deid.allowlist import AFTER_NAME_OF, HEADS
from dp_clinical_pipeline.deid.kinds import CLEAR, EPONYM, INITIAL, ORDINARY, OTHER, SHORT, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.name_cues import follows, is_household
from dp_clinical_pipeline.deid.words import Word

_AMID = re.compile(
    r"(?:(?P<word>[a-zé'’]{1,20})(?P<sign>,|\)|:)?|[(\[\"“/])[ ]?$|\b(?P<wrapped>with|for|by|to|from|per|and|of|the|at|in|or|his|her|named|called)\n$"
)
_CAPITAL_BEFORE = re.compile(r"\b(?!The |Our |My |His |Her |Their |This |That |And |But |Per )[A-Z][\w'’-]*[ ]$")
_CAPITAL_AFTER = re.compile(r"[ -]([A-Z][a-z'’]+)")
_COLOURED = re.compile(
    r"\b(?:silver|black|white|red|blue|gr[ae]y|green|tan|gold|maroon|yellow|brown|(?:19|20)\d\d|drives an?|drove an?|driving an?|brand of|speaks(?: only)?|speaking)[ ]$"
)
"""What stands before a car or a language, of which no name is told."""
_BY = frozenset(
    "with for by to from per via and or than see saw met named called contact ask told tell paged call send cc attn of is was against under".split()
)
_GOES_ON = re.compile(
    r"['’]?s?(?:\s*(?:$|[.,;:)\n\]/]|--?\s)|[ ](?:and|or|in|at|on|for|from|to|who|whose|is|was|has|had|will|would|as|about|by|via|with|regarding|re|today|this|that|yesterday|tomorrow|before|after|when|while|because|since|again|directly|of|but|if|who)\b)"
)
_QUALIFIED = re.compile(
    r"\b(?:an?|positive|negative|modified|no|bilateral|right|left|type|grade|class|stage|size|french|the|using|standard|straight|curved|small|large|sharp|blunt|through|french|toothed|heavy|#?\d{1,3}|equivocal|via|into|of)[ ]$",
    re.I,
)
_NOT_ALONE = frozenset(
    """center centre port day low high factor stage type screen good small western test case form mass may will white black green gold rose hope grace faith fall falls spring summer winter
    stone field fields branch class short round head foot hand body wall cord band loss height board bank press call page price power rule line lines star stack best brace cast cover cross drain
    english irish french german dutch polish turkish roman grant post major minor marks bush love long price rich young street point ray rays cell self human worth an so my okay med mini ex""".split()
)


def judged(text: str, group: list[Word], *, shouting: bool) -> str:
    """Return the rule by which a run of one to three words is a name; empty where it is none."""
    words = [w for w in group if w.kind not in (INITIAL, SHORT)]
    if not words or len(words) > 3:
        return ""
    start, end = group[0].start, group[-1].end
    if AFTER_NAME_OF.search(text, max(0, start - 24), start):
        return ""
    if follows(text, end) and all(_is_person(word, text, start) for word in words):
        return "acts"
    if len(words) == 1 and is_household(text, start, end) and _is_person(words[0], text, start):
        return "household"
    if shouting or not all(w.text[1:].islower() or "-" in w.text or "'" in w.text or "’" in w.text for w in words):
        return ""
    amid = _AMID.search(text, max(0, start - 24), start)
    if amid is None or HEADS.match(text, end) or _COLOURED.search(text, max(0, start - 20), start):
        return ""
    if any(w.kind == UNKNOWN for w in words) and all(w.kind in (UNKNOWN, CLEAR, ORDINARY) for w in words):
        return (
            "amid"
            if len(words[0].text) > 2 and text[end : end + 1] != ":" and not _is_heading(text, start, end)
            else ""
        )
    if len(words) == 1 and _is_led(text, words[0], amid) and not _is_heading(text, start, end):
        return "led"
    return ""


def _is_person(word: Word, text: str, start: int) -> bool:
    """Say whether a word that does what people do is a name: listed, or known to nobody."""
    key = word.text.lower()
    if word.text.isupper() and word.kind == UNKNOWN:
        return False
    if (
        word.kind == ORDINARY
        and (before := _CAPITAL_BEFORE.search(text, max(0, start - 24), start))
        and kind_of(before.group().strip()) == OTHER
    ):
        return key not in lowered("ordinary_words")
    if key in lowered("devices") or (
        key in _NOT_ALONE
        and word.kind == ORDINARY
        and key not in lowered("given_names")
        and _AMID.search(text, max(0, start - 24), start) is None
        and key not in _SURNAMES_FIRST
    ):
        return False
    return len(key) > 1 and word.kind in (CLEAR, ORDINARY, EPONYM, UNKNOWN)


_SURNAMES_FIRST = frozenset(
    "white black green long young rich rose love hope grace price bush stone branch grant small short may will".split()
)


def _is_led(text: str, word: Word, amid: re.Match[str]) -> bool:
    """Say whether a name that is a word, too, follows a preposition and ends its phrase."""
    key = word.text.lower()
    if word.kind not in (ORDINARY, EPONYM) or key in lowered("devices") or key in _NOT_ALONE or len(key) < 2:
        return False
    if (amid["word"] or amid["wrapped"] or "") not in _BY or amid["sign"] or not _GOES_ON.match(text, word.end):
        return False
    return not _QUALIFIED.search(text, max(0, word.start - 16), word.start)


def _is_heading(text: str, start: int, end: int) -> bool:
    """Say whether a word stands among others in title case, as in a heading, so that its capital says nothing."""
    after = _CAPITAL_AFTER.match(text, end)
    before = _CAPITAL_BEFORE.search(text, max(0, start - 24), start)
    return (after is not None and kind_of(after[1]) == OTHER) or before is not None
