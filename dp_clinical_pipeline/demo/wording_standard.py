"""The usual wording of the made-up hospital's chest reports."""
# ruff: noqa: E501 -- a pattern is read, and searched for, as one line

from dp_clinical_pipeline.demo.grammar import FindingWords, Phrases, Wording

_SHARED = {
    "see": "There is|There remains|Again seen is|Note is made of|Seen again is|Images demonstrate|Views show|The study shows|"
    "Redemonstrated is|Interval films show",
    "seen": "is seen|is present|is noted|is identified|is again noted|is visible|persists",
    "sev": "{sev} |",
    "base": "{side} base|{side} lung base|{side} lower lobe|{side} costophrenic angle",
    "zone": "{side} {lobe} lobe|{side} {lobe} zone|{side} {lobe} lung",
    "no": "No|No evidence of|There is no|No visible|Negative for|No radiographic evidence of|There is no evidence of|No definite",
    "heart": "heart|cardiac silhouette|cardiac shadow|cardiac contour",
    "big": "enlarged|{adv} enlarged|prominent and enlarged|enlarged for technique",
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
        [
            "<see> [a widened|widening of the|an enlarged] [mediastinum|cardiomediastinum|cardiomediastinal silhouette|superior mediastinum]{chg}",
            "The [mediastinum|cardiomediastinal silhouette|mediastinal contour|upper mediastinum] is [widened|wide|enlarged|abnormally wide|{adv} widened]{chg}",
            "[Mediastinal|Cardiomediastinal] [widening|enlargement] <seen>{chg}",
            "[Cardiomediastinal contours are|Mediastinal contours are] [widened|enlarged|{adv} widened] [when compared with a normal film|on this view|overall|]{chg}",
        ],
        ["[Widened|Enlarged] [mediastinum|cardiomediastinum|cardiomediastinal silhouette]{chg}", "[Mediastinal|Cardiomediastinal] widening{chg}"],
        "mediastinal widening|widening of the mediastinum|cardiomediastinal enlargement",
    ),
    "Cardiomegaly": _words(
        [
            "<see> [<sev>cardiomegaly|<sev>cardiac enlargement|<sev>enlargement of the <heart>]{chg}",
            "The <heart> is <big>{chg}",
            "[Heart size|The size of the heart|Heart size overall|Cardiac size] is [enlarged|{adv} enlarged|increased|{adv} increased|above the normal limit]{chg}",
            "{Sev} cardiomegaly <seen>{chg}",
            "[Cardiothoracic ratio|The cardiothoracic ratio] [exceeds one half|is increased], with [an enlarged heart|cardiomegaly|{sev} cardiomegaly]{chg}",
        ],
        ["<sev>cardiomegaly{chg}", "[Enlarged|{Adv} enlarged] <heart>{chg}", "Cardiac enlargement{chg}"],
        "cardiomegaly|cardiac enlargement|enlargement of the heart",
    ),
    "Lung Lesion": _words(
        [
            "<see> a {mm} mm [nodule|pulmonary nodule|nodular density|lung nodule|rounded nodule] in the <zone>{chg}",
            "A [{mm} mm|{sev}|spiculated|well circumscribed|rounded] [nodule|pulmonary nodule|nodular density|mass|lung mass] <seen> in the <zone>{chg}",
            "The <zone> [contains|harbors|shows] a [{mm} mm|{sev}|lobulated] [nodule|pulmonary nodule|mass|mass lesion]{chg}",
            "[Known|Previously described|Biopsied] [nodule|mass|pulmonary nodule|lung mass] in the <zone> [measures {mm} mm|is again seen|now measures about {mm} mm]{chg}",
        ],
        ["{Side} {lobe} lobe [nodule|mass|pulmonary nodule]{chg}", "{mm} mm [nodule|pulmonary nodule] in the {side} {lobe} lobe{chg}", "[Pulmonary nodule|Lung mass|Lung nodule] on the {side}{chg}"],
        "pulmonary nodule|lung mass|mass or nodule|suspicious nodule|nodule",
    ),
    "Lung Opacity": _words(
        [
            "<see> [<sev>|patchy |hazy |ill-defined |streaky |linear |][opacity|airspace opacity|opacification] in the <zone>{chg}",
            "[Patchy|Hazy|Ill-defined|Streaky|Vague|{Sev}] [opacity|airspace opacity|increased density|infiltrate] <seen> in the <zone>{chg}",
            "The <zone> [shows|demonstrates|has] [patchy|hazy|ill-defined|increased|<sev>] [opacity|opacification|airspace opacity]{chg}",
            "[Opacity|Opacification|Airspace opacity] [projects over|overlies|involves|is centered in] the <zone>{chg}",
        ],
        ["[{Sev}|Patchy|Hazy] {side} {lobe} lobe [opacity|airspace opacity|infiltrate]{chg}", "[Opacity|Airspace opacity] in the {side} {lobe} lung{chg}"],
        "airspace opacity|focal opacity|focal airspace disease|infiltrate|focal infiltrate",
        [
            "<see> [bilateral|bibasilar|diffuse|multifocal] [<sev>|patchy |hazy |reticular |interstitial ][opacities|airspace opacities|opacification]{chg}",
            "[Bilateral|Bibasilar|Diffuse bilateral|Multifocal] [opacities|patchy opacities|hazy opacities|infiltrates|airspace opacities] [are seen|are present|are noted|persist|are again noted]{chg}",
            "Both lungs [show|demonstrate|have] [patchy|hazy|multifocal|scattered|{sev}] [opacities|airspace opacities|infiltrates]{chg}",
        ],
    ),
    "Edema": _words(
        [
            "<see> <sev>[pulmonary edema|interstitial edema|interstitial pulmonary edema|alveolar edema]{chg}",
            "{Sev} [pulmonary edema|interstitial edema|vascular congestion|pulmonary vascular congestion] <seen>{chg}",
            "[Pulmonary vasculature is|The pulmonary vessels are] [engorged|indistinct|cephalized and indistinct], [consistent with|in keeping with|compatible with|indicating] <sev>[edema|pulmonary edema|interstitial edema]{chg}",
            "[Perihilar haze|Septal lines|Kerley B lines|Peribronchial cuffing] [and|with] [vascular congestion|indistinct vessels] [indicate|represent|reflect|are due to] <sev>[edema|pulmonary edema|fluid overload with edema]{chg}",
        ],
        ["{Sev} [pulmonary edema|interstitial edema|vascular congestion]{chg}", "[Pulmonary edema|Interstitial edema|Findings of pulmonary edema]{chg}", "[CHF with|Congestive failure with|Fluid overload with] <sev>[edema|pulmonary edema]{chg}"],
        "pulmonary edema|edema|vascular congestion|interstitial edema",
    ),
    "Consolidation": _words(
        [
            "<see> <sev>[consolidation|airspace consolidation|lobar consolidation|dense consolidation] in the <zone>{chg}",
            "[Dense|Focal|{Sev}|Confluent|Lobar] [consolidation|airspace consolidation] <seen> in the <zone>{chg}",
            "The <zone> is [consolidated|partly consolidated|densely consolidated], [with air bronchograms|with visible air bronchograms|without volume loss]{chg}",
            "[Consolidation|Airspace consolidation] with air bronchograms [occupies|involves|fills] the <zone>{chg}",
        ],
        ["{Side} {lobe} lobe [consolidation|airspace consolidation]{chg}", "[Consolidation|Dense consolidation] in the {side} {lobe} lobe{chg}"],
        "consolidation|focal consolidation|airspace consolidation|lobar consolidation",
        [
            "<see> [bilateral|bibasilar|multifocal] <sev>consolidation{chg}",
            "[Bilateral|Bibasilar|Multifocal] [consolidation|airspace consolidation] [is seen|is present|is noted|persists] [with air bronchograms|]{chg}",
        ],
    ),
    "Pneumonia": _words(
        [
            "[Findings are|The appearance is|This is|Appearance is] [consistent with|typical of|diagnostic of|characteristic of] [{side} {lobe} lobe pneumonia|pneumonia in the <zone>]{chg}",
            "<see> [{side} {lobe} lobe pneumonia|a pneumonia in the <zone>|<sev>pneumonia in the <zone>]{chg}",
            "[Pneumonia|{Sev} pneumonia|Lobar pneumonia|Bronchopneumonia] <seen> in the <zone>{chg}",
            "The <zone> [is the site of|is involved by|is affected by] [pneumonia|an acute pneumonia|infectious pneumonia|bronchopneumonia]{chg}",
        ],
        ["{Side} {lobe} lobe pneumonia{chg}", "[Pneumonia|Bronchopneumonia], {side} {lobe} lobe{chg}", "[Acute|Community acquired|{Sev}] pneumonia on the {side}{chg}"],
        "pneumonia|acute pneumonia|lobar pneumonia|infectious process|bronchopneumonia",
        [
            "[Findings are|The appearance is] [consistent with|typical of|diagnostic of] [multifocal|bilateral|bibasilar] pneumonia{chg}",
            "<see> [bilateral|multifocal|bibasilar] [pneumonia|bronchopneumonia]{chg}",
        ],
    ),
    "Atelectasis": _words(
        [
            "<see> <sev>[atelectasis|linear atelectasis|subsegmental atelectasis|platelike atelectasis|compressive atelectasis] at the <base>{chg}",
            "[{Sev}|Linear|Subsegmental|Discoid|Platelike|Dependent] atelectasis <seen> at the <base>{chg}",
            "[Volume loss|Elevation of the hemidiaphragm|Crowding of vessels] at the <base> [reflects|represents|is due to|indicates] <sev>atelectasis{chg}",
            "The {side} {lobe} lobe is [partly collapsed|partially collapsed|atelectatic|{adv} atelectatic]{chg}",
        ],
        ["{Side} [basilar|basal|lower lobe] atelectasis{chg}", "{Sev} {side} [basilar|basal|lung] atelectasis{chg}", "[Partial collapse|Subsegmental atelectasis] of the {side} {lobe} lobe{chg}"],
        "atelectasis|volume loss or atelectasis|lobar collapse|subsegmental atelectasis",
        [
            "<see> <sev>[bibasilar|bilateral|bibasal] [atelectasis|linear atelectasis|dependent atelectasis]{chg}",
            "[Bibasilar|Bilateral|Bibasal] [linear|dependent|subsegmental|<sev>] atelectasis <seen>{chg}",
            "Both [lung bases|bases|lower lobes] [show|demonstrate|have] [linear|dependent|{sev}|discoid] atelectasis{chg}",
        ],
    ),
    "Pneumothorax": _words(
        [
            "<see> a <sev>{side} [pneumothorax|apical pneumothorax|basilar pneumothorax]{chg}",
            "A [{sev}|apical|{mm} mm] {side} pneumothorax <seen>{chg}",
            "[A visceral pleural line|The pleural line|A thin pleural edge] [on the {side}|at the {side} apex] [indicates|marks|outlines|confirms] a <sev>pneumothorax{chg}",
            "{Side} pneumothorax [measures {mm} mm at the apex|is {sev}|measures approximately {mm} mm|has a depth of {mm} mm]{chg}",
        ],
        ["{Sev} {side} [pneumothorax|apical pneumothorax]{chg}", "{Side} [pneumothorax|apical pneumothorax]{chg}", "Pneumothorax on the {side}{chg}"],
        "pneumothorax|apical pneumothorax|pleural air or pneumothorax|pneumothoraces",
    ),
    "Pleural Effusion": _words(
        [
            "<see> a <sev>{side} [pleural effusion|effusion|layering pleural effusion]{chg}",
            "A [{sev}|layering|loculated|subpulmonic|free flowing] {side} [pleural effusion|effusion] <seen>{chg}",
            "[Blunting|Obliteration|Meniscus formation] [of|at] the {side} costophrenic angle [reflects|represents|is due to|indicates] a <sev>[effusion|pleural effusion]{chg}",
            "[Fluid|Pleural fluid] [layers|collects|tracks|is present] [along the {side} chest wall|in the {side} pleural space|at the {side} base]{chg}",
        ],
        ["{Sev} {side} [pleural effusion|effusion]{chg}", "{Side} [pleural effusion|effusion]{chg}", "[Pleural effusion|Pleural fluid] on the {side}{chg}"],
        "pleural effusion|effusion|pleural fluid|layering effusion|layering pleural fluid",
        [
            "<see> <sev>[bilateral|bibasilar] [pleural effusions|effusions|layering effusions]{chg}",
            "[Bilateral|{Sev} bilateral|Layering bilateral] [pleural effusions|effusions] [are seen|are present|are noted|persist|are again noted]{chg}",
            "Both costophrenic angles are [blunted|obscured|filled] by [effusions|pleural effusions|pleural fluid]{chg}",
            "[Fluid|Pleural fluid] [layers|is present|collects] [at both bases|in both pleural spaces|on both sides]{chg}",
        ],
    ),
    "Pleural Other": _words(
        [
            "<see> <sev>[pleural thickening|apical pleural thickening|pleural scarring] on the {side}{chg}",
            "[{Sev}|Apical|Calcified|Smooth] pleural thickening <seen> [on the {side}|at the {side} apex|along the {side} chest wall]{chg}",
            "The {side} [pleura|lateral pleura|apical pleura] is [thickened|scarred|thickened and partly calcified|{adv} thickened]{chg}",
            "[Pleural scarring|Fibrothorax|Chronic pleural thickening] <seen> on the {side}{chg}",
        ],
        ["{Side} [pleural thickening|pleural scarring|apical pleural thickening]{chg}", "[Pleural thickening|Pleural scarring] on the {side}{chg}"],
        "pleural thickening|pleural scarring|apical pleural thickening",
    ),
    "Fracture": _words(
        [
            "<see> [an acute|a healing|a displaced|a nondisplaced|a minimally displaced] fracture of the {side} [{rib} rib|clavicle|lateral {rib} rib|posterior {rib} rib]{chg}",
            "[Acute|Healing|Displaced|Nondisplaced|Old healed|Subacute] fracture of the {side} [{rib} rib|lateral {rib} rib|posterior {rib} rib|clavicle] <seen>{chg}",
            "The {side} [{rib} rib|posterior {rib} rib|lateral {rib} rib] is fractured [without displacement|with minimal displacement|laterally|]{chg}",
            "[Rib fractures|Multiple rib fractures|Several rib fractures] on the {side} [are seen|are present|persist|are again noted] [with callus|without displacement|]{chg}",
        ],
        ["{Side} [rib fracture|rib fractures]{chg}", "[Acute|Healing|Displaced] {side} {rib} rib fracture{chg}", "Fracture of the {side} {rib} rib{chg}"],
        "fracture|rib fracture|acute fracture|displaced rib fracture|acute osseous fracture",
    ),
}  # fmt: skip

