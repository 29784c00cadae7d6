"""Voter: streets, boxes and rural routes, with their units; a number and a name alone where an address is expected."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.facilities import CODES, STATES
from dp_clinical_pipeline.deid.kinds import EPONYM, OTHER, kind_of
from dp_clinical_pipeline.deid.lexicon import lowered, packed
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_C = r"(?:St\.|Mt\.|Ft\.|Dr\.|[A-ZÀ-Þ][\w'’]{0,30}+(?:-[A-Z][\w'’]{0,30}+){0,2})"
_DIRECTION = r"(?:NE|NW|SE|SW|N\.?[EW]\.|S\.?[EW]\.|[NSEW]|North|South|East|West|Northeast|Northwest|Southeast|Southwest|NORTH|SOUTH|EAST|WEST|No\.|So\.)"
_NUMBER = r"(?:\d{1,6}(?:[A-Za-z]|[ ]?-[ ]?\d{1,4}|[ ](?:1/2|½)|½)?|[NSEW]\d{1,3}[NSEW]\d{3,6})"
_SUFFIX = (
    r"(?:Street|St|Str|Avenue|Ave|Av|Aven|Road|Rd|Boulevard|Blvd|Boul|Drive|Dr|Drv|Lane|Ln|Court|Ct|Place|Pl|Plaza|Plz|Square|Sq"
    r"|Terrace|Terr|Ter|Parkway|Pkwy|Pky|Highway|Hwy|Circle|Circ|Cir|Trail|Trails|Trl|Way|Wy|Alley|Aly|Loop|Turnpike|Tpke|Tpk|Pike|Crescent|Cres|Close"
    r"|Row|Route|Rte|Path|Run|Point|Pt|Ridge|Rdg|Cove|Cv|Expressway|Expwy|Expy|Freeway|Fwy|Broadway|Crossing|Xing|Mews|Heights|Hts|Walk|Walkway|Bypass|Byp"
    r"|Estates?|Ests?|Village|Vlg|Isle|Glen|Gln|Hollow|Holw|Bend|Bnd|Grove|Grv|Meadows?|Mdws?|Hills?|Hl|Park|Gardens?|Gdns?|View|Vw|Landing|Lndg|Mall|Station|Sta"
    r"|Port|Ports|Springs?|Spgs?|Creek|Crk|Mills?|Ford|Forge|Falls|Forks?|Shores?|Union|Valley|Vly|Vista|Vis|Knolls?|Knl|Island|Junction|Jct|Lakes?|Lk|Manor|Mnr"
    r"|Mission|Mount|Mountain|Mtn|Oval|Pass|Passage|Pines?|Plain|Plains|Prairie|Ranch|Rapids|River|Rue|Shoal|Stravenue|Stream|Summit|Smt|Throughway|Trace|Trce|Track"
    r"|Trafficway|Tunnel|Viaduct|Ville|Wells?|Reach|Common|Commons|Green|Grn|Gate|Causeway|Cswy|Esplanade|Bluffs?|Canyon|Chase|Corners?|Dale|Fields?|Forest|Harbou?r|Haven"
    r"|Towers?|Wharf|Quay|Quarry|Overlook|Promenade|Brook|Bridge|Camp|Cliffs?|Court[sy]ard|Extension|Ext|Extn|Ramp|Rest|Spur|Ct\.?[ ]N"
    r"|STREET|AVENUE|ROAD|LANE|DRIVE|BOULEVARD|COURT|ST|AVE|RD|LN|DR|BLVD|CT|PL|HWY|TERR|CIR|TRL|PKWY)"
)
_ROAD = (
    r"(?:(?:U\.?S\.?|State|St\.?|County|Co\.?|Cnty|Forest(?:[ ]Service)?|Ranch|Township|Twp|Parish|Private|Old|Indian|Farm|Tribal|Interstate|Federal|Provincial|Rural|Military|Mine)\.?[ ]){0,2}"
    r"(?:Farm[ ]to[ ]Market(?:[ ](?:Road|Rd))?|Ranch[ ]to[ ]Market(?:[ ](?:Road|Rd))?|Highway|Hwy|Road|Rd|Route|Rte|Rt|Interstate|Trunk[ ]Highway|Loop|Spur)\.?[ ]\#?(?:[A-Z]{1,2}-?)?\d{1,4}[A-Z]?"
    r"|(?:FM|RM|CR|SR|CH|US|TR|NM|TH|FR|PR|I|SH|KY|WV|TX|PA|NC|SC|GA|AL|MS|TN|OH|MO|AR|VA|CA)[ -]?\d{1,4}[A-Z]?"
    r"|(?:County|Co\.?|State|Township|Twp)[ ](?:Highway|Hwy|Road|Rd)[ ][A-Z]{1,2}|(?:Avenue|Ave|Av|Street|Road|Highway|Hwy)\.?[ ][A-Z]"
)
_ROMANCE = (
    r"(?:(?:El[ ]|Old[ ])?(?:Camino|Avenida|Avda|Calle|Callejon|Carretera|Carr|Via|Paseo|Rue|Chemin|Plaza|Plazuela|Vista|Placita|Rancho|Villa|Corte|Circulo|Cerro|Arroyo|Strada|Rua|Boulevard|Avenue|Quai|Loma|Mesa|Sendero|Vereda|Urb|Urbanizacion)\.?"
    r"[ ](?:(?:de|del|de[ ]la|de[ ]las|de[ ]los|des|du|la|las|los|el|of[ ]the|St\.|Ste\.)[ ])?(?:[A-ZÀ-Þ][\w'’-]{0,25}+)(?:[ ](?:(?:de|del|la|las|los|y)[ ]){0,2}[A-ZÀ-Þ][\w'’-]{1,25}+){0,3})"
)
_UNIT_NAME = r"(?:Apartment|Apt|Unit|Suite|Ste|Room|Rm|Floor|Flr|Fl|Bldg|Building|Lot|No|Flat|Trailer|Trlr|Tr|Space|Spc|Sp|Slip|Pmb|PMB|Penthouse|Ph|Box|Dept|Hangar|Bsmt|Stop|Tower|Wing|Side|APT|UNIT|SUITE|STE|LOT|RM|BLDG|TRLR|SPC)"
_UNIT = (
    rf"(?:,?[ ](?:{_UNIT_NAME}\.?[ ]?\#?[ ]?(?:\d{{1,5}}-?[A-Za-z]?|[A-Z]{{1,2}}-?\d{{0,4}}[A-Z]?)(?!\w)"
    rf"|\#[ ]?[A-Za-z]?-?\d{{0,5}}[A-Za-z]?(?!\w)|\d{{1,2}}(?i:st|nd|rd|th)[ ](?:Floor|Fl|floor|fl|FLOOR|FL)\b\.?|(?:Basement|Bsmt|Rear|Upper|Lower|Front|Penthouse|Upstairs|Downstairs)(?!\w)|\d{{1,4}}[A-Z](?=[,;.\n]|$))){{0,3}}"
)
_TAIL = rf"(?:,?[ ]{_DIRECTION}(?!\w)\.?)?{_UNIT}"
_STREET = sieved(
    rf"""(?<![\w/.-])(?<!\d:)(?:
      {_NUMBER}[ ](?:(?:{_DIRECTION}|Old|New)\.?[ ]){{0,2}}(?:{_ROAD})(?![\w'’])(?:[ ](?:Frontage|Service|Access|Business|Bypass|Spur|Alternate|Alt|Bus)(?:[ ](?:Rd|Road))?\.?)?{_TAIL}
    | {_NUMBER}[ ](?:{_DIRECTION}\.?[ ]){{0,2}}(?:(?:{_C}\.?|\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH|St|Nd|Rd|Th)|de|la|del|los|las|of|the)[ ]){{1,4}}
        {_SUFFIX}(?![\w'’])\.?{_TAIL}
    | {_NUMBER}[ ](?:{_DIRECTION}\.?[ ])?{_ROMANCE}{_TAIL}
    | {_NUMBER}[ ](?:{_DIRECTION}\.?[ ]){{1}}\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH|St|Nd|Rd|Th)(?!\w){_TAIL}
    | {_NUMBER}[ ]{_DIRECTION}\.?[ ]\d{{1,5}}[ ]{_DIRECTION}(?!\w){_TAIL}
    | {_NUMBER}[ ](?:{_DIRECTION}\.?[ ])?\d{{1,3}}(?:st|nd|rd|th)(?:[ ](?:&|and|at)[ ](?:{_C}|\d{{1,3}}(?:st|nd|rd|th))(?:[ ]{_SUFFIX}(?![\w'’]))?){_TAIL}
    | {_NUMBER}[ ]{_C}[ ](?:&|@)[ ](?:{_C}|\d{{1,3}}(?:st|nd|rd|th))(?:[ ]{_SUFFIX}(?![\w'’]))?{_TAIL}
    | {_NUMBER}[ ](?:{_DIRECTION}\.?[ ])?(?:Broadway|Bowery|Main|Boardwalk|Esplanade|Strand)(?![\w'’]){_TAIL}
    | \d{{1,6}}[ ](?:[A-Z][a-z]{{2,20}}[ ]?){{1,3}}{_UNIT},[ \n](?=[A-Z][a-z]+(?:[ ][A-Z][a-z]+){{0,2}},[ ](?:{CODES}
      |{STATES})(?!\w))
    | \d{{1,6}}[ ](?:[nsew]\.?[ ])?(?:(?:[a-z]{{3,15}}|\d{{1,3}}(?:st|nd|rd|th))[ ]){{1,2}}(?:street|avenue|ave|road|rd|lane|drive|blvd|boulevard|court|terrace|circle|highway|hwy|parkway|pkwy|trail)(?!\w)\.?(?:,?[ ](?:apt|unit|\#|lot|suite)\.?[ ]?\#?\w{{1,5}})?
    | (?:P\.?[ ]?O\.?|Post[ ]Office|G\.?P\.?O\.?)[ ]?(?:Box|BOX|box|Drawer|DRAWER|Drw|Bx)\.?[ ]?\#?[ ]?(?:[A-Z]-?)?\d{{1,8}}|\#?P\.?O\.?B\.?[ ]\#?\d{{1,8}}|(?:Caller|Lock|Drawer)[ ](?:Box|Drawer|BOX)[ ]\#?\d{{1,6}}|PMB[ ]\#?\d{{1,6}}
    | (?:RR|R\.R\.|Rural[ ](?:Route|Rte|Rt)|RURAL[ ]ROUTE|HC|H\.C\.|Highway[ ]Contract|HCR|RFD|R\.F\.D\.|RD|SR|Star[ ](?:Route|Rte|Rt)|STAR[ ]ROUTE|Route|Rte|Rt|ROUTE|RT)\.?[ -]?\#?\d{{0,5}}[A-Z]?,?[ ](?:Box|BOX|Bx)[ ]\#?\d{{1,6}}[A-Z]?
    | (?:R\.R\.|Rural[ ]Route|RURAL[ ]ROUTE|RFD|Star[ ]Route|HCR|HC)[ -]\#?\d{{1,4}}(?!\w)
    | (?:Highway|Hwy|Interstate|County[ ]Road|State[ ]Route|Farm[ ]to[ ]Market[ ]Road)[ ]\#?\d{{1,5}}(?!\w)
    | (?:Unit|UNIT|PSC|CMR|OPC)[ ]\d{{1,6}},?[ ](?:Box|BOX|Bx)[ ]\d{{1,6}}
    | (?:[A-Z][a-z'’]+[ ]){{1,3}}(?:Street|Avenue|Ave\.?|Blvd\.?|Boulevard|Road|Rd\.|Lane|Parkway|Highway
      |Terrace)(?![\w'’]){_UNIT}
    | (?<=\bon[ ])(?:[A-Z][a-z'’]+[ ]){{1,2}}(?:Drive|Court|Place|Way|Circle|St\.|St|Dr\.)(?![\w'’])
    )""",
    re.X,
)
_CUED = re.compile(
    rf"""\b(?:(?i:address(?:[ ](?:on[ ]file|is|was|of|line[ ]?\d?))?|addr|street|residence|home|house|lives?|living|lived|resid(?:es?|ing|ed)|stay(?:s|ing|ed)?|moved|mail(?:ed|ing)?|sent|send|deliver(?:y|ed)?|ship(?:ped)?
        |fire|found(?:[ ]down)?(?:[ ]outside)?|picked[ ]up|pickup|called|dispatched|responded|transported|brought|transferred|discharged|domiciled|located|arrived|ems|from|at|to|outside|near|apt|apartment))
      (?:[ ](?:up|in|him|her|them|the|patient|pt|back|home|alone|with[ ][\w ]{{3,16}}|is|was|of|current|now|still)){{0,3}}
      [ ]?(?:[:=,-]|\#)?\s{{0,3}}(?:(?:at|to|from|outside|near|in|on|of|is|[:-])[ ])?
      (?P<street>(?<![\d/.:])(?:{_NUMBER}))[ ](?P<rest>(?:{_DIRECTION}\.?[ ])?(?:(?:The|El|La|Los|Las)[ ])?{_C}(?:[ ](?:(?:of|the|de|del|la)[ ]){{0,2}}{_C}){{0,3}})(?![\w'’]){_TAIL}
      (?=[ ]?(?:[,.;:)\n]|$)|[ ](?:with|and|by|for|after|before|in|on|when|where|who|since|starting|tomorrow|today|via|per|upper|lower|alone|because|until|while|as|due|this|last|is|was|has|had|to|near)\b|[ ](?:{CODES})\b|[ ]{{2}})""",
    re.X,
)
_BOX = sieved(
    r"\b(?i:mail\w*|sent|send|ship\w*|address\w*|route|return\w*|c/o|deliver\w*|forward\w*|bill\w*|statement\w*|lives?|resid\w+)\b[^.;\n]{0,30}?[ :,](?P<box>(?:Box|BOX|box|Bx|Drawer)[ ]?\#?\d{1,6})(?!\w)"
    r"|[,:][ ](?P<alone>(?:Box|BOX|Bx|Drawer|DRAWER)[ ]\#?\d{2,6})(?=,[ ][A-Z])"
)
_BARE = sieved(
    rf"(?<![\w/.:,#$%+-])(?<!\d[ ])(?P<street>\d{{3,5}}[ ](?:{_DIRECTION}\.?[ ])?(?P<rest>{_C}(?:[ ]{_C}){{0,2}}))(?P<unit>{_TAIL})(?=[ ]?(?:[,.;:)\n]|$)|[ ](?:with|and|by|for|after|in|on|when|where|who|since|this|last|is|was|reports?|near|to|today|tomorrow)\b)"
)
"""A number of three digits or more before words in title case that no report writes after a number."""
_WITH_UNIT = sieved(
    rf"(?<![\w/.:,#$%+-])(?<!\d[ ])(?P<street>\d{{1,5}}[ ](?:{_DIRECTION}\.?[ ])?(?:[Tt]he[ ])?(?P<rest>{_C}(?:[ ]{_C}|[ ]\d{{1,4}}){{0,3}}),?[ ](?:(?:Apt|Apartment|Unit|Ste|Suite|Lot|Trlr|Bldg|Rm)\.?[ ]?\#?|\#[ ]?)[ ]?[A-Z]?-?\d{{1,5}}-?[A-Z]?)(?![\w-])"
)
"""Whatever a street is called, an apartment says that it is one."""
_NOT_STREET = re.compile(
    r"\d{1,6}\s(?:Days?|Weeks?|Views?|Hours?|Years?|Months?|Patients?|French|Fr|Gauge|Hole|Vessel|View|Image|Series|Lead)\b",
    re.I,
)
_NOT_AN_ADDRESS = frozenset(
    """hours hrs hr am pm est edt cst cdt pst pdt days weeks months years views view cm mm mg ml mcg kg lb lbs units beats percent degrees dr mr mrs ms md rn
    nurse with patient patients january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
    the a an and or he she they his her by per""".split()
)

_DIRECTIONS = frozenset(("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"))


def vote(text: str) -> Iterator[Span]:
    """Find streets and boxes."""
    for start, end, score in find(text):
        yield Span(start, end, "STREET", "addresses:street", score)


def find(text: str) -> Iterator[tuple[int, int, float]]:
    """Yield where addresses lie, and how sure each is."""
    for found in _STREET.finditer(text):
        if not _NOT_STREET.match(found.group()):
            yield found.start(), _trimmed(text, found.start(), found.end()), 0.88
    for found in _WITH_UNIT.finditer(text):
        if not _NOT_STREET.match(found["street"]) and _is_street(found["rest"].split(" ")[0], ordinary=True):
            yield *found.span("street"), 0.6
    for found in _BOX.finditer(text):
        yield *found.span(found.lastgroup or "box"), 0.7
    for found in _BARE.finditer(text):
        if not _YEAR.match(found["street"]) and _is_street(found["rest"], ordinary=True):
            yield found.start(), _trimmed(text, found.start(), found.end()), 0.5
    position = 0
    while cued := _CUED.search(text, position):
        start, end = cued.start("street"), cued.end()
        position = max(cued.start() + 1, start)
        if _is_street(cued["rest"]):
            yield start, _trimmed(text, start, end), 0.7
            position = end


_YEAR = re.compile(r"(?:19|20)\d\d[ ]")


def _is_street(rest: str, *, ordinary: bool = False) -> bool:
    """Say whether words after a number may name a street: none is a report's word, and not all are short capitals.

    `ordinary`: nothing but the number leads to them, so that they must be in title case.
    """
    words = re.findall(r"[^\W\d_][\w'’]*", rest)
    if not words or any(w.lower() in _NOT_AN_ADDRESS for w in words):
        return False
    long = [w for w in words if len(w) > 2 and w.lower() not in _DIRECTIONS]
    return (
        bool(long)
        and not (ordinary and any(not w[1:].islower() for w in long))
        and not any(
            w.lower() in lowered("not_names")
            or w.lower() in lowered("drugs")
            or w.lower() in lowered("brands")
            or w.lower() in packed("medicines")
            or (w.isupper() and kind_of(w) == OTHER)
            for w in long
        )
        and kind_of(long[0]) != EPONYM
    )


def _trimmed(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in ", \n":
        end -= 1
    return end
