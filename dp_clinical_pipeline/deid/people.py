"""Voter: names of people by what stands around them: titles, labels, credentials, roles and verbs."""

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import ORDINARY, OTHER, kind_of
from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.names import (
    INITIAL,
    SUFFIX,
    UPPER,
    WORD,
    is_clear_given,
    is_excluded,
    is_given,
    is_ordinary,
    is_surname,
    is_working_surname,
)
from dp_clinical_pipeline.deid.sieve import Sieved
from dp_clinical_pipeline.deid.spans import Span

_PARTICLES = (
    r"(?:(?:St\.|Ste\.|ST\.|[Dd]e[ ]l[ao]s|[Dd]e[ ]la|de|da|di|del|della|der|den|van|von|la|le|el|al|bin|ibn|dos|du"
    r"|ten|ter|y)[ ]){0,3}"
)
_PART = rf"(?:{INITIAL}|(?:[A-Z]\.){{1,3}}|{_PARTICLES}{WORD})"
_TITLES = (
    r"(?:Dr|DR|dr|Drs|Dr['’]s|Doctor|DOCTOR|Mr|MR|mr|Mrs|MRS|mrs|Ms|MS(?=\.)|ms|Miss|Mx|Prof|Professor|Sir|Madam|Mme"
    r"|Nurse|Sister|Father|Fr|Rev"
    r"|Reverend|Pastor|Rabbi|Chaplain|Capt|Captain|Sgt|Lt|Col|Judge|Officer|Detective|Attorney|Señora?|Aunt"
    r"|Uncle|Grandma"
    r"|Grandpa|RN|NP|PA-C)"
)
_ROLE = (
    r"(?:wife|husband|spouse|partner|mother|father|mom|dad|parent|son|daughter|sister|brother|aunt|uncle"
    r"|cousin|niece|nephew"
    r"|fianc[eé]e?|girlfriend|boyfriend|friend|neighbou?r|guardian|caregiver|grandmother|grandfather"
    r"|grandson|granddaughter"
    r"|roommate|daughter-in-law|son-in-law|mother-in-law|father-in-law|stepfather|stepmother|interpreter"
    r"|sibling|twin|employer)"
)
_CLINICIAN = (
    r"(?:physician|provider|doctor|surgeon|radiologist|cardiologist|pathologist|oncologist|neurologist"
    r"|clinician|practitioner"
    r"|pcp|attending|resident|fellow|technologist|tech|sonographer|assistant|an(?:a)?esthesiologist"
    r"|transcriptionist|nurse"
    r"|author|reader|hospitalist|intern|midwife|therapist|dictator|scribe|consultant|referrer|md)"
)
_VERB = (
    r"(?:signed|dictated|read|interpreted|reviewed|approved|verified|transcribed|entered|authenticated"
    r"|ordered|performed"
    r"|requested|prepared|reported|finali[sz]ed|cosigned|co-signed|witnessed|seen|evaluated|examined"
    r"|referred|discussed|notified"
    r"|informed|paged|called|relayed|communicated|conveyed|spoke|spoken|talked|treated|followed|admitted"
    r"|accompanied|brought\sin"
    r"|cared\sfor|seen\sand\sexamined|supervised|confirmed|consultation|conversation|attended|given|provided|phoned)"
)
_VALUE = (
    rf"(?:(?:dr|mr|mrs|ms)\.?[ ])?[{UPPER}][\w'’.-]{{0,30}}"
    rf"(?:,?[ ](?:[a-z]{{2,3}}[ ])?[{UPPER}][\w'’.-]{{0,30}}){{0,3}}"
)
_TITLE = re.compile(
    rf"(?<![\w-])(?!(?<=\d[ ])(?:Fr|Lt|Col|Capt|MS|Ms|ms|mr|RN|NP|Sir)\b)(?P<title>{_TITLES}\.?)"
    rf"(?:[ \n]{{1,2}}|(?<=(?:Dr|Mr|Ms|DR|MR|MS)\.)(?=[A-Z][a-z'’A-Z])|(?<=(?:Mrs|Drs|MRS|DRS)\.)(?=[A-Z][a-z'’A-Z]))"
    rf"(?P<name>{_PART}(?:[ ]{_PART}){{0,3}})"
)
_LABEL = re.compile(
    rf"""(?<!\w)(?:
      (?P<sure>(?:{_ROLE}|{_CLINICIAN}|patient|pt|client|member|subscriber|guarantor|insured|policy\s?holder
        |emergency\scontact|next\sof\skin
        |full|first|last|middle|maiden|legal|given|family|preferred|technician|attending|referring|ordering
          |requesting|primary\scare|consulting|admitting
        |treating|reading|interpreting|dictating|supervising|operating|performing|responsible)['’]?s?\s(?:name
          |{_CLINICIAN})(?:\s(?:name|of\srecord))?(?:\s?\(\w{{1,9}}\))?
        |name|pt\sname|patient\sname|surname|{_CLINICIAN}s?|dr|electronically\ssigned|signed|signature
          |{_VERB}(?:\selectronically)?\sby|attn|attention|author|pcp|next\sof\skin|nok|kin|emergency\scontact|cc)
      |(?P<weak>patient|pt|{_ROLE}|contact|from|to|by|witness|informant|resident|client|re|regarding|subject
        |member|subscriber|insured|guarantor|dear)
      )(?:\s?\((?:s|printed|print|name|relationship|\w{{1,12}})\))?\s?(?:[:=]|(?<=dear))\s{{0,3}}(?P<name>{_VALUE})""",
    re.X | re.I,
)
_CREDENTIAL = re.compile(
    rf"""(?<![\w-])(?P<name>{_PART}(?:[ ]{_PART}){{0,3}}),?[ ](?:M\.?D\.?|D\.?O\.?|R\.?N\.?|B\.?S\.?N\.?
          |N\.?P\.?|P\.?A\.?-?C|Ph\.?D\.?|DPM|DDS|DMD|PharmD
      |RPh|LPN|CNA|APRN|CRNA|FNP|MSW|LCSW|PsyD|MBBS|FACS|FACC|FRCR|FACR|RT\(R\)|RDMS|ARRT|CNP|ARNP|DNP|DC|OD
        |Esq)(?![\w'’]|[ ]?:|-\d)""",
    re.X,
)
_AROUND = re.compile(
    rf"""(?<!\w)(?:
      (?i:(?P<by>{_VERB}\s(?:by|with|to|under|from|of|out\sto|electronically\sby|at\slength\swith)|per
        |spoke\swith|paged|notified|informed|called|told|phoned|contact|contacted|call|reach|cc|attention))
      |(?i:(?P<called>named|called|nicknamed|identified\sas|name\sis|i\sam|this\sis|goes\sby|aka|a\.k\.a\.|dear
        |regards,|sincerely,|thank\syou,|hello|hi|re:|regarding|thanks
        |(?:patients?|pts?|case|those|someone|individuals?|male|female|man|woman|gentleman|lady|girl|boy|child
          |infant|toddler|teen|adult)\s(?:like|such\sas|similar\sto|of|is|was|to|named|called)
        |similar\sto|case\sof|care\sof|by\sthe\sname\sof
        |(?:his|her|their|the|patient['’]s|pt['’]s|a)\s(?:\w+\s)?{_ROLE}|{_ROLE}|pt|patient|{_CLINICIAN}|client
          |surrogate|proxy|roommate))
      (?:,|\sis|\swas|\snamed|\scalled)?
    )[ ](?:\(|(?:Mr|Mrs|Ms|Dr)\.?[ ])?(?P<name>{_PART}(?:[ ]{_PART}){{0,2}})""",
    re.X,
)
_SURNAME = re.compile(rf"(?:^|[\n|:;(\t]|[ ]{{2}}|by[ ])[ ]?(?P<name>{WORD}),[ ]$")
_RULES = ((Sieved(_TITLE), "title", 0.95), (Sieved(_CREDENTIAL), "credential", 0.92))
_LED_RULES = ((Led(_LABEL, _LABEL.pattern), "label", 0.9), (Led(_AROUND, _AROUND.pattern), "around", 0.75))


