"""Voter: hospitals, clinics, schools and other institutions by the words that name them."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import entries, lowered
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

STATES = (
    r"Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho"
    r"|Illinois|Indiana|Iowa"
    r"|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    r"|Montana|Nebraska|Nevada"
    r"|New[ ]Hampshire|New[ ]Jersey|New[ ]Mexico|New[ ]York|North[ ]Carolina|North[ ]Dakota|Ohio|Oklahoma"
    r"|Oregon|Pennsylvania"
    r"|Rhode[ ]Island|South[ ]Carolina|South[ ]Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    r"|West[ ]Virginia|Wisconsin"
    r"|Wyoming|Puerto[ ]Rico"
)
CODES = (
    r"AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND"
    r"|OH|OK|OR|PA|RI|SC|SD"
    r"|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|D\.C\.|PR|N\.Y\.|N\.J\.|Calif\.|Mass\.|Tex\.|Fla\."
)
_CENTER = r"(?:Cent(?:er|re)|Ctr|CENTER)"
_FIELD = (
    r"(?:Cancer|Heart|Neurology|Neurological|Neuroscience|Eye|Spine|Orthopa?edic|Surgery|Surgical|Imaging"
    r"|Radiology|Dialysis"
    r"|Rehab(?:ilitation)?|Trauma|Burn|Wellness|Birth|Women['’]?s|Children['’]?s|Kidney|Diabetes|Cardiac"
    r"|Cardiovascular|Vascular"
    r"|Pain|Sleep|Oncology|Dermatology|Pediatric|Psychiatric|Memory|Urgent[ ]Care|Nursing|Recovery|Treatment|Community"
    r"|Counseling|Outpatient|Diagnostic|Breast|Bone|Joint|Fertility|Hospital|Veterans|VA|Family[ ]Health"
    r"|Primary[ ]Care|Care)"
)
_STRONG = (
    rf"(?:Hospitals?|HOSPITAL|Hospice|Infirmary|Sanatorium|Sanitarium|Clinics?|CLINIC|Polyclinic|Hosp\b\.?"
    rf"|Surgicenter|Nursing[ ]Home"
    rf"|Med(?:ical)?\.?[ ]{_CENTER}\.?|MEDICAL[ ]CENTER|Health[ ]?[Cc]are(?:[ ](?:System|Center|Network"
    rf"|Services))?|Healthcare"
    rf"|Health[ ](?:System|Center|Centre|Network|Services|Partners|Department(?![ ][Oo][Ff]\b)|Group|Sciences?|Campus|Alliance)s?"
    rf"|Medical[ ](?:Group|Associates|College|School|Plaza|Arts|Campus|Partners|Offices?|Practice|Pavilion"
    rf"|Tower|Building)"
    rf"|{_FIELD}[ ](?:{_CENTER}|Institute|Associates|Group|Specialists|Facility|Home|Pavilion|Foundation|Partners)"
    rf"|Institute|Rehab(?:ilitation)?(?:[ ]{_CENTER})?|Pharmacy|Assisted[ ]Living|Retirement[ ](?:Home"
    rf"|Community)|Urgent[ ]Care"
    rf"|Family[ ](?:Practice|Medicine)|Pediatrics|Physicians[ ]Group|University|College"
    rf"|Elementary(?:[ ]School)?|(?:High|Middle|Grade|Primary)[ ]School"
    rf"|School|Academy|Correctional[ ](?:Facility|Institution)|Shelter|Penitentiary|Radiology|Imaging"
    rf"|Orthop(?:a)?edics|Cardiology|Laboratories"
    rf"|Senior[ ]Living|Care[ ]Home|Manor|Rest[ ]Home|Primary[ ]Care|Retirement[ ]Village|(?:Adult[ ])?Day[ ]?[Cc]are|Group[ ]Home|Skilled[ ]Nursing|Dialysis|Jail|Prison|Detention[ ]Center|Convalescent|Elementary)"
)
_WEAK = (
    r"(?:General|Memorial|Health|Med|Medicine|Gen|Medical|Regional|VA|Children['’]s|Presbyterian|Methodist"
    r"|Baptist|Lutheran"
    r"|Adventist|Deaconess|Center|Centre|Ctr\.?|County|Radiology|Oncology|Pavilion|Infirmary|Mercy|Campus)"
)
_W = r"(?:St\.|Mt\.|Ft\.|(?:[A-Z]\.){2,3}|[A-ZÀ-Þ][\w'’]{0,30}+(?:[-&][A-Z][\w'’]{0,30}+){0,3}+)"
_GO_ON = rf"(?:[ ](?:(?!Imaging|Radiology|Cardiology){_STRONG}|(?!Radiology|Oncology){_WEAK}|of[ ](?:the[ ])?{_W}(?:[ ]{_W})?|at[ ]{_W}(?:[ ]{_W})?))"
_FACILITY = sieved(
    rf"(?<![\w-])(?P<name>(?:{_W}(?:[ ](?:and|&|of|of[ ]the|de|del"
    rf"|la))?[ ]){{0,5}}?)(?P<head>{_STRONG})(?![\w-])(?P<tail>{_GO_ON}{{0,3}}(?:-[A-Z][\w'’]{{1,20}}+)?)(?![\w-])"
)
_SAINT = sieved(
    rf"(?<!\w)(?:St\.|St|Saint|ST\.|Mount|Mt\.|Our[ ]Lady[ ]of(?:[ ]the)?|Holy|Sacred"
    rf"|Good)[ ](?P<of>[A-Z][\w]+(?:-[A-Z]\w+)?)(?:['’]s)?{_GO_ON}{{0,3}}(?!\w)"
)
_PLACE_AND_WEAK = sieved(rf"(?<![\w-])(?P<name>(?:{_W}[ ]){{1,3}})(?P<head>{_WEAK}){_GO_ON}{{0,2}}(?![\w-])")
_TREATED_AT = sieved(
    rf"\b(?:(?:seen|treated|admitted|evaluated|presented|presenting|presents|hospitali[sz]ed|transferred"
    rf"|followed|visit(?:ed|ing)?|surgery|operated|check-?up|care|managed|diagnosed"
    rf"|scanned|imaged|performed|reviewed|assessed|delivered|born|resides|residing|lives|living|works"
    rf"|employed|discharged|attends|underwent|received|enrolled|consult(?:ed|ation)?|appointment"
    rf"|biopsy|imaging|films?|images|mri|ct|study|studies|exam|examination|scan|x-?ray|radiographs?|report"
    rf"|follow-?up|clinic|procedure|placed|done|taken|obtained|referred)"
    rf"(?:[ ](?!at\b|to\b)[\w-]+){{0,3}}?[ ](?:at|from|to)|(?:from|to|at)[ ]an?[ ]outside[ ](?:hospital"
    rf"|facility)[, (]+)[ ](?:the[ ]|our[ ])?(?P<name>{_W}(?:[ ]{_W}){{1,3}})(?!\w)"
)
_LOWER_HEAD = re.compile(
    r"[ ](?:downtown|main|branch|metro|outpatient|satellite|medical|health|cancer|heart|general|community|imaging)?[ ]?"
    r"(?:clinic|hospital|office|campus|branch|center|facility|med[ ]center|med[ ]ctr|infirmary)(?!\w)"
)
_JOINED = re.compile(
    rf"(?:,[ ]|[ ]in[ ]|[ ]at[ ]|[ ]of[ ]|[ ]-[ ])(?:downtown[ ]|the[ ])?(?:(?P<state>(?:{STATES})(?!\w"
    rf"|,?[ ][A-Z][a-z]))|(?P<city>(?:St\.[ ])?{_W}(?:[ ]{_W}){{0,2}})(?:,?[ ](?:{CODES})(?!\w)"
    rf"|,[ ](?:{STATES})(?!\w))?)"
)
_SHORT_PLACES = frozenset(("LA", "SF", "NY", "UW", "DC", "NYC", "Mass", "County", "City", "UC", "UT"))
_DEPARTMENT = re.compile(
    r"\b(?:Emergency|Internal|Family|Nuclear|Sports|Past|Mental|Public|Home|Behavioral|Attorney|Surgeon|Bone"
    r"|Global|Occupational|Pulmonary)$"
)
_HOSPITAL_WORDS = frozenset(
    (
        "General",
        "Memorial",
        "Regional",
        "Presbyterian",
        "Methodist",
        "Baptist",
        "Lutheran",
        "Adventist",
        "Deaconess",
        "Mercy",
    )
)
_REGIONS = frozenset(
    """southeastern southwestern northeastern northwestern southern northern eastern western central midwest midwestern southeast southwest northeast northwest coastal piedmont metropolitan metro tri-county tri-cities
    tri-state bi-county gulf atlantic pacific mountain valley highland highlands lakeland lakeside riverside seaside bayside hillside parkway crossroads heartland plains prairie delta peninsula island islands lowcountry
    upstate downstate midland midlands tidewater capital capitol colonial pioneer frontier heritage liberty freedom independence community county city state national parkview lakeview fairview grandview mountainview
    good holy sacred blessed""".split()  # noqa: SIM905
)
"""Words that are no names but begin the name of an institution."""
_GENERIC_HEAD = re.compile(
    r"(?:Institute|School|College|University|Pharmacy|Dialysis|Radiology|Imaging|Cardiology|Pediatrics|Orthop|Family"
    r"|Shelter|Academy|Rehab|Urgent|Health Serv|Laborator|Med)"
)


def vote(text: str) -> Iterator[Span]:
    """Find institutions that have a name."""
    for found in _FACILITY.finditer(text):
        start = _name_start(text, found.start("name"), found.start("head"))
        end = joined(text, found.end())
        named = start < found.start("head")
        generic = _GENERIC_HEAD.match(found["head"]) and not found["tail"].startswith(" of ")
        placed = (end > found.end() or bool(found["tail"])) and not generic
        if named or placed:
            yield Span(start, end, "FACILITY", "facilities:head", 0.84)
    for found in _SAINT.finditer(text):
        saintly = found.group()[:2] in ("St", "Sa", "ST", "Ou") and not found.group().startswith("Sacred")
        if saintly or found["of"] in entries("holy_words"):
            yield Span(found.start(), joined(text, found.end()), "FACILITY", "facilities:saint", 0.8)
    for found in _PLACE_AND_WEAK.finditer(text):
        start = _name_start(text, found.start("name"), found.start("head"))
        name = text[start : found.start("head")].strip()
        if name and (_is_place(name) or (found["head"] in _HOSPITAL_WORDS and _is_name(name.split()[-1]))):
            yield Span(start, joined(text, found.end()), "FACILITY", "facilities:place", 0.76)
    for found in _TREATED_AT.finditer(text):
        start, end = found.span("name")
        words = text[start:end].split()
        if len(words) > 1 and not any(_clinical(w) for w in words):
            yield Span(start, joined(text, end), "FACILITY", "facilities:treated_at", 0.6)


def _is_place(name: str) -> bool:
    return name in entries("cities") or name in entries("hospitals") or name in _SHORT_PLACES


def _is_name(token: str) -> bool:
    key = re.sub(r"['’]s$", "", token).lower()
    if key in _REGIONS:
        return token[1:].islower()
    listed = (
        key in lowered("surnames")
        or key in lowered("given_names")
        or token in entries("holy_words")
        or token in entries("cities")
        or token in entries("towns")
        or kind_of(re.sub(r"['’]s$", "", token)) == UNKNOWN
    )
    return listed and key not in lowered("not_names") and token[1:].islower()


def lower_head(text: str, end: int) -> int:
    """Return where `clinic`, `office` or the like after a place ends; `end` where there is none."""
    found = _LOWER_HEAD.match(text, end)
    return found.end() if found else end


def joined(text: str, end: int) -> int:
    """Take `, City` and `in City, ST` into the facility."""
    found = _JOINED.match(text, end)
    if not found:
        return end
    if found["state"]:
        return found.end()
    words = found["city"].split()
    for n in range(len(words), 0, -1):
        city = " ".join(words[:n])
        if city.rstrip(".") in entries("cities") or city in _SHORT_PLACES:
            return found.end() if n == len(words) else found.start("city") + len(city)
    return end


def _clinical(token: str) -> bool:
    core = re.sub(r"['’]s$", "", token.strip(".,")).lower()
    return (core in lowered("not_names") and core not in lowered("facility_words")) or token.isupper()


def _name_start(text: str, start: int, stop: int) -> int:
    """Drop the leading part of a facility's name that is made of clinical or sentence words."""
    after = start
    for token in re.finditer(r"\S+", text[start:stop]):
        core = re.sub(r"['’]s$", "", token.group().strip(".,")).lower()
        if (core in lowered("not_names") and core not in lowered("facility_words")) or _DEPARTMENT.search(
            token.group()
        ):
            after = start + token.end() + 1
    while (rest := re.match(r"(?:and|&|of the|of|the|de|del|la) ", text[after:stop])) is not None:
        after += rest.end()
    return min(after, stop)
