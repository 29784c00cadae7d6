"""An encoder's public practice: the library's arithmetic, made once, part of what is saved, and nothing private."""

import numpy as np
import pytest
import torch

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14, label_set
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import BaseModel, base_model
from dp_clinical_pipeline.models.deltas import FILE, add_factors, factors_of
from dp_clinical_pipeline.models.loading import load_encoder, with_lora
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import DP_CLASSIFIER
from dp_clinical_pipeline.training import encoder_practice
from dp_clinical_pipeline.training.classifier import load_classifier
from dp_clinical_pipeline.training.classifier_cell import classify, train_classifier
from dp_clinical_pipeline.training.encoder_practice import practised_factors
from dp_clinical_pipeline_tests.training.tiny import CPU, tiny_classifier_settings, tiny_home


@pytest.fixture
def home(tmp_path, tiny_models):
    home = tiny_home(tmp_path, tiny_models["llama"], planned=False)
    models = home.settings.models.model_copy(update={"encoders": {"tiny-bert": str(tiny_models["bert"])}})
    training = tiny_classifier_settings(encoder_notes=96, nonprivate_lot_size=6)
    return home.save_settings(home.settings.model_copy(update={"models": models, "classifier_training": training}))


def practised(home, labels=CHEXPERT14):
    return practised_factors(home, base_model(home, "encoders", "tiny-bert"), CPU, labels)


@pytest.mark.parametrize("family", ["bert", "albert"])
def test_factors_add_what_the_library_merges(tiny_models, family):
    base = BaseModel(name="tiny", path=tiny_models[family], sha256="")
    ids = torch.arange(3, 12)[None]
    adapted = with_lora(load_encoder(base, CPU), causal=False, rank=2, alpha=6)
    torch.manual_seed(0)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    plain = load_encoder(base, CPU)
    before = plain(input_ids=ids).last_hidden_state
    add_factors(plain, factors_of(adapted))
    merged = adapted.merge_and_unload()(input_ids=ids).last_hidden_state
    torch.testing.assert_close(plain(input_ids=ids).last_hidden_state, merged, rtol=1e-5, atol=1e-6)
    assert (merged - before).abs().max() > 1e-2
    other = load_encoder(
        BaseModel(name="x", path=tiny_models["albert" if family == "bert" else "bert"], sha256=""), CPU
    )
    with pytest.raises(UserError, match="made for another one"):
        add_factors(other, factors_of(with_lora(load_encoder(base, CPU), causal=False, rank=2, alpha=6)))


def test_practice_is_done_once_and_is_the_same_again(home, monkeypatch):
    first = practised(home)
    assert first
    assert all(float(tensor.abs().max()) > 0 for tensor in first.values())
    with monkeypatch.context() as patch:
        patch.setattr(encoder_practice, "_trained", lambda *_: pytest.fail("it was trained again"))
        assert all(torch.equal(first[name], tensor) for name, tensor in practised(home).items())
    [folder] = (home.models / "practice").glob("tiny-bert-*")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    torch.manual_seed(99)
    again = practised(home)
    for name, tensor in again.items():
        torch.testing.assert_close(tensor, first[name])


def test_practice_that_was_changed_is_refused(home):
    practised(home)
    [folder] = (home.models / "practice").glob("tiny-bert-*")
    (folder / FILE).write_bytes((folder / FILE).read_bytes() + b" ")
    with pytest.raises(UserError, match="was changed: delete it"):
        practised(home)
    (folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="mend or delete it"):
        practised(home)


def test_there_is_none_where_nobody_wrote_notes_or_the_settings_want_none(home):
    assert practised(home, label_set("cmc45")) == {}
    off = tiny_classifier_settings(encoder_notes=0)
    assert practised(home.save_settings(home.settings.model_copy(update={"classifier_training": off}))) == {}
    assert not (home.models / "practice").exists()


@pytest.mark.parametrize("adapted", ["lora", "full"])
def test_what_a_cell_keeps_holds_its_encoders_practice(home, adapted):
    """A copy of the folder is all that a receiver needs beside the base model, and its hash covers the practice."""
    chosen = home.settings.classifier_training.model_copy(update={"adapted": adapted})
    home = home.save_settings(home.settings.model_copy(update={"classifier_training": chosen}))
    train_classifier(home, "tiny-bert", "nonprivate")
    assert open_ledger(home).rows() == []
    row = Store(home).read(DP_CLASSIFIER, "tiny-bert", "nonprivate", budget="nonprivate").row(0, named=True)
    folder = cell_adapter(home, row)
    texts = ["Small left effusion.", "The lungs are clear."]
    scores = classify(home, "tiny-bert", "nonprivate", texts).scores
    (home.models / "practice").rename(home.models / "elsewhere")
    np.testing.assert_array_equal(classify(home, "tiny-bert", "nonprivate", texts).scores, scores)
    base = base_model(home, "encoders", "tiny-bert")
    kept = load_classifier(base, CPU, folder)["body"].state_dict()
    plain = load_encoder(base, CPU).state_dict()
    moved = [name for name, tensor in plain.items() if name in kept and not torch.equal(tensor, kept[name])]
    assert adapted == "lora" or moved
    (folder / FILE).unlink()
    with pytest.raises(UserError, match="missing or was changed"):
        cell_adapter(home, row)
