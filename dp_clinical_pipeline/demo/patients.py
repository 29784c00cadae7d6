"""Who the made-up patients are: a persona that stays the same over a patient's reports."""
# ruff: noqa: E501 -- one field a line

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from dp_clinical_pipeline.demo import names, places
from dp_clinical_pipeline.demo.dice import Dice

_FIRST_EXAM = date(2012, 1, 2).toordinal()
_LAST_FIRST_EXAM = date(2022, 12, 30).toordinal()


@dataclass(frozen=True, kw_only=True)
class Person:
    """An invented person's name."""

    given: str
    surname: str
    middle: str
    woman: bool


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What identifies a made-up patient. Numbers are kept as bare digits or letters; templates write them in their formats."""

    index: int
    patient_id: str
    name: Person
    birth: date
    first_exam: date
    mrn: str
    ssn: str
    phone: str
    other_phone: str
    fax: str
    email: str
    street: str
    city: str
    state: str
    zip_code: str
    facility: str
    plan: str
    account: str
    licence: str
    plate: str
    vin: str
    serial: str
    user: str
    host: str
    ip: str
    biometric: str
    employee: str
    relatives: tuple[tuple[str, Person], ...]
    """Relation ("daughter") and name; one in three bears another surname."""


def draw_person(dice: Dice) -> Person:
    """Draw a name from the lexicons."""
    woman = dice.chance(0.52)
    given = dice.pick(names.GIVEN_WOMEN if woman else names.GIVEN_MEN)
    return Person(given=given, surname=dice.pick(names.SURNAMES), middle=dice.capitals(1), woman=woman)


def draw_facility(dice: Dice) -> str:
    return f"{dice.pick(places.FACILITY_HEADS)} {dice.pick(places.FACILITY_TAILS)}"


def draw_phone(dice: Dice) -> str:
    """Draw ten digits; exchange 555 is given to no subscriber."""
    return f"{dice.between(2, 9)}{dice.between(0, 8)}{dice.between(1, 9)}555{dice.between(0, 9999):04d}"


def mail_name(text: str) -> str:
    """Return a name as e-mail addresses and file names write it: ASCII letters only, lower case."""
    plain = unicodedata.normalize("NFKD", text.replace("Ł", "L").replace("ł", "l").replace("ø", "o"))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha()).lower()


def draw_patient(dice: Dice, index: int, patient_id: str) -> Patient:
    """Draw a persona; every field comes from the patient's own stream."""
    name = draw_person(dice)
    first_exam = dice.between(_FIRST_EXAM, _LAST_FIRST_EXAM)
    # About one patient in thirteen is 90 or older, so that ages which Safe Harbor hides do occur.
    age = dice.between(90, 101) if dice.chance(0.075) else dice.between(19, 89)
    birth = date.fromordinal(first_exam) - timedelta(days=int(age * 365.2425) + dice.between(5, 355))
    low = mail_name(name.given), mail_name(name.surname)
    user = dice.pick(
        (
            f"{low[0]}.{low[1]}",
            f"{low[0][0]}{low[1]}{dice.between(2, 98)}",
            f"{low[1]}_{low[0]}",
            f"{low[0]}{birth.year}",
        )
    )
    number, unit = dice.between(2, 9899), dice.pick(places.UNITS).format(n=dice.between(1, 48))
    street = f"{number} {dice.pick(places.STREET_SIDES)}{dice.pick(places.STREET_NAMES)} {dice.pick(places.STREET_KINDS)}{unit}"
    return Patient(
        index=index, patient_id=patient_id, name=name, birth=birth, first_exam=date.fromordinal(first_exam),
        mrn=dice.digits(8), ssn=f"{dice.between(100, 665)}{dice.between(10, 99)}{dice.between(1000, 9999)}",
        phone=draw_phone(dice), other_phone=draw_phone(dice), fax=draw_phone(dice),
        email=f"{user}@{dice.pick(places.MAIL_DOMAINS)}", street=street, city=dice.pick(places.CITIES),
        state=dice.pick(places.STATES), zip_code=f"{dice.between(10001, 99399)}", facility=draw_facility(dice),
        plan=f"{dice.capitals(3)}{dice.digits(9)}", account=dice.digits(10), licence=f"{dice.capitals(1)}{dice.digits(7)}",
        plate=f"{dice.capitals(3)}{dice.digits(4)}", vin=_vin(dice), serial=f"{dice.capitals(3)}{dice.digits(6)}",
        user=user, host=dice.pick(places.SITE_DOMAINS), ip=_ip(dice), biometric=f"{dice.digits(4)}{dice.capitals(2)}{dice.digits(4)}",
        employee=dice.digits(7), relatives=_relatives(dice, name.surname),
    )  # fmt: skip


def _relatives(dice: Dice, surname: str) -> tuple[tuple[str, Person], ...]:
    found = []
    for _ in range(2):
        person = draw_person(dice)
        shown = person.surname if dice.chance(1 / 3) else surname
        relation = dice.pick(names.RELATIONS_WOMEN if person.woman else names.RELATIONS_MEN)
        found.append((relation, Person(given=person.given, surname=shown, middle=person.middle, woman=person.woman)))
    return tuple(found)


def _vin(dice: Dice) -> str:
    return f"{dice.between(1, 5)}{dice.capitals(4)}{dice.digits(2)}{dice.capitals(2)}{dice.digits(1)}{dice.capitals(1)}{dice.digits(6)}"


def _ip(dice: Dice) -> str:
    network = dice.pick(("10.{}", "172.16", "192.168", "198.51", "203.0")).format(dice.between(1, 250))
    return f"{network}.{dice.between(2, 250)}.{dice.between(2, 250)}"
