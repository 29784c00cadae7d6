"""A second wording, sharing no pattern with the usual one: for measuring rules on what their author did not read."""
# ruff: noqa: E501 -- a pattern is read, and searched for, as one line

from dp_clinical_pipeline.demo.grammar import FindingWords, Phrases, Wording

_SHARED = {
    "lo": "We observe|One sees|Demonstrated is|Evident is|There exists|On today's film there is|Persisting is|On this exposure there is",
    "vis": "can be made out|is appreciated|can be recognised|is depicted|is apparent|is readily appreciated",
    "sev": "{sev} |",
    "where": "of the {side} {lobe} lobe|within the {side} {lobe} lobe|on the {side} in the {lobe} lobe|of the {lobe} portion of the {side} lung",
    "low": "{side} basilar region|lowermost {side} lung|{side} infrahilar region|area above the {side} hemidiaphragm",
    "not": "Free of|We find no|Nothing to suggest|One sees no|Nil|Exposure reveals no|At this time no",
}


def _phrases(*patterns: str) -> Phrases:
    return Phrases(patterns, _SHARED)


def _words(stated: list[str], brief: list[str], nouns: str, both: list[str] | None = None) -> FindingWords:
    return FindingWords(
        stated=_phrases(*stated),
        both=_phrases(*both) if both else None,
        brief=_phrases(*brief),
        nouns=_phrases(f"[{nouns}]"),
    )


