"""Voter: institutions by capitals amid a sentence: what no list holds and no cue names, but no report writes so."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.allowlist import HEADS
from dp_clinical_pipeline.deid.kinds import OTHER, kind_of
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.spans import Span

W = r"(?:St\.|Mt\.|Ft\.|Univ\.|[A-ZÀ-Þ][\w'’]{0,30}+(?:[-&][A-Z][\w'’]{0,30}+){0,3}+)"
_RUN = rf"{W}(?:[ ](?:(?:of|and|&|de|del|la|of[ ]the)[ ])?{W}){{0,6}}"
OFFICE = re.compile(
    r"(?<=[a-zA-Z.])[ ](?:Medical[ ])?(?:Records?|File[ ]Room|Department|Dept\.?|Billing)(?:[ ]Department)?$"
)
"""What a letter is sent to within an institution, which names nobody."""
_HEADS = frozenset(
    """hospital hospitals hosp clinic clinics infirmary hospice healthcare medcenter rehab rehabilitation dialysis correctional penitentiary prison jail detention convalescent memorial regional general baptist methodist
    presbyterian lutheran adventist deaconess samaritan mercy manor nursing shriners imaging radiology pharmacy university univ college school academy elementary surgicenter veterans polyclinic sanatorium retirement health care medical
    medicine center centre ctr med system network associates partners institute foundation campus pavilion specialists living homes home village villa villas terrace gardens lodge house commons haven acres estates physicians pediatrics
    orthopedics orthopaedics cardiology oncology surgery surgical dental dentistry eyecare wellness recovery treatment shelter mission ministries daughters sisters children's women's childrens womens laboratories labs laboratory diagnostics mri
    hospitalists society company industries corporation corp inc llc plant mill factory mine mines foundry shipyard refinery cannery dairy farms bakery hotel motel inn resort casino church temple parish synagogue mosque monastery convent
    daycare preschool kindergarten headstart courthouse barracks base station airport facility residence residences apartments towers tower ranch camp club ymca ywca library museum market store stores mart warehouse depot
    trust group practice clinicians pt dental dermatology neurology urology nephrology rheumatology podiatry optometry gastroenterology endocrinology pulmonology infusion renal urgentcare drug assoc logistics freight
    insurance trucking manufacturing enterprises industries processing poultry construction roofing plumbing shipping brewing airlines childcare drugs coal mine lines outpatient psych oaks pines springs meadows creek ridge crossing pointe landing grove hills glen woods""".split()
)
"""Words one of which stands in most names of institutions, homes and workplaces."""
_FIRM = frozenset(
    "hospital hospitals hosp clinic infirmary hospice healthcare regional memorial baptist methodist presbyterian lutheran adventist deaconess samaritan mercy manor elementary university univ college academy jail prison penitentiary correctional".split()
)
_NO_NAME = frozenset(("the", "given", "dr", "mr", "mrs", "ms"))
_PLACE_WORDS = frozenset(
    "side view point park lake shore shores hill valley river spring mountain bay harbor heights house bridge prairie forest field union golden silver sunny sunrise sunset star eagle pioneer heritage liberty".split()
)
_GENERIC = frozenset(
    """emergency intensive critical coronary cardiac primary urgent acute chronic palliative comfort managed home health public mental behavioral physical occupational speech respiratory nuclear internal family sports general surgical diagnostic medical
    interventional pediatric neonatal outpatient inpatient ambulatory day night skilled assisted nursing long term short care unit department dept center services service outside local community area nearby another other county state federal
    high middle elementary grade nursery law dental graduate group the our this his her their patient patients chest portable left right upper lower radiation wound sleep pain stress exercise vascular cardiovascular thoracic neurology surgery
    attorney surgeon past present brief admission discharge medicine radiology imaging report history exam examination study review systems final preliminary addendum reason clinical social laboratory data plan assessment electronic record records
    informed advance directive standard quality infection blood bank pharmacy therapy oncology orthopedic obstetrics gynecology labor delivery operating recovery room floor ward school house station base camp and of at for
    consulting consultation consult consults attending call covering file npi dermatology neurology urology nephrology rheumatology gastroenterology endocrinology pulmonology renal dental psych infusion outpatient insurance""".split()
)
RUNS = re.compile(rf"(?<![\w'’.-]){_RUN}(?![\w'’])")
_BEFORE = re.compile(
    r"(?:\b(?P<by>at|from|through|via|outside|near|in|to|by|of|with|for|per|the)|(?P<sign>[(@:,;/–—-]|->|→))[ ]?$"
)
_AT = re.compile(r"(?:\b|(?=@))(?P<by>at|@|from|through|via|outside|to|by)[ ](?:[tT]he[ ])?$")
_OWNED = re.compile(
    r"[ ](?:transfer[ ]center|hospitalists?|records?|staff|nurses?|nursing|clinic|lab|pharmacy|radiology|films?|imaging|case[ ]manager|outpatient|inpatient|campus|office|discharge|chart|ems|ED|ER|ICU|NICU|OR|CT|MRI|telerad\w*|intake|admissions|dialysis"
    r"|accept(?:s|ed)|called|sent|report(?:s|ed)|transfer(?:s|red)?|request(?:s|ed)|faxed)\b"
)
_INTRODUCED = re.compile(
    r"\b(?i:hospital|home|hospice|clinic|facility|center|rehab|snf|school|site|nh|ltac|ltc|alf|dialysis|pharmacy|employer|works?[ ]for|employed[ ]by|ambulance[ ]to|transfer[ ]to|ems[ ]to|agency)(?:[ ]?[:=,(]|[ ]?[–-])?[ ]$"
    r"|\b(?i:hospital|home|hospice|clinic|facility|center|rehab|snf|nh)[ ]\($"
)
_TAIL = re.compile(
    r"[ ](?:jail|prison|infirmary|hospital|clinic|school|nursing home|group home|rehab|dialysis|campus|office|ER|ED|ICU|police|fire|sheriff)\b"
)


def vote(text: str) -> Iterator[Span]:
    """Find institutions and towns in a text as it was written: lines of capitals say nothing here."""
    for found in RUNS.finditer(text):
        if found.group().isupper():
            continue
        words = [*re.finditer(r"\S+", found.group())]
        if span := _institution(text, found, words):
            if office := OFFICE.search(text, *span):
                span = (span[0], office.start())
            yield Span(*span, "FACILITY", "amid:institution", 0.56)


def key(word: str) -> str:
    """Return a word as the lists hold it."""
    return word.strip(".,").replace("’", "'").lower()


def is_generic(word: str) -> bool:
    """Say whether a word is any institution's or any department's, and nobody's own."""
    return not word.isalnum() or word in _GENERIC or word in _HEADS


