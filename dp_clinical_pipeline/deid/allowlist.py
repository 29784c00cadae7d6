"""Clinical look-alikes that stay: eponyms, devices, scores, medicines, spine levels, abbreviations."""

import re

from dp_clinical_pipeline.deid.lexicon import entries, lowered
from dp_clinical_pipeline.deid.procedures import is_procedure
from dp_clinical_pipeline.deid.spans import Span

HEADS = re.compile(
    r"""(?:['’]s?|s)?(?:[\s-]+(?!(?:following|for|with|after|before|and|or|in|on|at|of|to|by|from|who|is|was|has|had|will|the|a|an|no|there|this|that|his|her|their|as|about|via|because|since)\b)[\w'’]+){0,2}?[\s-]+(?:disease|syndrome|hump|joints?|foot|signs?|reflex|test
          |scores?|scale|criteria|classification|catheter\w*|tubes?|lines?|procedure|operation
      |repair|anomal\w+|tetralogy|ulcers?|o?esophagus|lymphoma|sarcoma|tumou?rs?|nodes?|bod(?:y|ies)|palsy
        |chorea|ataxia|fractures?|hernia|disorder|phenomenon|man(?:o?e)uvre|maneuver|grade
      |stage|index|thyroiditis|granulomatosis|arteritis|an(?:a)?emia|purpura|dystrophy|stain|solution|lactate
        |drain(?:age|s)?|forceps|retractors?|graft|shunt|stent|valve|blocks?|fib(?:er|re)s?
      |cells?|units?|angina|murmur|contracture|point|pouch|ligament|fascia|muscle|ducts?|glands?|reaction
        |equation|formula|rule|trial|study|position|view|methods?|technique|staging|fissure
      |nod(?:es|ules?)|deformity|cysts?|carcinoma|encephalopathy|aphasia|area|respirations?|breathing|monitor
        |ultrasound|flow|rings?|diverticulum|lesions?|kyphosis|angle|arthropathy
      |goiter|waves?|attenuation|rods?|plates?|nails?|pins?|screws?|cannula|pump|port|bag|dressing|boot|splints?
        |brace|traction|incision|flap|resection|anastomosis|pancreatitis|gangrene
      |macroglobulinemia|mutation|gene|virus|factor|antigens?|antibod(?:y|ies)|risk|clamps?|elevators?|silk
        |sutures?|suction\w*|scissors|needles?|wires?|stitch|knife|blades?|jelly|gelatin|media
      |classification|sign|cough|hunger|gait|posture|triad|tetrad|pentad|law|principle|circulation|tract|space
        |canal|ganglion|plexus|loop|layer|zone|spots?|nevus|esthesiometer|chart|questionnaire
      |inventory|assessment|algorithm|heart|coma|outcome|regimen|protocol|osteotomy|arthroplasty|approach
        |implant|prosthesis|prostheses|conduit|fistula|sinus|bundle|membrane|foramen|thyroid|cirrhosis|hepatitis
        |leukemia|melanoma
      |lung|orchitis|nephritis|nephropathy|glomerul\w+|edema|cardiomyopathy|myopathy|neuropathy|neuralgia
        |paralysis|dementia|psychosis|tics?|cataract|glaucoma|keratitis|dermatitis|eruption|rash|papules?|lines)\b""",
    re.X | re.I,
)
AFTER_NAME_OF = re.compile(
    r"\b(?:tetralogy|sinus|foramen|ampulla|circle|islets|loop|bundle|canal|sphincter|space|pouch|triangle"
    r"|ligament|crypts|disease|sign|angle|node|nodes|rule|organ|area)\s(?:of|de)\s(?:the\s)?$",
    re.I,
)
_FIRM = ("people:title", "people:label", "people:credential", "companions:listed", "known:")
_LABELLED = ("people:title", "people:label")
"""Voters after whose cues a name stands, though it be a word as well."""
_WORDS = frozenset(("Lady", "Cross", "Shield", "National", "Young", "May"))
_INITIALS = frozenset(
    ("small_names:typist", "headers:typist", "headers:initials", "initials:beside", "initials:pair", "initials:acts")
)
"""Voters that expect two capitals, whatever else these may mean."""
_CLINICAL_CODES = frozenset(
    "LA RA MI PA CT MS MD OR ID AL ME IN HI OK CO DE CA MA ED ER CR DX TB US MR XR NM STAT PACU MICU".split()  # noqa: SIM905
)
_AFTER_FIGURES = frozenset(("French", "Fr", "North", "South", "East", "West", "Central", "Tower"))
"""A catheter's size, a ward."""
_BEGINNINGS = ("Blue Cross", "Blue Shield", "General Medicine Teaching")
_PROFESSOR = re.compile(
    r"(?:(?:(?:Associate|Assistant|Clinical|Adjunct) )?Professor of (?:Medicine|Surgery|Radiology|Pediatrics|Neurology"
    r"|Pathology|Oncology|Cardiology|Anesthesiology|Psychiatry)(?: and )?)+"
)
_PART_OF = {
    "Blue": re.compile(r"Blue (?:Cross|Shield)"),
    "Douglas": re.compile(r"(?:[Pp]ouch|[Cc]ul-de-sac) of Douglas"),
    "Charity": re.compile(r"Charity care"),
    "Job": re.compile(r"Job (?:ID|[Nn]o|[Nn]umber)\b"),
    "Coach": re.compile(r"Coach (?:inspected|class|number)\b"),
    "Speaker": re.compile(r"Speaker (?:model|phone|serial|verification|recognition)\b"),
    "Place": re.compile(r"in Place"),
    "Home": re.compile(r"(?:from|to|at) Home\b"),
    "Page": re.compile(r"Page (?:sent to|to pager|\d+ of \d)"),
    "JPEG": re.compile(r"JPEG"),
    "airborne": re.compile(r"airborne"),
    "Ivor": re.compile(r"Ivor Lewis"),
    "SID": re.compile(r"in\.? SID"),
    "UDI": re.compile(r"UDI"),
    "Pat": re.compile(r"Pat (?:ID|[Nn]o)\b"),
    "Office": re.compile(r"Office [\d(]"),
    "Pfizer": re.compile(r"Pfizer"),
    "son": re.compile(r"by son"),
    "SS": re.compile(r"SS \((?:last|full|only)"),
    "Ivor Lewis": re.compile(r"Ivor Lewis"),
    "Ordering": re.compile(r"Ordering (?:NP|PA|MD|DO)\b"),
    "Main": re.compile(r"Main[: ]{1,2}[\d(]"),
    "AP/PA": re.compile(r"AP/PA"),
    "Rich": re.compile(r"Rich (?:vascular|blood|collateral|in)\b"),
    "LDCT": re.compile(r"LDCT"),
    "MARKER": re.compile(r"MARKER"),
    "TI": re.compile(r"TI:"),
    "Lady": re.compile(r"Lady Windermere"),
    "Cross": re.compile(r"Blue Cross"),
    "Shield": re.compile(r"Blue Shield"),
    "National": re.compile(r"National Provider"),
    "Young": re.compile(r"Young (?:wom[ae]n|m[ae]n|adults?|females?|males?|child(?:ren)?|patients?|boy|girl)\b"),
    "May": re.compile(r"May (?:be|have|also|not|represent|reflect|indicate|suggest|account|relate|need)\b"),
}
"""Words that are nobody's within these."""
_OLD = re.compile(r"ninet|9\d|1[01]\d|(?:a |one )?hundred|.*(?:genarian|tenarian)", re.I)
_ACUITY = re.compile(r"(?:1[3-9]|[2-9]\d)/(?:1[3-9]|[2-9]\d)")
_PUBLICATION = re.compile(
    r"\b(?:PMID|PMCID|DOI|ISBN|ISSN|ISRCTN)[\s:#-]{1,3}\w{4}$|(?<![A-Z])(?:NCT|PMC)(?:\d|[ ]\d{4})$", re.I
)
"""Numbers of papers and registered trials."""
_SCANNER = re.compile(r"[ -](?:CT|MR|slice|row|channel|detector)\b")
_IMAGE = re.compile(r"\b(?:images?|series|slices?|frames?|views?)[ ](?:nos?\.?[ ]|number[ ])?$", re.I)
_VIEWS = frozenset(
    ("Caldwell", "Waters", "Towne", "Judet", "Merchant", "Law", "Harris", "Ferguson", "Lauenstein", "Grashey")
)
_SIDES = re.compile(r"\d{3} ?[x×] ?$")
"""What makes a number the second side of a matrix."""
_KERNEL = re.compile(r"[ABDHITU]\d\d[a-z]")
"""What a scanner calls its reconstruction kernel: B70f, H30s."""
_SPINE = re.compile(r"[CTLS]\d{1,2}[-/–][CTLS]?\d{1,2}|[CTLS]\d{1,2}")