_DEVICES = {
    "pacemaker": _words(
        [
            "[A|An indwelling|Dual chamber|Single chamber] [pacemaker|cardiac pacemaker] [is seen over the {side} chest|projects over the {side} chest wall|with leads in place is noted]{chg}",
            "[Pacer leads|Pacemaker leads|The pacemaker leads] [end|terminate|are seen] in the [right atrium and right ventricle|right ventricle|expected position]{chg}",
            "<see> a {side} chest wall [pacemaker|pacer|pacing device] with [intact leads|leads in place|two leads]{chg}",
        ],
        ["[Pacemaker|Pacer leads] in place{chg}", "{Side} chest pacemaker{chg}"],
        "pacemaker|pacing device",
    ),
    "defibrillator": _words(
        [
            "[An ICD|A defibrillator|An implanted defibrillator|A biventricular ICD] [projects over the {side} chest|is in place|is seen with intact leads]{chg}",
            "<see> a {side} [sided|chest wall|pectoral] [defibrillator|ICD] with [leads in place|an intact shock coil|leads unchanged]{chg}",
            "[Defibrillator leads|ICD leads] [end in|terminate in|overlie] the [right ventricle|expected position|right heart]{chg}",
        ],
        ["[ICD|Defibrillator] in place{chg}", "{Side} [ICD|defibrillator]{chg}"],
        "defibrillator|ICD",
    ),
    "valve": _words(
        [
            "[A prosthetic|A mechanical|A bioprosthetic] [aortic|mitral] valve [is in place|is seen|is noted|is unchanged in position]",
            "[Status post|The patient is status post|Patient has had] [aortic|mitral] valve replacement, [with the prosthetic valve in view|prosthetic valve visible]",
        ],
        ["Prosthetic [aortic|mitral|heart] valve", "[Aortic|Mitral] valve prosthesis in place"],
        "prosthetic valve",
    ),
    "port": _words(
        [
            "[A|The|An accessed] {side} [chest port|port catheter|Port-A-Cath|infusion port] [ends in|terminates in|has its tip in] the [lower SVC|superior vena cava|cavoatrial junction|mid SVC]{chg}",
            "{Side} [chest port|port catheter|infusion port|mediport] [is in place|is again seen|projects in expected position|is unchanged]",
        ],
        ["{Side} [chest port|port catheter|mediport] in place", "[Port|Port-A-Cath] tip in the SVC"],
        "port|port catheter",
    ),
    "line": _words(
        [
            "[A|The] {side} [PICC|PICC line|central venous catheter|internal jugular line|subclavian line] [ends in|terminates in|has its tip in|projects over] the [lower SVC|superior vena cava|cavoatrial junction|right atrium|mid SVC]{chg}",
            "[Tip of the|The tip of a] {side} [PICC|central line|jugular catheter|central venous catheter] [lies|is seen|projects] [in the SVC|at the cavoatrial junction|over the lower SVC]{chg}",
        ],
        ["{Side} [PICC|central line|central venous catheter] in [place|the SVC|good position]{chg}", "[PICC|Central line] [unchanged|in place]"],
        "central line|PICC|central venous catheter",
    ),
    "tube": _words(
        [
            "[The|An] [endotracheal tube|ET tube|ETT] [ends|terminates|lies|is] {cm} cm above the carina{chg}",
            "[Endotracheal tube|ETT] tip [is|lies|projects] {cm} cm [above|from] the carina{chg}",
            "[The|A|An] [nasogastric tube|enteric tube|orogastric tube|feeding tube] [courses below the diaphragm|ends in the stomach|terminates in the gastric body|passes into the stomach]{chg}",
            "[Endotracheal and enteric tubes|ET tube and nasogastric tube] are in [place|satisfactory position|standard position]{chg}",
        ],
        ["[Endotracheal tube|ETT|Enteric tube|Tubes] in [place|good position|standard position]{chg}", "[Lines and tubes|Support tubes] as [above|described]"],
        "endotracheal tube|enteric tube",
    ),
    "drain": _words(
        [
            "[A|The] {side} [chest tube|pigtail catheter|pleural drain|thoracostomy tube] [is in place|remains in place|is seen|is directed to the apex|projects over the base]{chg}",
            "<see> a {side} [chest tube|pigtail drain|pleural catheter|thoracostomy tube]{chg}",
        ],
        ["{Side} [chest tube|pigtail catheter|pleural drain] in place{chg}", "[Chest tube|Pleural drain] on the {side}{chg}"],
        "chest tube|pleural drain",
    ),
}  # fmt: skip

