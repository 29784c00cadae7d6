"""A tokenizer of byte pairs learnt from public text, for a model that is pre-trained here."""

from collections.abc import Iterable
from pathlib import Path

from dp_clinical_pipeline.models.quiet import quiet_libraries

END, PAD = "<|endoftext|>", "<|padding|>"


def train_byte_pairs(texts: Iterable[str], size: int, folder: Path) -> None:
    """Learn at most `size` tokens from texts and write the tokenizer's files into `folder`; the same texts, the same files.

    Every byte is a token, so nothing is unknown; a token for the end of a text and one for padding are among them.

    Guarantee: none. The tokens quote the texts: give it public ones only.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END, PAD],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    with quiet_libraries():
        inner.train_from_iterator(texts, trainer)
        fast = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token=END, eos_token=END, pad_token=PAD)
        fast.save_pretrained(folder)
