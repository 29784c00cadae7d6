"""Voter: ages over 89, in figures, in words and as a year of birth, by what stands around them; readings and shares of the
same size stay."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.spans import Span

_N = r"(?P<age>9\d|1[01]\d)"
_SEX = r"(?:males?|females?|man|woman|lady|gentleman|Male|Female|Man|Woman|MALE|FEMALE|MAN|WOMAN|M|F)"
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_ENDS = r"(?=\s*(?:$|[,;.)!\n](?!\d)|[ ](?i:y|with|w/|and|but|who|here|presents?|presenting|pt|s/p|admitted|from|in|h/o|hx|c/o|is|was|of|years?|yrs?|on|this|next|today|now|already|at)\b))"
_KIN = r"(?:mother|father|mom|dad|husband|wife|spouse|brother|sister|aunt|uncle|grand(?:mother|father|ma|pa)|parents?|neighbou?r|roommate|caregiver|patient|pt|Pt|PT|Patient|she|he|She|He|who)"
_FIGURES = (
    # 94 y/o, 94-year-old, 94yoM, 94 years young, a header's 094Y; any years but those ago and of smoking
    rf"0?{_N}[\s–-]{{0,2}}(?:[Yy]ears?|YEARS?|[Yy]rs?|YRS?|[Yy])\.?[\s–-]{{0,2}}(?:olds?\b|OLDS?\b|Old\b|young\b|of\sage\b|/?[oO]\.?[- ]?[MmFf]?\b|-o\b)",
    rf"0?{_N}[\s-]?(?:y\.\s?o\.|Y\.\s?O\.|y/o|Y/O|yo|YO|[Yy]rs?|YRS?|Y|y)[/ ]?[MmFf]?(?!\w)",
    rf"{_N}[\s-]{{0,2}}(?:[Yy]ears?|YEARS?)(?!\w)(?!\s(?:ago|prior|pack|later|of\s(?:smok|exp|tob|serv|surv)|since|earlier|surviv|follow))",
    rf"{_N}[\s-]?(?:male|female|man|woman|lady|gentleman|MALE|FEMALE|MAN|WOMAN)\b",
    rf"{_N}\s?/\s?{_SEX}\b",
    rf"{_N}[,;]\s(?:[Mm]ale|[Ff]emale|MALE|FEMALE|man|woman|widow(?:er|ed)?|M|F)\b",
    rf"{_N}\s(?:widow(?:er)?|grand(?:mother|father)|veteran|nursing\shome|a[nñ]os)\b",
    rf"(?i:\b(?:spry|young|vigorous|frail|pleasant|healthy|robust|feisty|ripe(?:\sold)?|being|despite))\s{_N}{_ENDS}(?![%\d]|[ ]?%|\.\d)",
    rf"{_N}[ ]?(?:[WBHCA]/?[MF]|AA[MF])\b",
    rf"{_N}[MF](?=[\s,.;)/]|$)",
    rf"{_N}[ ][MF](?=[ ,.](?:with|w/|who|here|pt|s/p|presents?|presenting|admitted|h/o|hx|c/o|p/w|found|fell|from)\b)",
    rf"(?:(?<=^)|(?<=[\n(])|(?<=[:.;][ ])|(?<=[Pp]t[ ])|(?<=PT[ ])|(?<=\b[Aa][ ])|(?<=[Tt]his[ ])){_N}[ ][MF]\b",
    # M/94, F, 94, female 94
    rf"(?<![\d°])(?<![\d°][ ])\b(?:{_SEX}/|(?:[Mm]ale|[Ff]emale|MALE|FEMALE|woman|man|lady|gentleman|widow(?:er)?),?[ ]|[MF],?[ ](?=\d+[Yy]?{_ENDS})|[MF](?=\d+Y?\b)){_N}(?:\s?[Yy]\b)?(?![%\d]|[ ]?[%/]|\s(?:kg|lbs?|bpm|mm|cm|mg|ml|percent)|\.\d)",
    rf"(?i:\bages?\b[^.\n]{{0,60}}?\b(?:shows?|reads?|says|lists?|gives|states?)\s){_N}(?![\w%/]|\.\d)",
    rf"(?i:\b(?:wrist\s?band|id\sband|bracelet)\s(?:shows?|reads?|says|lists?|gives|states?)\s){_N}(?![\w%/]|\.\d|[ ](?:percent|mm|cm|degrees|mg))",
    # a label
    r"(?i:\b(?:age[ds]?|turn(?:s|ed|ing)|reach(?:es|ed|ing)|hit|pushing|nearing|approaching|celebrat(?:es|ed|ing))\b(?:\s?/\s?(?:sex|gender|race|[a-z]))?(?:\s(?:is|was|of|at|about|in\syears|now|nearly|almost|over|yrs?|years|approximately|approx\.?|listed\sas|s))*[\s:=(.|_~,>-]{1,14}(?:[MF]\s?/\s?)?)0?"
    + _N
    + r"(?:\s?[Yy]\b)?(?![\w%/]|\.\d|\s?%)",
    rf"(?i:\bage\s?(?:/\s?\w{{3,6}})?\s?[:=]\s{{0,8}}(?:[MF]\s?/\s?)?)0?{_N}(?![%\d]|\.\d)",
    rf"(?i:\b(?:sex|gender)\s?/\s?age\b\W{{1,4}}(?:male|female|[MF])\W{{1,3}})0?{_N}(?![%\d]|\.\d)",
    rf"(?i:\b(?:DOB|D\.O\.B\.?|born|birth\s?date|birth)\b[^\n()]{{0,24}}\d\s?[,;(]{{0,2}}\s?(?:age[d:]?\s)?(?<=[\s(])){_N}(?=\s?[Yy)]|\s?$|[,;\n])",
    rf"{_N}(?:th|st|nd|rd)?(?i:\s(?:b-?day|birthday|candles|year\sof\slife))\b",
    # a person who is, will be, lived to, died at
    rf"\b(?i:{_KIN}(?:\s(?:is|was|will\sbe|would\sbe|just|are)|['’]s|,)(?:\s(?:now|almost|nearly|already|over|only|about|just|turning|an?|around|well\sover|currently|at\sleast|past))*)\s{_N}(?![%\d]|[ ]?%|\.\d|[- ]day){_ENDS}",
    rf"(?i:\b(?:lived|living|survived|made\sit)\s(?:until|till|past|to|into)\s(?:be\s)?(?:age\s)?){_N}(?![%\d]|\.\d)",
    rf"(?i:\b(?:died|dead|deceased|passed(?:\saway)?|alive|spry|independent|well|sharp|active|ambulatory|driv\w{{1,3}}|expired|diagnosed|retired|widowed|even|still|now)\s(?:of\s[\w ]{{2,20}}\s)?at\s(?:the\s(?:ripe\s)?(?:old\s)?age\sof\s)?){_N}{_ENDS}(?![%\d]|[ ]?%|\.\d)",
    rf"(?i:\bat\s){_N}(?i:,?\s(?:he|she|they|the\spatient|pt|patient|mr|mrs|ms|dr)\b)",
    rf"(?i:(?:\b(?:elderly|patient|pt|man|woman|gentleman|lady|male|female|mother|father|wife|husband|sister|brother|resident|age)|,\s[A-Z][a-z]{{1,14}})\s\(){_N}(?:\s?(?:[Yy]ears?|[Yy]rs?|[Yy]|{_SEX}))?\)",
    rf"\b[A-Z][A-Za-z]{{1,20}}\s\({_N}\s?(?:[Yy]ears?|[Yy]rs?|[Yy]|{_SEX})\)",
    rf"\b[A-Z]\w{{0,20}},\s(?:now|age|aged)\s{_N}(?=[,;.])",
    r"(?i:\b(?:in|into)\s(?:his|her|their|the)\s(?:early\s|mid[- ]?|late\s)?)(?P<age>nineties|['’]?90['’]?s)(?!\w)",
)
_WORDS = (
    rf"(?P<age>ninety[- ]?(?:{_ONES}|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)))\b(?![ -](?:percent|per\b(?![ ][A-Z])|degrees?|units?|minutes?|days?|seconds?|hours?|weeks?|mg|ml|cc|beats|over|thousand|hundred|dollars|pounds|feet))",
    rf"(?P<age>ninety|(?:a|one)[- ]hundred(?:[- ](?:and[- ])?(?:{_ONES}|\w{{3,6}}teen))?)(?=[- ]years?[- ](?:old|of|young)|[- ]?y/?o\b|[- ]yr)",
    rf"\b(?:aged?|turn(?:s|ed|ing)|age[ds]?\sof|at|(?:wo)?man\sof|lady\sof)[\s:=-]{{1,3}}(?P<age>ninety|(?:a|one)[- ]hundred(?:[- ](?:and[- ])?{_ONES})?)(?=\s*(?:$|[,.;\n]|[ ](?:and|with|who|years?)\b))",
    r"(?P<age>ninetieth|(?:one[- ])?hundredth)(?=\sbirthday)",
    r"(?<!\w)(?P<age>nonagenarian|(?:super)?centenarian)(?!\w)",
)
_TEMPERATURE = re.compile(r"(?:\b(?:t|tm|tmax|temp\w*|fever|febrile|max|of|to)|\d[°,;]?)\W{0,3}$", re.I)
_ALONE = re.compile(
    r"(?<![\w.,/:<>=~≈#$°*+@^-])(?<![<>=~] )(?<!\d )(?P<age>9\d|10\d|11[0-5])(?![\w°*+=<>^]|[.,/:]\d|-\d|\s?%|\s?[x×/]\s?\d|\s?(?:-|–|to)\s?\d|['’]|[- ](?:mm|cm|m|mg|mcg|g|kg|lbs?|pounds?|ml|cc|l|bpm|beats|mmhg|degrees?|deg|percent|per|units?|u|iu|hours?|hrs?|minutes?|min|mins|seconds?|secs?|days?|weeks?|wks?|months?|mos?"
    r"|pack|times|views?|images?|films?|slices?|patients|people|cases|feet|ft|inch\w*|yards?|steps|miles|mph|hz|khz|kv|kvp|mas|mgy|hu|systolic|diastolic|over|room|on\sroom|on\sra|ra\b|and\s\d|sats?|saturat\w+|st\b|street|ave\w*|north|south|east|west|proof|french|fr|calor\w+|kcal|meq|mmol|points?|joules|watts|db|decibels"
    r"|patient-years|thousand|million|dollars|minutes|lpm|liters?|fahrenheit|celsius|f\b|c\b|hundred|or\s(?:above|below|greater|less|more|higher)))",
    re.I,
)
"""A number of that size which no unit follows; whether it is an age, what else the sentence holds says."""
_READING = re.compile(
    r"\b(?:o2|sp?o2|sats?|sat['’]?(?:ing|ed)|satur\w+|oxygen\w*|pulse|hr|heart\srate|rate|rates|rr|resp\w*|bp|b/p|blood|pressures?|systolic|diastolic|sbp|dbp|map|temp\w*|t|tm|tmax|fever\w*|febrile|afebrile|weigh\w*|wt|weight|height|ht|kg|lbs?|glucose|sugars?|fsbs|bg|bs|accu-?che?ck\w*|a1c|hba1c|sodium|na|chloride|cl"
    r"|calcium|bun|creatinine|hgb|hct|mcv|mch|plts?|platelets?|wbc|inr|ptt|ldl|hdl|cholesterol|triglycerides?|iq|scores?|scored|scale|index|percentile|level|levels|count|dose|doses|degrees?|angle|flexion|extension|abduction|rotation|elevation|ef|ejection|fraction|fev1?|fvc|tlc|dlco|stenosis|occlu\w+|rooms?|rm|bed|bay|suite|apt"
    r"|floor|number|no|num|box|route|hwy|highway|interstate|exit|channel|page|figure|table|image|slice|series|kvp?|mas|dlp|tube|catheter|french|fr|size|total|gpa|volts?|watts?|joules?|rpm|speed|mph|mile|range|normal|reading|measure\w*|percent|ratio|mg|ml|mcg|cc|cm|mm|pulse\sox|ox|vital\w*|vs|paO2|pao2|pco2|po2"
    r"|age-adjusted|ast|alt|sgot|sgpt|alk|phos\w*|ldh|ck|cpk|bnp|troponin|ferritin|amylase|lipase|bilirubin|albumin|protein|iron|tibc|esr|crp|tsh|bicarb\w*|co2|anion|gap|osm\w*|lactate|ammonia|uric|magnesium|potassium|hemoglobin|hematocrit|rdw|mpv|titers?|qt|qtc|qrs|pr|interval|axis|hounsfield|ppm|bmi|gfr|egfr|psa|vent\w*|peep|fio2|tv|flow|liters?|years\sago|code|cost|paid|dollars?|pack|packs)\b[^.;\n]{0,26}$|[<>=~±#$@]\s?$|\d\s?$",
    re.I,
)
_PERSON = re.compile(
    r"\b(?:he|she|him|her|his|they|who|i|i['’]m|patients?|pts?|m[ou]m|mommy|moth\w+|dad|father|parents?|wife|husband|spouse|widow\w*|sister|brother|siblings?|twin|aunts?|uncles?|cousins?|son|daughter|grand\w+|great-\w+|nana|neighbou?rs?|friends?|roommate|caregiver|wom[ae]n|m[ae]n|lady|ladies|gentlem[ae]n|males?|females?|person|people"
    r"|fellow|resident|fit|younger|looks|appears|gardening|fall|fell|still|elderly|elder|old|older|oldest|aged?|ages|aging|frail\w*|lived|lives?|living|alive|born|birthday|b-day|turn\w*|died|dies|dead|passed|death|expired|surviv\w+|longevity|years|yo|y/o|yrs|centenarian|nonagenarian|nineties|dnr|dni|full\scode|hospice|snf|nursing\shome|veteran|retired|demented|dementia|independent\w*|ambulat\w+"
    r"|spry|robust|sharp|vigorous|infirm|debilitated|cachectic|m/|f/|sex|dob|candidate|given|despite|although|though|because|nearly|almost|mr|mrs|ms|miss|dr|relative|relatives|family|member|hx|h/o|c/o|s/p|w/)\b|\bM\b|\bF\b",
    re.I,
)
_SENTENCE = re.compile(r"[.;!?\n](?!\d)")


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern; one that begins with the age begins a word."""
    return re.compile(rf"(?<![\w./-])(?:{pattern})" if pattern.startswith(("0?", "(?P<age>")) else pattern, flags)


