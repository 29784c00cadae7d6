"""Shapes without weights: encoders for where the trained ones cannot be had, and the small generator that is pre-trained."""

from pathlib import Path
from typing import Any

from dp_clinical_pipeline.models.quiet import quiet_libraries

_SEED = 0
_BERT = {"hidden_size": 512, "num_attention_heads": 8, "intermediate_size": 2048}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert-small-scratch": ("bert", _BERT | {"num_hidden_layers": 4}),
    "bert-medium-scratch": ("bert", _BERT | {"num_hidden_layers": 8}),
    "albert-base-scratch": (
        "albert",
        {
            "embedding_size": 128,
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "intermediate_size": 3072,
            "hidden_act": "gelu_new",
            "type_vocab_size": 2,
        },
    ),
}
"""Name to model type and what differs from the type's defaults. The name is a cell's name, and so stands in every manifest,
table and figure: it says that the weights are random."""

SMALL_GENERATOR: dict[str, Any] = {
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 512,
}
"""A LLaMA of 5.3 million parameters with 8,192 tokens: one core of a laptop reads 7 MB of text in half an hour."""


def random_generator(shape: dict[str, Any], *, vocabulary: int, end: int, pad: int, seed: int) -> Any:
    """Return a causal model of LLaMA's kind in fp32 with random weights, its head tied to its embeddings."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    ids = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": pad}
    with quiet_libraries(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = AutoConfig.for_model("llama", vocab_size=vocabulary, tie_word_embeddings=True, **shape, **ids)
        return AutoModelForCausalLM.from_config(config)


def lay_out_shape(name: str, tokenizer: Path, folder: Path) -> None:
    """Write config, tokenizer and random fp32 weights of a shape into `folder`; the same ones wherever it is done.

    The tokenizer is that of another folder: BERT's uncased WordPiece, for ALBERT's shape too.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    with quiet_libraries():
        words = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
        kind, differs = SHAPES[name]
        config = AutoConfig.for_model(kind, vocab_size=len(words), pad_token_id=words.pad_token_id, **differs)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            model = AutoModel.from_config(config, add_pooling_layer=False)
        words.save_pretrained(folder)
        model.save_pretrained(folder)
