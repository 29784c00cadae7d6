"""A second set of identifier templates, sharing none with the usual one: for measuring rules on what they never met."""
# ruff: noqa: E501 -- a template is read, and searched for, as one line

from dp_clinical_pipeline.demo.templates import Lines, Templates

HELD_OUT = Templates(
    headers=Lines((
        "*** {exam_title} ***\nClient {patient_last_first} / chart {mrn} / birth date {dob}\nDone {exam_date}, film no. {accession}\n\n",
        "[Subject|Person examined]: {patient_first_last}; [unit no.|hospital number|chart no.] {mrn}; [b.|birthdate|D.O.B.] {dob}; [seen|examined] {exam_date}\n{exam_title}\n\n",
        "{exam_date} // {facility} // {exam_title} // {patient_last_first} // {mrn}\n\n",
        "[Dear|Attention] Dr. {referrer},\nThank you for sending {patient_title} {patient_first_last} ({dob}) for {exam} on {exam_date}.\n\n",
        "[Imaging summary|Roentgen report], {facility}, {city} {state}\nBearer: {patient_first_last}\nHospital no: {mrn}\nOn: {exam_date}\n\n",
        "PT={patient_last_first} UNIT={mrn} BD={dob} DT={exam_date} ACCN={accession}\n{exam_title}\n\n",
        "{exam_title}\n{age_slash}{sex}, patient of {referrer}, imaged {exam_date}\n\n",
    )),
    long_headers=Lines((
        "{patient_first_last}\n{street}\n{city} {state} {zip}\nmobile {phone}, work {other_phone}, telefax {fax}\nsocial {ssn} / policy {plan} / chart {mrn} / ledger {account}\n{exam_title}, {exam_date}\n\n",
        "Sent by {facility}, {facility_street}, {city} {state} {zip}, switchboard {facility_phone}\nconcerning {patient_first_last}, resident at {street} in {city}, next of kin {relative} ({relation}, {other_phone})\nfilm {accession} of {exam_date}, hospital no. {mrn}\n\n",
    )),
    subjects=Lines((
        "[This|A] {age} year-old {sex_word}.", "Aged {age}, {sex_word};", "{patient_title} {patient_surname}, {age} years [of age|old],", "{sex_word_cap} of {age} yrs:",
    )),
    comparisons=Lines(("[Earlier film|Last film here|Our film] {prior_date}", "[vs.|against] {prior_date}", "Same view on {prior_partial}", "[Film brought from|CD of] {other_facility} ({prior_date})")),
    first_comparisons=Lines(("Nil", "First film here", "Nothing on record", "[Film brought from|CD of] {other_facility} could not be opened")),
    notices=Lines((
        "[Spoke to|Spoke with|Reached] Dr. {referrer} [on the line|over the telephone], {phone_clinic}, {exam_date}, {time}.",
        "Message left with {nurse} [on the ward|at the desk] {time}; call back {phone_clinic}.",
        "{relative}, the {relation}, rang [up |]on {other_phone} [to ask about the film|with further history].",
        "[Kin informed|Family informed]: {relative} ({relation}).",
        "Copy to {facility}, telefax {fax}; copy to {clinician_email}.",
        "[Back|Return visit] on {future_date}, {facility}.",
        "Came over from {other_facility} {recent_date}, home town {city}.",
        "Under the care of {referrer} since {recent_partial}.",
    )),
    extras=Lines((
        "[Identity proved by|Showed] driving permit {licence}.", "[Registration plate|Tag] {plate} on the accident form.", "Chassis number {vin} on the accident form.",
        "[Pulse generator|Prosthesis|Lead] no. {serial} [read from the card|off the label], put in {past_partial}.", "[See|Pictures under|Link] {url}",
        "[Upload|Session] came from address {ip}.", "[Iris scan|Retina scan|Hand geometry record] {biometric} [agreed|on record].", "[Portrait|Facial picture] stored as {photo}.",
        "[Subscriber|Insured under] {plan}.", "[Invoice account|Statement account] {account}.", "Social security no. {ssn} as given by the patient.",
        "[Staff number|Trial participant|Passport no.] {other_id}.", "Write to {email} or {street}, {city} {state} {zip}.", "[Slip|Request] {order_id}, {exam_date}.",
    )),
    signatures=Lines((
        "[Validated|Released|Authorised] {exam_date} {time} -- {radiologist}", "[Yours sincerely|With kind regards],\n{radiologist}\n[Consultant radiologist|Radiology]",
        "[Film reader|Reader]: {radiologist}; second reader: {nurse}", "/s/ {radiologist} {exam_date}", "Signed {radiologist} for {facility}",
    )),
    broken=Lines((
        "Record of {patient_full}, chart {mrn_plain}, social {ssn_plain}, mobile {phone_plain}", "{relative_full} wrote from {email} for {patient_full}, chart {mrn_plain}",
    )),
    formats={
        "date": ("{mm}-{dd}-{yyyy}", "{yyyy}/{mm}/{dd}", "{dd}.{mm}.{yyyy}", "{mon}. {d}, {yyyy}", "{d}{th} of {month} {yyyy}", "{dd}{MON}{yyyy}", "{dayname} {d} {mon} {yyyy}", "{dd} {mon} '{yy}"),
        "partial": ("{d}{th} of {month}", "{mm}-{dd}", "{mon}-{yyyy}", "{dd} {mon}"),
        "last_first": ("{SURNAME}^{GIVEN}", "{SURNAME} {given}", "{surname},{given}"),
        "first_last": ("{given} {SURNAME}", "{initial}. {middle}. {surname}", "{initial}. {surname}"),
        "clinician": ("{surname}, {given}", "{initial}{middle} {surname}", "{SURNAME}"),
        "phone": ("+1 {a} {b} {c}", "{a}/{b}-{c}", "{a}{b}{c}", "{a} {b} {c}", "+1-{a}-{b}-{c}"),
        "ssn": ("{a}.{b}.{c}", "{a}/{b}/{c}"),
        "mrn": ("H{n}", "{n4} {m4}", "{n}-X"),
        "plan": ("{l}/{d}", "{d}{l}"),
        "account": ("AC{n}", "{n4} {m}"),
        "licence": ("{d}{l}", "{l} {d}"),
        "plate": ("{d} {l}", "{l}.{d}"),
        "serial": ("{d}-{l}", "{l}/{d}"),
        "accession": ("{d}/{yy}", "X{d}", "{yy}.{d}"),
        "url": ("ftp://{host}/{account}", "www.{host}/{user}/films", "https://{host}/p/{account}.html"),
        "biometric": ("{n}-R", "IR.{n}"),
        "photo": ("DSC{d}.jpeg", "portrait_{d}.tif"),
        "other": ("#{n}", "{n}/T", "N{n4}.{m}"),
        "zip": ("{zip}", "{zip}", "{zip} {d}"),
    },
)  # fmt: skip
