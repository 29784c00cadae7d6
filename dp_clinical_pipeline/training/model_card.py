"""The page that lies beside a model that was pre-trained here."""

from typing import Any

_CARD = """\
# A small generator, pre-trained here on public text

{millions:.1f} million parameters, LLaMA's architecture, a vocabulary of byte pairs. It is **small** and **was pre-trained by
`dp-clinical pretrain`**, not by a model's publisher: it knows one small corpus and nothing else. It is a base for
DP-LoRA and a second size to compare with, and no language model for any other use.

| | |
|---|---|
| text | `{file}`, column `{column}`: {texts} texts learnt from, {held_out_texts} held out by their hash |
| SHA-256 of that file | `{text_sha256}` |
| why it is public | {licence} (as stated by who ran the command; nothing here checked it) |
| also learnt from | {pairs} made-up notes with prompts for each of five public label lists, in sentences of the package |
| steps | {steps} of {planned_steps} planned, {tokens_read} tokens read of {tokens_to_learn_from} there are |
| seed | {seed} |
| precision | {precision} |
| held-out perplexity | {perplexity_before} before, {perplexity} after: {bits_per_byte} bits a byte |
| SHA-256 of the weights | `{weights_sha256}` |

Nothing here is covered by a privacy ledger, and nothing here needs to be, if the text is public: sentences of it can come
out of the model word for word. Use it by `models.generators: {{NAME: FOLDER}}` in a home's settings.
"""


def pretrained_card(manifest: dict[str, Any]) -> str:
    """Return the model's card as Markdown, of the facts in its manifest."""
    text, held_out = manifest["text"], manifest["held_out"]
    return _CARD.format_map(
        manifest
        | text
        | held_out
        | {"text_sha256": text["sha256"]}
        | {
            "millions": manifest["parameters"] / 1e6,
            "seed": manifest["spec"]["seed"],
            "pairs": manifest["spec"]["pairs"],
        }
    )
