"""Voter: ages over 89, in figures and in words, by what stands around them; readings and shares of the same size stay."""
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
    rf"(?P<age>ninety[- ]?(?:{_ONES}|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)))\b(?![ -](?:percent|per\b|degrees?|units?|minutes?|days?|seconds?|hours?|weeks?|mg|ml|cc|beats|over|thousand|hundred|dollars|pounds|feet))",
    rf"(?P<age>ninety|(?:a|one)[- ]hundred(?:[- ](?:and[- ])?(?:{_ONES}|\w{{3,6}}teen))?)(?=[- ]years?[- ](?:old|of|young)|[- ]?y/?o\b|[- ]yr)",
    rf"\b(?:aged?|turn(?:s|ed|ing)|age[ds]?\sof|at|(?:wo)?man\sof|lady\sof)[\s:=-]{{1,3}}(?P<age>ninety|(?:a|one)[- ]hundred(?:[- ](?:and[- ])?{_ONES})?)(?=\s*(?:$|[,.;\n]|[ ](?:and|with|who|years?)\b))",
    r"(?P<age>ninetieth|(?:one[- ])?hundredth)(?=\sbirthday)",
    r"(?<!\w)(?P<age>nonagenarian|(?:super)?centenarian)(?!\w)",
)
_TEMPERATURE = re.compile(r"(?:\b(?:t|tm|tmax|temp\w*|fever|febrile|max|of|to)|\d[°,;]?)\W{0,3}$", re.I)


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern; one that begins with the age begins a word."""
    return re.compile(rf"(?<![\w./-])(?:{pattern})" if pattern.startswith(("0?", "(?P<age>")) else pattern, flags)


_BY_FIGURES = tuple(map(_compiled, _FIGURES))
_BY_WORDS = tuple(_compiled(pattern, re.I) for pattern in _WORDS)
_MAY_BE_AGE = re.compile(r"(?<![\d.])0?(?:9\d|1[01]\d)(?!\d)|[Nn]ineties|90['’]?s")
_MAY_BE_WORD = re.compile(r"ninet|hundred|nonagen|centenar", re.I)


def vote(text: str) -> Iterator[Span]:
    """Find ages over 89."""
    if _MAY_BE_AGE.search(text):
        for pattern in _BY_FIGURES:
            for found in pattern.finditer(text):
                start, end = found.span("age")
                if text[end : end + 2].strip()[:1] in ("F", "f") and _TEMPERATURE.search(
                    text, max(0, start - 12), start
                ):
                    continue
                yield Span(start, end, "AGE", "ages:figures", 0.9)
    if _MAY_BE_WORD.search(text):
        for pattern in _BY_WORDS:
            for found in pattern.finditer(text):
                yield Span(*found.span("age"), "AGE", "ages:words", 0.85)
