"""Streets, towns and hospitals of the made-up region, and the domains its people write from."""

STREET_NAMES = tuple(
    """Alder Creek|Amberwood|Ashby|Aspen Hollow|Bayberry|Beechnut|Birchfield|Blackthorn|Bluebird|Bramble|Briarcliff|
    Bridgewater|Brookside|Buckeye|Butternut|Canterbury|Cardinal|Catalpa|Cedar Ridge|Chandler|Chestnut|Clearwater|
    Cobblestone|
    Colonial|Copperfield|Cottonwood|Coventry|Crabapple|Cypress Point|Dartmoor|Deer Run|Dogwood|Eagle Rock|Eastbrook|
    Edgewater|Elderberry|Evergreen|Fairhaven|Falcon Crest|Fernwood|Foxglove|Foxhill|Garrison|Glen Eden|Goldenrod|Granite|
    Greenbriar|Hackberry|Harvest Moon|Hawksbury|Hazelnut|Heather|Hemlock|Hickory|Highland|Hollyhock|Honeysuckle|Huntington|
    Indigo|Ironwood|Juniper|Kestrel|Kingfisher|Lakeview|Larkspur|Laurel|Lavender|Lexington|Linden|Locust|Magnolia|
    Mallard|Maple Grove|Marigold|Meadowlark|Mill Pond|Millstone|Monterey|Mulberry|Nightingale|Nutmeg|Oakhurst|Old Quarry|
    Orchard|Osprey|Palmetto|Partridge|Pebble|Pecan|Persimmon|Pheasant|Pinecrest|Plymouth|Poplar|Prairie|
    Primrose|Quail Hollow|
    Ravenwood|Redbud|Ridgemont|Riverbend|Robin Hood|Rosemary|Rosewood|Saddlebrook|Sagebrush|Sandpiper|Sassafras|Sequoia|
    Shadowbrook|Silver Birch|Spruce|Stonegate|Sugarbush|Summerfield|Sycamore|Tamarack|Tanglewood|Thistle|Thornbury|
    Timberline|Tulip|Valleyview|Vineyard|Walnut|Waterford|Westmoreland|Whippoorwill|Wildflower|Willow Bend|Windermere|
    Winding Brook|Wisteria|Woodbine|Wren|Yarrow|Yellowstone""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
STREET_KINDS = ("Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd", "Drive", "Dr", "Lane", "Ln", "Court", "Ct",
                "Boulevard", "Blvd", "Place", "Pl", "Terrace", "Way", "Circle", "Parkway", "Pkwy")  # fmt: skip
STREET_SIDES = ("", "", "", "", "", "N ", "S ", "E ", "W ", "North ", "South ", "NW ", "SE ")
UNITS = ("", "", "", "", "", ", Apt {n}", ", Apt {n}B", " #{n}", ", Unit {n}", " Apt. {n}", ", Suite {n}0")

CITIES = tuple(
    """Alderbrook|Ashford|Aurora|Bakersville|Bellmont|Bellingham Falls|Bethany|Birchwood|Bloomfield|Bridgeport|Brookhaven|
    Burlington|Cambria|Canton|Carrollton|Cedar Falls|Centerville|Charlesbridge|Chesterfield|Clarksburg|Clayton|Clearlake|
    Clifton|Coldwater|Columbia|Concord|Copperton|Corinth|Crestview|Dalton|Danbury|Davenport|Dayton|Decatur|Dover|Dunmore|
    East Harlow|Easton|Edgewood|Elkhart|Elmira|Evanston|Fairfield|Fairview|Falmouth|Farmington|Fayetteville|Florence|
    Fort Dillard|Frankfort|Franklin|Fredericksburg|Freeport|Gainesville|Galena|Georgetown|Glendale|Glenwood|Grand Marsh|
    Granville|Greeley|Greenfield|Greenville|Hamilton|Harmony|Harrisburg|Hastings|Haverhill|Henderson|Hillsboro|Holbrook|
    Hudson|Huntsville|Jackson|Jamestown|Jefferson City|Kenmore|Kingsport|Kirkland|Lakewood|Lancaster|Lansing|Lebanon|
    Lewiston|Lexington|Liberty|Lincoln|Littleton|Livingston|Logan|Lynnfield|Madison|Manchester|Mansfield|Marietta|Marlow|
    Marshall|Medford|Melrose|Middleton|Milford|Millbrook|Monroe|Montclair|Mount Vernon|New Hanover|New Salem|Newberry|
    Newport|North Platte|Northfield|Norwood|Oak Harbor|Oakdale|Orchard Park|Oxford|Palmyra|Paris|Pinehurst|Plainfield|
    Pleasanton|Port Lavender|Portsmouth|Princeton|Quincy|Ravenna|Redfield|Richmond|Ridgeway|Riverside|Rochester|Rockport|
    Roseville|Salem|San Felipe|Sanborn|Santa Lucia|Savannah|Shelbyville|Sheridan|Smithfield|Somerset|Springdale|
    Springfield|St. Alban|Stafford|Stanton|Sunbury|Thornton|Tilbury|Trenton|Troy|Union Mills|Vernon|Wakefield|Warren|
    Waterbury|Waverly|Wellington|West Haven|Westbrook|Weston|Wheaton|Whitehall|Wilmington|Winchester|Windsor|Winona|
    Woodstock|Wyndham|Yorktown""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
STATES = ("OH", "IN", "IL", "MI", "WI", "MN", "IA", "MO", "KY", "TN", "VA", "MD", "PA", "NY", "MA", "CT", "NH", "GA", "TX",
          "CO", "OR", "WA", "CA", "AZ")  # fmt: skip

FACILITY_HEADS = ("St. Brendan", "St. Odile", "Saint Columba", "Holy Trinity", "Mercy Lakes", "Lakeshore", "Northgate",
                  "Eastfield", "Westhaven", "Three Rivers", "Cedar Valley", "Blue Ridge", "Prairie View", "Harborview",
                  "Riverbend", "Stonebridge", "Pinecrest", "Good Shepherd", "Our Lady of Grace", "Summit", "Fairmont County",
                  "Whitmore", "Langdon Memorial", "Hartwell", "Beth Tikvah", "Ellsworth Community", "Grand Marsh",
                  "Copper Basin", "Tri-County", "Walden", "Kessler Park", "Bayfront", "Juniper Hills")  # fmt: skip
FACILITY_TAILS = ("Medical Center", "Hospital", "Regional Hospital", "General Hospital", "Health Center", "Clinic",
                  "University Hospital", "Imaging Center", "Radiology Associates", "Nursing Home", "Family Practice",
                  "Rehabilitation Hospital", "Veterans Hospital", "Cancer Institute")  # fmt: skip
MAIL_DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "post.example.org",
    "inbox.example.net",
)
SITE_DOMAINS = ("portal.example.org", "images.example.com", "mychart.example.net", "pacs.example.org", "viewer.example.com",
                "www.example.org/patients")  # fmt: skip
