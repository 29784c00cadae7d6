"""Token states that frozen lower layers make of each text, computed once for a training instead of once a step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dp_clinical_pipeline.training.examples import Drawn

# Past this, what does not fit is computed anew each time.
_MOST_BYTES = 2 * 2**30


class KeptStates:
    """Runs a model's body from its first trained layer on, from states that it keeps in memory.

    Guarantee: as without it. What is kept of a text depends on that text and on public weights alone, never leaves the
    process, and is forgotten with it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, ...], Any] = {}
        self._bytes = 0

    def states(self, body: Any, batch: Sequence[Drawn], ids: Any, mask: Any) -> Any | None:
        """Return token states (B, T, width) of a batch whose token ids and mask are (B, T).

        None where nothing can be kept: no frozen layer lies below, or layers cannot be run one after the other.
        """
        stack = _stack(body)
        first = next((i for i, layer in enumerate(stack.layers) if _trained(layer)), len(stack.layers)) if stack else 0
        if stack is None or first == 0 or _trained(stack.embeddings):
            return None
        below = self._below(stack, first, batch, ids, mask)
        return stack.finished(stack.run(stack.layers[first:], below, mask))

    def _below(self, stack: "_Stack", first: int, batch: Sequence[Drawn], ids: Any, mask: Any) -> Any:
        import torch

        rows: list[Any] = [self._kept.get(d.example.tokens) for d in batch]
        missing = [i for i, row in enumerate(rows) if row is None]
        if missing:
            with torch.no_grad():
                embedded = stack.embeddings(ids[missing])
                fresh = stack.run(stack.layers[:first], embedded, mask[missing])
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


class _Stack(Protocol):
    """Layers that can be run one after the other."""

    @property
    def layers(self) -> Sequence[Any]:
        """The layers from below."""

    @property
    def embeddings(self) -> Any:
        """The module that makes the lowest states (B, T, width) of token ids (B, T)."""

    def run(self, layers: Sequence[Any], states: Any, mask: Any) -> Any:
        """Return what some of the layers make of states."""

    def finished(self, states: Any) -> Any:
        """Return what the body makes of the last layer's states."""


@dataclass(frozen=True)
class _Bert:
    model: Any

    @property
    def layers(self) -> Sequence[Any]:
        return list(self.model.encoder.layer)

    @property
    def embeddings(self) -> Any:
        return self.model.embeddings

    def run(self, layers: Sequence[Any], states: Any, mask: Any) -> Any:
        from transformers.masking_utils import create_bidirectional_mask

        seen = create_bidirectional_mask(config=self.model.config, inputs_embeds=states, attention_mask=mask.long())
        for layer in layers:
            states = layer(states, seen)
        return states

    def finished(self, states: Any) -> Any:
        return states


@dataclass(frozen=True)
class _Llama:
    model: Any

    @property
    def layers(self) -> Sequence[Any]:
        return list(self.model.layers)

    @property
    def embeddings(self) -> Any:
        return self.model.embed_tokens

    def run(self, layers: Sequence[Any], states: Any, mask: Any) -> Any:
        import torch
        from transformers.masking_utils import create_causal_mask

        # Padding is on the right, where no real token looks.
        position = torch.arange(states.shape[1], device=states.device)[None]
        seen = create_causal_mask(
            config=self.model.config,
            inputs_embeds=states,
            attention_mask=None,
            past_key_values=None,
            position_ids=position,
        )
        turned = self.model.rotary_emb(states, position_ids=position)
        for layer in layers:
            states = layer(states, attention_mask=seen, position_embeddings=turned, position_ids=position)
        return states

    def finished(self, states: Any) -> Any:
        return self.model.norm(states)


def _stack(body: Any) -> _Stack | None:
    """Return a body's layers, None where they cannot be run one after the other."""
    model = body.get_base_model() if hasattr(body, "get_base_model") else body
    if model.config.model_type == "bert":
        return _Bert(model)
    return _Llama(model) if model.config.model_type == "llama" else None


def _trained(module: Any) -> bool:
    return any(p.requires_grad for p in module.parameters())