def vote(text: str) -> Iterator[Span]:
    """Find names by context; the titles, labels and credentials are surest."""
    for sieve, rule, score in _RULES:
        position, pattern = 0, sieve.pattern
        while sieve.may_match(text) and (found := pattern.search(text, position)):
            start, end = _kept(text, found, rule)
            position = max(end if end > start else found.start("name"), found.start() + 1)
            if end > start and not (rule == "title" and _is_credential(text, found)):
                yield Span(start, end, "PERSON", f"people:{rule}", score)
    for led, rule, score in _LED_RULES:
        position = 0
        for at in led.starts(text):
            if at < position or not (found := led.pattern.match(text, at)):
                continue
            start, end = _kept(text, found, rule)
            position = max(end if end > start else found.start("name"), found.start() + 1)
            if end > start:
                yield Span(start, end, "PERSON", f"people:{rule}", score)


def _kept(text: str, found: re.Match[str], rule: str) -> tuple[int, int]:
    """Cut a captured name at the first word that cannot be part of one; empty where none is left."""
    start, end = found.span("name")
    last, words = start, 0
    if (
        rule == "credential"
        and text[max(0, start - 2) : start] == ", "
        and (before := _SURNAME.search(text, max(0, start - 42), start))
    ):
        start = start if is_excluded(before["name"]) or before["name"] == "I" else before.start("name")
    sure = rule == "title" or (rule == "label" and found["sure"] is not None)
    paired = rule == "around" and found["by"] is not None and _is_pair(text[start:end])
    for token in re.finditer(r"[^\s,]+,?", text[start:end]):
        raw = token.group().rstrip(",")
        core = raw.strip(".")
        key = core.lower()
        is_last = start + token.end() == end
        lonely = words == 0 and core[:1].isupper() and (is_last or kind_of(_next(text, start + token.end())) == OTHER)
        if (key in lowered("name_particles") and not lonely) or (key in ("dr", "mr", "mrs", "ms") and words == 0):
            continue
        if (
            words > 1
            and core[:1].isupper()
            and len(core) > 1
            and kind_of(core) in (OTHER, ORDINARY)
            and core.isupper() != text[start:end].split()[0].strip(",").isupper()
        ):
            break
        called = rule == "title" and words == 0 and core[1:].islower()  # Dr. Do
        own = (
            rule in ("title", "label", "credential")
            and is_surname(core)
            and (
                _is_own(text, start, last, start + token.end(), words)
                or (words == 1 and is_working_surname(core) and not is_ordinary(text[start:last]))
            )
        )
        if not core or (
            (key in lowered("credentials") and not called) or not (own or _fits(core, words, sure, rule, paired))
        ):
            break
        words += 1
        last = start + token.start() + len(raw)
        sentence_ends = raw.endswith(".") and len(core) > 2 and "." not in core
        if sentence_ends or (token.group().endswith(",") and rule not in ("label", "title")):
            break
    if words == 0:
        return start, start
    if rule == "title":
        start = found.start("title")
    if text[last - 2 : last] in ("'s", "’s"):
        last -= 2
    elif text[last - 1] == "." and len(text[start:last].split()[-1].strip(".")) > 2:
        last -= 1
    suffix = SUFFIX.match(text, last)
    return start, suffix.end() if suffix else last


