"""A saved adapter, read in another process, is the adapter that was trained."""

import hashlib
import json
import subprocess
import sys

import pytest
import torch

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.adapters import adapter_digests, adapter_sha256, cell_adapter, save_adapter
from dp_clinical_pipeline_tests.training.tiny import lora, losses, people, spec

TOKENS = [[5, 6, 7, 8, 9, 10, 11, 12]]
RELOAD = """
import json, sys, torch
from pathlib import Path
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_causal, with_adapter
torch.set_num_threads(1)
out, ids = Path(sys.argv[1]), torch.tensor(json.loads(sys.argv[2]))
device, found = Device(kind="cpu", index=None, precision="fp32", reason="test"), []
for base, adapter in json.loads(sys.argv[3]):
    model = load_causal(BaseModel(name="m", path=Path(base), sha256=""), device)
    with torch.no_grad():
        plain = model(ids).logits
        tuned = with_adapter(model, Path(adapter))
        seen = tuned(ids).logits
        merged = tuned.merge_and_unload()(ids).logits
    found.append({"plain": plain, "tuned": seen, "merged": merged})
torch.save(found, out)
"""


def in_a_fresh_process(pairs, folder, tokens=TOKENS):
    """The logits of each pair's base, of that base with the pair's adapter, and of both merged."""
    out, named = folder / "logits.pt", [[str(base), str(adapter)] for base, adapter in pairs]
    command = [sys.executable, "-c", RELOAD, str(out), json.dumps(tokens), json.dumps(named)]
    subprocess.run(command, check=True, capture_output=True)
    return torch.load(out, weights_only=True)


def test_an_adapter_trained_under_dp_reloads_to_the_same_logits(tiny_models, tmp_path):
    from dp_clinical_pipeline.training.loop import train

    families, memory = ["llama", "gpt2", "opt", "biogpt"], []
    for family in families:
        model = lora(tiny_models[family])
        train(model, people(4), spec(sample_rate=1.0), losses)
        save_adapter(model, tmp_path / family)
        with torch.no_grad():
            memory.append(model(torch.tensor(TOKENS)).logits)
    reloaded = in_a_fresh_process([(tiny_models[family], tmp_path / family) for family in families], tmp_path)
    for family, fresh, kept in zip(families, reloaded, memory, strict=True):
        assert torch.allclose(fresh["tuned"], kept, atol=1e-5), family
        assert torch.allclose(fresh["merged"], kept, atol=1e-4), family
        assert not torch.allclose(fresh["plain"], kept, atol=1e-3), family


def test_weights_that_did_not_move_are_not_saved(tiny_models, tmp_path):
    with pytest.raises(UserError, match="did not move in training: nothing was saved"):
        save_adapter(lora(tiny_models["llama"]), tmp_path / "adapter")
    assert list(tmp_path.iterdir()) == []


def test_an_adapter_is_safetensors_and_nothing_that_runs(tiny_models, tmp_path):
    digest = save_adapter(lora(tiny_models["llama"], moved=True), tmp_path / "adapter")
    names = {p.name for p in (tmp_path / "adapter").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    assert digest == adapter_sha256(tmp_path / "adapter")


def _change(folder, **fields):
    file = folder / "adapter_config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(dict(sorted(config.items(), reverse=True)) | fields, indent=1))


@pytest.fixture
def kept(tiny_models, tmp_path):
    """An adapter in a home, and the row that points at it."""
    digest = save_adapter(lora(tiny_models["llama"], moved=True), tmp_path / "adapter")
    row = {"path": "adapter", "mechanism_id": "m1", "adapter_sha256": digest}
    assert cell_adapter(Home(tmp_path), row) == tmp_path / "adapter"
    return Home(tmp_path), row


def test_a_changed_configuration_is_another_adapter(kept):
    home, row = kept
    _change(home.path / "adapter", lora_alpha=99)
    with pytest.raises(UserError, match="m1 is missing or was changed"):
        cell_adapter(home, row)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_configuration_that_is_missing_or_no_configuration_is_another_adapter(kept, text):
    home, row = kept
    file = home.path / "adapter" / "adapter_config.json"
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(UserError, match="m1 is missing or was changed"):
        cell_adapter(home, row)


def test_the_order_of_keys_and_where_the_base_lies_change_nothing(kept):
    home, row = kept
    _change(home.path / "adapter", base_model_name_or_path="smollm2-135m")
    assert adapter_sha256(home.path / "adapter") == row["adapter_sha256"]


def test_rows_of_the_first_homes_know_the_weights_alone(kept):
    home, row = kept
    weights = home.path / "adapter" / "adapter_model.safetensors"
    old = row | {"adapter_sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    assert adapter_digests(home.path / "adapter") == (row["adapter_sha256"], old["adapter_sha256"])
    assert cell_adapter(home, old) == home.path / "adapter"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="m1 is missing or was changed"):
        cell_adapter(home, old)


def test_saving_again_replaces_the_whole_folder(tiny_models, tmp_path):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "old").touch()
    save_adapter(lora(tiny_models["llama"], moved=True), tmp_path / "adapter")
    assert not (tmp_path / "adapter" / "old").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["adapter"]
