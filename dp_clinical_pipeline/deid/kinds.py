"""What kind of word a capitalised word is, by the lists, the dictionary and its form."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from functools import lru_cache

from dp_clinical_pipeline.deid.lexicon import is_english, lowered, packed

CLEAR, ORDINARY, EPONYM, UNKNOWN, INITIAL, SHORT, OTHER = (
    "clear",
    "ordinary",
    "eponym",
    "unknown",
    "initial",
    "short",
    "other",
)
"""Kinds of words: a name and nothing else; a name and a word; a name of diseases and devices; neither a name nor a word;
one letter; two or three capitals; not a name."""

MINOR = frozenset(
    """to by of in at is on no pt re dr mr ms mrs the and for with from as or an it if up so we he she his her was has had be do
    go me my us you may will can see all any are but not now one two per via who why how new old day out off end am pm st nd rd th
    md do rn np pa rt dob mrn ssn id sex age male female ct mri xr cxr us nm pet ap pa lat la ra lv rv mi ef iv po prn bid tid qd qid
    icu ed er or hx dx tx rx sx fx wt ht bp hr rr bmi cm mm mg ml kg lb yo yr jr sr ii iii iv vs f m fin csn dos acc acct ext tel fax ph
    lll rll rul lul rml svc ivc cvp ekg ecg cp sob copd chf cad htn dm uti uri dvt pe tb hiv aids ca mass pda asd vsd tips ng et og ett
    ngt ogt picc port aicd icd ivc svg lima rima lad rca lcx ima rao lao ace arb bb ccb nsaid mvc mva gsw cva tia mca aca pca ica eca
    sma smv imv cbd gb lfts cbc bmp cmp wbc rbc hgb hct plt inr ptt bun cr na k cl mr dx dr cr rad ris pacs nnp loc req phys""".split()
)
_FUNCTION_WORDS = frozenset(
    "to by of in at is on the and for with from as or it if up we was has had be go us may will can see all any are but not".split()
)
_PLACES = frozenset(
    """virginia carolina dakota georgia washington montana florida maryland delaware indiana nevada texas utah kansas columbia israel
    germany france spain england scotland ireland wales italy poland mexico canada china india japan korea brazil chile peru cuba
    jordan jamaica haiti nigeria ghana kenya egypt iran iraq syria turkey greece holland norway sweden austria africa asia europe
    america york jersey hampshire kentucky tennessee louisiana alabama oregon ohio iowa idaho maine""".split()
)
_CLINICAL = re.compile(
    r"(?:pneumo|pulmon|cardi|bronch|thorac|hepat|neuro|costo|sterno|medias|atel|calcif|pleur|vascul|osteo|spondyl|fibro|gastro|nephro|hydro|peri|endo|hyper|hypo|intra|inter|trans"
    r"|sub|supra|infra|retro|para|post|pre|non|un|electro|radio|micro|macro|cyst|chole|trache|esoph|diaphragm|lymph|granul|emphys|embol|thromb|aort|arteri|ventric)\w*"
    r"|\w*(?:itis|[oe]ses|osis|emia|ectomy|otomy|ostomy|plasty|graphy|graphic|scopy|pathy|pathic|megaly|omas?|omata|thorax|thoraces|ectas[ie]s|ectatic|ectasia|pnea|penia|phagia|plegia|paresis|rrhea|rrhagia|malacia|trophy|dynia|tropia|lysis|amnios|esthesia|kinesia|cytosis|uria|algia|genic|lytic|iform"
    r"|mycin|cillin|azole|olol|pril|sartan|statin|prazole|mab|cardial|cardium|ation|ations|ically|ously|ness|ities|ments?|ceal|ural|eral|ular|atous)",
)
_PREFIX = re.compile(
    r"(?:thoraco|dorso|lumbo|cervico|musculo|antero|postero|latero|supero|infero|medio|centri|multi|hemi|immuno|histo|psycho|dermato|levo|dextro|athero|naso|oro"
    r"|chemo|photo|thermo|mid|bi|anti|auto|semi|uni|uro|mono|poly|over|under|out|up|down|counter|milli)-?"
)


@lru_cache(maxsize=4096)
def kind_of(token: str) -> str:
    """Return the kind of a capitalised token."""
    key = token.replace("’", "'").lower()
    if len(token) == 1:
        return INITIAL
    if any(c.isdigit() or c == "_" for c in token):
        return OTHER
    if (
        key in lowered("not_names")
        or key in lowered("drugs")
        or key in lowered("brands")
        or key in lowered("credentials")
        or key in lowered("titles")
    ):
        return OTHER
    if "-" in key:
        kinds = [
            kind_of(part.capitalize()) if len(part) > 1 else OTHER
            for part in key.split("-")
            if part not in lowered("name_particles")
        ]
        if key in lowered("eponyms") or key in lowered("devices") or not kinds or OTHER in kinds:
            return OTHER if key not in lowered("eponyms") else EPONYM
        return next(
            (k for k in (EPONYM, ORDINARY, CLEAR) if k in kinds and (k != ORDINARY or CLEAR not in kinds)), UNKNOWN
        )
    listed = key in lowered("surnames") or key in lowered("given_names")
    if key in (MINOR if token.isupper() else _FUNCTION_WORDS):
        return OTHER
    if key in lowered("eponyms") or key in lowered("devices"):
        return EPONYM
    if listed:
        return ORDINARY if key in lowered("ordinary_words") or key in _PLACES or len(key) < 3 else CLEAR
    if token.isupper() and len(token) <= 3:
        return SHORT
    if key in _PLACES or key in lowered("facility_words") or key in packed("medicines"):
        return OTHER
    if is_english(key) or _CLINICAL.fullmatch(key) or _is_compound(key):
        return OTHER
    return UNKNOWN


def _is_compound(key: str) -> bool:
    """Say whether a word is a prefix of medicine and a word: bibasilar, multilevel, thoracolumbar."""
    found = _PREFIX.match(key)
    return found is not None and len(key) - found.end() > 4 and is_english(key[found.end() :])