_ONE_PERSON = re.compile(r"[A-Z]\. ?(?:[A-Z]\. ?)?[A-Z][\w'’-]+")
"""An initial before it makes an eponym somebody: `G. Swan`."""
_SAINT_JOHN = re.compile(r"\b(?i:st\.?|saint)[ ]John['’]?s?$")
_WORT = re.compile(r"(?:['’]?s)?[ ][Ww]ort\b")


def is_lookalike(text: str, span: Span) -> bool:
    """Say whether a span is a clinical expression rather than an identifier."""
    surface = text[span.start : span.end]
    if surface in _AFTER_FIGURES and text[max(0, span.start - 2) : span.start].rstrip()[-1:].isdigit():
        return True
    if "John" in surface and _WORT.match(text, span.end) and _SAINT_JOHN.search(text, max(0, span.start - 6), span.end):
        return True
    if span.voter == "learnt:facility" and surface in ("Information", "Summary", "Advantage"):
        return True
    if span.voter.startswith("learnt:") and (
        (span.type == "AGE" and not _OLD.match(surface))
        or surface in ("me", "us", "it")
        or _IMAGE.search(text, max(0, span.start - 12), span.start)
        or _ACUITY.fullmatch(surface)
        or _PUBLICATION.search(text, max(0, span.start - 12), min(len(text), span.start + 4))
        or (surface.isdecimal() and _SCANNER.match(text, span.end))
    ):
        return True
    if surface.startswith(_BEGINNINGS) or surface in entries("departments") or _PROFESSOR.fullmatch(surface):
        return True
    if is_procedure(text, span):
        return True
    within = _PART_OF.get(surface)
    if within and not span.voter.startswith(_LABELLED):
        if within.search(text, max(0, span.start - 14), span.end + 22):
            return True
        if surface in _WORDS:
            return False
    if surface in _VIEWS and text.startswith((" view", " projection"), span.end):
        return True
    if span.type in ("PERSON", "CITY", "FACILITY"):
        if span.voter in _INITIALS:
            return False
        return surface in _CLINICAL_CODES or (not span.voter.startswith(_FIRM) and _is_eponym(text, span, surface))
    if span.voter == "phones:short" and _SIDES.search(text, max(0, span.start - 6), span.start):
        return True
    if span.voter == "learnt:device" and _KERNEL.fullmatch(surface):
        return True
    return span.type in ("OTHER_ID", "DATE") and _SPINE.fullmatch(surface) is not None


def _is_eponym(text: str, span: Span, surface: str) -> bool:
    words = [w.lower() for w in re.findall(r"[^\W\d_]+(?:['’](?![sS]\b)[^\W\d_]+)?", surface) if len(w) > 1]
    if not words or _ONE_PERSON.fullmatch(surface):
        return False
    if all(w in lowered("devices") or w in lowered("drugs") for w in words):
        return span.type != "CITY" or not span.voter.startswith(("towns:", "places:context"))
    if not all(w in lowered("eponyms") or w in lowered("name_particles") for w in words):
        return False
    following = HEADS.match(text, span.end)
    if following and not re.search(r"[.,;:?!]", following.group()[:-1]):
        return True
    return AFTER_NAME_OF.search(text[max(0, span.start - 24) : span.start]) is not None
