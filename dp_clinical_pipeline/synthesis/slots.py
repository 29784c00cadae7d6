"""Keys and values of rows that are written together: each row in a slot of its own, filled to its own length."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dp_clinical_pipeline.synthesis.prompt_tree import Reading

# Room is made in such steps, and no fewer places are looked at: the CPU's kernel takes longer for 40 to 63 than for 64.
_PLACES = 64


class Slots:
    """The rows' keys and values, (slots, heads, room, width) a layer. Rows move so that those in use come first."""

    def __init__(self, model: Any, reading: Reading) -> None:
        import torch
        from transformers.cache_utils import Cache

        lengths = [len(path) for path in reading.paths]
        self._model, longest = model, max(lengths)
        self.width = max(_PLACES, longest + 1)
        self.lengths = torch.tensor(lengths, device=model.device)
        path = torch.tensor([p + [0] * (longest - len(p)) for p in reading.paths], device=model.device)
        self._layers = [_layer_class()(self) for _ in range(model.config.num_hidden_layers)]
        for layer, kept in zip(self._layers, reading.layers, strict=False):
            layer.take(*(states[:, path].transpose(0, 1) for states in kept))
        self._cache = Cache(layers=self._layers)

    def step(self, tokens: Any) -> Any:
        """Return the logits (slots, V) after one more token in each slot."""
        import torch

        self.rows = torch.arange(len(tokens), device=tokens.device)
        self.width = max(_PLACES, int(self.lengths.max()) + 1)
        places = torch.arange(self.width, device=tokens.device)
        hidden = torch.zeros(len(tokens), self.width, dtype=self._model.dtype, device=tokens.device)
        hidden.masked_fill_(places > self.lengths[:, None], torch.finfo(hidden.dtype).min)
        out = self._model(
            input_ids=tokens[:, None],
            position_ids=self.lengths[:, None],
            attention_mask=hidden[:, None, None],
            past_key_values=self._cache,
            use_cache=True,
        )
        self.lengths = self.lengths + 1
        return out.logits[:, -1]

    def keep(self, order: Sequence[int]) -> None:
        """Let each slot hold the row that `order` names by its slot of before; there are as many slots as names."""
        import torch

        moved = [(new, old) for new, old in enumerate(order) if new != old]
        chosen = torch.tensor(order, device=self.lengths.device)
        self.lengths = self.lengths[chosen]
        if moved:
            new, old = torch.tensor(moved, device=self.lengths.device).T
            for layer in self._layers:
                layer.move(new, old)


@lru_cache
def _layer_class() -> type:
    import torch
    from transformers.cache_utils import DynamicLayer

    class SlotLayer(DynamicLayer):
        """One layer's keys and values. What lies behind a row's length is masked, and finite."""

        def __init__(self, slots: Slots) -> None:
            super().__init__()
            self.slots = slots
            self.buffers: list[torch.Tensor] = []

        def take(self, *states: torch.Tensor) -> None:
            room = -(-self.slots.width // _PLACES) * _PLACES
            self.buffers = [s.new_zeros(*s.shape[:2], room, s.shape[3]) for s in states]
            for buffer, own in zip(self.buffers, states, strict=True):
                buffer[:, :, : own.shape[2]] = own

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            new, slots, n = (key_states, value_states), self.slots, len(key_states)
            if not self.buffers:
                self.take(*(states[:, :, :0] for states in new))
            elif slots.width > self.buffers[0].shape[2]:
                self.take(*(buffer[:n] for buffer in self.buffers))
            for buffer, states in zip(self.buffers, new, strict=True):
                buffer[slots.rows, :, slots.lengths] = states[:, :, 0]
            self.keys, self.values = (buffer[:n, :, : slots.width] for buffer in self.buffers)
            return self.keys, self.values

        def move(self, new: Any, old: Any) -> None:
            for buffer in self.buffers:
                buffer[new, :, : self.slots.width] = buffer[old, :, : self.slots.width]

        def get_seq_length(self) -> int:
            return self.slots.width - 1

    return SlotLayer