_FINDINGS = {
    "Enlarged Cardiomediastinum": _words(
        ["<lo> [broadening|enlargement] of the [mediastinal shadow|mediastinal silhouette|cardiomediastinal shadow]{chg}",
         "[Mediastinal|Superior mediastinal|Cardiomediastinal] [shadow|width] [exceeds normal|is broadened|is {adv} enlarged|is above normal]{chg}"],
        ["[Broadened|Enlarged] [mediastinal shadow|cardiomediastinal shadow]{chg}"], "broadened mediastinum|enlarged mediastinal shadow"),
    "Cardiomegaly": _words(
        ["<lo> [<sev>cardiomegaly|an enlarged heart|<sev>enlargement of the cardiomediastinal heart border]{chg}",
         "[Cardiomegaly of {sev} degree|{Sev} cardiomegaly|Enlargement of the heart] <vis>{chg}",
         "[Transverse diameter of the heart|Heart diameter] [is beyond normal limits|is too large|is {adv} enlarged], [that is, cardiomegaly|indicating cardiomegaly]{chg}"],
        ["Heart {adv} enlarged{chg}", "[Large heart|Cardiomegaly of {sev} degree]{chg}"], "enlarged heart|cardiomegaly of note"),
    "Lung Lesion": _words(
        ["<lo> a [{mm} millimetre|coin-like|{sev}] [nodule|nodular lesion|mass lesion] <where>{chg}",
         "A [{mm} millimetre|solid|coin-like] [mass|nodule|nodular lesion] <where> <vis>{chg}",
         "[Mass|Nodule], {side} {lobe} lobe, [about {mm} millimetres across|of {mm} millimetres]{chg}"],
        ["[Nodule|Mass|Nodular lesion] <where>{chg}"], "nodular lesion|coin lesion or mass|neoplasm or mass"),
    "Lung Opacity": _words(
        ["<lo> [fluffy|mottled|wedge-shaped|nonspecific] [opacification|opacity|air-space opacity] <where>{chg}",
         "[Fluffy|Mottled|Wedge-shaped|Nonspecific|{Sev}] [air-space opacity|opacity|air-space disease] <where> <vis>{chg}",
         "[Opacity|Opacification] <where>, [{sev} in extent|of {sev} extent|nonspecific]{chg}"],
        ["[Nonspecific|Mottled|Fluffy] opacity <where>{chg}"], "air-space opacity|mottled opacity|pulmonary opacification",
        ["[Fluffy|Mottled|Nonspecific] [opacity|opacities|air-space opacities] in [each lung|both the right and left lung|either lung]{chg}"]),
    "Edema": _words(
        ["<lo> [congestion of the pulmonary vessels with edema|<sev>edema of the lungs|<sev>hydrostatic pulmonary edema]{chg}",
         "[Edema of the lungs|Hydrostatic edema|Cardiogenic pulmonary edema], {sev} in degree, <vis>{chg}",
         "[Upper zone vessels are distended|Hilar vessels are hazy|Vessel margins are lost] as seen with [pulmonary edema|cardiogenic edema|hydrostatic edema]{chg}"],
        ["[Hydrostatic|Cardiogenic] [edema|pulmonary edema]{chg}"], "cardiogenic edema|edema of the lungs"),
    "Consolidation": _words(
        ["<lo> [consolidative change|solid consolidation|consolidation] <where>{chg}",
         "[Consolidative change|A consolidative process|Solid consolidation] <where> <vis>{chg}",
         "[Bronchograms run through|Air-filled bronchi cross] a consolidation <where>{chg}"],
        ["[Consolidative change|Consolidation] <where>{chg}"], "consolidative change|solid consolidation",
        ["[Consolidative change|Solid consolidation] in [each lung|both the right and left lung]{chg}"]),
    "Pneumonia": _words(
        ["[We interpret this as|Picture of|Overall picture is that of|These changes establish] [pneumonia|infective pneumonia|a pneumonic process, pneumonia,] <where>{chg}",
         "[Infective pneumonia|Pneumonia] <where> <vis>{chg}",
         "<lo> [infective|established|<sev>] pneumonia <where>{chg}"],
        ["[Infective pneumonia|Pneumonia] <where>{chg}"], "infective pneumonia|pneumonic infection"),
    "Atelectasis": _words(
        ["<lo> [atelectatic change|bandlike atelectasis|plate atelectasis|loss of volume from atelectasis] in the <low>{chg}",
         "[Atelectatic change|Bandlike atelectasis|Plate atelectasis] in the <low> <vis>{chg}",
         "[Shift of the fissure|Crowded bronchi|Raised hemidiaphragm] in keeping with atelectasis in the <low>{chg}"],
        ["[Bandlike|Plate] atelectasis, {side}{chg}", "Atelectatic change, {side} base{chg}"], "bandlike atelectasis|atelectatic change",
        ["[Atelectatic change|Bandlike atelectasis|Plate atelectasis] [on either side|in each lower lobe|right and left]{chg}"]),
    "Pneumothorax": _words(
        ["<lo> a [{sev}|{sev} {side}|{side}] pneumothorax [with a rim of {mm} millimetres|along the lateral chest wall|]{chg}",
         "[Air in the {side} pleural space|Absent lung markings laterally on the {side}] [establishes|means|shows] a [pneumothorax|{sev} pneumothorax]{chg}",
         "{Side} [sided |]pneumothorax, [{sev} in size|with a {mm} millimetre rim], <vis>{chg}"],
        ["{Side} sided pneumothorax{chg}", "Pneumothorax, {side}{chg}"], "air leak or pneumothorax|any pneumothorax"),
    "Pleural Effusion": _words(
        ["<lo> [an effusion|a pleural effusion] [of {sev} size|of {sev} volume|] on the {side}{chg}",
         "[Effusion of {sev} volume|An effusion|Pleural effusion, {sev}] on the {side} <vis>{chg}",
         "The {side} [sulcus|costophrenic sulcus] is [lost|filled in] from [an effusion|pleural effusion|a {sev} effusion]{chg}"],
        ["[Effusion|Pleural effusion], {side}{chg}"], "fluid in the pleural space|any effusion",
        ["[Effusion|Pleural effusion] [on either side|right and left|in both pleural cavities] [of {sev} volume|]{chg}"]),
    "Pleural Other": _words(
        ["<lo> [a pleural peel|pleural thickening|thickening of the pleura] [along|over] the {side} [lung|apex]{chg}",
         "[Pleural thickening|Thickened pleura|Pleural scar] [along|over] the {side} [lung|apex] <vis>{chg}"],
        ["[Thickened pleura|Pleural scar], {side}{chg}"], "thickened pleura|pleural scar"),
    "Fracture": _words(
        ["<lo> a [cortical break|fracture line|fracture] in the {side} {rib} rib{chg}",
         "[Broken|Fractured] {side} {rib} rib <vis>{chg}",
         "{Side} {rib} rib [fracture|shows a fracture line|has a fracture] [in the axillary line|near its angle|]{chg}"],
        ["[Fractured|Broken] {side} {rib} rib{chg}"], "fracture line|bony break or fracture"),
}  # fmt: skip

_DEVICES = {
    "pacemaker": _words(["[Pacing system|Pacemaker generator] [lies over|sits on] the {side} [hemithorax|pectoral region]{chg}", "Pacing leads [reach|run to] the [right heart|ventricular apex]{chg}"], ["[Pacing system|Pacemaker generator] noted"], "pacing system|pacing leads"),
    "defibrillator": _words(["[Defibrillator generator|Cardioverter defibrillator] [lies over|sits on] the {side} [hemithorax|pectoral region]{chg}"], ["Cardioverter defibrillator noted"], "cardioverter defibrillator|shock lead"),
    "valve": _words(["[Valve prosthesis|A replaced heart valve] [projects over the heart|lies in the aortic plane]"], ["Valve prosthesis noted"], "valve prosthesis|replaced valve"),
    "port": _words(["[Implanted port|A port reservoir] on the {side}, [catheter to the caval vein|catheter tip in the cava]{chg}"], ["Implanted port, {side}"], "implanted port|port reservoir"),
    "line": _words(["[Central catheter|A venous line|A peripherally inserted catheter] [from the {side}|entering from the {side}] [reaches the caval vein|lies with its tip in the cava]{chg}"], ["[Venous line|Central catheter], {side}"], "venous line|central catheter"),
    "tube": _words(["[Breathing tube|Tracheal tube] [sits|found] {cm} cm over the carina{chg}", "[Gastric tube|Nasoenteric tube] [reaches|descends into] the stomach{chg}"], ["[Breathing tube|Gastric tube] well placed"], "breathing tube|gastric tube"),
    "drain": _words(["[Thoracic drain|Intercostal drain|Intercostal tube] [on the {side}|entering the {side} chest] [stays in position|well placed]{chg}"], ["[Intercostal drain|Thoracic drain], {side}"], "intercostal drain|thoracic drain"),
}  # fmt: skip