_LUNG = frozenset({"Lung Opacity", "Consolidation", "Pneumonia", "Atelectasis", "Edema", "Lung Lesion"})
_PLEURA = frozenset({"Pleural Effusion", "Pneumothorax", "Pleural Other"})
_NORMAL = (
    (_phrases("[The lungs|Lungs|Both lungs|Lung fields|The lung fields] [are clear|are clear bilaterally|are clear and well expanded|are well aerated and clear|remain clear|appear clear]"), _LUNG),
    (_phrases("[Lungs|The lungs] are [normally inflated|well expanded|symmetrically inflated] [without|with no] [focal abnormality|focal airspace disease|focal process]"), _LUNG),
    (_phrases("[The <heart>|Heart|Heart size|The heart size|Cardiac size] is [normal|within normal limits|not enlarged|unremarkable|top normal]"), frozenset({"Cardiomegaly"})),
    (_phrases("[Cardiomediastinal silhouette|The cardiomediastinal silhouette|Cardiomediastinal contour|The cardiomediastinal contour] [is|remains|appears] [normal|unremarkable|within normal limits]"), frozenset({"Cardiomegaly", "Enlarged Cardiomediastinum"})),
    (_phrases("[Mediastinal and hilar contours|Mediastinum and hila|The mediastinum and hila|Mediastinal contours] are [normal|unremarkable|within normal limits|stable and normal]"), frozenset({"Enlarged Cardiomediastinum"})),
    (_phrases("[The pleural spaces|Pleural spaces|Both pleural spaces|Costophrenic angles|The costophrenic angles] are [clear|sharp|clear bilaterally|unremarkable]"), _PLEURA),
    (_phrases("[Osseous structures|The bones|Bony structures|The osseous structures|Visualized bones|The ribs and spine] [are|remain] [intact|unremarkable|normal for age|without acute abnormality]"), frozenset({"Fracture"})),
    (_phrases("[Pulmonary vasculature|The pulmonary vasculature|Vascularity|Pulmonary vascularity] is [normal|within normal limits|unremarkable|not engorged]"), frozenset({"Edema"})),
)  # fmt: skip

