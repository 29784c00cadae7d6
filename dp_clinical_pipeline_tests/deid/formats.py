"""How each set of frames writes dates, codes and names: as its hospital's systems would.

Set `a` was in view while the rules were written; set `b` was written afterwards, before anybody scored it. The others
were written, with their formats, names and towns, by forty authors who had not seen the rules: `c` to `q` as hard as
their authors could make them, in the shorthand of wards and offices; `r` to `z` and `0` to `17` in plain sentences and usual
headers: of radiology reports (`r`, `t`, `v`, `y`, `1`, `5`, `9`), of other hospital notes (`3`, `6`), of a generator's
templates (`4`, `7`), the others those of a benchmark of Safe Harbor's kinds. Each was scored before anybody had read it.
`14` to `17` hold persons (more than half of the slots, a quarter of these initials) and institutions above all.
`f`, `k`, `z`, `2`, `6`, `0`, `10` and `16` are only ever scored, and never looked at by who changes rules or model; `c` to `e` and the
other plain ones were then opened, and rules written for their misses. The voter `learnt` was trained on those that
`learning.SETS` names.
"""
# ruff: noqa: E501 -- a kind a line

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FRAMES = Path(__file__).parent / "frames"


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


def _formats_of(name: str) -> Formats:
    """Return the formats of a set whose author kept them in a file beside its frames."""
    read = json.loads((FRAMES / f"{name}.json").read_text(encoding="utf-8"))
    return Formats(**{**read, "codes": _CODES | read["codes"]}, own=own_entries(name))


SETS = {"a": A, "b": B, "c": C, "d": D, "e": E, "f": F} | {
    p.stem: _formats_of(p.stem) for p in sorted(FRAMES.glob("*.json"))
}
