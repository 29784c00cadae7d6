"""The Computational Medicine Center's radiology reports: XML documents with ICD-9-CM codes by majority."""

import codecs
import re
from collections.abc import Iterator
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser, tostring

from dp_clinical_pipeline.corpora.files import MAX_RECORD, BrokenFile, SourceFile
from dp_clinical_pipeline.corpora.reading import Reading
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Report, rejected

# XML cannot hold bytes that are not UTF-8: they become this private character, and their document is refused.
_NOT_UTF8 = "\U0010fffd"
_OTHER_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield the documents of every XML file; each is its own patient, for the files name none."""
    for file in reading.files(endings=(".xml", ".xml.gz")):
        yield from _documents(file)


def _documents(file: SourceFile) -> Iterator[Report | Rejected]:
    if problem := file.problem():
        yield problem
        return
    parser: XMLPullParser[Any] = XMLPullParser(("start", "end"))
    number, held = 0, 0
    root: Element | None = None
    try:
        for piece in _text(file):
            held += len(piece)
            parser.feed(piece)
            for event, element in cast(Iterator[tuple[str, Element]], parser.read_events()):
                root = element if root is None else root
                if event == "end" and element.tag == "doc":
                    number, held = number + 1, 0
                    yield _report(element, f"{file.name}, document {number}")
                    root.clear()
            if held > 2 * MAX_RECORD:
                raise BrokenFile(Reason.TOO_LONG, "a document longer than a report may be")
        parser.close()
        list(parser.read_events())
    except ParseError as error:
        detail = f"broken at line {error.position[0]}: {error.msg.split(':')[0]}"
        yield _rest(file, number, Reason.MALFORMED_XML, detail, root)
    except BrokenFile as broken:
        yield _rest(file, number, broken.reason, broken.detail, root)


def _text(file: SourceFile) -> Iterator[str | bytes]:
    """Yield the file as text with bad bytes marked; as bytes where it declares an encoding of its own."""
    codecs.register_error("dp_clinical_mark", lambda error: (_NOT_UTF8, error.end))  # type: ignore[attr-defined]
    decoder = codecs.getincrementaldecoder("utf-8-sig")("dp_clinical_mark")
    other: bool | None = None
    for piece in file.chunks():
        other = bool(_OTHER_ENCODING.match(piece)) if other is None else other
        yield piece if other else decoder.decode(piece)


def _rest(file: SourceFile, number: int, reason: Reason, detail: str, root: Element | None) -> Rejected:
    """Refuse what follows the last whole document; the part of it that was parsed is kept."""
    raw = b"" if root is None else tostring(root)
    return rejected(f"{file.name}, document {number + 1}", reason, detail, raw)


def _report(document: Element, place: str) -> Report | Rejected:
    raw = tostring(document, encoding="utf-8")
    if _NOT_UTF8.encode() in raw:
        return rejected(place, Reason.NOT_UTF8, "bytes that are not UTF-8", raw)
    sections = tuple(
        (part.get("type", ""), text)
        for wanted in ("CLINICAL_HISTORY", "IMPRESSION")
        for part in document.iter("text")
        if part.get("type") == wanted and (text := "".join(part.itertext()).strip())
    )
    codes = [
        (code.text or "").strip() for code in document.iter("code") if code.get("origin") == "CMC_MAJORITY"
    ]  # fmt: skip
    return Report(
        report_id=document.get("id", "").strip(),
        patient_id=document.get("id", "").strip(),
        modality="radiology",
        sections=sections,
        text="\n".join(text for _, text in sections),
        codes=codes or None,
        source="cmc",
        place=place,
        raw=raw,
    )
