"""Voter: institutions in small letters after a word of going or staying: `sent to mercy general`, `from st joes`."""

from collections.abc import Iterator
from functools import cache

from dp_clinical_pipeline.deid.institutions import ALONE
from dp_clinical_pipeline.deid.lexicon import entries, is_english, lowered
from dp_clinical_pipeline.deid.names import is_given
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_LEAD = (
    r"(?:transfer(?:red)?|xfer(?:red)?|discharged?|dc|d/c'?d?|sent(?:[ ](?:in|out|over))?|admit(?:ted)?|seen|treated"
    r"|followed|returned?|referred|back|records|films|report|visit|stay|surgery|dialysis|dialy[sz]es|chemo|rehab|lives"
    r"|resides?|living|residing|staying|resident|pt|came|comes|brought(?:[ ]in)?|arrived|evaluated|stented|born)"
    r"[ ](?:yesterday[ ]|today[ ]|recently[ ])?(?:at|to|from|in|of)"
)
_SAINT = sieved(rf"\b{_LEAD}[ ](?P<name>st\.?[ ](?P<own>[a-z]{{3,12}})(?:['’]?s)?)(?![\w'’-])")
_HOUSE = sieved(
    rf"\b{_LEAD}[ ](?P<name>[a-z]{{2,15}}(?:[ ][a-z]{{2,15}}){{0,2}}?)(?P<head>[ ]"
    r"(?:(?:general|memorial|regional|community|children['’]?s)[ ](?:hospital|medical[ ]center)"
    r"|hospital|nursing[ ]home|assisted[ ]living|medical[ ]center))(?![\w'’-])"
)
_ALONE = frozenset(word.lower() for word in ALONE)
_BRAND = sieved(rf"\b{_LEAD}[ ](?P<name>[a-z]{{4,15}}(?:[ ][a-z]{{3,15}}){{0,2}})(?![\w'’-])")


@cache
def _brands() -> frozenset[str]:
    """Institutions of the list, in small letters, that say nothing else: a word of it is no English one."""
    return frozenset(
        name.lower()
        for name in entries("hospitals")
        if name.isascii() and len(name) > 5 and not all(is_english(word) for word in name.lower().split())
    )


def vote(text: str) -> Iterator[Span]:
    """Find institutions that were written without a capital."""
    for found in _SAINT.finditer(text):
        own = found["own"]
        if is_given(own) or is_given(own.removesuffix("s")):
            yield Span(*found.span("name"), "FACILITY", "small_houses:saint", 0.6)
    for found in _HOUSE.finditer(text):
        if any(_is_own(word) for word in found["name"].split()):
            yield Span(found.start("name"), found.end("head"), "FACILITY", "small_houses:house", 0.58)
    for found in _BRAND.finditer(text):
        words = found["name"].split()
        for many in range(len(words), 0, -1):
            if " ".join(words[:many]) in _brands():
                end = found.start("name") + len(" ".join(words[:many]))
                yield Span(found.start("name"), end, "FACILITY", "small_houses:brand", 0.6)
                break


def _is_own(word: str) -> bool:
    """Say whether a word before `hospital` names it: one that is a hospital's whole name, or a town and no other word."""
    if word in _ALONE:
        return True
    return (word in lowered("cities") or word in lowered("towns")) and not (
        is_english(word) or word in lowered("not_names")
    )
