"""BERT and ALBERT train under DP, give the float64 loop's clipped sums, and reload to the same logits."""

import copy

import pytest
import torch

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14, label_set
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.bodies import with_body
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_encoder, load_tokenizer
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.synthesis.primer import primer_pairs
from dp_clinical_pipeline.training.classifier import (
    classifier_example,
    classifier_logits,
    classifier_losses,
    features_read,
    load_classifier,
    new_classifier,
    rules_kept,
    save_classifier,
)
from dp_clinical_pipeline.training.examples import Drawn, Example, draw, microbatches
from dp_clinical_pipeline.training.gradients import PatientGradients
from dp_clinical_pipeline.training.kept_states import KeptStates
from dp_clinical_pipeline.training.loop import Randomness, TrainSpec, train
from dp_clinical_pipeline.training.pooling import new_pooling
from dp_clinical_pipeline.training.practice import practise
from dp_clinical_pipeline_tests.training.oracle import clipped_sum

CPU = Device(kind="cpu", index=None, precision="fp32", reason="test")


def _losses(model, batch):
    return classifier_losses(model, batch, 0)


def _patients(n):
    random = torch.Generator().manual_seed(3)
    return [
        [
            Example(
                tokens=tuple(torch.randint(4, 80, (5 + 3 * i + j,), generator=random).tolist()), targets=(i % 2, 1, 0)
            )
            for j in range(1 + i % 3)
        ]
        for i in range(n)
    ]


def _moved(folder):
    model = new_classifier(BaseModel(name="tiny", path=folder, sha256=""), CPU, 3, rank=2, alpha=4)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name or name.startswith("head"):
            torch.nn.init.normal_(parameter, std=0.3)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


@pytest.mark.parametrize("family", ["bert", "albert"])
@pytest.mark.parametrize("bound", [0.05, 1e6])
def test_the_clipped_sum_equals_the_float64_loop(tiny_models, family, bound):
    model = _moved(tiny_models[family])
    patients = _patients(5)
    expected = clipped_sum(copy.deepcopy(model).eval(), patients, _losses, bound)
    gradients = PatientGradients(model, _losses, bound)
    model.train()
    total = [torch.zeros_like(p) for p in model.parameters() if p.requires_grad]
    for batch in microbatches(draw(patients), 60):
        gradients.add(batch, total)
    got = torch.cat([t.flatten().double() for t in total])
    oracle = torch.cat([e.flatten() for e in expected])
    assert float((got - oracle).norm() / oracle.norm()) < 1e-5


@pytest.mark.parametrize(("family", "adapted"), [("bert", 1), ("albert", None)])
def test_only_the_last_layers_are_adapted_where_layers_are_not_one(tiny_models, family, adapted):
    base = BaseModel(name="tiny", path=tiny_models[family], sha256="")
    model = new_classifier(base, CPU, 3, rank=2, alpha=4, layers=1)
    everywhere = new_classifier(base, CPU, 3, rank=2, alpha=4)
    count = [sum("lora_A" in n for n, _ in m.named_parameters()) for m in (model, everywhere)]
    assert count == ([2 * adapted, 2 * model["body"].config.num_hidden_layers] if adapted else [2, 2])


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
@pytest.mark.parametrize("family", ["bert", "albert"])
def test_a_classifier_trains_under_dp_and_reloads_to_the_same_logits(tiny_models, family, full, tmp_path):
    base = BaseModel(name="tiny", path=tiny_models[family], sha256="")
    model = new_classifier(base, CPU, 3, rank=2, alpha=4, left_out=1, full=full)
    spec = TrainSpec(
        noise_multiplier=0.5, sample_rate=0.5, steps=3, max_grad_norm=1.0, expected_lot=4, max_reports=1,
        learning_rate=1e-2, microbatch_tokens=200, checkpoint_every=10,
    )  # fmt: skip
    train(
        model, _patients(8), spec, _losses, randomness=Randomness(sampling=TestSeedSource(0), noise=TestSeedSource(1))
    )
    save_classifier(model, tmp_path / "adapter")
    batch = [Drawn(e, i, 1.0) for i, (e, *_) in enumerate(_patients(4))]
    with torch.no_grad():
        expected = classifier_logits(model, batch, 0)
        again = classifier_logits(load_classifier(base, CPU, tmp_path / "adapter"), batch, 0)
    torch.testing.assert_close(again, expected)
    assert float(expected.abs().max()) > 0
    assert rules_kept(tmp_path / "adapter") is None


