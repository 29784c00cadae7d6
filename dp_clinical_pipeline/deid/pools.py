"""What surrogates are drawn from: common names and places, and invented facilities and streets."""

from functools import cache

from dp_clinical_pipeline.deid.lexicon import entries, lowered

FACILITY_WORDS = (
    "Alder",
    "Ashby",
    "Birchwood",
    "Brookhaven",
    "Cedarvale",
    "Clearbrook",
    "Dunmore",
    "Eastbrook",
    "Elmhaven",
    "Fairmeadow",
    "Fernhill",
    "Foxglove",
    "Glenhaven",
    "Greystone",
    "Harborview",
    "Hawthorn Ridge",
    "Hillcrest",
    "Ironbridge",
    "Juniper",
    "Kingsmere",
    "Lakemont",
    "Larkspur",
    "Linden",
    "Maplewood",
    "Meadowlark",
    "Northgate",
    "Oakmere",
    "Pinecrest",
    "Quarry Hill",
    "Ridgeway",
    "Rosemont",
    "Sandhurst",
    "Silverlake",
    "Stonebridge",
    "Summerfield",
    "Thornbury",
    "Valley View",
    "Westhaven",
    "Willowbrook",
    "Windmere",
)
STREET_WORDS = (
    "Acorn",
    "Aspen",
    "Beech",
    "Birch",
    "Canal",
    "Chapel",
    "Church",
    "Clover",
    "Cypress",
    "Dogwood",
    "Forest",
    "Garden",
    "Grove",
    "Harbor",
    "Hickory",
    "Highland",
    "Holly",
    "Juniper",
    "Lake",
    "Laurel",
    "Linden",
    "Locust",
    "Magnolia",
    "Meadow",
    "Mill",
    "Mulberry",
    "Orchard",
    "Park",
    "Poplar",
    "Prospect",
    "Ridge",
    "River",
    "Spruce",
    "Sunset",
    "Sycamore",
    "Valley",
    "Walnut",
    "Willow",
)


@cache
def given_names() -> tuple[str, ...]:
    """Given names that are nothing else, capitalised."""
    return tuple(sorted(name.capitalize() for name in lowered("clear_given_names")))


@cache
def surnames() -> tuple[str, ...]:
    """Surnames of 5 to 9 letters that are no ordinary words, eponyms or given names."""
    out = lowered("ordinary_words") | lowered("eponyms") | lowered("given_names") | lowered("not_names")
    return tuple(
        sorted(n.capitalize() for n in lowered("surnames") - out if 5 <= len(n) <= 9 and n.isascii() and n.isalpha())
    )


@cache
def cities() -> tuple[str, ...]:
    """Cities of one word that are nothing else."""
    ordinary = entries("ordinary_cities")
    return tuple(sorted(c for c in entries("cities") - ordinary if c.isalpha() and c.isascii() and 5 <= len(c) <= 11))
