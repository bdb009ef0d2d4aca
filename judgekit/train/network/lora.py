"""From a recipe to a model that is ready to train: 4-bit or full weights, and an adapter.

LoRA (Hu et al. 2021) over 4-bit weights is QLoRA (Dettmers et al. 2023). Trained weights are always
float32: at the learning rates of preference training most updates of bfloat16 weights would round
to zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from judgekit.errors import EngineError, InputError
from judgekit.installing import install_hint
from judgekit.models.checkpoint_checks import end_token_ids
from judgekit.models.library_errors import library_errors
from judgekit.models.loading import (
    Checkpoint,
    Weights,
    find_checkpoint,
    load_weights,
    loading_errors,
    quiet_libraries,
)
from judgekit.train.interfaces.model_use import Head
from judgekit.train.interfaces.torchrun import local_rank
from judgekit.train.network.continue_adapter import continue_adapter, read_config
from judgekit.train.network.lora_targets import find_targets, untie_for
from judgekit.train.recipes.language_model import LanguageModelRecipe
from judgekit.types import digest

__all__ = ["TrainableModel", "check_model", "load_trainable"]


TASKS: Mapping[Head, str] = {"lm": "CAUSAL_LM", "score": "SEQ_CLS"}  # as peft calls them
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "safetensors")
SCORE_HEADS = ("score", "classifier")  # what transformers calls the last layer of a classifier


@dataclass(frozen=True)
class TrainableModel:
    """A model in train mode with its tokenizer.

    Attributes:
        model: A `peft.PeftModel`, or the plain model where all of it is trained. Inside
            `model.disable_adapter()` a PeftModel is what training started from.
        tokenizer: Its tokenizer.
        checkpoint: Where the frozen weights came from and how they are held; its `dtype` is the
            compute dtype.
        fingerprint: Digest of what training started from, as it computes.
        head: The model's last layer.
    """

    model: Any
    tokenizer: Any
    checkpoint: Checkpoint
    fingerprint: str
    head: Head = "lm"


def check_model(recipe: LanguageModelRecipe, *, head: Head = "lm") -> Checkpoint:
    """Finds the recipe's model (downloads a hub id) and checks everything that needs no weights.

    Raises:
        InputError: A package is missing, there is no such model or adapter, settings exclude each
            other, `lora_targets` names no module, or the weights are quantized by a method that
            cannot be trained.
    """
    check_settings(recipe)
    names = [*LIBRARIES, *(["bitsandbytes"] if recipe.quant != "none" else [])]
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise InputError(f"training needs {missing[0]}; {install_hint('train')}")
    checkpoint = find_checkpoint(
        Weights(
            recipe.model,
            recipe.dtype,
            device_here(recipe.device),
            adapter=recipe.adapter,
            double_quant=recipe.double_quant,
        )
    )
    if not held_in_4bit(checkpoint, recipe) and recipe.quant != "none":
        checkpoint = replace(checkpoint, quant=recipe.quant)
    model = empty_model(checkpoint, head)
    if checkpoint.adapter is not None:
        read_config(checkpoint.adapter, str(recipe.adapter))
    elif recipe.lora:
        find_targets(model, recipe.lora_targets, SCORE_HEADS)
    return checkpoint


def load_trainable(recipe: LanguageModelRecipe, *, head: Head = "lm") -> TrainableModel:
    """Loads the recipe's model, ready to train.

    An adapter to continue is trained further with its own rank, scale and modules; a frozen copy
    serves `model.disable_adapter()`. The same recipe gives the same initial weights, and torch's
    random state is unchanged.

    Args:
        recipe: The settings.
        head: ``score`` makes a classifier with one output of the model; its head is new unless the
            checkpoint has one.

    Raises:
        InputError: See `check_model`.
        EngineError: The weights cannot be loaded.
    """
    import torch

    checkpoint = check_model(recipe, head=head)
    tokenizer = checkpoint.load_tokenizer()
    device = checkpoint.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(recipe.seed)
        # A whole model is trained in float32; `dtype` is then for autocast alone.
        source = checkpoint if recipe.lora else replace(checkpoint, dtype=torch.float32)
        model = load_base(source, head)
        if head == "score":
            set_padding(model, tokenizer)
        model = adapt(model, recipe, checkpoint, head)
    if recipe.checkpoint_activations:
        checkpoint_activations(model)
    scope = () if recipe.lora else ("whole",)
    return TrainableModel(
        model.train(), tokenizer, checkpoint, digest(checkpoint.fingerprint, head, *scope), head
    )


def checkpoint_activations(model: Any) -> None:
    """Keeps only each layer's input for the backward pass, which computes the rest again."""
    newer = getattr(model, "activation_checkpointing_enable", None)  # of newer releases
    enable = newer or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})


def check_settings(recipe: LanguageModelRecipe) -> None:
    """Checks what the recipe alone decides. Raises `InputError`."""
    if not recipe.lora and recipe.quant != "none":
        raise InputError(
            f"weights in 4 bits ({recipe.quant!r}) cannot be trained without an adapter: "
            f"add --quant none, or leave out --no-lora"
        )
    if recipe.lora_r < 1:
        raise InputError(f"lora_r must be at least 1, not {recipe.lora_r!r}")
    if recipe.lora_alpha <= 0:
        raise InputError(f"lora_alpha must be more than 0, not {recipe.lora_alpha!r}")
    if not 0 <= recipe.lora_dropout < 1:
        raise InputError(f"lora_dropout must be from 0 to less than 1, not {recipe.lora_dropout!r}")
    if recipe.lora and not recipe.lora_targets:
        raise InputError("lora_targets names no module; leave it out for all-linear")


