"""Voter: institutions whose form alone speaks for them: `SJMC`, `Dunmore VA`, `Center for Wound Healing`, `Cascade Bone and Joint`."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

from collections.abc import Iterator

from dp_clinical_pipeline.deid.amid import W, is_clinical, is_generic
from dp_clinical_pipeline.deid.amid import key as key_of
from dp_clinical_pipeline.deid.kinds import CLEAR, EPONYM, ORDINARY, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import entries
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_CREED = r"(?:Baptist|Methodist|Presbyterian|Lutheran|Adventist|Deaconess|Mercy|Providence|Nemours|Kindred|Samaritan)"
_WHERE = r"(?:North|South|East|West|Northeast|Northwest|Southeast|Southwest|Uptown|Downtown|Midtown|Northside|Southside|Eastside|Westside|Central|General|Landing|River(?:bend|side|view|front)|Lake(?:side|view|wood)|Hill(?:side|crest|top)|Valley(?:[ ]View)?|Heights|Bay(?:side|view)?|Oaks|Parkway|Southgate|Northgate|Eastgate|Westgate)"
_ALONE = sieved(
    # `Baptist East`, `Presbyterian Uptown`, `Mass Bay General`, `Fairview Southgate`
    rf"(?<![\w'’-])(?P<name>{_CREED}[ ]{_WHERE}|(?:Mass|Fairview|Parkview|Lakeview|Grandview|Northside|Southside|Memorial|Harbor|Bay|Lake|Valley)(?:[ ](?:Bay|Lake|River|Valley|County|City))?[ ](?:General|Southgate|Northgate|Eastgate|Westgate))(?![\w'’-]|[ ](?:Anesth|Surg|Appear|Diet|Medicine))"
    # `Center for Advanced Wound Healing`, `Associates in Orthopedics`, `La Clinica del Valle`, `Medical Arts Building Lab`
    rf"|(?<![\w'’-])(?P<house>(?:Cent(?:er|re)|Institute|Clinic)[ ]for[ ](?!Disease|Medicare|Devices|Drug)[A-Z]\w+(?:[ ](?:(?:and|&|of)[ ])?[A-Z]\w+){{0,3}}|(?:Associates|Specialists|Partners|Physicians)[ ]in[ ][A-Z]\w+(?:[ ](?:and|&)[ ][A-Z]\w+)?|(?:La|El)[ ]Cl[ií]nica[ ](?:del?|de[ ]la|de[ ]los)[ ]{W}(?:[ ]{W})?|Medical[ ]Arts[ ]Building(?:[ ]Lab)?)(?![\w'’-])"
)
_THE = sieved(
    rf"(?<![\w'’-])(?P<name>[Tt]he[ ](?:Residences?|Arbors|Cottages?|Willows|Villas?|Gardens?|Terraces?|Village|Oaks|Pines|Commons|Landing|Meadows|Springs|Lodge|Manor|Inn|Place|Heights|Birches|Elms|Courtyard|Pavilion|Bridges?|Fountains|Waters)[ ](?:at|of|on)[ ]{W}(?:[ ]{W})?)(?![\w'’-])"
)
_VETERANS = sieved(
    r"(?<![\w.'’-])(?P<name>(?:[Tt]he[ ])?(?P<own>[A-Z][a-z]{3,14}(?:[ ][A-Z][a-z]{3,14})?)[ ]VA)(?![\w/'’-]|[ ]{1,2}\d|[,:][ ]?\d|[ ](?:OD|OS|OU|of|right|left|with|without|cc|sc)\b)"
)
_PARTS = sieved(
    # `Cascade Bone and Joint`, `Summit Heart and Vascular`
    rf"(?<![\w'’-])(?P<name>(?P<own>{W}(?:[ ]{W})?)[ ](?:Bone|Heart|Foot|Brain|Eye|Hand|Skin|Spine|Allergy|Lung|Ear,?[ ]Nose)[ ](?:and|&)[ ](?:Joint|Vascular|Ankle|Throat|Spine|Ear|Shoulder|Laser|Asthma|Vein|Lung|Sleep)(?:[ ](?:Center|Clinic|Institute|Associates|Specialists|Group))?)(?![\w'’-])"
)
_TAILED = sieved(
    # `Northgate X-Ray`, `Gateway Methadone Program`, `LifeSpan Home Care`, `Oak Hollow SNF`, `QuickCare Walk-In`
    rf"(?<![\w'’-])(?P<name>(?P<own>{W}(?:[ ]{W})?)[ ](?:X-[Rr]ay|Walk-[Ii]n(?:[ ]Clinic)?|(?:Methadone|Recovery|Treatment|Hospice|Dialysis)[ ]Program|Home[ ]Care|Home[ ]Health|SNF|Nursing[ ]Center|Surgicenter))(?![\w'’-])"
)
_OWNED = sieved(
    # `the Duke operator`, `Shriners follow up`, `Over-read of Presbyterian CT`, `at Presbyterian breast center`, `the UAB pharmacy`
    r"(?<![\w'’-])(?P<name>Duke|Emory|Yale|Stanford|Vanderbilt|Presbyterian|Methodist|Deaconess|Shriners|Kaiser|Ochsner|Geisinger|DaVita|Fresenius)[ ](?=(?:operator|follow[ -]?up|f/u|appt|appointment|visit|referral|pharmacy|film|films|radiology|transfer|breast|birthing|emergency|hospitalist|staff|clinic|records|CT|MRI|ED|ER|ICU)\b)"
)
_LETTERS = sieved(
    r"(?<![\w'’./-])(?P<name>(?:MGH|BIDMC|BWH|NYU|UAB|UPMC|UCSF|UCLA|OHSU|MUSC|VCU|MSKCC|CHOP|CHLA|NYP|UTMB|UTSW|UAMS|UIHC|UMC|(?!PPMC|PBMC|PMMC|BMMC|DPMC|EPMC)[A-Z]{2}MC|(?!IGH|OGH|UGH)[B-Z]GH)(?:[ ](?:East|West|North|South|Main|Shadyside|Presbyterian))?)(?![\w'’/-]|[ ]?\d)"
)
_FLOWS = sieved(
    r"(?<![\w'’-])(?P<name>(?:Two|Three|Four|Five|Seven|Twin|Great|Blue|Green|White|Red|Big|Tri-State|Tri-County|Tri-Cities|Lake|Mount)[ ]?(?:Rivers|Lakes|Oaks|Pines|Hills|Springs|Ridge|Mountain|River|Lake|Superior|Michigan|Erie|Huron|Ontario|Valley)?[ ](?:Health|Clinic|Oncology|Neurology|Cardiology|Urology|Orthopa?edics|Pediatrics|Dermatology|Nephrology|Family[ ]Medicine))(?![\w'’-])"
)


def vote(text: str) -> Iterator[Span]:
    """Find institutions by their form; to be read in a text whose lines of capitals were calmed."""
    for pattern in (_ALONE, _THE, _FLOWS):
        for found in pattern.finditer(text):
            yield Span(*found.span(found.lastgroup or 0), "FACILITY", "house_forms:form", 0.7)
    for pattern, name in ((_OWNED, "owned"), (_LETTERS, "letters")):
        for found in pattern.finditer(text):
            yield Span(*found.span("name"), "FACILITY", f"house_forms:{name}", 0.82)
    for found in _VETERANS.finditer(text):
        last = found["own"].split()[-1]
        if kind_of(last) in (UNKNOWN, CLEAR, ORDINARY, EPONYM) or last in entries("towns"):
            yield Span(*found.span("name"), "FACILITY", "house_forms:veterans", 0.62)
    for pattern in (_PARTS, _TAILED):
        for found in pattern.finditer(text):
            words = [*found["own"].split()]
            if not is_clinical(words[-1]) and not all(is_generic(key_of(word)) for word in words):
                first = 0 if not is_clinical(words[0]) and not is_generic(key_of(words[0])) else len(words[0]) + 1
                yield Span(found.start("name") + first, found.end("name"), "FACILITY", "house_forms:tail", 0.7)
