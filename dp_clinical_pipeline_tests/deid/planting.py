"""Identifiers planted between the real sentences of OpenI reports, in frames kept apart by when they were written.

Set `a` was in view while the rules were written; set `b` was written afterwards, before anybody scored it. Sets `c` to
`f` were written, with their formats, names and towns, by people who had not seen the rules; `c`, `d` and
`e` were opened after they had been scored, `f` is only ever scored and never looked at by who changes the rules. A frame is a line of `frames/<set>.txt` with slots, a slot in capitals is
written in capitals; how a slot is written is drawn from the formats below or the set's own.
"""
# ruff: noqa: E501 -- a kind a line

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from dp_clinical_pipeline.deid.evaluate import Document
from dp_clinical_pipeline.deid.lexicon import entries
from dp_clinical_pipeline.demo.names import GIVEN_MEN, GIVEN_WOMEN, SURNAMES
from dp_clinical_pipeline.demo.places import CITIES, FACILITY_HEADS, FACILITY_TAILS, STATES, STREET_KINDS, STREET_NAMES

FRAMES = Path(__file__).parent / "frames"
_SLOT = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"(?<=[a-z]{2}\.)\s+(?=[A-Z])|\n+")
_CREDENTIAL = re.compile(r"(?:, (?:MD|M\.D\.|RN))?$")
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_RARE = """Nkemelu Szczepańska Thorvaldsdóttir Wojciechowski Quisenberry Xiong Vang Nguyễn Uzoma Bhattacharjee Grzybowska
    Ivashchenko Okwuosa Zvonimirović Papageorgopoulos Ravindranath Tsukamoto Featherstone Fotheringham Gebreselassie
    Mbatha Oyarzabal Saetang Tadesse Vuković Wanniarachchi Yakubovich Zoubek Kealoha Begay Whitehorse Lightfoot Mac-Duff
    McGillicuddy O'Rourke D'Agostino St.John Van-Horn Fernández-Vega Ng Wu Li Oh Ho""".split()  # noqa: SIM905


@dataclass(frozen=True)
class Formats:
    """How each kind is written; `{m}` and the like are of the date.

    In a code `#` is a digit, `%` a digit from 2 to 8, `@` a capital letter, `~` a hexadecimal digit.
    """

    dates: Sequence[str] = (
        "{m}/{d}/{yyyy}",
        "{mm}/{dd}/{yyyy}",
        "{m}/{d}/{yy}",
        "{mm}/{dd}/{yy}",
        "{yyyy}-{mm}-{dd}",
        "{month} {d}, {yyyy}",
        "{mon} {d}, {yyyy}",
        "{d} {month} {yyyy}",
        "{dd}-{MON}-{yyyy}",
        "{dd} {mon} {yy}",
        "{month} {d}{th}, {yyyy}",
        "{mm}-{dd}-{yyyy}",
        "{dd}.{mm}.{yyyy}",
        "{yyyy}{mm}{dd}",
    )
    partials: Sequence[str] = (
        "{month} {yyyy}",
        "{month} {d}",
        "{m}/{d}",
        "{mon} {d}",
        "{m}/{yyyy}",
        "{d} {month}",
        "{month} {d}{th}",
    )
    stamps: Sequence[str] = ("{yyyy}{mm}{dd}",)
    """Dates as machines print them, for header lines alone: a reader would not take their digits for a date in prose."""
    codes: dict[str, Sequence[str]] = None  # type: ignore[assignment]
    own: Mapping[str, Sequence[str]] | None = None
    """The set's own names and places; without them they come from lists that the rules may know too."""


def own_entries(name: str) -> dict[str, Sequence[str]]:
    """Return the own lists of a set by their heading (`surnames: Abernathy, Acevedo`)."""
    lines = (FRAMES / f"{name}.names.txt").read_text(encoding="utf-8").splitlines()
    return {heading: tuple(rest.split(", ")) for heading, rest in (line.split(": ", 1) for line in lines)}


