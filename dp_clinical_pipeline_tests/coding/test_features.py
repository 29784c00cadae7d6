import numpy as np
import pytest

from dp_clinical_pipeline.coding.features import Embeddings, HashedNgrams, RuleLabels, unit_rows
from dp_clinical_pipeline.config import Compute, Models, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import ICD10_CATEGORIES, NIH14

TEXTS = ["Small left pleural effusion.", "", "no focal consolidation . the lungs are clear .", "effusion"]


def test_hashed_ngrams_have_length_1_and_do_not_depend_on_the_other_texts():
    rows = HashedNgrams().of(TEXTS).toarray()
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 1, 1])
    assert np.array_equal(HashedNgrams().of(TEXTS[2:3]).toarray()[0], rows[2])
    repeated, once = HashedNgrams().of(["clear clear clear", "clear clear"]).toarray()
    assert np.array_equal(repeated, once)  # which words there are, not how often


def test_what_rules_read_has_length_1_and_is_in_the_lists_order():
    rows = RuleLabels(NIH14).of(["Cardiomegaly. Small left pleural effusion. No pneumothorax.", "", TEXTS[2]])
    stated = [[NIH14.labels[i] for i in np.flatnonzero(row)] for row in rows]
    assert stated == [["Cardiomegaly", "Effusion"], [], ["normal"]]
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 1])
    with pytest.raises(UserError, match="icd10-categories has no rules"):
        RuleLabels(ICD10_CATEGORIES).of(TEXTS)


@pytest.fixture(scope="module")
def home(tmp_path_factory, tiny_models) -> Home:
    settings = Settings(models=Models(encoders={"tiny": str(tiny_models["bert"])}), compute=Compute(precision="fp32"))
    return Home(tmp_path_factory.mktemp("embeddings")).create(settings)


def test_an_embedding_does_not_depend_on_its_batch(home):
    together = Embeddings(home, "tiny", batch_size=4).of(TEXTS)
    alone = Embeddings(home, "tiny", batch_size=1).of(TEXTS)
    assert np.allclose(together, alone, atol=1e-5)
    assert np.linalg.norm(together, axis=1) == pytest.approx([1] * 4)
    assert np.abs(together[0] - together[3]).max() > 1e-3


def test_an_embedding_is_the_mean_of_a_texts_own_token_states(home, tiny_models):
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = tiny_models["bert"]
    ids = AutoTokenizer.from_pretrained(folder)(TEXTS[2], return_tensors="pt")["input_ids"]
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    with torch.no_grad():
        mean = model(input_ids=ids).last_hidden_state[0].mean(0).double().numpy()
    ours = Embeddings(home, "tiny").of(TEXTS)[2]
    assert ours == pytest.approx(unit_rows(mean[None])[0], abs=1e-5)
