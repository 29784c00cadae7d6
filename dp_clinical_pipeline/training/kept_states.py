"""Token states that frozen lower layers make of each text, computed once for a training instead of once a step."""

from collections.abc import Sequence
from typing import Any

from dp_clinical_pipeline.training.examples import Drawn

# Past this, what does not fit is computed anew each time.
_MOST_BYTES = 2 * 2**30


class KeptStates:
    """Runs an encoder from its first trained layer on, from states that it keeps in memory.

    Guarantee: as without it. What is kept of a text depends on that text and on public weights alone, never leaves the
    process, and is forgotten with it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, ...], Any] = {}
        self._bytes = 0

    def states(self, body: Any, batch: Sequence[Drawn], ids: Any, mask: Any) -> Any:
        """Return token states (B, T, width) of a batch whose token ids and mask are (B, T)."""
        layers = _layers(body)
        first = next((i for i, layer in enumerate(layers) if _trained(layer)), len(layers))
        if first == 0 or _trained(_plain(body).embeddings):
            return body(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        below = self._below(body, layers[:first], batch, ids, mask)
        return _run(body, layers[first:], below, mask)

    def _below(self, body: Any, layers: Sequence[Any], batch: Sequence[Drawn], ids: Any, mask: Any) -> Any:
        import torch

        rows: list[Any] = [self._kept.get(d.example.tokens) for d in batch]
        missing = [i for i, row in enumerate(rows) if row is None]
        if missing:
            with torch.no_grad():
                embedded = _plain(body).embeddings(input_ids=ids[missing])
                fresh = _run(body, layers, embedded, mask[missing])
            for i, states in zip(missing, fresh, strict=True):
                tokens = batch[i].example.tokens
                rows[i] = states[: len(tokens)].clone()
                self._keep(tokens, rows[i])
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)

    def _keep(self, tokens: tuple[int, ...], states: Any) -> None:
        size = states.numel() * states.element_size()
        if self._bytes + size <= _MOST_BYTES:
            self._kept[tokens] = states
            self._bytes += size


def _layers(body: Any) -> Sequence[Any]:
    """Return an encoder's layers from below; none where they cannot be run one after the other."""
    model = _plain(body)
    return list(model.encoder.layer) if model.config.model_type == "bert" else []


def _run(body: Any, layers: Sequence[Any], states: Any, mask: Any) -> Any:
    from transformers.masking_utils import create_bidirectional_mask

    config = _plain(body).config
    seen = create_bidirectional_mask(config=config, inputs_embeds=states, attention_mask=mask.long())
    for layer in layers:
        states = layer(states, seen)
    return states


def _trained(module: Any) -> bool:
    return any(p.requires_grad for p in module.parameters())


def _plain(body: Any) -> Any:
    return body.get_base_model() if hasattr(body, "get_base_model") else body
