"""Voter: addresses and institutions as Puerto Rico and other Spanish-speaking places write them."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import OTHER, kind_of
from dp_clinical_pipeline.deid.lexicon import entries, lowered
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_LOW = r"(?:(?:de|del|la|las|los|el|y|DE|DEL|LA|LAS|LOS|EL|Y)[ ]){0,2}"
_W = r"[A-ZÀ-Þ][\w'’]{1,24}+(?:-[A-ZÀ-Þ][\w'’]{1,24}+)?\.?"
_NEXT = r"(?!(?i:calle|urb|carr|km|hm|apto?|edif|sector|sect|bo|barrio|bloq|blq|solar|lote|casa|buz[oó]n|bzn|piso|torre(?=[ ]\d)|ext|box|int|ave|apartado)\b)"
_WORDS = rf"{_LOW}{_NEXT}{_W}(?:[ ]{_LOW}{_NEXT}{_W}){{0,3}}"
_LOT = r"(?:\#[ ]?)?(?:[A-Z]{1,2}-?\d{1,4}[A-Z]?(?:-\d{1,3})?|\d{1,5}(?:-?[A-Z]|-\d{1,4}){0,2}|[A-Z](?=[,.; ]|$))(?!\w)"
_LOTS = rf"(?:,?[ ](?:(?:[Bb]loq(?:ue)?|[Bb]lq|BLQ|[Ss]olar|[Ll]ote|[Cc]asa|[Nn]úm(?:ero)?|[Nn]um|[Nn]o|NO|[Aa]pto?|APTO?|[Ee]dif(?:icio)?|EDIF|[Pp]iso|[Bb]uz[oó]n|[Bb]zn|BZN|[Ii]nt(?:erior)?|[Tt]orre)\.?[ ])?{_LOT}){{0,3}}"
_SURE = r"(?:Urb(?:anizaci[oó]n)?|URB(?:ANIZACION)?|Calle|CALLE|Callej[oó]n|Barrio|BARRIO|Bo|BO|Barriada|Bda|BDA|Bda|Parc(?:elas)?|PARC(?:ELAS)?|Sector|Sect|SECT(?:OR)?|Reparto|REPARTO|Rpto|Cond(?:ominio)?|COND|Resid(?:encial)?|RESIDENCIAL|Extensi[oó]n(?!\.?[ ]\d)|Apartado|APARTADO|Apdo|APDO|Comunidad|Avenida|AVENIDA|Avda|Ave|AVE|Egida|Villas?|VILLAS?|Jardines|JARD(?:INES)?|Mansiones|Alturas|ALTURAS|Hacienda|Quintas|Valle|Estancias|Brisas|Colinas|Paseo|Camino)"
_NAMED = rf"(?:{_SURE}|Res|RES|Ext|EXT)\.?[ ](?:{_WORDS}{_LOTS}|{_LOT}{_LOTS})"
_ROAD = r"(?:(?:Carr(?:etera)?|CARR(?:ETERA)?|Ruta|Ramal)\.?[ ]?(?:PR[ -]?)?\#?\d{1,4}|PR[ -]\d{1,4})(?:,?[ ](?:[Rr]amal[ ]\d{1,4}|(?:[KH]\.?[Mm]|[KH]M)\.?[ ]?\d{1,3}(?:[.,]\d)?)){0,3}|(?:[K]\.?[Mm]|KM)\.?[ ]?\d{1,3}(?:[.,]\d)?,?[ ][Hh]\.?[Mm]\.?[ ]?\d(?:\.\d)?"
_MORE = rf"(?:,?[ ](?:{_NAMED}|{_ROAD}|[A-Z]{{2}}[ ]\d{{1,5}}(?=[ ]Calle)|(?:\d{{1,5}}[ ])(?:Calle|Ave\.?|C/)[ ]{_WORDS}{_LOTS}|(?i:buz[oó]n|bzn|apto?|edif|torre|piso|casa)\.?[ ]\#?\w{{1,5}}(?!\w)))"
_ADDRESS = sieved(
    rf"(?<![\w-])(?:(?P<road>{_ROAD})|(?:Apartado|APARTADO|Apdo|APDO)(?:\.|[ ]Postal)?[ ](?P<box>\#?\d{{1,6}})|(?P<named>{_NAMED})){_MORE}{{0,4}}(?!\w)"
)
_STARTS = re.compile(
    r"(?:Urb|URB|Call|CALL|Barri|BARRI|Bo\b|BO\b|Bda|BDA|Parc|PARC|Sect|SECT|Repart|REPART|Rpto|Cond|COND|Res|RES|Ext|EXT|Apartado|APARTADO|Apdo|APDO|Comunidad|Aven|AVEN|Avda|Ave\b|AVE\b|Egida|Villa|VILLA|Jard|JARD|Mansiones"
    r"|Altura|ALTURA|Hacienda|Quinta|Valle|Estancia|Brisas|Colinas|Paseo|Camino|Carr|CARR|Ruta|Ramal|PR[ -]\d|K\.?m|KM)[\w.]*[ -]"
)
_PART = re.compile(
    r"(?i:apto?|edif\w*|int|ext|casa|lote|box|km|hm|ave|de|del|la|las|los|el|y|no|num|santa|san|mar|sol|luna)"
)
_ALONE = re.compile(
    r"(?:Urb|URB|Calle|CALLE|Callej|Barri|BARRI|Bo\.|BO\.|Bda|BDA|Parc|PARC|Sector|Rpto|Repart|REPART|Residencial|Apartado|Apdo|Avenida|AVENIDA|Avda)"
)
"""What nothing but an address begins with: the others need a number in it."""
_HOSPITAL = sieved(
    rf"(?<![\w-])(?:Hosp\.|Hospital|HOSPITAL|Cl[ií]nicas?|Policl[ií]nica|Centro(?:[ ](?:M[eé]dico|de[ ]Salud|de[ ]Diagn[oó]stico|Quir[uú]rgico|Cardiovascular|de[ ]Di[aá]lisis|Radiol[oó]gico|Pedi[aá]trico|de[ ]Im[aá]genes|de[ ]Trauma))|CDT|Hogar|Laboratorio|Farmacia|Sanatorio|Instituto|Escuela|Colegio|Universidad|Asilo|Dispensario)"
    rf"[ ](?P<name>{_LOW}{_W}(?:[ ]{_LOW}{_W}){{0,3}})(?!\w)"
)
_CLINIC = re.compile(r"Hosp|HOSP|Cl[ií]nica|Policl|Centro|CDT|Hogar|Laboratorio|Farmacia|Sanatorio|Instituto|Escuela|Colegio|Universidad|Asilo|Dispensario")  # fmt: skip
_SAINTLY = frozenset("san santa santo virgen sagrado buen nuestra señora menonita metropolitano municipal regional".split())  # noqa: SIM905  # fmt: skip


def vote(text: str) -> Iterator[Span]:
    """Find streets, estates, roads and institutions with Spanish names."""
    if _STARTS.search(text):
        for found in _ADDRESS.finditer(text):
            if _is_address(found):
                yield Span(found.start(), _trimmed(found), "STREET", "spanish:street", 0.89)
    if _CLINIC.search(text):
        for found in _HOSPITAL.finditer(text):
            if end := _institution(found):
                yield Span(found.start(), end, "FACILITY", "spanish:institution", 0.8)


def _is_address(found: re.Match[str]) -> bool:
    shown = found.group()
    if found["road"] is not None:
        return not shown.startswith(("K", "k")) or "m" in shown[2:].lower()
    words = re.findall(r"[^\W\d_]{2,}", shown)[1:]
    if any(w.lower() in lowered("not_names") and kind_of(w) == OTHER and not _PART.fullmatch(w) for w in words):
        return False
    return found["box"] is not None or any(map(str.isdigit, shown)) or (_ALONE.match(shown) is not None)


def _trimmed(found: re.Match[str]) -> int:
    end = found.end()
    while found.string[end - 1] in " ,.":
        end -= 1
    return end


def _institution(found: re.Match[str]) -> int:
    """Return where an institution's name ends that follows what it is; 0 where what follows is no name."""
    end = 0
    for word in re.finditer(r"\S+", found["name"]):
        raw = word.group().rstrip(".")
        if raw[0].islower() or raw in ("DE", "DEL", "LA", "LAS", "LOS", "EL", "Y"):
            continue
        named = raw in entries("cities") or raw in entries("towns") or raw.lower() in _SAINTLY or kind_of(raw) != OTHER
        if not named:
            break
        end = found.start("name") + word.start() + len(raw)
    return end