_CODES = {
    "phone": ("(###) ###-####", "###-###-####", "###.###.####", "### ### ####", "+1 ### ### ####", "1-###-###-####"),
    "fax": ("(###) ###-####", "###-###-####", "###.###.####"),
    "pager": ("####", "#####", "###-####"),
    "ext": ("####", "#####"),
    "ssn": ("###-##-####", "### ## ####", "#########"),
    "mrn": ("#######", "########", "######", "@#######", "@@######", "###-##-##", "##-##-##", "0########"),
    "accession": ("########", "@@########", "@@##-######", "########@@", "##-#######", "####@@######", "@#########", "####-#####", "@@@-##-#####", "##.#######"),
    "plan": ("@@@#########", "@@@@########", "#########@", "###########", "@##-####-@@#"),
    "account": ("##########", "########", "####-#####", "@#########", "########-#"),
    "license": ("@#######", "@@#######", "@####-#####-#####", "########"),
    "npi": ("##########",),
    "plate": ("@@@-####", "@@@ ####", "#@@@###", "@@# ####", "###-@@@"),
    "serial": ("@@@######", "########", "@@-######", "#@@#######", "@@@######@"),
    "biometric": ("@@-######", "@@@#######", "########"),
    "photo": ("IMG_####.jpg", "#######.png", "photo-####-##.jpeg", "IMG-######"),
    "other": ("@@-####-###", "########", "@@@-######", "##-#####", "@#######"),
}  # fmt: skip
A = Formats(codes=_CODES)
B = Formats(
    dates=("{m}-{d}-{yy}", "{dd}{MON}{yyyy}", "{d}{th} {month} {yyyy}", "{weekday}, {month} {d}, {yyyy}", "{mon}. {d}, {yyyy}", "{mm}/{dd}/{yyyy}",
           "{yyyy}/{mm}/{dd}", "{month} {d} {yyyy}", "{d} {mon} {yyyy}", "{d}/{m}/{yyyy}", "{MON} {d}, {yyyy}", "{d}-{mon}-{yy}"),
    partials=("{mon} {yyyy}", "{month}, {yyyy}", "{month} of {yyyy}", "{mon}. {d}", "{d}-{mon}", "{month} {d}{th}", "{mm}/{dd}", "{d}{th} of {month}", "{mm}-{yyyy}"),
    codes=_CODES | {
        "phone": ("###-###-####", "(###)###-####", "###/###-####", "+1-###-###-####", "### - ### - ####", "##########"),
        "ssn": ("###-##-####", "###.##.####", "XXX-XX-####"),
        "mrn": ("##########", "@-######", "######-#", "#### ####", "MR######", "@@@#####", "### ### ###"),
        "accession": ("CXR####-#####", "@@@########", "#########", "##@######", "X##-####-#", "@#-########", "RAD-####-####", "###########", "####.####", "@@ ########"),
        "plan": ("@@@ ### ### ###", "####-####-####", "@########-##", "#@@#-@@#-@@##", "##########"),
        "account": ("@@-#######", "### ######", "############", "V#########"),
        "license": ("@@-######", "##-###-####", "@########", "@@@@@######@@"),
        "plate": ("@@@####", "@@-####", "#### @@", "@## @@@"),
        "serial": ("@@@@-####-##", "###-######", "@######-##", "@##@####", "SN#######"),
        "biometric": ("@@@@####", "~~~~~~~~", "##-######"),
        "photo": ("DSC#####.JPG", "face_######.png", "@@_####_##.jpg"),
        "other": ("@####-##", "####/####", "@@@@####", "#######", "@-##-####"),
    },
)  # fmt: skip
C = Formats(
    dates=("{mm}/{dd}/{yy}", "{m}.{d}.{yy}", "{month} the {d}{th}, {yyyy}", "{MON} {dd}, {yyyy}", "{wkd} {m}/{d}/{yyyy}", "{dd} {MON} {yyyy}", "{month} {d}, {yyyy}",
           "{mon} {d} {yyyy}", "{dd}-{mon}-{yyyy}", "{m}/{d}/'{yy}", "{mon}-{dd}-{yyyy}", "{m}-{d}-{yyyy}"),
    partials=("{mon} '{yy}", "{m}-{d}", "{month} the {d}{th}", "{MON} {d}", "{mon} {d}{th}", "{wkd} {m}/{d}", "{month} {yyyy}", "{dd} {MON}", "{mon}/{yyyy}"),
    stamps=("{mm}{dd}{yyyy}", "{yyyy}{mm}{dd}", "{mm}/{dd}/{yy}"),
    codes=_CODES | {
        "phone": ("(%##) %##-####", "%##-%##-####", "%##- %##-####", "1 (%##) %##-####", "%##.%##.####", "(%##)%##.####"),
        "fax": ("%##-%##-####", "(%##) %##-####", "1 %##-%##-####", "%##-####"),
        "pager": ("%###", "%##-%##-####", "#%##"),
        "ext": ("%###", "%-####"),
        "ssn": ("%##-%#-####", "%##%#%###", "%## - %# - ####", "xxx-xx-####"),
        "last4": ("####", "x####"),
        "mrn": ("E########", "M000######", "###-###-###", "%######", "000######", "@@@ ######", "%##%##-#"),
        "accession": ("##-###-####", "@@@@########", "#######-###", "A##-######", "@@@########-#", "%#########", "@######-##", "XR-##-######"),
        "plan": ("#@@#@@#@@##", "###-##-####A", "@@@###@#####", "W## #######", "%##########", "R########"),
        "account": ("HB########", "#######-####", "%###########", "A#######-##", "%########"),
        "license": ("A######", "MD-#####", "@@ #######", "@###-####-####", "036-######"),
        "npi": ("1#########",),
        "plate": ("@@@ #@##", "##-@@##", "@@ #####", "#@@ ###"),
        "serial": ("@@@####@##", "PM#######", "##@#######", "#######-@", "@@@ ######"),
        "udi": ("(01)00%###########(21)@@@######@", "(01)0084###########(17)2%0%1%(10)A#####"),
        "url": ("https://mychart.example.org/rpt/######", "http://10.%#.4.12/zfp?acc=#########", "www.family%##.example.com/dad", "share.imaging-example.com/d/~~~~~~~~", "HTTPS://PACSWEB.EXAMPLE.NET/V/######"),
        "ip": ("10.%#.1%.%#", "172.1%.%#.1##", "192.168.%.%#", "%#.1##.%#.%"),
        "biometric": ("PV-########", "~~~~-~~~~-~~~~", "@##-@####", "#########"),
        "photo": ("P#######.JPG", "pt_face_##.jpg", "####-FRONT.png", "IMG_2###%###_%#####.heic"),
        "other": ("@@@@-##-###", "S##-#####", "#####-##", "@@#####", "%#######", "###-@@-##"),
        "uid": ("1.2.840.113619.2.%#.3.%########.%##.1%########.%##", "1.3.12.2.1107.5.3.%#.%####.11.20%#%###%#####"),
    },
    own=own_entries("c"),
)  # fmt: skip
D = Formats(
    dates=("{m}/{d}/{yyyy}", "{mm}.{dd}.{yyyy}", "{d} {month}, {yyyy}", "{MONTH} {d}, {yyyy}", "{wkd}, {mon} {d}, {yyyy}", "{yyyy}-{MON}-{dd}", "{month} {d}{th} {yyyy}",
           "{mon} {d}{th}, {yyyy}", "{dd}/{mon}/{yyyy}", "{m}/{d}/{yy}", "{d}-{MON}-{yyyy}", "{d}{th} of {month}, {yyyy}", "{MON}/{dd}/{yyyy}"),
    partials=("{MONTH} {yyyy}", "{mon}. {yyyy}", "{m}/{yy}", "{wkd}. {mon} {d}", "{yyyy}-{mm}", "{month} '{yy}", "{d} {mon}", "{month} {d}", "{mon}. {d}{th}", "{m}/{d}"),
    stamps=("{yyyy}.{mm}.{dd}", "{mm}{dd}{yy}", "{dd}{MON}{yy}", "{yyyy}-{mm}-{dd}"),
    codes=_CODES | {
        "phone": ("%##-%##-####", "%## %##-####", "(%##) %## ####", "1.%##.%##.####", "+1 (%##) %##-####", "%##-####", "1%##%######", "%##‑%##‑####"),
        "fax": ("%##.%##.####", "1-%##-%##-####", "(%##)%##-####", "%## %## ####", "+1%##%######"),
        "pager": ("%####", "#%###", "%##-%###"),
        "ext": ("%##", "%-%###", "%####"),
        "ssn": ("%##-%#-####", "%## %# ####", "***-**-####", "%##-%#####"),
        "last4": ("####", "@####"),
        "mrn": ("##-###-##", "%########", "#######@", "%##.%##.##", "C-#######", "@@-####-##", "00#######-#", "%####"),
        "accession": ("20##@@#######", "%######", "@@@-########", "####-@@-#####", "#@#######", "%#.%#####.#", "DX/##/######", "@@#####-#"),
        "plan": ("@@#######-##", "%########## ##", "#@##-@##-@@##", "@@@ %### #####", "H####-###-####", "%#######*01"),
        "account": ("####-####-##", "V000########", "%###### #", "@@@%#######", "1%#########"),
        "license": ("ME######", "G#####", "%######-##", "@@@@######", "##@@@####", "@%########"),
        "npi": ("1#########", "1### ### ###"),
        "plate": ("@##-@##", "###@##", "@@@%#@", "%@@@%##", "@@ %#-##"),
        "serial": ("@@@###-@###", "###@#####", "@#######@#", "%####-%####", "@@ ####### @"),
        "udi": ("(01)0%############(11)2%0%1%(21)@#######", "+H%##@@#####%/$$%@####"),
        "url": ("https://viewer.example.edu/app/s/~~~~~~~~~~~~", "drive.example.com/file/d/1~~~~~~~", "ftp://files.example.net/in/%#####.zip", "https://rad.example.com:8443/exam?id=%#######", "www.prayfor%##.example.org"),
        "ip": ("10.1%#.%.1##", "192.168.1%.%#", "2001:db8:%~~~::%~~", "1%#.%#.1##.%#", "fe80::%~~~:%~~~"),
        "biometric": ("BIO%#####", "~~~~~~~~~~~~~~~~", "%###-%###-##", "@@%###@"),
        "photo": ("scan_####_front.jpeg", "%####_headshot.png", "DSCN####.jpg", "pic-%#######.bmp"),
        "other": ("%##-##-####", "@%#####@", "##@@####", "%####", "@@@-####-@", "#### %###"),
        "uid": ("1.2.392.200036.9125.%.%#.1%#####.%#######", "2.16.840.1.114%##.%.%####.%########", "1.2.826.0.1.%######.%.%##.%#######"),
    },
    own=own_entries("d"),
)  # fmt: skip
E = Formats(
    dates=("{m}/{d}/{yy}", "{m}/{d}/{yyyy}", "{mm}/{dd}/{yyyy}", "{mm}-{dd}-{yy}", "{MON} {dd},{yyyy}", "{month} {d}, {yyyy}", "{mm}/{dd}/{yy}", "{yyyy}-{mm}-{dd}", "{wkd} {mon} {d}, {yyyy}",
           "{d}-{mon}-{yyyy}", "{month} {dd}, {yyyy}", "{mon} {d}, {yyyy}", "{m} / {d} / {yyyy}", "{mon}. {d}, {yyyy}", "{dd}{mon}{yyyy}"),
    partials=("{m}/{d}", "{mm}/{dd}", "{month} {yyyy}", "{mon} {yyyy}", "{month} {d}", "{mm}/{yyyy}", "{wkd} {mon} {d}", "{mon}-{yy}", "{month} {d}{th}", "{weekday} {m}/{d}"),
    stamps=("{mm}-{dd}-{yyyy}", "{yyyy}{mm}{dd}", "{MON} {dd}, {yyyy}", "{mm}/{dd}/{yyyy}"),
    codes=_CODES | {
        "phone": ("(%##) %##-####", "%##-%##-####", "%##/%##-####", "1-%##-%##-####", "(%##)-%##-####", "(%##) %##.####", "%##.%##.####", "%##–%##–####"),
        "fax": ("%##-%##-####", "(%##) %##-####", "%##/%##-####", "1.%##.%##.####"),
        "pager": ("%##-####", "%###", "%-####", "%##-%##-%###"),
        "ext": ("%####", "%-####", "%###", "%#-%###"),
        "ssn": ("%##-%#-####", "%########", "%##-%#-####", "%##–%#–####", "XXXXX####"),
        "last4": ("####", "@####", "####"),
        "mrn": ("%#######", "00#######", "#######", "Z%######", "%##-####", "W%#####", "%#-%#-##-#"),
        "accession": ("%##########", "CT%#######", "RA-##-####", "0%1%1#-%###", "E%########", "######-%##", "S1#-%####", "%##XR######"),
        "plan": ("1@%1@%1@@##", "#@@#-@%#-@@##", "XE@%########", "##########@", "%###-#####-#", "@@@%########"),
        "account": ("1%##########", "HSP%#######", "%#####-%##", "60########", "%#########"),
        "license": ("B@#######", "35.######", "MD%####", "RN-%#####", "@###-####-####-##", "%#-%####"),
        "npi": ("1#########", "1###-###-###"),
        "plate": ("@@@-####", "##% @@@", "@@@ %##", "%@@@###", "@@##@@"),
        "serial": ("@@@######H", "%#######", "@@##-#####", "19######-##", "@%@####@"),
        "udi": ("(01)00%###########(17)2%0%1%(21)@@@######H", "(01)0%############(21)###@@#", "+B%##@####/$$+%###@"),
        "url": ("https://chart.example.net/share/~~~~~~~~", "https://images.example.org/nologin/?s=%######", "http://radpacs.example.edu/ami/html/#%###", "photos.example.com/album/@@#@@#"),
        "ip": ("10.2%.%#.1##", "172.2%.%.%#", "192.168.%0.1%#", "1%#.1%#.%.%#"),
        "biometric": ("FP-######-%#", "~~~~~~~~~~~~", "PS%#######", "@@@-####-##", "####.####.##"),
        "photo": ("IMG%####.JPG", "%#######_Lcheek.jpg", "media-~~~~~~.png", "Screenshot_201#0%1#_1#%###.png"),
        "other": ("%##-######", "@@-##-######", "##@%####", "%#######", "@#####", "%##%####-1", "@@@####-###"),
        "uid": ("1.2.840.113845.11.1000%#####%.20%#%###1%.%#####", "1.2.840.114350.2.%##.2.%######.1"),
    },
    own=own_entries("e"),
)  # fmt: skip
F = Formats(
    dates=("{mm}/{dd}/{yyyy}", "{m}/{d}/{yyyy}", "{m}/{d}/{yy}", "{month} {d}, {yyyy}", "{m}-{d}-{yy}", "{d} {MON} {yyyy}", "{dd} {month} {yyyy}", "{mm}/{dd}/{yy}", "{weekday} {m}/{d}/{yy}",
           "{month} {d},{yyyy}", "{mon} {d} '{yy}", "{yyyy}/{mm}/{dd}", "{MON} {d} {yyyy}", "{weekday}, {month} {d}{th}, {yyyy}", "{dd}-{MON}-{yy}", "{mm}.{dd}.{yy}"),
    partials=("{m}/{d}", "{month} {d}", "{month} of {yyyy}", "{month} {yyyy}", "{m}/{yyyy}", "{mon} {d}", "{d} {MON}", "{MON} {yyyy}", "{wkd}, {month} {d}", "{mm}-{dd}", "{mon} of '{yy}"),
    stamps=("{yyyy}-{mm}-{dd}", "{yyyy}{mm}{dd}", "{mm}/{dd}/{yy}", "{dd}-{MON}-{yyyy}", "{mm}{dd}{yy}"),
    codes=_CODES | {
        "phone": ("%##-%##-####", "(%##) %##-####", "(%##)%##-####", "%## - %##-####", "1(%##)%##-####", "%##.%##.####", "%##-%##.####", "%##%######", "+1 %##-%##-####"),
        "fax": ("%##-%##-####", "(%##) %##-####", "9-1-%##-%##-####", "%## - %##-####", "%##%######"),
        "pager": ("%####", "#%##", "%##-%##-####", "%##.####"),
        "ext": ("%###", "%####", "%##", "%-####"),
        "ssn": ("%##-%#-####", "%## %# ####", "%##%#%###", "XXX-XX-####", "###-##-%###"),
        "last4": ("####", "%###"),
        "mrn": ("M00%######", "##-##-%#", "%#####", "0%######", "HRN %#####", "@@%#####", "%## %## ##", "D%#########"),
        "accession": ("##%#-####", "%#######-1", "XR20##%#####", "%####.001", "0%1%:@%####", "MS-##-%####", "@%########@@", "%########"),
        "plan": ("%##-%#-####A", "1@@%-@@%-@@%#", "080%#########", "@@@%##@#####", "%#########-00", "MPI%########"),
        "account": ("F00%########", "%##########", "@@%#######", "%#######.1", "%####-%#####-1"),
        "license": ("F@%######", "ARNP%######", "%####-PR", "@#%######", "TX %#######", "0%#######"),
        "npi": ("1#########", "1##-###-####"),
        "plate": ("@@@-%##", "%@@@%##", "@@@ ####", "%##-@@@", "@##-#@@", "@@@@%#"),
        "serial": ("%######", "@@@%#####@", "LV-######", "%##-###-%###", "##%@######", "@%#####A"),
        "udi": ("(01)1%############(10)@@%####(17)2%0%1%", "(01)00%###########(21)%#######", "=/A%%%#######=,000%#=/"),
        "url": ("https://cloud.example.com/i/@@@-###-@@@", "www.help%##heal.example.org", "http://portal.example.net:8080/pt/%#######", "radiology.example.com/prep%#", "https://ris.example.org/r.aspx?a=%######&k=~~~~"),
        "ip": ("10.1##.%.%#", "192.168.%.1##", "172.1%.1##.%", "fd%#:%~~~:~~~~::%#", "1#%.%#.%#.%"),
        "biometric": ("%########", "BK%####-##", "~~~~~~~~-~~~~-~~~~", "FR.####.%##", "@%@#####"),
        "photo": ("PXL_202#0%1#_1#%####.jpg", "%###.HEIC", "intake_%####.jpeg", "DSC_%###.JPG", "face-%##-~~~~.tif"),
        "other": ("%#-%####", "%########", "@@%####", "20##-%#####", "%##@%###", "@%#-####-%#", "%##/%####"),
        "uid": ("1.2.276.0.7230010.3.1.%.%#######.%###.1%########", "2.25.1%###################%#######", "1.3.46.670589.%#.%.%.%#.1%.%#####"),
    },
    own=own_entries("f"),
)  # fmt: skip
SETS = {"a": A, "b": B, "c": C, "d": D, "e": E, "f": F}
_TYPES = {
    "zip": "ZIP", "street": "STREET", "pobox": "STREET", "city": "CITY", "facility": "FACILITY", "date": "DATE", "partial": "DATE", "stamp": "DATE", "weekday": "DATE", "age": "AGE", "age_words": "AGE",
    "phone": "PHONE", "pager": "PHONE", "ext": "PHONE", "fax": "FAX", "email": "EMAIL", "ssn": "SSN", "last4": "SSN", "mrn": "MRN", "accession": "ACCESSION",
    "plan": "HEALTH_PLAN", "account": "ACCOUNT", "license": "LICENSE", "npi": "LICENSE", "plate": "VEHICLE", "vin": "VEHICLE", "serial": "DEVICE", "udi": "DEVICE",
    "url": "URL", "ip": "IP", "biometric": "BIOMETRIC", "photo": "PHOTO", "other": "OTHER_ID", "uid": "OTHER_ID", "state": None, "relation": None, "title": None,
}  # fmt: skip
"""The type of each slot; a slot that is not listed is a person."""


