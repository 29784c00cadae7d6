"""A GGUF file, dequantised once into an ordinary model folder."""

import io
from contextlib import redirect_stderr
from pathlib import Path

from dp_clinical_pipeline.models.quiet import quiet_libraries


def lay_out_gguf(weights: Path, folder: Path) -> None:
    """Write config, tokenizer and fp32 safetensors of a GGUF causal model into `folder`.

    The weights are those of the quantised file (Q4_1 for SmolLM2): a slightly degraded model, in 32 bits.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # The converter's progress bar asks nobody whether it may write to the standard error.
    with quiet_libraries(), redirect_stderr(io.StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
        read = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name, dtype=torch.float32)
        # A model read from GGUF refuses to be saved, so its weights move to one that is built from the config.
        config = read.config
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        plain = type(read)(config)
        plain.load_state_dict(read.state_dict())
        plain.tie_weights()
        plain.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
