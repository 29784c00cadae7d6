"""What a study is: a corpus, cells, seeds, arms and questions, declared in a file before anything runs."""

from functools import cached_property
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dp_clinical_pipeline.config import Settings, budget_epsilon
from dp_clinical_pipeline.corpora.readers import FORMATS
from dp_clinical_pipeline.errors import UserError

HASHED = "hashed-ngrams"
RULES = "rules"
_FOLDER = files("dp_clinical_pipeline.experiments") / "recipes"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Question(_Part):
    """Whether one arm's weighted F1 differs from another's, and whether it reaches a share of it fixed here.

    An arm is `arm|generator|budget|classifier`; what is left empty or out fits anything.
    """

    arm: str
    against: str
    least: Annotated[float, Field(gt=0)] | None = Field(None, description="share of the other's score to be passed")


class Recipe(_Part):
    """A study. Its YAML file in `recipes/` is read once and validated; the name is the file's."""

    name: str
    about: str
    hours: Annotated[float, Field(gt=0)] = Field(description="expected on two cores, from scratch, all seeds")
    study: Literal["arms", "labelers"] = "arms"
    corpus: str | None = Field(None, description="a corpus format; empty: the made-up hospital")
    folder: str | None = Field(None, description="the corpus below DP_CLINICAL_CORPORA")
    generators: tuple[str, ...] = ()
    budgets: tuple[str, ...] = ()
    encoders: tuple[str, ...] = Field(
        (), description="trained on private text itself, at each of the classifier budgets"
    )
    classifier_budgets: tuple[str, ...] = ()
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)
    features: tuple[str, ...] = Field(
        (), description=f"{HASHED}, {RULES} or an encoder's name: linear models on public features"
    )
    linear_budgets: tuple[str, ...] = Field((), description="budgets of the DP linear model on each of the features")
    mixed: bool = Field(False, description="each cell's notes together with the surrogate reports, as one more arm")
    untuned: bool = Field(
        False, description="notes of each generator's base model, judged by the same rules, as one more arm"
    )
    untuned_too: tuple[str, ...] = Field(
        (),
        description="other generators whose base models' notes are arms too, where `untuned` is on: what they came from",
    )
    clone: bool = Field(
        False, description="a note of each cell for every private note's own record, as one more arm that never leaves"
    )
    relabelled: bool = Field(
        False, description="each cell's notes, and clones, with the labels that public rules read in them, as more arms"
    )
    distilled: bool = Field(
        False,
        description="each cell's notes with the labels of each encoder trained at the same budget, as one more arm",
    )
    teachers: tuple[str, ...] = Field(
        (), description="generators' base models that are asked what each report says: their labels against the rules'"
    )
    fidelity: str | None = Field(
        None, description="features in which the notes of each cell are held against real ones"
    )
    questions: tuple[Question, ...] = ()
    patients_of: str | None = Field(None, description="another study, on whose patients this one trains and tests")
    settings: dict[str, Any] = Field({}, description="what differs from the settings' defaults")

    @model_validator(mode="after")
    def _fits(self) -> "Recipe":
        if self.corpus is not None and self.corpus not in FORMATS:
            raise ValueError(f"corpus {self.corpus!r} is not a format: one of {', '.join(FORMATS)}")
        if bool(self.generators) != bool(self.budgets):
            raise ValueError("generators and budgets make cells together: give both or neither")
        if bool(self.encoders) != bool(self.classifier_budgets):
            raise ValueError("encoders and classifier_budgets make cells together: give both or neither")
        if self.distilled and not set(self.budgets) & set(self.classifier_budgets):
            raise ValueError("distilled needs a budget that generators and encoders share")
        if self.linear_budgets and not self.features:
            raise ValueError("linear_budgets need features")
        for key in (*self.budgets, *self.linear_budgets, *self.classifier_budgets):
            budget_epsilon(key)
        return self

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Every (generator, budget)."""
        return [(generator, budget) for budget in self.budgets for generator in self.generators]

    @property
    def classifiers(self) -> list[tuple[str, str]]:
        """Every (encoder, budget)."""
        return [(encoder, budget) for budget in self.classifier_budgets for encoder in self.encoders]

    def computed_in(self, precision: str) -> "Recipe":
        """Return the study with torch in another precision: `fp32`, `bf16`, or `auto`, what the machine multiplies."""
        changed = _deeper(self.settings, {"compute": {"precision": precision}})
        return Recipe.model_validate(self.model_dump() | {"settings": changed})

    @cached_property
    def base_settings(self) -> Settings:
        """The settings of the study's homes, but for the seed."""
        if self.corpus is None:
            from dp_clinical_pipeline.demo.settings import demo_settings

            return Settings.model_validate(_deeper(demo_settings().model_dump(), self.settings))
        given = {
            "kind": "benchmark",
            "corpus": {"format": self.corpus, "label_set": FORMATS[self.corpus].label_set},
            "budgets": list(self.budgets) or ["nonprivate"],
            "compute": {"precision": "fp32"},  # figures are not to depend on what a machine multiplies
        }
        settings = Settings.model_validate(given | self.settings)
        return (
            settings
            if self.generators or self.teachers
            else settings.model_copy(update={"models": _without_generators(settings)})
        )


def recipe(name: str) -> Recipe:
    """Return a recipe by name.

    Raises:
        UserError: there is none, or its file is wrong.
    """
    if name not in recipe_names():
        shown = "".join(c if c.isalnum() or c in "-_." else "?" for c in name)[:40]
        raise UserError(f"unknown experiment {shown!r}: one of {', '.join(recipe_names())}")
    return parsed_recipe(name, (_FOLDER / f"{name}.yaml").read_text())


def parsed_recipe(name: str, text: str) -> Recipe:
    """Return the recipe that a file's text declares.

    Raises:
        UserError: a field is wrong; the message names it.
    """
    try:
        made = Recipe.model_validate({"name": name} | yaml.safe_load(text))
        _ = made.base_settings
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or name
        raise UserError(f"experiment {name}: {where}: {first['msg'].removeprefix('Value error, ')}") from None
    return made


def recipe_names() -> list[str]:
    """Return the names of all recipes, in order."""
    return sorted(file.name.removesuffix(".yaml") for file in _FOLDER.iterdir() if file.name.endswith(".yaml"))


def _without_generators(settings: Settings) -> Any:
    return settings.models.model_copy(update={"generators": {}})


def _deeper(base: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Return the base with what differs; sections are changed field by field."""
    both = {key: (base[key], changed[key]) for key in base.keys() & changed.keys()}
    parts = {key: pair for key, pair in both.items() if all(isinstance(side, dict) for side in pair)}
    return base | changed | {key: _deeper(*pair) for key, pair in parts.items()}