def is_clinical(word: str) -> bool:
    """Say whether a word is a report's and begins no name of a place."""
    bare = key(word).removesuffix("'s")
    if bare in lowered("drugs") or bare in lowered("brands"):
        return True
    return bare in lowered("not_names") and not (
        bare in lowered("facility_words") or bare in _HEADS or bare in _PLACE_WORDS
    )


def _institution(text: str, found: re.Match[str], words: list[re.Match[str]]) -> tuple[int, int] | None:
    """Return where an institution lies in a run of capitalised words: a word of such names, and one that is its own."""
    kept = _kept(words)
    if not kept:
        return None
    capitals = [w.group() for w in kept if w.group()[0].isupper()]
    names = [key(w) for w in capitals]
    start, end = found.start() + kept[0].start(), found.start() + kept[-1].end()
    if all(w.isupper() and len(w) < 3 for w in capitals):
        return None
    if len(names) < 3 and any(
        w.isupper() and len(w) > 1 and key(w) not in _HEADS and kind_of(w) == OTHER for w in capitals
    ):
        return None
    if len(names) == 1:
        alone = text[start - 4 : start] == "The " and len(names[0]) > 3 and _AT.search(text, max(0, start - 14), start)
        return (start - 4, end) if alone else None
    proper = any(n not in _GENERIC and n not in _HEADS for n in names)
    if proper and any(n in _HEADS for n in names):
        begins = start == 0 or text[start - 1] == "\n" or _BEFORE.search(text, max(0, start - 10), start) is not None
        if begins or len(names) > 2 or any(n in _FIRM for n in names):
            return start, _tail(text, end)
    own = any(n not in _GENERIC and (n not in _HEADS or n not in _FIRM) for n in names)
    return (start, _tail(text, end)) if own and _is_expected(text, start, end, capitals) else None


def _kept(words: list[re.Match[str]]) -> list[re.Match[str]]:
    """Return the first words of a run that are a name's, up to one that is a report's."""
    capital = [w.group()[0].isupper() for w in words]
    stops = [c and is_clinical(w.group()) for c, w in zip(capital, words, strict=True)]
    begins = (n for n, w in enumerate(words) if capital[n] and not stops[n] and key(w.group()) not in _NO_NAME)
    if (first := next(begins, None)) is None:
        return []
    kept = words[first : next((n for n in range(first, len(words)) if stops[n]), len(words))]
    while kept and not kept[-1].group()[0].isupper():
        kept = kept[:-1]
    return [w for w in kept if w.group() != "&"]


def _is_expected(text: str, start: int, end: int, capitals: list[str]) -> bool:
    """Say whether an institution's name is expected where two capitalised words stand: after `at`, before `records`."""
    led = _AT.search(text, max(0, start - 14), start)
    if led and not HEADS.match(text, end):
        unlisted = any(kind_of(w.removesuffix("'s").removesuffix("’s")) != OTHER for w in capitals)
        if unlisted or led["by"] in ("at", "@"):
            return True
    return bool(_OWNED.match(text, end) or _INTRODUCED.search(text, max(0, start - 24), start))


def _tail(text: str, end: int) -> int:
    more = _TAIL.match(text, end)
    return more.end() if more and more.group()[1].islower() else end