def _is_own(text: str, start: int, last: int, end: int, words: int) -> bool:
    """Say whether a surname that is a report's word too is somebody's: after `Olga` or `L.`, or before `, Kiran`."""
    if words == 1:
        before = text[start:last]
        return _is_clear(before) or (len(before) == 2 and before.endswith("."))
    given = _GIVEN_AFTER.match(text, end) if words == 0 and text[end - 1] == "," else None
    return given is not None and is_clear_given(given[1])


_GIVEN_AFTER = re.compile(rf"[ ]([{UPPER}][\w'’-]{{2,20}})")


def _is_clear(name: str) -> bool:
    return name.istitle() and is_clear_given(name)


def _is_credential(text: str, found: re.Match[str]) -> bool:
    """Say whether a title is the credential of a name before it, whose sentence ends: `Kirkpatrick RN. Prior films`."""
    title = found["title"]
    if title.rstrip(".") not in ("RN", "NP", "PA-C"):
        return False
    return title.endswith(".") or _NAMED_BEFORE.search(text, max(0, found.start() - 24), found.start()) is not None


_NAMED_BEFORE = re.compile(rf"(?<![\w])[{UPPER}][\w'’-]{{1,20}}(?:,[ ]|[ ])$")


def _next(text: str, end: int) -> str:
    """Return the word after `end`; a small one stands for none."""
    found = re.compile(r"[ ,]{1,2}([^\W\d_]+)").match(text, end)
    return found[1] if found and found[1][0].isupper() else "the"


def _is_pair(name: str) -> bool:
    """Say whether a capture is two or three plain capitalised words, none of them clinical."""
    words = name.split()
    return len(words) > 1 and all(
        w[1:].islower() and len(w) > 2 and not is_excluded(w) and not is_ordinary(w) for w in words
    )


def _fits(core: str, words: int, sure: bool, rule: str, paired: bool) -> bool:
    """Say whether a word can be the next one of a name, by how sure the context is.

    `paired`: the context is `seen by` or the like, and two plain capitalised words follow.
    """
    known = is_given(core) or is_surname(core)
    initial = len(core.replace(".", "")) == 1 or (len(core) <= 5 and "." in core)
    if not core[0].isupper() and not (rule == "label" and known and not is_ordinary(core)):
        return False
    if is_excluded(core):
        return rule == "title" and words == 0 and not core.isupper() and known
    if sure:
        return words == 0 or known or initial or kind_of(core) != OTHER
    if rule == "credential":
        return known or initial or core[1:].islower() or core.isupper()
    if initial:
        return words > 0
    if core.isupper() and not (rule == "label" and known):
        return False
    if words == 0:
        return (known and not is_ordinary(core)) or (paired and not is_ordinary(core))
    return known or core[1:].islower()
