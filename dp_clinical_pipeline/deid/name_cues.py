"""What leads to a person's name and what follows it: verbs, roles, prepositions, signs."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re

_DONE = (
    r"signed|dictated|dict|read|over-?read|interpreted|reviewed|transcribed|typed|keyed|verified|approved|validated|released"
    r"|authori[sz]ed|finali[sz]ed|reported|performed|scanned|acquired|requested|ordered|seen|examined|evaluated|assessed|treated"
    r"|referred|prepared|entered|attested|authenticated|cosigned|co-signed|countersigned|supervised|notified|called|paged|phoned"
    r"|telephoned|rang|faxed|discussed|conferred|spoken|spoke|talked|told|informed|alerted|contacted|reached|relayed|conveyed"
    r"|communicated|message(?:\sleft)?|left|copied|cared\sfor|followed|managed|admitted|accompanied|operated|placed|inserted|given"
    r"|confirmed|witnessed|obtained|provided|recorded|edited|corrected|amended|addended|completed|created|sent|forwarded|mailed"
    r"|delivered|handed|final|prelim(?:inary)?|released|consulted|consult|results?|report|findings|phone\scall|call|telephone|history|submitted|logged|brought\sin"
)
_STAFF = (
    r"attending|referring|ordering|requesting|reading|interpreting|dictating|signing|supervising|performing|responsible|consulting"
    r"|admitting|treating|operating|resident|fellow|radiologist|technologist|tech|technician|sonographer|radiographer|physician|provider|doctor"
    r"|clinician|surgeon|consultant|registrar|pcp|gp|nurse|pathologist|cardiologist|oncologist|pulmonologist|neurologist|hospitalist|intensivist"
    r"|anesthesiologist|transcriptionist|typist|scribe|author|reader|reviewer|reporter|midwife|therapist|pharmacist|coordinator|secretary|intern"
    r"|practitioner|md|np|rn|pa|rt"
)
_CUE = re.compile(
    rf"""(?:
      \b(?:{_DONE})(?:\s(?:electronically|again|directly|personally|verbally|and\s\w{{4,12}}|over|out|back|through|off|up|by\sphone|in|via))?
        \s?:?\s?(?:by|with|to|from|under|for|of)\s?:?\s?(?:the\s)?(?:patient['’]s\s)?(?:{_STAFF})?\s?
    | \b(?:signed|validated|released|authori[sz]ed|paged|notified|informed|called|told|phoned|contacted|reached|alerted|telephoned|faxed|asked|advised)\s
    | \b(?:patient|pt|child|baby|infant|client|son|daughter|wife|husband|care|service|clinic|office|behalf|request|panel|practice|list
        |discretion|direction|name|signature|attn|attention|courtesy|supervision)\sof[ ](?:the\s)?
    | \b(?:for|per|via|c/o|d/w|w/|cc|bcc|attn|attention|dear|fao|sincerely|regards|faithfully|truly|thanks|named|aka|nee|née|hello|hi|re)[.,:]?\s{{1,3}}
    | \b(?:{_STAFF}|signed|signature|cc|by|patient|pt|client|name|names?d?|kin|contact|relative|informant|spouse|guardian|bearer|holder|subject|surname
        |approver|verifier|requester|requestor|sender|recipient|copy|copies|dictator|witness|custodian|parent|mother|father|wife|husband|son|daughter
        |brother|sister|transcriber|initials|editor|operator|person\s\w{{3,9}})(?:\(s\)|s|\s(?:of\srecord|name|on\scall|in\scharge))?\s?(?:[:=\#>|–—]|-(?=\s)|\.{{2,}})\s{{0,8}}
    | \b(?:{_STAFF}|(?:given|first|last|family|maiden|middle|legal|birth)\sname)\s{{1,2}}
    | (?:/s/|/es/|--|—|–|//|\bby:|\^)\s{{0,2}}
    | (?:['’]s|\bthe|\bhis|\bher|\btheir|\bmy|\ba)\s(?:\w{{3,9}}\s)?(?:wife|husband|spouse|partner|mother|father|mom|dad|parent|son|daughter|sister|brother|aunt
        |uncle|cousin|niece|nephew|girlfriend|boyfriend|friend|neighbou?r|guardian|caregiver|grand\w{{3,9}}|carer|sibling|twin)s?,?\s\(?
    | \b(?:wife|husband|mother|father|son|daughter|sister|brother|grand(?:son|daughter|mother|father)|niece|nephew),?\s\(?
    )$""",
    re.X | re.I,
)
WEAK_CUE = re.compile(r"\b(?:for|of|to|from|with|under|per|via|the|by)\s+$", re.I)
_LAST_WORD = re.compile(r"(?:([A-Za-zé'’/]+)[.,:]?|[^\w\s])[\s(\"]{0,10}$")
_LEADERS = frozenset(
    re.findall(r"[a-z/'’]{1,20}", _DONE + "|" + _STAFF)
    + """name /s/ /es/ by with to from under for of the via per over again electronically directly personally verbally out back through off up phone in w/ d/w c/o cc bcc
    attn attention dear fao sincerely regards faithfully truly thanks named aka nee née hello hi re patient patient's patient’s pt a his her their my
    wife husband spouse partner mother father mom dad parent son daughter sister brother aunt uncle cousin niece nephew girlfriend boyfriend friend neighbor
    neighbour guardian caregiver grandson granddaughter grandmother grandfather grandma grandpa carer sibling twin s""".split()
)
STRONG_END = re.compile(
    r"['’]?s?\s*(?:$|[\n.,;:)/|(\]<-]|\d|(?=[A-Z][a-z]+[ ][a-z])|(?:on|at|in|by|via|for|from|and|with|regarding|about|today|who|said|was|is|of|as|to|MD|M\.D|RN|DO|NP|PA)\b)"
)
_STATES = (
    r"says|said|stated?s?|den(?:ies|ied)|reports?|reported|complain(?:s|ed)|endors(?:es|ed)|wants?|wanted|agrees?|agreed|concur(?:s|red)?|disagrees?|refus(?:es|ed|ing)|remember(?:s|ed)"
    r"|recall(?:s|ed)|asks?|asked|requests|requested|prefer(?:s|red)|thinks|thought|feels|felt|understands|understood|declin(?:es|ed)|confirm(?:s|ed)|consented|consents|admits|insist(?:s|ed)|believes"
    r"|worr(?:ies|ied)|hopes|hoped|knows|knew|told|tells|explain(?:s|ed)|describ(?:es|ed)|mention(?:s|ed)|not(?:es|ed)(?=\s(?:that|her|his|she|he|a|some|pain))|claims|verif(?:ies|ied)|acknowledg(?:es|ed)"
    r"|lives|lived|resides|works|worked|smok(?:es|ed)|drinks|drank|quit|retired|walks|walked|sleeps|slept|drives|drove|travel(?:s|ed|led)|immigrated|emigrated|moved|grew\sup|was\sborn|weighs|cooks|enjoys"
    r"|arriv(?:es|ed)|present(?:s|ed)|return(?:s|ed)|comes|came|went|goes|slipped|tripped|fell|fainted|collapsed|vomited|coughed|choked|swallowed|tolerated|tolerates|underwent|suffers"
    r"|takes|took|eats|ate|uses\sa|brought|gave|gives|helped|helps|did|does|sat|stood|signed|ordered|paged|called|phoned|wrote|read\sback|drew|sees|saw|evaluat(?:es|ed)|examined|recommend(?:s|ed)|suggest(?:s|ed)|advis(?:es|ed)"
    r"|(?:was|is|has\sbeen|had\sbeen|were)\s(?:seen|told|brought|admitted|discharged|transferred|referred|notified|informed|paged|called|contacted|updated|made\saware|aware|present|here|at\sbedside|unable|able|refusing|asking|complaining"
    r"|doing|feeling|scheduled|followed|hospitali[sz]ed|taking|living|working|working|covering|on\scall|accompanied|born|married|widowed|divorced|a\s(?:very\s)?(?:\w+\s)?(?:\d|gentleman|lady|woman|man|patient|boy|girl|infant|child|smoker|nonsmoker|retired|former|pleasant))"
    r"|(?:will|would|can|cannot|could|should|may|to)\s(?:see|follow|call|return|come|bring|review|consult|evaluate|assess|admit|discharge|sign|read|cover|round|need|have|be\sseen|be\snotified|bedside|schedule|coordinate|arrange|contact|discuss|drive|pick)"
    r"|has\s(?:had|been|a|an)|(?:does|did|do|has|had)\s(?:not|no|never)\s|doesn['’]t|didn['’]t|isn['’]t|wasn['’]t|won['’]t|can['’]t|couldn['’]t"
    r"|who(?:\sis|\swas|\shas|\swill|,)?|whose|and\s(?:his|her|their)\b|aware|notified|informed|present\b|at\s(?:the\s)?bedside|at\sext|via\s(?:phone|secure)|by\s(?:phone|telephone|pager)"
)
_FOLLOWED = re.compile(
    rf"(?:\s(?:\([^()\n]{{2,24}}\)\s)?|,\s(?:[A-Z]{{2,4}},?\s)?)(?:(?:also|now|still|again|then|later|just|today|currently|reportedly|clearly|specifically)\s)?(?:{_STATES})(?![\w])",
    re.I,
)
_OWNS = re.compile(
    r"['’]s?\s(?:\w+\s)?(?:wife|husband|spouse|mother|father|mom|dad|son|daughter|sister|brother|family|parents?|note|office|clinic|service|team|patient|practice|order|orders|request|recommendation|recommendations|plan"
    r"|concerns?|pager|phone|cell|voice\s?mail|nurse|assistant|secretary|care|records?|chart|films?|images|read|opinion|report|panel|schedule|appointment|room|home|house|apartment|birthday|death|condition|symptoms|cough|bed|block)\b"
)
_GROUPED = re.compile(
    r"\s(?:family|twins?|household|residence|baby|infant|child|kids|children|team|service|group|sisters|brothers|boy|girl|estate)\b"
)


def leads(text: str, start: int) -> bool:
    """Say whether what stands before `start` leads to a person's name."""
    before = text[max(0, start - 70) : start]
    tail = _LAST_WORD.search(before)
    return tail is not None and (tail[1] is None or tail[1].lower() in _LEADERS) and _CUE.search(before) is not None


def follows(text: str, end: int) -> bool:
    """Say whether what stands after `end` is what people do, say, own or are."""
    return bool(_FOLLOWED.match(text, end) or _OWNS.match(text, end))


def is_household(text: str, start: int, end: int) -> bool:
    """Say whether a word is a family's name: `the King family`, `Team Hart`."""
    before = text[max(0, start - 8) : start]
    return (bool(re.search(r"\b[Tt]he $", before)) and _GROUPED.match(text, end) is not None) or bool(
        re.search(r"\b(?:[Tt]eam|[Ll]ittle|[Bb]aby) $", before) and not before.endswith("the Team ")
    )