def device_here(device: str) -> str:
    """The device of this process: under torchrun each process has its own GPU."""
    import torch

    rank = local_rank()
    if device == "auto" and rank is not None and torch.cuda.is_available():
        return f"cuda:{rank}"
    return device


def held_in_4bit(checkpoint: Checkpoint, recipe: LanguageModelRecipe) -> bool:
    """Whether the checkpoint itself holds bitsandbytes 4-bit weights, which are used as they are.

    Raises `InputError` for weights quantized otherwise: they cannot be trained, or not merged.
    """
    quantization = getattr(checkpoint.config, "quantization_config", None)
    if quantization is None:
        return False
    config: Mapping[str, Any] = (
        quantization if isinstance(quantization, dict) else quantization.to_dict()
    )
    if not config.get("load_in_4bit"):
        method = config.get("quant_method", "unknown")
        raise InputError(
            f"{checkpoint.name!r} is already quantized ({method!s}); name the model it was made "
            f"from, and it is quantized to 4 bits here"
        )
    if recipe.quant == "none":
        raise InputError(
            f"{checkpoint.name!r} is already in 4 bits; leave out --quant none, or name the model "
            f"it was made from"
        )
    return True


def empty_model(checkpoint: Checkpoint, head: Head) -> Any:
    """The model without weights, on torch's meta device. Raises `InputError` for no decoder."""
    import torch
    import transformers

    library: Any = transformers
    auto = auto_class(head)
    if checkpoint.config.is_encoder_decoder:
        raise InputError(f"{checkpoint.name!r} is an encoder-decoder, not a causal language model")
    config = checkpoint.config
    if head == "score":
        config = one_output(checkpoint)
    failed = f"{checkpoint.name!r} cannot be trained by transformers {library.__version__}"
    with library_errors(failed), torch.device("meta"), quiet_libraries():
        return auto.from_config(config, trust_remote_code=False)


def auto_class(head: Head) -> Any:
    """The class of transformers that loads a checkpoint."""
    import transformers

    library: Any = transformers
    if head == "score":
        return library.AutoModelForSequenceClassification
    return library.AutoModelForCausalLM


def one_output(checkpoint: Checkpoint) -> Any:
    """The config of a reward model. Raises `InputError` for a classifier of several outputs."""
    from copy import deepcopy

    config = deepcopy(checkpoint.config)
    classifier = any("SequenceClassification" in name for name in config.architectures or ())
    if classifier and config.num_labels != 1:
        raise InputError(
            f"{checkpoint.name!r} has {config.num_labels} outputs and a reward model has one; "
            f"start from a language model"
        )
    config.num_labels = 1
    return config


def load_base(checkpoint: Checkpoint, head: Head) -> Any:
    """Loads the model without an adapter; a score head that its files lack is new.

    Raises `EngineError`.
    """
    if head == "lm":
        return replace(checkpoint, adapter=None).load_model()
    one_output(checkpoint)
    with loading_errors(checkpoint.name):
        model, missing = load_weights(checkpoint, auto_class(head), SCORE_HEADS, num_labels=1)
    lost = [name for name in missing if name.split(".")[0] not in SCORE_HEADS]
    if lost:
        raise EngineError(
            f"{checkpoint.name!r} lacks {len(lost)} of its weights ({lost[0]!r}), which would be "
            f"random"
        )
    return model


def set_padding(model: Any, tokenizer: Any) -> None:
    """Chooses a padding token that no answer ends with.

    Classifiers score the last token before the padding; if padding were the end of a turn, they
    would score one token too early.
    """
    config = model.config.get_text_config()
    ends = end_token_ids(config.eos_token_id, tokenizer)
    rows = model.get_input_embeddings().weight.shape[0]
    ids = [tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.bos_token_id]
    free = (i for i in range(len(ends) + 1) if i not in ends)
    pad = next((i for i in ids if i is not None and i not in ends and i < rows), next(free))
    config.pad_token_id = model.config.pad_token_id = pad
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(pad)


def adapt(model: Any, recipe: LanguageModelRecipe, checkpoint: Checkpoint, head: Head) -> Any:
    """The model with its trained weights in float32, and all others frozen."""
    import peft

    library: Any = peft
    if checkpoint.adapter is not None:
        model = continue_adapter(model, checkpoint.adapter, TASKS[head])
        if not recipe.lora:
            model = model.merge_and_unload()
    elif recipe.lora:
        config = lora_config(model, recipe, head)
        untie_for(model, config.target_modules)
        with quiet_libraries():
            model = library.get_peft_model(model, config)
    if not recipe.lora:
        return model.requires_grad_(True)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    for name, module in model.named_modules():
        if "modules_to_save." in name and next(module.parameters(recurse=False), None) is not None:
            module.register_forward_pre_hook(in_own_dtype)
    return model


def lora_config(model: Any, recipe: LanguageModelRecipe, head: Head) -> Any:
    """The recipe's adapter as a config of peft, which trains the head of a classifier as well.

    Raises `InputError` as `find_targets` does.
    """
    import peft

    library: Any = peft
    alpha = recipe.lora_alpha
    return library.LoraConfig(
        task_type=TASKS[head],
        r=recipe.lora_r,
        lora_alpha=int(alpha) if alpha.is_integer() else alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=find_targets(model, recipe.lora_targets, SCORE_HEADS),
    )


def in_own_dtype(module: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """A forward pre-hook that casts inputs to the dtype of the module's weights.

    A new float32 score head over bfloat16 layers would refuse their output.
    """
    import torch

    if torch.is_autocast_enabled(inputs[0].device.type):
        return inputs  # autocast casts them
    return (inputs[0].to(module.weight.dtype), *inputs[1:])
