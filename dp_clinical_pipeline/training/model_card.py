"""The pages that lie beside models that were made here of public text."""

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


_ADAPTED = """\
# {base_name}, adapted here to public reports

A generator's base that has read public reports, each as the answer to the record that public rules read in it (label set
`{label_set}`). It **was adapted by `dp-clinical adapt`**, not by a model's publisher.

| | |
|---|---|
| base | `{base_name}`, SHA-256 of its weights `{base_sha256}` |
{sources}
| why they are public | {licence} (as stated by who ran the command; nothing here checked it) |
| notes | {notes} learnt from, {held_out_notes} held out by their hash; {made_up_notes} made up in sentences of the package |
| steps | {steps} of some {lot_size} notes at a rate of {learning_rate}, LoRA of rank {lora_rank} on all layers, merged |
| seed, precision | {seed}, {precision} |
| held-out loss of a note's token | {loss_before} before, {loss} after |
| SHA-256 of the weights | `{weights_sha256}` |

Nothing here is covered by a privacy ledger, and nothing here needs to be, if the text is public: sentences of it can come
out of the model word for word. Use it by `models.generators: {{NAME: FOLDER}}` in a home's settings, and never in a home
whose own reports are among those read here: its epsilon would say nothing.
"""


def adapted_card(manifest: dict[str, Any]) -> str:
    """Return an adapted model's card as Markdown, of the facts in its manifest."""
    rows = [
        f"| text | `{source['name']}` (read as {source['read_as']}): {source['reports']} reports, {source['refused']} "
        f"refused, SHA-256 of their texts `{source['sha256']}` |"
        for source in manifest["text"]["sources"]
    ]
    base = {f"base_{key}": value for key, value in manifest["base"].items()}
    return _ADAPTED.format_map(
        manifest["spec"] | manifest | base | {"sources": "\n".join(rows), "licence": manifest["text"]["licence"]}
    )
