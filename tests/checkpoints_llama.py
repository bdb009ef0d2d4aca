"""A tiny chat model of random weights in a checkpoint's layout; always the same."""

from __future__ import annotations

import warnings
from pathlib import Path

CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "</s>")
SENTENCES = (
    "Which of the two answers is better? Answer A is shorter, Answer B says why.",
    "[[A]] [[B]] [[C]] My verdict is a tie. Score: 4. Rating: [[7]]",
    "You are a careful judge. Compare both answers, then give your verdict in brackets.",
    "The capital of Australia is Canberra, and the largest of its towns is Sydney.",
    "first second tie yes no 0 1 2 3 4 5 6 7 8 9 10",
)


def write_tokenizer(folder: Path, *, chat_template: bool | str = True) -> int:
    """Trains a byte-level BPE tokenizer with ChatML's role markers; returns its size."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bpe.train_from_iterator(SENTENCES, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    if chat_template:
        tokenizer.chat_template = CHAT_TEMPLATE if chat_template is True else chat_template
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


def write_llama(
    folder: Path,
    *,
    chat_template: bool | str = True,
    seed: int = 0,
    hidden: int = 64,
    intermediate: int = 128,
    layers: int = 2,
    positions: int = 4096,
) -> Path:
    """A Llama of `layers` layers with a tokenizer, in `folder`.

    Its weights are spread wide, so that the best token leads clearly and rounding changes none.
    `chat_template` False leaves it out; a text is used as it is.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=write_tokenizer(folder, chat_template=chat_template),
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        initializer_range=0.2,
        bos_token_id=None,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    return folder


def write_adapter(base: Path, folder: Path, *, seed: int = 1) -> Path:
    """A LoRA adapter for the model in `base`, with random weights that are not zero."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(base)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft's own use of transformers
        torch.manual_seed(seed)
        adapted = get_peft_model(
            model,
            LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"),
        )
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight)
    adapted.save_pretrained(folder)
    return folder


def lose_a_weight(folder: Path, name: str = "model.layers.1.mlp.up_proj.weight") -> Path:
    """Takes one tensor out of a checkpoint, which shows only when its weights are loaded."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors[name]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder
