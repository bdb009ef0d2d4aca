"""From a recipe to a model that is ready to train: weights in 4 bits or whole, and an adapter.

LoRA (Hu et al. 2021) over 4-bit weights is QLoRA (Dettmers et al. 2023). What is trained is always
held in float32: at the learning rates of preference training most bfloat16 weights would round
back to where they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from judgekit.errors import EngineError, InputError
from judgekit.installing import install_hint
from judgekit.models.folders import one_line
from judgekit.models.loading import Checkpoint, Weights, find, load_weights, quietly, reading
from judgekit.train.interfaces.model_use import Head
from judgekit.train.interfaces.torchrun import local_rank
from judgekit.train.network.continue_adapter import continue_adapter, read_config
from judgekit.train.network.lora_targets import find_targets, head_of, is_target, untie
from judgekit.train.recipes.language_model import LanguageModelRecipe
from judgekit.types import digest

__all__ = ["TrainableModel", "check_model", "load_trainable"]


TASKS: Mapping[Head, str] = {"lm": "CAUSAL_LM", "score": "SEQ_CLS"}  # as peft calls them
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "safetensors")
SCORE_HEADS = ("score", "classifier")  # what transformers calls the last layer of a classifier


@dataclass(frozen=True)
class TrainableModel:
    """A model in train mode with its tokenizer.

    `model` is a `peft.PeftModel`, or the plain model where all of it is trained; inside
    `model.disable_adapter()` a PeftModel is what training started from. `checkpoint` says where
    the frozen weights came from and how they are held (`dtype`: what they compute in).
    `fingerprint` identifies what training started from, as it computes.
    """

    model: Any
    tokenizer: Any
    checkpoint: Checkpoint
    fingerprint: str
    head: Head = "lm"


def check_model(recipe: LanguageModelRecipe, *, head: Head = "lm") -> Checkpoint:
    """Finds the recipe's model (a hub id is downloaded) and checks all that needs no weights.

    Raises `InputError`: a package is missing, no such model or adapter, settings that exclude one
    another, no module of a name in `lora_targets`, weights quantised by a method that cannot be
    trained.
    """
    check_settings(recipe)
    names = [*LIBRARIES, *(["bitsandbytes"] if recipe.quant != "none" else [])]
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise InputError(f"training needs {missing[0]}; {install_hint('train')}")
    checkpoint = find(
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
    """The recipe's model, ready to train.

    `head` ``score`` makes a sequence classifier of one output of it; where the checkpoint is none,
    the head is new. An adapter to go on from is trained further itself, with its own rank, scale
    and modules; what it was stays beside it, for `model.disable_adapter()`. The same recipe gives
    the same start, and torch's random state is left as it was. Raises `InputError` as
    `check_model` does, and `EngineError` where the weights cannot be loaded.
    """
    import torch

    checkpoint = check_model(recipe, head=head)
    tokenizer = checkpoint.load_tokenizer()
    device = checkpoint.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(recipe.seed)
        # All of the model is trained in float32; `dtype` is then for autocast alone.
        held = checkpoint if recipe.lora else replace(checkpoint, dtype=torch.float32)
        model = load_base(held, head)
        if head == "score":
            set_padding(model, tokenizer)
        model = adapt(model, recipe, checkpoint, head)
    if recipe.checkpoint_activations:
        with quietly():  # the method has a new name in later versions of transformers
            model.gradient_checkpointing_enable({"use_reentrant": False})
    whole = () if recipe.lora else ("whole",)
    return TrainableModel(
        model.train(), tokenizer, checkpoint, digest(checkpoint.fingerprint, head, *whole), head
    )


def check_settings(recipe: LanguageModelRecipe) -> None:
    """What the recipe alone tells. Raises `InputError`."""
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


def device_here(asked: str) -> str:
    """The device of this process: under torchrun each has a GPU of its own."""
    import torch

    rank = local_rank()
    if asked == "auto" and rank is not None and torch.cuda.is_available():
        return f"cuda:{rank}"
    return asked


def held_in_4bit(checkpoint: Checkpoint, recipe: LanguageModelRecipe) -> bool:
    """Whether the checkpoint itself is in bitsandbytes' 4 bits, which are trained as they are.

    Raises `InputError` for other quantised weights: they cannot be trained, or not merged.
    """
    held = getattr(checkpoint.config, "quantization_config", None)
    if held is None:
        return False
    told: Mapping[str, Any] = held if isinstance(held, dict) else held.to_dict()
    if not told.get("load_in_4bit"):
        method = told.get("quant_method", "unknown")
        raise InputError(
            f"{checkpoint.name!r} is quantised already ({method!s}); name the model it was made "
            f"from, and it is held in 4 bits here"
        )
    if recipe.quant == "none":
        raise InputError(
            f"{checkpoint.name!r} is in 4 bits already; leave out --quant none, or name the model "
            f"it was made from"
        )
    return True


def empty_model(checkpoint: Checkpoint, head: Head) -> Any:
    """The model without any weight. Raises `InputError` where it is no decoder."""
    import torch
    import transformers

    library: Any = transformers
    auto = auto_class(head)
    if checkpoint.config.is_encoder_decoder:
        raise InputError(f"{checkpoint.name!r} is no causal language model but an encoder-decoder")
    config = checkpoint.config
    if head == "score":
        config = one_output(checkpoint)
    try:
        with torch.device("meta"), quietly():
            return auto.from_config(config)
    except ValueError as error:
        raise InputError(
            f"{checkpoint.name!r} cannot be trained by transformers {library.__version__}: "
            f"{one_line(error)}"
        ) from error


def auto_class(head: Head) -> Any:
    """What transformers loads a checkpoint as."""
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
    """The model without an adapter; a score head that its files lack is new.

    Raises `EngineError`.
    """
    if head == "lm":
        return replace(checkpoint, adapter=None).load_model()
    one_output(checkpoint)
    with reading(checkpoint.name):
        model, missing = load_weights(checkpoint, auto_class(head), SCORE_HEADS, num_labels=1)
    lost = [name for name in missing if name.split(".")[0] not in SCORE_HEADS]
    if lost:
        raise EngineError(
            f"{checkpoint.name!r} lacks {len(lost)} of its weights ({lost[0]!r}), which would be "
            f"random"
        )
    return model


def set_padding(model: Any, tokenizer: Any) -> None:
    """Names a token for padding that no answer ends with.

    Classifiers score the last token that is no padding; where padding is the end of a turn, that
    would be the token before it.
    """
    ends = {tokenizer.eos_token_id, model.config.get_text_config().eos_token_id}
    ids = [tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.bos_token_id]
    free = (i for i in range(len(ends) + 1) if i not in ends)
    pad = next((i for i in ids if i is not None and i not in ends), next(free))
    model.config.get_text_config().pad_token_id = model.config.pad_token_id = pad
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(pad)


def adapt(model: Any, recipe: LanguageModelRecipe, checkpoint: Checkpoint, head: Head) -> Any:
    """The model with what is to be trained, in float32, and all else frozen."""
    import peft

    library: Any = peft
    if checkpoint.adapter is not None:
        model = continue_adapter(model, checkpoint.adapter, TASKS[head])
        if not recipe.lora:
            model = model.merge_and_unload()
    elif recipe.lora:
        config = lora_config(model, recipe, head)
        if is_target(head_of(model), config.target_modules):
            untie(model)
        with quietly():
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
    """The recipe's adapter as peft knows it; of a classifier, peft trains the head too.

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
    """Before a forward pass: what comes in as the module's float32 weights want it.

    A new score head over bfloat16 layers would refuse their output.
    """
    import torch

    if torch.is_autocast_enabled(inputs[0].device.type):
        return inputs  # which casts to what it computes in
    return (inputs[0].to(module.weight.dtype), *inputs[1:])