@pytest.mark.parametrize("family", ["bert", "albert"])
@pytest.mark.parametrize("bound", [0.05, 1e6])
def test_layers_trained_whole_are_clipped_as_the_float64_loop_clips_them(tiny_models, family, bound):
    model = new_classifier(
        BaseModel(name="tiny", path=tiny_models[family], sha256=""), CPU, 3, rank=2, alpha=4, full=True
    )
    torch.nn.init.normal_(model["head"].weight, std=0.3)
    patients = _patients(5)
    expected = clipped_sum(copy.deepcopy(model).eval(), patients, _losses, bound)
    gradients = PatientGradients(model, _losses, bound)
    total = [torch.zeros_like(p) for p in _classes(model)]
    for batch in microbatches(draw(patients), 60):
        gradients.add(batch, total)
    got, oracle = (torch.cat([t.flatten().double() for t in tensors]) for tensors in (total, expected))
    assert float((got - oracle).norm() / oracle.norm()) < 1e-5


def test_the_head_reads_a_texts_own_features_beside_its_states(tiny_models, tmp_path):
    base = BaseModel(name="tiny", path=tiny_models["bert"], sha256="")
    model = new_classifier(base, CPU, 3, rank=2, alpha=4, features=2)
    torch.manual_seed(1)
    for parameter in _classes(model):
        torch.nn.init.normal_(parameter, std=0.3)
    said = [(1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]
    examples = [Example(tokens=(5, 6, 7), targets=(1, 0, 1), features=row) for row in said]
    batch = draw([[example] for example in examples])
    together = classifier_logits(model, batch, 0)
    torch.testing.assert_close(together, torch.cat([classifier_logits(model, [item], 0) for item in batch]))
    weight = model["head"].weight / 2**0.5
    torch.testing.assert_close(together[0] - together[2], weight[:, -2])
    torch.testing.assert_close(together[1] - together[2], weight[:, -1])
    save_classifier(model, tmp_path / "adapter")
    assert rules_kept(tmp_path / "adapter") == "unknown"
    save_classifier(model, tmp_path / "adapter", rules="abc")
    assert rules_kept(tmp_path / "adapter") == "abc"
    kept = load_classifier(base, CPU, tmp_path / "adapter")
    assert features_read(kept) == 2
    torch.testing.assert_close(classifier_logits(kept, batch, 0), together)


def test_only_the_layers_are_trained_whole_and_what_did_not_move_is_not_kept(tiny_models, tmp_path):
    base = BaseModel(name="tiny", path=tiny_models["bert"], sha256="")
    model = new_classifier(base, CPU, 3, rank=2, alpha=4, layers=1, full=True)
    depth = model["body"].config.num_hidden_layers
    trained = {name for name, p in model["body"].named_parameters() if p.requires_grad}
    assert trained == {n for n, _ in model["body"].named_parameters() if n.startswith(f"encoder.layer.{depth - 1}.")}
    with pytest.raises(UserError, match="did not move"):
        save_classifier(model, tmp_path / "adapter")
    assert not (tmp_path / "adapter").exists()
    with pytest.raises(UserError, match="share their weights"):
        new_classifier(
            BaseModel(name="t", path=tiny_models["albert"], sha256=""), CPU, 3, rank=2, alpha=4, layers=1, full=True
        )
    with pytest.raises(UserError, match="turn it off"):
        new_classifier(base, CPU, 3, rank=2, alpha=4, full=True, checkpointing=True)


def test_layers_of_another_encoder_are_refused(tiny_models, tmp_path):
    base = BaseModel(name="tiny", path=tiny_models["bert"], sha256="")
    model = new_classifier(base, CPU, 3, rank=2, alpha=4, full=True)
    with torch.no_grad():
        next(p for p in model["body"].parameters() if p.requires_grad).add_(1)
    save_classifier(model, tmp_path / "adapter")
    with pytest.raises(UserError, match="of another encoder"):
        with_body(load_encoder(BaseModel(name="t", path=tiny_models["albert"], sha256=""), CPU), tmp_path / "adapter")


def _classes(model):
    return [p for p in model.parameters() if p.requires_grad]


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
@pytest.mark.parametrize(("family", "layers"), [("bert", 1), ("bert", None), ("albert", None)])
def test_kept_states_change_neither_losses_nor_gradients(tiny_models, family, layers, full):
    base = BaseModel(name="tiny", path=tiny_models[family], sha256="")
    model = new_classifier(base, CPU, 3, rank=2, alpha=4, layers=layers, full=full)
    torch.manual_seed(2)
    for parameter in _classes(model):
        torch.nn.init.normal_(parameter, std=0.2)
    batch, kept = draw(_patients(4)), KeptStates()
    expected = classifier_losses(model, batch, 0)
    gradients = torch.autograd.grad(expected.sum(), _classes(model))
    for _ in range(2):  # the first call computes what the second one finds
        losses = classifier_losses(model, batch, 0, kept)
        torch.testing.assert_close(losses, expected)
        torch.testing.assert_close(torch.autograd.grad(losses.sum(), _classes(model)), gradients)


def test_layers_below_the_adapted_ones_run_once_for_a_text(tiny_models, monkeypatch):
    model = new_classifier(
        BaseModel(name="tiny", path=tiny_models["bert"], sha256=""), CPU, 3, rank=2, alpha=4, layers=1
    )
    first, seen = model["body"].get_base_model().encoder.layer[0], []
    first.register_forward_hook(lambda *_: seen.append(1))
    kept = KeptStates()
    for _ in range(3):
        classifier_losses(model, draw(_patients(4)), 0, kept)
    assert len(seen) == 1
    monkeypatch.setattr("dp_clinical_pipeline.training.kept_states._MOST_BYTES", 0)
    full = KeptStates()
    for _ in range(3):
        classifier_losses(model, draw(_patients(4)), 0, full)
    assert len(seen) == 4


def test_a_texts_features_have_length_one_and_see_its_own_tokens_alone():
    pooling, states = new_pooling(2), torch.tensor([[[1.0, -2.0], [3.0, 4.0], [9.0, -9.0]]])
    mask = torch.tensor([[True, True, False]])
    assert pooling.raw(states, mask).tolist() == [[2.0, 1.0, 3.0, 4.0, 1.0, -2.0]]
    pooling.fit(torch.tensor([[2.0, 0.0, 3.0, 4.0, 1.0, 0.0], [2.0, 2.0, 3.0, 4.0, 1.0, 0.0]]))
    assert pooling.spread.min() == pytest.approx(1e-2)  # what does not move on public text is not blown up
    assert float(pooling(states, mask).norm()) == pytest.approx(1.0)
    assert pooling(states, mask)[0].tolist() == pytest.approx([0, 0, 0, 0, 0, -1.0], abs=1e-6)


def test_practice_reads_made_up_notes_alone_and_gives_a_head_that_knows_them(tiny_models):
    base = BaseModel(name="tiny", path=tiny_models["bert"], sha256="")
    tokenizer = load_tokenizer(base, padding_side="right")
    heads = []
    for _ in range(2):
        model = new_classifier(base, CPU, len(CHEXPERT14.labels), rank=2, alpha=4)
        practise(model, tokenizer, CHEXPERT14, notes=60, positive_weight=3.0)
        heads.append(model["head"].weight.detach().clone())
    assert torch.equal(*heads)
    pairs = primer_pairs(CHEXPERT14, 60, 0)
    batch = draw([[classifier_example(tokenizer, pair.note, (), 128)] for pair in pairs])
    chosen = classifier_logits(model, batch, tokenizer.pad_token_id) > 0
    truth = torch.from_numpy(multi_hot([pair.targets for pair in pairs], CHEXPERT14))
    assert float((chosen == truth).float().mean()) > 0.95
    assert float((chosen & truth).sum() / truth.sum()) > 0.7
    assert not any("lora_B" in name and p.abs().max() > 0 for name, p in model.named_parameters())


def test_a_label_set_without_made_up_notes_gets_a_scale_and_no_head(tiny_models):
    base = BaseModel(name="tiny", path=tiny_models["bert"], sha256="")
    codes = label_set("icd10-categories")
    model = new_classifier(base, CPU, len(codes.labels), rank=2, alpha=4)
    practise(model, load_tokenizer(base, padding_side="right"), codes, notes=20, positive_weight=3.0)
    assert not model["head"].weight.any()
    assert not torch.equal(model["pooling"].spread, torch.ones_like(model["pooling"].spread))


def test_layers_that_are_left_out_are_not_loaded(tiny_models, tmp_path):
    base = BaseModel(name="tiny", path=tiny_models["bert"], sha256="")
    whole, short = (new_classifier(base, CPU, 3, rank=2, alpha=4, left_out=left) for left in (0, 1))
    assert len(whole["body"].get_base_model().encoder.layer) == 1 + len(short["body"].get_base_model().encoder.layer)
    with pytest.raises(UserError, match="leave fewer than that out"):
        new_classifier(base, CPU, 3, rank=2, alpha=4, left_out=99)
