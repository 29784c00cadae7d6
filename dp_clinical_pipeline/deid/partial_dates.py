"""Voter: parts of dates that only their surroundings show: a day and month after a cue, weekdays, seasons, quarters, holidays."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span, matched

_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_PAIR = rf"(?:{_MONTH}[-/]{_DAY}|(?:1[3-9]|2\d|3[01])/{_MONTH})"
_PAIR_SLASH = rf"(?:{_MONTH}/{_DAY}|(?:1[3-9]|2\d|3[01])/{_MONTH})"
_NO_DATE = r"(?![\w%]|[-/.]\d|/|\s?(?:-|to|x)\s?\d|\s?(?:mg|cm|mm|mcg|ml|cc|kg|lbs?|strength|pain|systolic|of\s|murmur|weeks?|wks?|days?|months?|mos?|years?|yrs?|pulses|patients|score|points|hours?|hrs?|scale|times|views?|films?\sper|lobes?|ribs?|nodules?|minutes?|min|liters?|l\b|doses?|pack|cycles?|more|beats|sets?|images?|lesions|blasts|cups?|tabs?|tablets|inches|feet|degrees|percent))"
_SHORT_DAY = (
    r"(?:Mon|Tues?|Weds?|Thurs?|Thu|Fri|Sat|Sun|MON|TUES?|WED|THURS?|THU|FRI|SAT|SUN|mon|tues?|weds?|thurs?|fri)"
)
_LONG_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun|MON|TUES|WEDNES|THURS|FRI|SATUR|SUN|mon|tues|wednes|thurs|fri|satur|sun)(?:day|DAY)"
_NAME = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|JAN|FEB|MAR|APR|MAY|JUNE?|JULY?|AUG|SEPT?|OCT|NOV|DEC|JANUARY|FEBRUARY|APRIL|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
_CUE = (
    r"cxr|chest|film|films|x-?ray|radiographs?|ct|cta|mri|mr|pet|us|echo|ekg|ecg|labs?|exam|study|scan|mammo(?:gram)?|dexa|imaging|portable|kub|vq|v/q|bronch|biopsy|bx|surgery|procedure|cath|culture|report|note"
    r"|visit|clinic|appointment|appt|appts|admit|admits|admitted|admission|adm|discharge|discharged|dc|d/c|dcd|due|scheduled|sched|follow-?up|f/u|fu|recheck|return|rtc|last|lmp|prior|priors|previous|prev"
    r"|since|until|till|til|on|dated|date|dates|dos|doi|called|seen|done|placed|taken|drawn|received|given|started|start|stop|stopped|began|begin|ended|end|quit|smoking|expired|died|born|back\sto|as\sof|effective|eff|by"
    r"|before|after|from|through|thru|to|of|vs|versus|comparison|compared|compare|dictated|transcribed|signed|read|faxed|mailed|later\sthan|(?:began|started|noticed)\saround|went\sout|sent\sout|released|resulted|collected|performed|injury|fall|fell|onset|intubated|extubated|transferred|starting|beginning|wk\sof|week\sof|and|next|dialysis|chemo|infusion|ppd|flu\sshot|vaccine|vaccinated|covid|shot|dose|removed|pulled|inserted|exchanged|implanted"
)
_CUED = re.compile(
    rf"(?<![\w-])(?:{_CUE})\b(?:\s(?:on|of|from|for|dated|done|the|is|was|at|date|set\sfor|since|to|in|reads?|film|study|exam))?[\s:(,=]{{1,3}}(?P<date>{_PAIR}){_NO_DATE}",
    re.I,
)
_LED = Led(_CUED, _CUE)
_DASHED_ENDS = re.compile(
    r"\s*(?:$|[,.;:)\n])|\s(?-i:[A-Z][a-z])|\s(?:at|for|with|and|neg\w*|pos\w*|show\w*|demonstrat\w*|films?|study|exam|portable|cxr|ct|mri|visit|appt|per|by|to|was|were|is|which|who|no|compared|clinic|here|when|she|he|pt|reviewed|unchanged|stable|report|note|prior|via|after|before|in|on|the|as|until|due|if|or|then|from|clear|normal|wnl|done|read|ok|ends?|terminates?|remains?|has|lies|there|again)\b",
    re.I,
)
_FRACTION = re.compile(r"[1-7]/[2348]$|\d+/(?:5|6|10)$")
_SURE_CUE = re.compile(
    r"(?:cxr|x-?rays?|radiographs?|films?|appt|appointment|visit|admit\w*|adm|admission|since|until|due|sched\w*|dated?|dos|called|lmp|as\sof|seen|clinic|f/u|follow-?up|from|on|discharged?|d/c|wk\sof|week\sof|expired|died|born|signed|dictated|transcribed|faxed|ct|mri|comparison|priors?|back\sto|stud(?:y|ies)\sof|placed|removed|inserted)\b",
    re.I,
)
_BARE = sieved(rf"(?<![\w/.:,<>=~#$+*^-])(?<![<>=~] )(?P<date>{_PAIR_SLASH}){_NO_DATE}(?!\s?[x×=<>]|-)")
_DASHED = sieved(rf"(?<![\w/.:,<>=~#$+*^-])(?P<date>{_MONTH}-{_DAY}){_NO_DATE}(?!-)")
_RATIO = re.compile(
    r"\b(?:strength|power|motor|muscle|grip|score[ds]?|scores|scale|categor\w+|profusion|pain|rat(?:ed|es|ing)|murmurs?|grade[ds]?|pulses?|reflex\w*|dtrs?|apgars?|gcs|visual|acuity|vision|va|od|os|ou|level\w*|discs?|disks?|vertebra\w*|lumbar|cervical|thoracic|spine|stage|positive|nodes?|lymph\w*|bp|pressure|ratio|cores?|quadrants?|steps?|parts?"
    r"|every|each|of|mallampati|bishop|station|effac\w+|teeth|tooth|no|type|phase|week|day|wk|cycles?|series|view|views|image|images|film\s\d|ribs?|lobes?|out|mmse|moca|index|criteria|systolic|diastolic|pulm\w*|sys\w*|ii|iii|i|iv|over|about|approximately|measur\w+|size|diameter|mm|cm|nyha|asa|who|ecog|kps|test\w*|answered|correct\w*"
    r"|intensity|severity|cough|dyspnea|plus|than|lower|upper|extremit\w+|bilateral\w*|deltoids?|biceps|triceps|quads?|hamstrings?|iliopsoas|dorsiflex\w+|plantar\w*|flex\w+|exten\w+|abduct\w+|adduct\w+|sensation|tone|patellar|achilles|ankle|knee|hip|gait|orientation|recall|memory|pieces|ratio|mixture|dilut\w+|normal\ssaline|ns|d5|needle|gauge|suture"
    r"|vicryl|inch|inches|tsp|tablet|tab|cup|pack|ppd|hour|hours|hr|hrs|min|pg|positive|negative|increased?|decreased?|reduced|diminished|improved|worsened|fraction|percent|sat\w*|flow|l)\b[^.;\n]{0,22}$|[LTCS]-?$|\d\s?$",
    re.I,
)
_BEFORE_NOUN = sieved(
    rf"(?<![\w/.-])(?P<date>{_MONTH}/{_DAY}|(?<=\bthe ){_MONTH}-{_DAY})(?=\s(?:examination|baseline|radiographs?|comparison|cxr|ct|mri|pet|films?|exam|study|portable|scan|visit|admission|echo|radiographs?|x-?ray|mammo\w*|clinic|appt|surgery|procedure|bronch|biopsy)\b)",
    re.I,
)
_RANGE = sieved(
    rf"(?<![\w/.-])(?P<from>{_MONTH}/{_DAY}(?:/\d\d(?:\d\d)?)?)\s?(?:-|–|to|thru|through|until|till|and)\s?(?P<to>{_MONTH}/{_DAY}(?:/\d\d(?:\d\d)?)?)(?![\w%/]|[-.]\d)"
)
_LIST = sieved(
    rf"(?<![\w/.:,<>=~#$+*^-])(?P<dates>{_PAIR_SLASH}(?:/\d\d(?:\d\d)?)?(?:(?:,\s?(?:and\s)?|\s(?:and|&)\s){_PAIR_SLASH}(?:/\d\d(?:\d\d)?)?){{1,9}}){_NO_DATE}"
)
"""Days of one list: what shows one to be a date shows it of all."""
_ONE = re.compile(r"\d{1,2}/\d{1,2}(?:/\d+)?")
_CUED_BEFORE = re.compile(rf"(?<![\w-])(?:{_CUE})\b[\s:(,=]{{1,3}}$", re.I)
_WEEKDAY = sieved(
    rf"(?<!\w)(?:(?:{_SHORT_DAY}\.?|{_LONG_DAY}),?[ ](?:the[ ])?(?P<date>{_PAIR}(?:/['’]?\d{{2,4}})?|{_DAY}(?:st|nd|rd|th))(?![\w%/]|[-.]\d)"
    rf"|(?:last|this|next|past|on|since|until|till|by|every|from|through|thru|each|starting|before|after|prior|late|early)[ ](?P<weekday>(?!sat\b|sun\b|mon\b|fri\b){_SHORT_DAY})(?![\w-])(?![ ]?\d{{2}}%?))"
)
_SAT = re.compile(r"on Sat$|SAT$|Sat$")
_MONTH_ALONE = sieved(
    rf"(?<!\w)(?:(?P<part>(?:(?:[Ee]arly|EARLY|[Mm]id|MID|[Ll]ate|LATE|(?:(?:the[ ])?(?:[Bb]eginning|[Ee]nd|[Mm]iddle|[Ss]tart|(?:first|second|third|last|1st|2nd|3rd)[ ](?:week|half|part)))[ ]of|[Ww]eek[ ]of)[ -](?:in[ ]|part[ ]of[ ])?{_NAME}(?!\w)\.?(?:,?[ ](?:of[ ])?(?:['’]\d\d|(?:19|20)\d\d))?))"
    rf"|(?:in|since|last|this|next|until|till|by|during|through|from|before|after|around|past|of|for|back[ ]in)[ ](?P<month>(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|JAN|FEB|APR|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC)(?!\w)\.?))"
)
_SEASON = sieved(
    r"(?<!\w)(?:(?P<season>(?:(?:early|mid|late|Early|Mid|Late)[ -])?(?i:spring|summer|fall|autumn|winter)(?:[ ]of|,)?[ ](?:['’]\d\d|(?:19|20)\d\d))"
    r"|(?P<quarter>(?:Q[1-4]|[1-4]Q)[ /-]?(?:of[ ])?['’]?(?:(?:19|20)\d\d|\d\d)|(?:[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|1st|2nd|3rd|4th)[ ]quarter[ ](?:of[ ])?(?:19|20)\d\d))(?!\w|[/-]\d)"
)
_OF_MONTH = sieved(
    rf"(?<!\w)(?P<day>(?:the[ ])?{_DAY}(?:st|nd|rd|th))[ ]of[ ](?:this|last|next|the)[ ](?:month|following[ ]month)|\bthe[ ](?P<alone>{_DAY}(?:st|nd|rd|th))(?=\s(?:film|study|exam|portable|cxr|ct|mri|scan|visit)\b)",
    re.I,
)
_HOLIDAY = sieved(
    r"(?<!\w)(?P<holiday>Veterans['’]?[ ]Day|Martin[ ]Luther[ ]King(?:[ ]Jr\.?)?[ ]Day|MLK[ ]Day|Presidents?['’]?s?[ ]Day|Columbus[ ]Day|Ash[ ]Wednesday|Good[ ]Friday|Palm[ ]Sunday|Passover|Rosh[ ]Hashanah"
    r"|Yom[ ]Kippur|Hanukkah|Ramadan|Eid(?:[ ]al-\w+)?|Diwali|Juneteenth|(?:St\.?|Saint)[ ]Patrick['’]?s[ ]Day|Cinco[ ]de[ ]Mayo|Super[ ]Bowl[ ]Sunday|Black[ ]Friday|Boxing[ ]Day|(?:4th|[Ff]ourth)[ ]of[ ]July|Mardi[ ]Gras"
    r"|Kwanzaa|(?:Chinese|Lunar)[ ]New[ ]Year|XMAS|Xmas|CHRISTMAS|THANKSGIVING|Groundhog[ ]Day|Labor[ ]Day|Memorial[ ]Day|Canada[ ]Day|Victoria[ ]Day)(?!\w)"
)
_BORN = sieved(
    r"\b(?:born|dob|d\.o\.b\.?|birth\w*)[\s:]{1,3}(?P<date>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s\d{1,2},?\s\d\d)(?!\d)",
    re.I,
)
_ODD = sieved(
    rf"(?<![\w/.-])(?P<date>{_MONTH}/{_DAY}/['’]\d\d|{_MONTH}-{_DAY}-['’]\d\d|{_DAY}/{_MONTH}/['’]\d\d|{_MONTH}\.{_DAY}\.['’]?\d\d|{_DAY}\.{_MONTH}\.['’]?\d\d|{_DAY}\.[ ]?{_MONTH}\.[ ]?(?:19|20)\d\d"
    rf"|(?:19|20)\d\d[ _](?:0[1-9]|1[0-2])[ _](?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d\.{_MONTH}\.{_DAY}|{_DAY}\.?[ ]{_NAME}\.?,?[ ](?:['’]\d\d|(?:19|20)\d\d)|(?:0[1-9]|1[0-2])\.(?:19|20)\d\d|{_MONTH}/['’]\d\d|{_MONTH}\|{_DAY}\|(?:19|20)?\d\d"
    rf"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[_:-]?\d{{4,6}})?|['’]\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d,?[ ]{_NAME}\.?[ ]{_DAY})(?![\w/]|[.-]\d)"
)
_DONE = re.compile(
    r"\b(?!rat|scor|grad|measur|reduc|decreas|increas|diminish|dilat|effac|need|us|compar|estimat|report|blood|speed|record|test|calculat|bas|improv|worsen|seed|occlud|involv)[a-z]{2,14}(?:ed|xed|d/c|dc['’]?d)(?:\s(?:on|in|back|off|out|here|again|up|down|by|since|until|home|from))?[\s:,(]{1,2}$"
    r"|\b(?:chemo\w*|radiation|xrt|rads|stent\w*|surgery|biopsy|bx|onset|began|begun|put\sin|put\sout|taken\sout|done|went|came|fell|hurt|came\sin|here|abx|antibiotics|steroids|course|dose|cycle|procedure|cath\w*|\w{3,20}(?:otomy|ectomy|ostomy|plasty|oscopy|centesis|desis|graphy|plication|ablation|resection|repair|transplant)|transplant|placement|overread|over-read|replacement|bypass|tkr|thr|tka|tha|repair|cabg|tavr|pci|lobectomy|thoracotomy|vats|bronch\w*|trach\w*|peg|picc|port|ett|intubation|admission|readmission|visit|er|ed|icu"
    r"|clinic|travel\w*|trip|flu|covid|pneumonia|pna|mi|stroke|cva|fall|mvc|mva|injury|accident|xray|cxr|ct|mri|film|scan|echo|tte|pft\w*|culture\w*|cx|labs?|sputum|ppd|quantiferon|swab|test)(?:\s(?:on|in|back|since|from|of|was|is|done|neg|pos))?[\s:,(]{1,2}$",
    re.I,
)
_SURE_BEFORE = re.compile(
    r"\b(?:no[- ]?show(?:s|ed|n)?|dnka|dna|missed|resched\w*|cancel\w*|lmov?m|voicemail|vm)(?:\s(?:on|for|to|appts?|visits?))?[\s:,(]{1,2}(?:\d{1,2}/\d{1,2}(?:,|\sand|\s&|\sto)\s)?$"
    r"|\b(?:Dr|DR|Drs|dr)\.?[ ](?-i:[A-Z])[\w'’-]{1,24}[\s,(]{1,2}(?:on\s)?$"
    r"|\b(?:first|last|initially|previously)\s(?:noted|seen|identified|described|detected|diagnosed|reported)\s$"
    r"|\b(?:spirometry|\w{3,16}(?:ectomy|otomy|ostomy|plasty|oscopy|centesis|desis))\s(?:of\s|on\s)?\(?$"
    r"|\b(?:QA|QC|TI|ver|trans|edit|by):\s(?:[a-z]{2}|[A-Z]{2})\s$",
    re.I,
)
"""What a day and month follow, though they look like a share."""
_VERSION = re.compile(
    r"\b(?:v|ver\w*|release|rev\w*|section|software|build|firmware|item|step|part|figure|table|no)\.?\s?$", re.I
)
_NUMBERS = re.compile(
    r"\d\s?[-/|_]\s?['’]?\d|\d\.\s?\d{1,2}\.|\d\.\d{4}|\d(?:st|nd|rd|th)\b|\d{8}|\d\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:19|20)\d\d,? \w|\b(?:dob|born|birth)",
    re.I,
)


def vote(text: str) -> Iterator[Span]:
    """Find parts of dates."""
    if _NUMBERS.search(text):
        yield from _numbers(text)
    for pattern, score in ((_MONTH_ALONE, 0.6), (_SEASON, 0.6), (_HOLIDAY, 0.6), (_WEEKDAY, 0.62)):
        yield from matched(text, pattern, "DATE", "partial_dates:{}", score)


def _numbers(text: str) -> Iterator[Span]:
    for found in _LED.matches(text, re.Match.end):
        value = found["date"]
        if "-" in value and not (_SURE_CUE.search(found.group()) and _DASHED_ENDS.match(text, found.end())):
            continue
        if "/" in value and _FRACTION.match(value) and not _SURE_CUE.match(found.group()):
            continue
        yield Span(*found.span("date"), "DATE", "partial_dates:cue", 0.6)
    yield from matched(text, _BARE, "DATE", "partial_dates:bare", 0.5, accept=_is_no_share)
    yield from matched(text, _DASHED, "DATE", "partial_dates:dashed", 0.5, accept=_is_done)
    for found in _LIST.finditer(text):
        if _are_dates(found):
            for one in _ONE.finditer(text, *found.span("dates")):
                yield Span(*one.span(), "DATE", "partial_dates:list", 0.6)
    for found in _RANGE.finditer(text):
        ends = found["from"], found["to"]
        if not all(_FRACTION.match(e) for e in ends) and len({e.split("/")[1] for e in ends}) == 2:
            yield Span(*found.span("from"), "DATE", "partial_dates:range", 0.6)
            yield Span(*found.span("to"), "DATE", "partial_dates:range", 0.6)
    for pattern, score in ((_BEFORE_NOUN, 0.6), (_OF_MONTH, 0.6), (_BORN, 0.91)):
        yield from matched(text, pattern, "DATE", "partial_dates:{}", score)
    yield from matched(text, _ODD, "DATE", "partial_dates:{}", 0.91, accept=_is_no_version)


def _is_no_share(found: re.Match[str]) -> bool:
    """Say whether a day and month without a cue is no score, reading or share."""
    before = found.string[max(0, found.start() - 40) : found.start()]
    if _SURE_BEFORE.search(before):
        return True
    return not _RATIO.search(before) and (not _is_fraction(found["date"]) or _DONE.search(before) is not None)


def _are_dates(found: re.Match[str]) -> bool:
    """Say whether a list of pairs is one of days: one of them is no share, or a cue for dates stands before them."""
    before = found.string[max(0, found.start() - 40) : found.start()]
    if _RATIO.search(before):
        return False
    ones = [one.group() for one in _ONE.finditer(found["dates"])]
    return _CUED_BEFORE.search(before) is not None or not all(o.count("/") == 1 and _is_fraction(o) for o in ones)


def _is_done(found: re.Match[str]) -> bool:
    """Say whether something was done on what may be a range: `moved here 11-18`."""
    before = found.string[max(0, found.start() - 40) : found.start()]
    done = _DONE.search(before) or _SURE_BEFORE.search(before)
    return done is not None and _DASHED_ENDS.match(found.string, found.end()) is not None


def _is_no_version(found: re.Match[str]) -> bool:
    return _VERSION.search(found.string, max(0, found.start() - 12), found.start()) is None


def _is_fraction(value: str) -> bool:
    """Say whether two numbers are a share of few or of ten, or nearly one: 3/4, 7/10, 15/15."""
    left, right = map(int, value.split("/"))
    return (
        "0" not in (value[0], value.split("/")[1][0])
        and left <= right
        and right in (2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 30)
    )