_BY_FIGURES = tuple(map(_compiled, _FIGURES))
_BY_WORDS = tuple(_compiled(pattern, re.I) for pattern in _WORDS)
_MAY_BE_AGE = re.compile(r"(?<![\d.])0?(?:9\d|1[01]\d)(?!\d)|[Nn]ineties|90['’]?s")
_BORN = re.compile(
    r"(?i:\b(?:born|birth(?:[ ]?(?:year|date))?|(?:date|year)[ ]of[ ]birth|d\.?o\.?b\.?|yob))[\s:=,-]{1,4}(?i:(?:in|is|was|the|year|on|around|about|circa|late|early)[ ]){0,3}"
    r"(?P<year>1(?:8\d\d|9[0-3]\d|940))(?!\d|[/.-]\d)"
)
"""A year of birth of who may be over 89 before 2030: whether it shows that depends on the report's year."""
_MAY_BE_BORN = re.compile(r"(?<!\d)1[89]\d\d(?!\d)")
_MAY_BE_WORD = re.compile(r"ninet|hundred|nonagen|centenar", re.I)


def vote(text: str) -> Iterator[Span]:
    """Find ages over 89, and years of birth that may show one."""
    if _MAY_BE_BORN.search(text):
        for found in _BORN.finditer(text):
            yield Span(*found.span("year"), "DATE", "ages:born", 0.6)
    if _MAY_BE_AGE.search(text):
        for pattern in _BY_FIGURES:
            for found in pattern.finditer(text):
                start, end = found.span("age")
                if text[end : end + 2].strip()[:1] in ("F", "f") and _TEMPERATURE.search(
                    text, max(0, start - 12), start
                ):
                    continue
                yield Span(start, end, "AGE", "ages:figures", 0.9)
        yield from _alone(text)
    if _MAY_BE_WORD.search(text):
        for pattern in _BY_WORDS:
            for found in pattern.finditer(text):
                yield Span(*found.span("age"), "AGE", "ages:words", 0.85)


def _alone(text: str) -> Iterator[Span]:
    """Find ages that nothing labels, in a sentence about a person that does not read a gauge before them."""
    for found in _ALONE.finditer(text):
        start, end = found.span()
        before, after = text[max(0, start - 70) : start], text[end : end + 60]
        sentence = max((m.end() for m in _SENTENCE.finditer(before)), default=0)
        rest = _SENTENCE.search(after)
        if not _READING.search(before[sentence:]) and (
            _PERSON.search(before[sentence:]) or _PERSON.search(after[: rest.start() if rest else len(after)])
        ):
            yield Span(start, end, "AGE", "ages:alone", 0.5)