_LUNG = frozenset({"Lung Opacity", "Consolidation", "Pneumonia", "Atelectasis", "Edema", "Lung Lesion"})
_PLEURA = frozenset({"Pleural Effusion", "Pneumothorax", "Pleural Other"})
_NORMAL = (
    (_phrases("[Aerated lung on either side is|Pulmonary parenchyma is|Lung parenchyma is] [transparent|without focal change|unremarkable throughout]"), _LUNG),
    (_phrases("[Transverse heart size|The heart outline|Heart outline] [lies within|does not exceed] [usual limits|the norm|the expected range]"), frozenset({"Cardiomegaly"})),
    (_phrases("[Mediastinal shadow|Mediastinal width|The mediastinal outline] [of usual width|is not broadened|lies within the norm]"), frozenset({"Enlarged Cardiomediastinum"})),
    (_phrases("[Pleural sulci|Both sulci|Either pleural sulcus] [deep and free|free of fluid|well defined]"), _PLEURA),
    (_phrases("[Skeleton|Thoracic skeleton|Thoracic cage] [shows no break|is whole|without bony injury|unremarkable for age]"), frozenset({"Fracture"})),
    (_phrases("[Hilar vessels|Vessel calibre|Perfusion pattern] [of usual calibre|not congested|without redistribution]"), frozenset({"Edema"})),
)  # fmt: skip

HELD_OUT = Wording(
    findings=_FINDINGS,
    devices=_DEVICES,
    denied=_phrases("<not> {list}", "{List} [cannot be made out|were not encountered|excluded on this film]", "[Pertinent negatives include|As a negative,] no {list}"),
    doubted=_phrases("[Perhaps|Conceivably|Query|?] {noun} [here|on the {side}|]", "{Noun} [remains in the differential|is conceivable|would be a consideration|is a consideration]", "[One might consider|Consider|We would consider] {noun}", "[Equivocal for|Indeterminate for|Suspicious for|Worrisome for] {noun}"),
    past=_phrases("{Noun} of the [earlier|preceding] film [is gone|has gone|no longer exists]", "[The former|Erstwhile] {noun} [subsided|has subsided|has disappeared]"),
    normal=_NORMAL,
    neutral=_phrases("[Airway|Windpipe] [central|runs centrally]", "[Aortic arch|Aortic knob] [sclerotic|elongated|with mural calcium]", "[Spondylosis|Osteophytes|Age-related change] of the [vertebral column|dorsal spine]", "[Stomach bubble|Gas below the diaphragm is confined to bowel, stomach] in its usual place", "[Shallow breath|Deep breath|Moderate breath] taken"),
    healthy=_phrases("[Thorax|Chest film|Plain film of the thorax] [without pathological finding|as expected for age|in order]", "[Nothing of note|No pathological finding|No pathology] [on this film|today|of the thorax]", "[Regular|Inconspicuous] [chest film|thoracic findings]"),
    unchanged=_phrases("[Beyond this|Apart from this] [nothing further|no news]", "[Please correlate|Control film advised|To be followed]"),
    indications=_phrases("[Complains of {sym}|{sym}, {n} days|Referred with {sym}]", "[Referred with {sym}|{sym}]; [is there|query] {noun}?", "[Looking for|Please exclude|Any sign of] {noun}", "[Control|Before anaesthesia|Day {n} after surgery|Check film]"),
    symptoms={"cough": "R05.9", "pain in the chest": "R07.9", "breathlessness": "R06.02", "high temperature": "R50.9", "low saturation": "R09.02", "fatigue": "R53.83", "fainting": "R55", "night sweats": "R61"},
    techniques=_phrases("[Erect film in two planes|Bedside film|Supine exposure|Thorax in two planes]"),
    severities={"": ("slight", "modest", "pronounced", "minor", "substantial", "considerable"), },
    changes={"first": ("", "", "", "", " (not known before)"), "same": ("", "", "; no change", "; constant", "; same as earlier"), "other": ("", "; regressing", "; progressing", "; less than earlier", "; more than earlier")},
)  # fmt: skip
