"""The fields of identifier templates: which kind of identifier each is, and how it is written in one report."""
# ruff: noqa: E501 -- one field a line

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dp_clinical_pipeline.demo.dice import Dice
from dp_clinical_pipeline.demo.patients import Patient, Person, draw_facility, draw_phone, mail_name
from dp_clinical_pipeline.demo.places import STREET_NAMES

IDENTIFIER_TYPES = (
    "PERSON", "STREET", "CITY", "ZIP", "FACILITY", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "HEALTH_PLAN",
    "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "PHOTO", "ACCESSION", "OTHER_ID",
)  # fmt: skip
"""HIPAA Safe Harbor's 18 kinds (45 CFR 164.514(b)(2)(i)), the geographic and the catch-all one in parts."""

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SAFE_HARBOR_AGE = 90


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One examination: what the fields of its report are filled from."""

    dice: Dice
    patient: Patient
    exam: date
    prior: date | None
    exam_name: str
    radiologist: Person
    referrer: Person
    nurse: Person
    formats: Mapping[str, Sequence[str]]

    @property
    def age(self) -> int:
        """Whole years at the examination."""
        born = self.patient.birth
        return self.exam.year - born.year - ((self.exam.month, self.exam.day) < (born.month, born.day))

    def format(self, kind: str, **parts: str) -> str:
        return self.dice.pick(self.formats[kind]).format(**parts)


def _date(visit: Visit, kind: str, day: date) -> str:
    month, number = _MONTHS[day.month - 1], day.day
    th = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return visit.format(
        kind, m=str(day.month), d=str(number), mm=f"{day.month:02d}", dd=f"{number:02d}", yyyy=str(day.year),
        yy=f"{day.year % 100:02d}", month=month, mon=month[:3], MON=month[:3].upper(), th=th, weekday=_DAYS[day.weekday()],
        dayname=_DAYS[day.weekday()][:3],
    )  # fmt: skip


def _person(visit: Visit, kind: str, person: Person) -> str:
    return visit.format(
        kind, given=person.given, surname=person.surname, middle=person.middle, GIVEN=person.given.upper(),
        SURNAME=person.surname.upper(), initial=person.given[0],
    )  # fmt: skip


def _phone(visit: Visit, digits: str) -> str:
    return visit.format("phone", a=digits[:3], b=digits[3:6], c=digits[6:])


def _number(visit: Visit, kind: str, number: str) -> str:
    """Write letters followed by digits, or digits alone, in one of the kind's formats."""
    letters = number.rstrip("0123456789")
    return visit.format(
        kind, n=number, l=letters, d=number[len(letters) :], n4=number[:4], m4=number[4:8], m=number[4:]
    )


def _accession(visit: Visit) -> str:
    return visit.format(
        "accession", yy=f"{visit.exam.year % 100:02d}", yyyy=str(visit.exam.year), d=visit.dice.digits(7)
    )


def _url(visit: Visit) -> str:
    patient = visit.patient
    return visit.format("url", host=patient.host, user=patient.user, account=patient.account)


def _photo(visit: Visit) -> str:
    return visit.format("photo", d=visit.dice.digits(6), mrn=visit.patient.mrn)


def _facility_street(visit: Visit) -> str:
    return f"{visit.dice.between(100, 4900)} {visit.dice.pick(STREET_NAMES)} {visit.dice.pick(('Avenue', 'Road', 'Blvd', 'Drive'))}"


def _after(visit: Visit, low: int, high: int) -> date:
    return visit.exam + timedelta(days=visit.dice.between(low, high))


def _age(visit: Visit) -> tuple[str | None, str]:
    """Ages under 90 are no identifier."""
    return ("AGE" if visit.age >= SAFE_HARBOR_AGE else None), str(visit.age)


def _sex(visit: Visit, woman: tuple[str, ...], man: tuple[str, ...]) -> str:
    return visit.dice.pick(woman if visit.patient.name.woman else man)


Field = Callable[[Visit], tuple[str | None, str]]


def _of(kind: str | None, write: Callable[[Visit], str]) -> Field:
    return lambda visit: (kind, write(visit))