STANDARD = Wording(
    findings=_FINDINGS,
    devices=_DEVICES,
    denied=_phrases(
        "<no> {list}",
        "{List} [is not seen|is not identified|is not present|is absent]",
        "[The study is negative|Exam is negative] for {list}",
        "[Specifically, no|In particular, no|Also no|Currently no] {list} [is seen|is identified|is evident|]",
    ),
    doubted=_phrases(
        "[This|The appearance|This finding] [may represent|could represent|may reflect|could be due to|possibly represents] {noun}",
        "[Cannot exclude|Difficult to exclude|Cannot rule out] [superimposed|underlying|early|] {noun}",
        "[Possible|Questionable|Suspected] [early|small|developing|] {noun} [on the {side}|at the {side} base|]",
        "{Noun} [cannot be excluded|is not excluded|is possible|is difficult to exclude|remains possible]",
        "[Findings|Changes] [may be|might be|could be] [related to|due to] {noun}",
    ),
    past=_phrases(
        "[Previously seen|Previously noted|Prior|The earlier] {noun} has [resolved|cleared|completely resolved]",
        "[Interval resolution|Complete interval resolution|Resolution] of [the previously seen|previous|the earlier] {noun}",
        "[The previously described|Formerly seen] {noun} is no longer [seen|present|visible|evident]",
    ),
    normal=_NORMAL,
    neutral=_phrases(
        "[The trachea|Trachea|The airway] is [midline|in the midline|patent and midline]",
        "[The aorta|Thoracic aorta|The thoracic aorta] is [tortuous|calcified|mildly tortuous|tortuous and calcified|unfolded]",
        "[Degenerative changes|Mild degenerative changes|Spondylotic changes] [are seen in|are noted in|of] the [thoracic spine|spine|mid thoracic spine]",
        "[Visualized|The visualized|Imaged] [upper abdomen|part of the upper abdomen] [is|appears] [unremarkable|normal|within normal limits]",
        "[Lung volumes are|Inspiratory effort is|Lung volumes remain] [low|somewhat low|normal|good|adequate]",
        "[The patient is rotated|Patient is slightly rotated|Portable technique limits the study|Exam limited by rotation]",
        "[Cholecystectomy clips are seen|Surgical clips project over the right upper quadrant|Scoliosis of the spine is noted]",
    ),
    healthy=_phrases(
        "No [acute|active] [cardiopulmonary|intrathoracic|cardiothoracic|pulmonary] [process|disease|abnormality|pathology|findings|process identified]",
        "[Normal|Unremarkable|Negative] [chest|chest radiograph|chest x-ray|study|examination|two-view chest|exam of the chest]",
        "[No radiographic evidence of|No evidence of|No sign of] acute [cardiopulmonary|intrathoracic|chest] [disease|process|abnormality]",
        "[Chest within normal limits|Stable chest without acute disease|No acute disease|No acute abnormality in the chest|Nothing acute]",
    ),
    unchanged=_phrases("[No other|No further|Otherwise no] [acute change|interval change|new abnormality|acute abnormality]", "[Otherwise|Remainder of the study is] [unchanged|stable|as described above]", "[Clinical correlation recommended|Recommend follow-up|Follow-up radiograph suggested|Attention on follow-up]"),
    indications=_phrases(
        "[{sym}|{sym} for {n} days|{sym} and {sym2}|worsening {sym}|new {sym}|persistent {sym}]",
        "[{sym}|{sym} and {sym2}], [evaluate for|rule out|assess for|question|r/o|concern for] {noun}",
        "[Evaluate for|Rule out|Assess for|Question of] {noun}",
        "[History of|Past] {noun}, [now with {sym}|presenting with {sym}|{sym}]",
        "[Follow-up|Interval follow-up|Routine follow-up|Preoperative evaluation|Postoperative day {n}|Shift|Routine admission film]",
    ),
    symptoms={"cough": "R05.9", "chest pain": "R07.9", "shortness of breath": "R06.02", "dyspnea": "R06.00", "fever": "R50.9", "weakness": "R53.1",
              "hypoxia": "R09.02", "wheezing": "R06.2", "syncope": "R55", "hemoptysis": "R04.2", "palpitations": "R00.2", "weight loss": "R63.4"},
    techniques=_phrases("[PA and lateral views of the chest|Portable AP chest|Single frontal view of the chest|AP upright and lateral chest|Frontal and lateral radiographs|Semi-upright portable view]"),
    severities={"": ("small", "mild", "moderate", "large", "minimal", "trace", "marked", "subtle", "slight", "severe"),
                "Cardiomegaly": ("mild", "moderate", "marked", "severe", "borderline to mild", "stable mild", "persistent"),
                "Edema": ("mild", "moderate", "severe", "minimal", "worsening", "asymmetric", "moderately severe"),
                "Pneumothorax": ("small", "tiny", "moderate", "large", "trace", "moderately sized"),
                "Pleural Effusion": ("small", "moderate", "large", "tiny", "trace", "small to moderate", "moderately large")},
    changes={"first": ("", "", "", "", "", ", new", ", not seen before"),
             "same": ("", "", ", unchanged", ", stable", ", similar to prior", ", not significantly changed", ", as before", ", without interval change"),
             "other": ("", ", slightly improved", ", increased from prior", ", mildly worse", ", decreased", ", improving", ", more conspicuous than before")},
)  # fmt: skip