def frames(name: str) -> list[str]:
    """Return the frames of a set."""
    return (FRAMES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def _credential(name: str) -> str:
    found = _CREDENTIAL.search(name)
    return found.group() if found else ""


class Writer:
    """Fills the slots of frames; one patient's own name and numbers are drawn afresh for each writer."""

    def __init__(self, seed: int, formats: Formats) -> None:
        self.random, self.formats = random.Random(seed), formats
        self.own = formats.own
        self.surnames: Sequence[Sequence[str]] = (SURNAMES, tuple(sorted(entries("surnames"))), tuple(_RARE))
        self.given: Sequence[Sequence[str]] = (GIVEN_WOMEN + GIVEN_MEN, tuple(sorted(entries("clear_given_names"))))
        if self.own:
            self.surnames, self.given = (self.own["surnames"],), (self.own["given"],)

    def fill(self, frame: str) -> tuple[str, list[tuple[int, int, str]]]:
        """Return a sentence and its gold spans."""
        parts, spans, at = [], [], 0
        for place, piece in enumerate(_SLOT.split(frame)):
            text = self.write(piece) if place % 2 else piece
            if place % 2 and (kind := _TYPES.get(piece.lower(), "PERSON")):
                spans.append((at, at + len(text) - len(_credential(text) if kind == "PERSON" else ""), kind))
            parts.append(text)
            at += len(text)
        return "".join(parts), spans

    def write(self, slot: str) -> str:
        if slot.isupper():
            return self.write(slot.lower()).upper()
        if slot in self.formats.codes:
            return self._code(self.random.choice(self.formats.codes[slot]))
        method: Callable[[], str] = getattr(self, f"_{slot}")
        return method()

    def _code(self, pattern: str) -> str:
        fill = {"#": "0123456789", "%": "2345678", "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "~": "0123456789abcdef"}
        return "".join(self.random.choice(fill[c]) if c in fill else c for c in pattern)

    def _first(self) -> str:
        name = self.random.choice(self.random.choice(self.given))
        return name[:1].upper() + name[1:]

    def _surname(self) -> str:
        name = self.random.choices(
            [self.random.choice(pool) for pool in self.surnames], (5, 3, 2)[: len(self.surnames)]
        )[0]
        return name[:1].upper() + name[1:]

    def _middle(self) -> str:
        return self.random.choice("ABCDEFGHJKLMNPRSTW")

    def _first_last(self) -> str:
        middle = self.random.choice(("", "", f"{self._middle()}. ", f"{self._middle()} "))
        return f"{self._first()} {middle}{self._surname()}"

    def _last_first(self) -> str:
        return f"{self._surname()}, {self._first()}" + self.random.choice(
            ("", "", f" {self._middle()}.", f" {self._middle()}")
        )

    def _initial_last(self) -> str:
        return f"{self._middle()}. {self._surname()}"

    def _initials(self) -> str:
        return self._middle() + self._middle()

    def _typist(self) -> str:
        return (self._middle() + self._middle()).lower()

    def _clinician(self) -> str:
        return self.random.choice(
            (f"Dr. {self._surname()}", f"{self._first_last()}, MD", f"{self._initial_last()}, M.D.", self._first_last())
        ).removeprefix("Dr. ")

    def _date_by(self, patterns: Sequence[str]) -> str:
        day = date(2005, 1, 1) + timedelta(days=self.random.randrange(7000))
        th = "th" if 10 <= day.day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
        month = _MONTHS[day.month - 1]
        return self.random.choice(patterns).format(
            m=day.month, d=day.day, mm=f"{day.month:02d}", dd=f"{day.day:02d}", yy=f"{day.year % 100:02d}", yyyy=day.year,
            month=month, MONTH=month.upper(), mon=month[:3], MON=month[:3].upper(), th=th, weekday=_WEEKDAYS[day.weekday()], wkd=_WEEKDAYS[day.weekday()][:3],
        )  # fmt: skip

    def _date(self) -> str:
        return self._date_by(self.formats.dates)

    def _partial(self) -> str:
        return self._date_by(self.formats.partials)

    def _stamp(self) -> str:
        return self._date_by(self.formats.stamps)

    def _weekday(self) -> str:
        return self.random.choice(_WEEKDAYS)

    def _age(self) -> str:
        return str(self.random.randrange(90, 105))

    def _age_words(self) -> str:
        return "Ninety-" + self.random.choice("one two three four five six seven eight nine".split())  # noqa: SIM905

    def _title(self) -> str:
        return self.random.choice(("Mr.", "Mrs.", "Ms."))

    def _relation(self) -> str:
        return self.random.choice(("wife", "husband", "daughter", "son", "mother", "sister", "brother"))

    def _state(self) -> str:
        return self.random.choice(STATES)

    def _city(self) -> str:
        if self.own:
            return self.random.choice(self.own["cities"])
        return self.random.choice((self.random.choice(CITIES), self.random.choice(sorted(entries("cities")))))

    def _street(self) -> str:
        if self.own:
            unit = self.random.choice(("", "", f" {self.random.choice(self.own['units'])}"))
            return f"{self.random.randrange(2, 19900)} {self.random.choice(self.own['streets'])}{unit}"
        kind = self.random.choice(STREET_KINDS).removesuffix(".")
        unit = self.random.choice(
            ("", "", f", Apt {self.random.randrange(1, 40)}", f" #{self.random.randrange(1, 90)}")
        )
        return f"{self.random.randrange(10, 9900)} {self.random.choice(STREET_NAMES)} {kind}{unit}"

    def _pobox(self) -> str:
        assert self.own
        return f"{self.random.choice(self.own['boxes'])} {self.random.randrange(3, 9900)}"

    def _zip(self) -> str:
        return self._code(self.random.choice(("#####", "#####", "#####-####")))

    def _facility(self) -> str:
        if self.own:
            return self.random.choice(self.own["facilities"])
        head = self.random.choice((self.random.choice(FACILITY_HEADS), self._surname(), self._city()))
        return f"{head} {self.random.choice(FACILITY_TAILS)}"

    def _email(self) -> str:
        first, last = (re.sub(r"[^a-z]", "", n.lower()) or "x" for n in (self._first(), self._surname()))
        if self.own:
            form = self.random.choice(self.own["users"])
            user = self._code(form.format(first=first, last=last, f=first[0], l=last[0]))
            return f"{user}@{self.random.choice(self.own['mail'])}"
        user = self.random.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}{self.random.randrange(99)}"))
        return f"{user}@{self.random.choice(('gmail.com', 'example.org', 'mail.clinic.net', 'hospital.edu'))}"

    def _url(self) -> str:
        return self.random.choice((f"https://pacs.example.org/study/{self._code('######')}", f"www.{self._surname().lower().encode('ascii', 'ignore').decode().strip(chr(39)) or 'x'}-clinic.com",
                                   f"http://images.example.com/view?id={self._code('########')}", "portal.example.org/" + self._code("@@@###").lower()))  # fmt: skip

    def _ip(self) -> str:
        return ".".join(str(self.random.randrange(1, 255)) for _ in range(4))

    def _vin(self) -> str:
        return self._code("#@@@@##@") + self.random.choice("0123456789X") + self._code("@@######").replace("@", "A")


def planted(texts: Sequence[str], name: str, seed: int, each: int = 4) -> list[Document]:
    """Return the texts with `each` frames of set `name` between their sentences, and the gold of what was planted.

    Every frame is used before one is used again.
    """
    writer = Writer(seed, SETS[name])
    lines = frames(name)
    queue: list[str] = []
    documents = []
    for number, text in enumerate(texts):
        sentences = [s for s in _SENTENCE_END.split(text) if s.strip()]
        pieces: list[tuple[str, list[tuple[int, int, str]]]] = [(s, []) for s in sentences]
        for _ in range(each):
            if not queue:
                queue = writer.random.sample(lines, len(lines))
            pieces.insert(writer.random.randrange(len(pieces) + 1), writer.fill(queue.pop()))
        made, spans = "", []
        for piece, own in pieces:
            made += writer.random.choice((" ", "\n")) if made else ""
            spans += [(len(made) + start, len(made) + end, kind) for start, end, kind in own]
            made += piece
        documents.append(Document(id=str(number), patient_id=str(number), text=made, spans=tuple(spans)))
    return documents
