"""What a surrogate looks like: names, places, codes and addresses, drawn from a seed in the form of what they replace."""

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from dp_clinical_pipeline.deid import pools
from dp_clinical_pipeline.deid.facilities import CODES, STATES
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.names import is_given

SMALL_ZIPS = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)  # Census 2000 areas of 20,000 people or fewer, 45 CFR 164.514(b)(2)(i)(B)
_WORD = re.compile(r"[^\W\d_]+")
_TLD = "example.org"


class Draw:
    """Numbers from a seed, and words that are none of the report's identifiers."""

    def __init__(self, seed: bytes, taken: frozenset[str]) -> None:
        self._seed, self._taken = seed, taken
        self._bytes = seed
        self._at = 0

    def below(self, n: int) -> int:
        """Return a number in [0, n); n is far below 2^32, so that the remainder's bias is nothing."""
        if self._at + 4 > len(self._bytes):
            self._seed = sha256(b"more" + self._seed).digest()
            self._bytes, self._at = self._seed, 0
        value = int.from_bytes(self._bytes[self._at : self._at + 4], "big")
        self._at += 4
        return value % n

    def pick(self, pool: Sequence[str]) -> str:
        """Return a word of the pool that is no word of the report's identifiers."""
        at = self.below(len(pool))
        for step in range(len(pool)):
            word = pool[(at + step) % len(pool)]
            if not any(w.lower() in self._taken for w in word.split()):
                return word
        return pool[at]


_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_CREDENTIALS = frozenset(("md", "np", "rn", "phd"))


def _kept_words() -> frozenset[str]:
    return lowered("titles") | lowered("name_particles")


def _stays(surface: str, words: Sequence[re.Match[str]], i: int) -> bool:
    """Say whether a word of a name is a title or a particle by its place, since Do, Van, Le and Judge are surnames too.

    A title stays before the name, a suffix after it, and a particle before a word of the same part that is replaced, though
    not as a capitalised first word without a comma.
    """
    word, text = words[i], words[i].group()
    low, last = text.lower(), i == len(words) - 1
    if len(text) == 1 and text.isupper():
        return False
    if low in _SUFFIXES:
        return last and i > 0
    if low in _CREDENTIALS and surface[: word.start()].rstrip().endswith(","):
        return True
    if last or surface[word.end() : word.end() + 1] == ",":
        return False
    if low in lowered("titles"):
        return all(earlier.group().lower() in lowered("titles") for earlier in words[:i])
    if low not in lowered("name_particles") or (i == 0 and text[0].isupper() and "," not in surface):
        return False
    comma = surface.find(",", word.end())
    part = [later.group().lower() for later in words[i + 1 :] if comma < 0 or later.start() < comma]
    return any(later not in _kept_words() for later in part)


def _person(surface: str, draw: Draw) -> str:
    given, family = draw.pick(pools.given_names()), draw.pick(pools.surnames())
    words = list(_WORD.finditer(surface))
    stay = {word.start() for i, word in enumerate(words) if _stays(surface, words, i)}
    names = [word.group() for word in words if word.start() not in stay]
    comma_first = "," in surface and len(names) > 1 and surface.find(",") > surface.find(names[0])
    used_given = False

    def one(match: re.Match[str]) -> str:
        nonlocal used_given
        old = match.group()
        if match.start() in stay:
            return old
        first = (
            not used_given
            and ((is_given(old) and len(names) > 1) or (len(names) == 1 and is_given(old)))
            and not (comma_first and old == names[0])
        )
        if len(old) == 1:
            return _letter(old, draw)
        used_given = used_given or first
        new = given if first else family
        return new.upper() if old.isupper() else new.lower() if old.islower() else new

    return _WORD.sub(one, surface)


def _letter(old: str, draw: Draw) -> str:
    base = "ABCDEFGHJKLMNPRSTW"
    new = base[draw.below(len(base))]
    if new == old.upper():
        new = base[(base.index(new) + 1) % len(base)]
    return new if old.isupper() else new.lower()


_KIND_OF_PLACE = re.compile(
    r"(?:(?:University|Children['’]?s|Women['’]?s|Community|Regional|Memorial|General|County|Cancer|Heart"
    r"|VA)\s)?(?:Hospital|Clinic|Medical Center|Medical Ctr|Med Center|Med Ctr"
    r"|Health System|Healthcare|Health|Institute|Hospice|Nursing Home|Rehabilitation Center|Pharmacy"
    r"|Infirmary|School|University|College|clinic|hospital|office)",
    re.I,
)


def _facility(surface: str, draw: Draw) -> str:
    kind = _KIND_OF_PLACE.search(surface)
    made = f"{draw.pick(pools.FACILITY_WORDS)} {kind.group() if kind else 'Hospital'}"
    return made.upper() if surface.isupper() and " " in surface else made


_STATE = re.compile(rf"\s*(?:{CODES}|{STATES})\.?(?:,?\s(?:USA|U\.S\.A?\.?))?")


def _city(surface: str, draw: Draw) -> str:
    name, comma, state = surface.partition(",")
    made = draw.pick(pools.cities())
    if comma and not _STATE.fullmatch(state):
        state = f" {draw.pick(pools.cities())}"
    return (made.upper() if name.isupper() and len(name) > 3 else made) + comma + state


def _street(surface: str, draw: Draw) -> str:
    number = re.match(r"\d+", surface)
    if box := re.search(r"\b(?:box|bx)\b[\s.#]*(?=[A-Z]?-?\d)", surface, re.I):
        before = re.sub(r"\d", lambda _: str(draw.below(10)), surface[: box.end()])
        return before + code(surface[box.end() :], draw)
    made = f"{draw.pick(pools.STREET_WORDS)} Street"
    return f"{draw.below(899) + 101} {made}" if number else made


def _email(surface: str, draw: Draw) -> str:
    return f"{draw.pick(pools.given_names())}.{draw.pick(pools.surnames())}@{_TLD}".lower()


def _url(surface: str, draw: Draw) -> str:
    return f"https://www.{_TLD}/{draw.below(10**8):08d}"


def _ip(surface: str, draw: Draw) -> str:
    return f"2001:db8::{draw.below(65535):x}" if ":" in surface else f"192.0.2.{draw.below(254) + 1}"


def code(surface: str, draw: Draw) -> str:
    """Return other digits and letters in the same places."""

    def one(match: re.Match[str]) -> str:
        old = match.group()
        if old.isdecimal():
            return str((int(old) + 1 + draw.below(9)) % 10)
        return _letter(old, draw)

    return re.sub(r"\d|[A-Za-z]", one, surface)


def zip_area(surface: str) -> str:
    """Keep the first three digits, as Safe Harbor allows where 20,000 people or more live; else `000`."""
    digits = surface[:3]
    if not digits.isdecimal():
        return "[ZIP]"
    return ("000" if digits in SMALL_ZIPS else digits) + "**"


MAKERS: Mapping[str, Callable[[str, Draw], str]] = {
    "PERSON": _person,
    "FACILITY": _facility,
    "CITY": _city,
    "STREET": _street,
    "EMAIL": _email,
    "URL": _url,
    "IP": _ip,
}
"""How a type's surrogates are made; every other type is a code."""
