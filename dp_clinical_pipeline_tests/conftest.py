"""Fixtures that several areas share: tiny models of every family, and a PostgreSQL database."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from absl import logging as absl_logging
from hypothesis import settings

from dp_clinical_pipeline_tests.needed import pytest_runtest_makereport as pytest_runtest_makereport
from dp_clinical_pipeline_tests.postgres_server import missing_postgres, postgres_server

# Where a developer's shell keeps base models, keys and a home must not decide what a test sees.
for _name in ("DP_CLINICAL_HOME", "DP_CLINICAL_KEY", "DP_CLINICAL_MODELS", "DP_CLINICAL_DEPLOYMENT"):
    os.environ.pop(_name, None)

# How long an example takes says more of the machine than of the code. Under CI hypothesis' own profile stays below it.
settings.register_profile("any-machine", settings(), deadline=None)
settings.load_profile("any-machine")

# dp-accounting brings absl, whose log handler closes its stream when Dagster configures logging anew, unless that is the
# process's own. What it would find here is pytest's.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__

# Public wording, enough to train a small tokenizer on.
_WORDS = """
the lungs are clear . there is no pleural effusion or pneumothorax . the heart is normal in size . mild cardiomegaly .
small left pleural effusion with adjacent atelectasis . no focal consolidation . stable right upper lobe nodule .
write a chest x-ray report . findings : none of the listed ; cardiomegaly ; pneumonia ; edema ; fracture . report :
degenerative changes of the thoracic spine . impression : no acute cardiopulmonary abnormality . support devices
"""


def _tokenizer(folder: Path, *, bert: bool) -> int:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    if bert:
        inner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    else:
        inner = Tokenizer(models.BPE())
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        inner.decoder = decoders.ByteLevel()
        special = ["<eos>", "<pad>"]
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
    inner.train_from_iterator([_WORDS] * 3, trainer)
    if bert:
        inner.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        fast = PreTrainedTokenizerFast(
            tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
        )
    else:
        fast = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<eos>", pad_token="<pad>")
    fast.save_pretrained(folder)
    return len(fast)


def build_tiny_model(folder: Path, family: str) -> Path:
    """Write a model of a few ten thousand parameters, with its tokenizer, as an ordinary folder."""
    import torch
    import transformers as tf

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _tokenizer(folder, bert=family in ("bert", "albert"))
    ids = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": vocabulary}
    builders = {
        "gpt2": lambda: tf.GPT2LMHeadModel(
            tf.GPT2Config(vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=4, n_positions=256, **ids)
        ),
        "llama": lambda: tf.LlamaForCausalLM(
            tf.LlamaConfig(
                intermediate_size=64,
                num_key_value_heads=2,
                max_position_embeddings=256,
                tie_word_embeddings=True,
                **size,
                **ids,
            )
        ),
        "opt": lambda: tf.OPTForCausalLM(
            tf.OPTConfig(ffn_dim=64, max_position_embeddings=256, word_embed_proj_dim=32, **size, **ids)
        ),
        "biogpt": lambda: tf.BioGptForCausalLM(
            tf.BioGptConfig(intermediate_size=64, max_position_embeddings=256, **size, **ids)
        ),
        "bert": lambda: tf.BertModel(tf.BertConfig(intermediate_size=64, max_position_embeddings=256, **size)),
        "albert": lambda: tf.AlbertModel(
            tf.AlbertConfig(intermediate_size=64, embedding_size=16, max_position_embeddings=256, **size)
        ),
    }
    model = builders[family]()
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny models by family: gpt2, llama, opt, biogpt, bert, albert."""
    root = tmp_path_factory.mktemp("tiny-models")
    families = ("gpt2", "llama", "opt", "biogpt", "bert", "albert")
    return {family: build_tiny_model(root / family, family) for family in families}


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    if missing := missing_postgres():
        pytest.skip(missing)
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(_postgres_server: str) -> str:
    """URL of an empty database of this test's own, on one server for the session. Mark the test `postgres`."""
    import uuid

    import sqlalchemy as sa

    server = sa.create_engine(_postgres_server, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    name = f"test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return sa.make_url(_postgres_server).set(database=name).render_as_string(hide_password=False)
