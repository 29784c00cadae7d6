"""Whether a report may enter `raw_reports`: one report at a time, by public rules alone."""

import re
from dataclasses import replace
from datetime import date, datetime

from dp_clinical_pipeline.corpora.records import MAX_TEXT, Reason, Rejected, Report, rejected
from dp_clinical_pipeline.labelsets import LabelSet

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].+)?|\d{8}", re.ASCII | re.DOTALL)


def validated(report: Report, label_set: LabelSet) -> Report | Rejected:
    """Return the report with its date parsed and codes in upper case, or the first reason to refuse it."""
    fault = _missing(report) or _unwritable(report) or _unknown(report, label_set)
    if fault:
        return rejected(report.place, *fault, report.raw)
    try:
        authored_on = parsed_date(report.authored_on)
    except ValueError:
        return rejected(report.place, Reason.BAD_DATE, f"{str(report.authored_on)[:40]!r} is not a date", report.raw)
    codes = None if report.codes is None else [code.upper() for code in report.codes]
    return replace(report, authored_on=authored_on, codes=codes)


def parsed_date(value: date | str | None) -> date | None:
    """Return the day of an ISO date, an ISO datetime or YYYYMMDD; None where it is empty.

    Raises:
        ValueError: it is none of these, or no day of the calendar.
    """
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    if not (text := value.strip()):
        return None
    if not _DATE.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text).date()


def _missing(report: Report) -> tuple[Reason, str] | None:
    if not report.report_id.strip():
        return Reason.NO_REPORT_ID, "no report id"
    if not report.patient_id.strip():
        return Reason.NO_PATIENT, "no patient"
    if not report.text.strip():
        return Reason.NO_TEXT, "no text"
    if len(report.text) > MAX_TEXT:
        return Reason.TOO_LONG, f"a text of more than {MAX_TEXT:,} characters"
    return None


def _unwritable(report: Report) -> tuple[Reason, str] | None:
    """Find a lone surrogate, which JSON can spell and UTF-8 cannot hold."""
    parts = [report.report_id, report.patient_id, report.text, report.modality or ""]
    parts += [part for section in report.sections for part in section]
    parts += [*(report.labels or ()), *(report.codes or ())]
    try:
        for part in parts:
            part.encode()
    except UnicodeEncodeError:
        return Reason.NOT_UTF8, "a character that UTF-8 cannot hold"
    return None


def _unknown(report: Report, label_set: LabelSet) -> tuple[Reason, str] | None:
    unknown = [label for label in report.labels or () if label not in label_set.labels]
    if unknown:
        return Reason.UNKNOWN_LABEL, f"{unknown[0][:80]!r} is not in {label_set.name}"
    wrong = [code for code in report.codes or () if not label_set.known_code(code)]
    if wrong:
        return Reason.BAD_CODE, f"{wrong[0][:40]!r} has not the form of a code"
    return None