FIELDS: dict[str, Field] = {
    "patient_last_first": _of("PERSON", lambda v: _person(v, "last_first", v.patient.name)),
    "patient_first_last": _of("PERSON", lambda v: _person(v, "first_last", v.patient.name)),
    "patient_full": _of("PERSON", lambda v: f"{v.patient.name.given} {v.patient.name.surname}"),
    "patient_surname": _of("PERSON", lambda v: v.patient.name.surname),
    "relative": _of("PERSON", lambda v: _person(v, "first_last", v.patient.relatives[0][1])),
    "relative_full": _of("PERSON", lambda v: f"{v.patient.relatives[1][1].given} {v.patient.relatives[1][1].surname}"),
    "relative_given": _of("PERSON", lambda v: v.patient.relatives[0][1].given),
    "radiologist": _of("PERSON", lambda v: _person(v, "clinician", v.radiologist)),
    "referrer": _of("PERSON", lambda v: _person(v, "clinician", v.referrer)),
    "referrer_surname": _of("PERSON", lambda v: v.referrer.surname),
    "nurse": _of("PERSON", lambda v: _person(v, "clinician", v.nurse)),
    "street": _of("STREET", lambda v: v.patient.street),
    "facility_street": _of("STREET", _facility_street),
    "city": _of("CITY", lambda v: v.patient.city),
    "zip": _of("ZIP", lambda v: v.format("zip", zip=v.patient.zip_code, d=v.dice.digits(4))),
    "facility": _of("FACILITY", lambda v: v.patient.facility),
    "other_facility": _of("FACILITY", lambda v: draw_facility(v.dice)),
    "dob": _of("DATE", lambda v: _date(v, "date", v.patient.birth)),
    "exam_date": _of("DATE", lambda v: _date(v, "date", v.exam)),
    "prior_date": _of("DATE", lambda v: _date(v, "date", v.prior or _after(v, -700, -20))),
    "prior_partial": _of("DATE", lambda v: _date(v, "partial", v.prior or _after(v, -300, -20))),
    "future_date": _of("DATE", lambda v: _date(v, "date", _after(v, 5, 90))),
    "future_partial": _of("DATE", lambda v: _date(v, "partial", _after(v, 5, 60))),
    "recent_date": _of("DATE", lambda v: _date(v, "date", _after(v, -12, -1))),
    "recent_partial": _of("DATE", lambda v: _date(v, "partial", _after(v, -60, -1))),
    "past_partial": _of("DATE", lambda v: _date(v, "partial", _after(v, -2500, -90))),
    "age": _age,
    "age_slash": _age,
    "phone": _of("PHONE", lambda v: _phone(v, v.patient.phone)),
    "other_phone": _of("PHONE", lambda v: _phone(v, v.patient.other_phone)),
    "phone_clinic": _of("PHONE", lambda v: _phone(v, draw_phone(v.dice))),
    "facility_phone": _of("PHONE", lambda v: _phone(v, draw_phone(v.dice))),
    "phone_plain": _of("PHONE", lambda v: f"{v.patient.phone[:3]}-{v.patient.phone[3:6]}-{v.patient.phone[6:]}"),
    "extension": _of("PHONE", lambda v: v.dice.digits(5)),
    "fax": _of("FAX", lambda v: _phone(v, v.patient.fax)),
    "email": _of("EMAIL", lambda v: v.patient.email),
    "clinician_email": _of("EMAIL", lambda v: f"{mail_name(v.referrer.given)[0]}.{mail_name(v.referrer.surname)}@clinic.example.org"),
    "ssn": _of("SSN", lambda v: v.format("ssn", a=v.patient.ssn[:3], b=v.patient.ssn[3:5], c=v.patient.ssn[5:])),
    "ssn_plain": _of("SSN", lambda v: f"{v.patient.ssn[:3]}-{v.patient.ssn[3:5]}-{v.patient.ssn[5:]}"),
    "mrn": _of("MRN", lambda v: _number(v, "mrn", v.patient.mrn)),
    "mrn_plain": _of("MRN", lambda v: v.patient.mrn),
    "plan": _of("HEALTH_PLAN", lambda v: _number(v, "plan", v.patient.plan)),
    "account": _of("ACCOUNT", lambda v: _number(v, "account", v.patient.account)),
    "licence": _of("LICENSE", lambda v: _number(v, "licence", v.patient.licence)),
    "plate": _of("VEHICLE", lambda v: _number(v, "plate", v.patient.plate)),
    "vin": _of("VEHICLE", lambda v: v.patient.vin),
    "serial": _of("DEVICE", lambda v: _number(v, "serial", v.patient.serial)),
    "url": _of("URL", _url),
    "ip": _of("IP", lambda v: v.patient.ip),
    "biometric": _of("BIOMETRIC", lambda v: _number(v, "biometric", v.patient.biometric)),
    "photo": _of("PHOTO", _photo),
    "accession": _of("ACCESSION", _accession),
    "other_id": _of("OTHER_ID", lambda v: _number(v, "other", v.patient.employee)),
    "order_id": _of("OTHER_ID", lambda v: _number(v, "other", v.dice.digits(8))),
    # What is no identifier: Safe Harbor keeps states, sex, times of day and relations.
    "state": _of(None, lambda v: v.patient.state),
    "sex": _of(None, lambda v: "F" if v.patient.name.woman else "M"),
    "sex_word": _of(None, lambda v: _sex(v, ("woman", "female", "woman"), ("man", "male", "man"))),
    "sex_word_cap": _of(None, lambda v: _sex(v, ("Woman", "Female"), ("Man", "Male"))),
    "patient_title": _of(None, lambda v: _sex(v, ("Ms.", "Mrs."), ("Mr.",))),
    "relation": _of(None, lambda v: v.patient.relatives[0][0]),
    "relation_cap": _of(None, lambda v: v.patient.relatives[0][0].capitalize()),
    "time": _of(None, lambda v: v.dice.pick(("{:d}:{:02d}", "{:02d}:{:02d}", "{:02d}{:02d} hrs")).format(v.dice.between(0, 23), v.dice.between(0, 59))),
    "exam": _of(None, lambda v: v.exam_name),
    "exam_title": _of(None, lambda v: v.exam_name.upper()),
}  # fmt: skip
