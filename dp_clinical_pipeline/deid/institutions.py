"""Voter: institutions by their context: after a label or a preposition, in a banner, before a department; and the rest of a name."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterable, Iterator, Sequence

from dp_clinical_pipeline.deid.amid import OFFICE
from dp_clinical_pipeline.deid.kinds import CLEAR, OTHER, SHORT, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.lexicon import entries, lowered
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_W = r"(?:St\.|Mt\.|Ft\.|Sts\.|[A-ZÀ-Þ](?:[\w'’]{0,30}+)(?:[-&/][A-Z][\w'’]{0,30}+){0,3}+)"
_NAME = rf"(?:The[ ])?{_W}(?:[ ](?:(?:of|and|&|at|for|de|del|la|in|on|the|of[ ]the|at[ ]the)[ ])?{_W}){{0,6}}"
_SURE_WORDS = frozenset(
    """hospital hospitals hosp clinic clinics infirmary hospice healthcare healthsystem medcenter rehab rehabilitation dialysis correctional penitentiary prison jail
    convalescent memorial regional baptist methodist presbyterian lutheran adventist deaconess samaritan mercy manor nursing davita fresenius kindred encompass
    healthsouth vamc vamc. shriners imaging radiology pharmacy university college school academy elementary urgent surgicenter afb arh ascension veterans osteopathic
    polyclinic sanatorium sanitarium livingcenter retirement hospitalists""".split()
)
"""Words that make a name of two words or more an institution's, wherever it stands."""
_TAIL_WORDS = _SURE_WORDS | frozenset(
    """health care medical center centre ctr med system network group associates partners institute foundation campus pavilion general specialty specialists senior living
    assisted memory skilled home homes village villa terrace gardens lodge house commons place haven acres oaks pines springs court courts estates ridge meadows hills
    view park heights grove crossing landing pointe point west east north south northeast northwest southeast southwest children's women's heart cancer eye surgery surgical
    outpatient community county city state national federal military army naval air force base indian tribal va urgent family practice pediatrics medicine physicians
    primary residence residences rest facility services unit kidney renal wound orthopedic orthopedics sports physical therapy lab labs laboratory diagnostics mri hospitalist
    sacred heart holy cross trinity christus providence mount saint st. our lady good shepherd grace hope faith mission charity joseph mary luke's john's francis vincent""".split()
)
_ORGANS = frozenset(("breast", "lung", "bone", "skin", "vein", "spine"))
_OF_ORGANS = frozenset(("center", "centre", "clinic", "care", "imaging", "institute", "group", "health"))
ALONE = frozenset(("Memorial", "Mercy", "Methodist", "Presbyterian", "Baptist", "Lutheran", "Deaconess", "Samaritan"))
"""Words each of which is a hospital's whole name where one is expected."""
_LABEL = sieved(
    rf"""(?<![\w-])(?i:(?:(?:accepting|acquiring|reading|referring|receiving|sending|transferring|transfer|outside|originating|performing|primary|home|dialysis|discharge|requesting|ordering|treating|admitting|previous|prior|current|reporting|interpreting|imaging|service|patient)\s)?
      (?:facility|hospital|hosp|institution|site|clinic|snf|ecf|ltc|ltac|ltach|alf|nursing\shome|assisted\sliving|group\shome|hospice|rehab|school|day\s?care|child\s?care|preschool|employer|work\s?place|occupation|agency|home\shealth|pharmacy|center|centre|campus|osh|practice|organi[sz]ation|company|shelter|jail|prison|nh|entity|dialysis(?:\sunit)?)(?:\s(?:name|location))?)
      [ ]?(?:[:=]|[ ]-(?=[ ]))[ ]{{0,4}}(?P<name>{_NAME})(?![\w])""",
    re.X,
)
_IN_BRACKETS = re.compile(
    rf"(?i:\b(?:outside|osh|oh|prior|previous|referring|sending|transferring|accepting|another|area|local|community|nursing|assisted|rehab|dialysis|hospital|facility|snf|clinic|institution)\b[^\n()]{{0,24}}\()(?P<name>{_NAME})(?=[,;)])"
)
_LED_BY = re.compile(
    rf"""(?<![\w-])(?:
      (?P<strong>(?i:(?:resident|inmate|student|patient|employee|graduate|pupil|client|janitor|nurse|teacher)\s(?:of|at)|out\sof|works?\s(?:at|for)|working\s(?:at|for)|worked\s(?:at|for)|employed\s(?:at|by)|retired\sfrom|attends|enrolled\sat|incarcerated\sat|housed\sat
        |(?:snf|ltac|ltach|rehab|hospice|placement|dialysis|chemo|chemotherapy|infusion|radiation|stay|bed|transfer(?:red)?|transport(?:ed)?|medevac|lifeflight|life\sflight|airlifted|flown|sent|discharged?|dc|d/c|dispo|admit(?:ted)?|admission|direct\sadmit|referred|return(?:ed|ing)?|back|followed|seen|evaluated|treated|done|performed|obtained|scheduled|placed|surgery|cabg\s?\w{{0,3}}|biopsy|cath|pci|scan|films?|images|imaging|study|studies|records?|report|mri|ct|cxr|pet|x-?rays?|ed|er|icu|workup|care|appointment|visit|hospitali[sz]ed|hospitali[sz]ation|comparison|prior|delivered|born|operated|implanted|inserted|managed|stabili[sz]ed|intubated|resuscitated|presented|arrived|came|comes|in|over|up|here)
          \s(?:in|on|back|up|over|directly|home|yesterday|today|recently|previously|elsewhere|initially)?\s?(?:at|from|to|through|via|by|with|out\sof)|dialy[sz]es\s(?:\w{{1,5}}\s)?at|lives\s(?:at|in)|resides\s(?:at|in)|residing\s(?:at|in)|living\s(?:at|in)|staying\s(?:at|in)|stays\sat|outside\s(?:films?|study|ct|mri|hospital|records?)\sfrom))
      | (?P<plain>(?i:at|from|per|via|through)))
      [ ](?:the[ ]|an?[ ](?:outside|local|nearby)[ ])?(?P<name>{_NAME})(?![\w])""",
    re.X,
)
_BANNER = re.compile(rf"(?:^|[\n ])[*=_~#-]{{2,10}}[ ]?(?P<name>{_NAME})[ ]?(?=[*=_~#-]{{2}})")
_BEFORE_DEPARTMENT = sieved(
    rf"(?:^|[\n.;|][ ]*)(?P<name>{_NAME}?)(?=[ ]{{0,3}}(?:[-–—|,/:]|\n)?[ ]{{0,3}}(?:Department[ ]of|Dept\.?[ ]of|Division[ ]of|Diagnostic[ ]Imaging|Medical[ ]Imaging|Imaging[ ](?:Services|Report|Department)|Radiology[ ](?:Report|Department|Services|Dept)|Emergency[ ](?:Department|Room))(?!\w))"
)
_TAILED = sieved(
    rf"(?<![\w-])(?P<name>(?:{_W}[ ]){{1,4}})(?P<tail>(?:Nursing|Rehab|Rehabilitation|Health|Care|Convalescent|Subacute|Healthcare)[ ](?:and|&)[ ](?:Rehab(?:ilitation)?|Nursing|Wellness|Healthcare|Care|Living|Rehab[ ]Center)(?:[ ](?:Center|Centre|Ctr))?"
    r"|(?:Health[ ])?Care[ ](?:Facility|Center|Centre|Ctr)|Skilled[ ]Nursing(?:[ ]Facility)?|(?:Assisted|Independent|Supportive)[ ]Living|Memory[ ]Care|Convalescent(?:[ ](?:Hospital|Home|Center))?|Home[ ]Health(?:[ ]?[Cc]are)?|Kidney[ ]Care|Living[ ]?Center|LivingCenter|Senior[ ](?:Care|Living|Center)|Extended[ ]Care|Adult[ ](?:Day[ ]Care|Foster[ ]Care|Family[ ]Home)"
    r"|LTACH?|AFB|VAMC|VA[ ](?:Hospital|Clinic|clinic|Medical[ ]Center|Health[ ]Care[ ]System)|Air[ ]Force[ ]Base|Army[ ](?:Hospital|Medical[ ]Center)|Naval[ ]Hospital|Detention[ ]Center|County[ ]Jail|State[ ]Prison|Correctional|Group[ ]Home|Fire[ ]Department|Treatment[ ]Center|Recovery[ ]Center|(?:Diagnostic|Medical|Advanced|Open|Outpatient)[ ]Imaging(?:[ ](?:Center|Centre|Associates|Services|Group))?|Dialysis|Surgery[ ]Center|MRI|Open[ ]MRI|ED|ER"
    r"|Insurance(?:[ ](?:Company|Agency|Group))?|Logistics|Trucking|Manufacturing|Enterprises|Industries|Freight|Roofing|Plumbing|Foundry|Shipyard|Brewing|(?:Freight|Bus|Truck|Air)[ ]Lines|(?:Meat|Food|Poultry)[ ](?:Processing|Packing)|Internal[ ]Medicine|Family[ ](?:Medicine|Practice)|Pain[ ]Management|(?:County[ ])?(?:Mental|Behavioral)[ ]Health|Mobile[ ](?:Imaging|X-?[Rr]ay|Diagnostics|Radiology)|Auto[ ](?:Parts|Body|Repair)|(?:Plumbing|Building|Electrical|Farm|Medical)[ ]Supply|Preschool|Drug[ ](?:Pharmacy|Store)|Hardware|Lumber|Blood[ ]Bank|Renal[ ]Care|Urgent[ ]Care|(?:Thoracic|Vascular|Plastic|Hand|Spine|Cardiothoracic|Orthopa?edic|Eye|Bariatric)[ ]Surgery|MRI[ ](?:and|&)[ ]CT|Long[- ]Term(?:[ ]Acute)?[ ]Care|Visiting[ ]Nurses?(?:[ ](?:Association|Service))?|Walk-?In(?:[ ](?:Clinic|Care))?|Express[ ]Care|(?:Hospital|Medical[ ]Services|Health|Healthcare|Fire)[ ]District|Free-?[Ss]tanding[ ](?:ED|ER|Emergency(?:[ ](?:Department|Room))?)|Home[ ]Infusion|(?:Pulmonary|Cardiology|Radiology|Medical|Surgical|Orthopa?edic|Nephrology|Kidney)[ ](?:Associates|Partners|Consultants|Specialists|Group)|Construction[ ]Company|Child[ ]?[Cc]are(?:[ ]Center)?|Day[ ]?[Cc]are(?:[ ]Center)?|Women['’]s[ ]Health(?:[ ]Center)?|Heart[ ](?:and|&)[ ]Vascular(?:[ ](?:Center|Institute))?|(?:County[ ])?Health[ ]Department|Police[ ]Department|Public[ ](?:Schools|Library)|Credit[ ]Union|[A-Z][a-z]{2,9}[ ](?:and|&)[ ](?:Stone|Sons|Supply|Lube|Gravel|Lumber|Tire))(?![\w'’])"
)
_MORE = re.compile(rf"(?:[ -]|[ ](?:of|at|and|&|in)[ ](?:the[ ])?)(?P<word>{_W})(?![\w'’])")
_BEFORE = re.compile(r"(?<![\w'’.-])(?P<word>[A-Z][\w'’]{1,20})[ ]$")
_STOP = frozenset(
    """physical therapy occupational speech respiratory primary surgery pediatrics medicine dr mr mrs ms miss md do rn np pa accepting attending referring ordering date dob mrn acct sex age phone fax tel exam study history indication findings impression comparison the a an this
    patient pt name room bed floor unit icu ed er or ct mri mr xr cxr pet us ekg ecg adm discharge transfer no yes none unknown home other see same left right upper lower final addendum confidential
    preliminary report end page department division status location svc service order accession ems outpt inpt pulm covid acr acs aium cms cdc jcaho cards ortho onc heme gi gu gyn derm psych peds rads surg anes neuro endo rheum nephro uro ent records record uid npi dicom pacs""".split()
)
_RULES = (
    (re.compile(":| - "), _LABEL, "label", True),
    (re.compile(r"\([A-Z]"), _IN_BRACKETS, "brackets", True),
    (re.compile(r"[*=_~#-]{2}"), _BANNER, "banner", False),
    (re.compile("Department|Dept|Division|Imaging|Radiology|Emergency"), _BEFORE_DEPARTMENT, "department", False),
)
_LED = Led(
    _LED_BY,
    _LED_BY.pattern.split("(?P<strong>")[1].split("[ ](?:the[ ]|an?[ ](?:outside")[0],
)


def vote(text: str) -> Iterator[Span]:
    """Find institutions by context; to be read in a text whose lines of capitals were calmed."""
    for hint, pattern, rule, firm in _RULES:
        for found in pattern.finditer(text) if hint.search(text) else ():
            if span := _named(found, firm=firm):
                yield Span(*span, "FACILITY", f"institutions:{rule}", 0.66)
    position = 0
    for at in _LED.starts(text):
        led = _LED_BY.match(text, at) if at >= position else None
        if led is None:
            continue
        strong = led["strong"] is not None
        span = _named(led, firm=strong, least=1 if strong else 2)
        position = span[1] if span else led.start("name")
        if span:
            yield Span(*span, "FACILITY", "institutions:led", 0.58)
    for found in _TAILED.finditer(text):
        words = [*re.finditer(r"\S+", found["name"])]
        kept = [w for w in words if not _stops(w.group())]
        if (
            kept
            and kept[-1] is words[-1]
            and (
                found["tail"] not in ("MRI", "ED", "ER")
                or kept[-1].group() in entries("hospitals")
                or _kind(kept[-1].group()) == UNKNOWN
            )
        ):
            first = next(w for n, w in enumerate(words) if all(not _stops(x.group()) for x in words[n:]))
            end = found.end() - (len(found["tail"]) + 1 if found["tail"] in ("MRI", "ED", "ER") else 0)
            yield Span(found.start() + first.start(), end, "FACILITY", "institutions:tail", 0.7)


def whole(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield institutions with the rest of their names: `Trinity Health` of Minot, Christus before `St. Vincent`."""
    for span in spans:
        if span.type != "FACILITY":
            yield span
            continue
        start, end = span.start, span.end
        for _ in range(3):
            more = _MORE.match(text, end)
            if not more or not _goes_on(more["word"]):
                break
            end = more.end()
        if (
            text[end - 7 : end] == " Health"
            and text.startswith(" Department", end)
            and text[end + 11 : end + 14] != " of"
        ):
            end += len(" Department")
        if (
            text[start : start + 2] in ("St", "Sa", "Mo", "Mt", "Me")
            and (before := _BEFORE.search(text, max(0, start - 24), start))
            and _leads(before["word"])
        ):
            start = before.start("word")
        if (tail := OFFICE.search(text, start, end)) and text[tail.start() - 7 : tail.start()] != " Health":
            end = tail.start()
        if text[end - 8 : end] == " Medical" and text[end : end + 7] == " Record":
            end -= 8
        yield span if (start, end) == (span.start, span.end) else Span(start, end, span.type, span.voter, span.score)


def _kind(word: str) -> str:
    return kind_of(re.sub(r"['’]s$", "", word.rstrip(".")))


def _stops(word: str) -> bool:
    """Say whether a word cannot be part of an institution's name."""
    key = re.sub(r"['’]s$", "", word.strip(".,")).lower()
    return key in _STOP or (
        key in lowered("not_names") and key not in lowered("facility_words") and key not in _TAIL_WORDS
    )


def _is_within(words: Sequence[re.Match[str]], word: re.Match[str]) -> bool:
    """Say whether a report's word is of a name: one of institutions, or an organ before one: `Women's Breast Center`."""
    key = word.group().lower().strip(".")
    after = words[words.index(word) + 1 :]
    return key in _TAIL_WORDS or (key in _ORGANS and bool(after) and after[0].group().lower().strip(".") in _OF_ORGANS)


def _goes_on(word: str) -> bool:
    key = word.lower().strip(".")
    if (
        key in _STOP
        or key in ("imaging", "radiology", "services")
        or (word.isupper() and len(word) < 4)
        or key in lowered("titles")
        or key in lowered("credentials")
        or key in lowered("drugs")
    ):
        return False
    return (
        key in _TAIL_WORDS
        or word in entries("cities")
        or word in entries("towns")
        or (_kind(word) in (UNKNOWN, CLEAR) and word[1:].islower())
    )


def _leads(word: str) -> bool:
    return (
        word in entries("hospitals")
        or word.lower() in _SURE_WORDS
        or (_kind(word) == UNKNOWN and word[1:].islower() and word.lower() not in _STOP)
    )


def _named(found: re.Match[str], *, firm: bool, least: int = 2) -> tuple[int, int] | None:
    """Return where the institution lies in a capture.

    `firm`: the context expects one, so that a name of unknown words is one; else a word of institutions must be in it, and
    `least` says how many words there must be then.
    """
    start = found.start("name")
    words = [w for w in re.finditer(r"\S+", found["name"])]
    kept: list[re.Match[str]] = []
    for word in words:
        raw = word.group()
        if raw[0].islower() or raw == "&":
            kept.append(word)
            continue
        if _stops(raw) and not (kept and _is_within(words, word)) and not (not kept and raw == "The"):
            break
        kept.append(word)
    if len(kept) > 2 and kept[-2].group() == "for" and kept[-1].group().isupper():
        kept = kept[:-2]  # `Prospect Dialysis for IV antibiotics`
    while kept and (kept[-1].group()[0].islower() or kept[-1].group() == "&"):
        kept.pop()
    names = [w.group() for w in kept if not w.group()[0].islower() and w.group() not in ("&", "The")]
    if not names:
        return None
    keys = {n.lower().strip(".") for n in names}
    sure = bool(keys & _SURE_WORDS) or any(
        n in entries("hospitals") for n in (" ".join(names), names[0], " ".join(names[:2]))
    )
    kinds = [_kind(n) for n in names]
    own = [k for n, k in zip(names, kinds, strict=True) if k not in (OTHER, SHORT) or n.isupper()]
    known = [n for n in names if n.lower().strip(".") in _TAIL_WORDS or n in entries("cities")]
    if sure and len(names) >= min(least, 2) and (len(names) > 1 or names[0] in entries("hospitals")):
        return start, start + kept[-1].end()
    if not firm:
        return None
    if any(n.isupper() and n.lower() in lowered("credentials") for n in names):
        return None
    if names[0] in ALONE and len(names) == 1:
        return start, start + kept[-1].end()
    if (own and not all(n.isupper() and len(n) < 3 for n in names)) or (len(names) > 1 and known):
        if kinds[0] == OTHER and len(names) == 1:
            return None
        return start, start + kept[-1].end()
    return None
