"""What a model's folder must be before any library reads it: whole files, that lie within it.

A folder may come from anybody. Libraries open what its files name and build what its numbers say,
so both are looked at first, in headers and small files alone.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.models.library_errors import one_line

__all__ = ["SUFFIXES", "check_folder", "read_json_object"]

SUFFIXES = (".json", ".jinja", ".model", ".safetensors", ".txt")  # no pickles, no code
TEMPLATES = "additional_chat_templates"  # the only subfolder that is read
LARGEST = 256 * 2**20  # bytes of a file without weights; tokenizers of 40 MB exist
INDEX = "model.safetensors.index.json"
CONFIG, TOKENIZER_CONFIG = "config.json", "tokenizer_config.json"
OBJECTS = (
    *(CONFIG, TOKENIZER_CONFIG, "generation_config.json", "adapter_config.json", INDEX),
    *("special_tokens_map.json", "added_tokens.json"),
)
PACKED = 32  # values in one number of quantised weights, at most
AXES = re.compile(
    r"(hidden|intermediate|vocab|embedding|ffn_hidden|moe_intermediate)_size|head_dim|"
    r"(num|n)_.*(heads|experts)|d_model|d_ff|n_embd|n_inner|n_head"
)
COUNTS = re.compile(r"(num|n)_.*(layers?|blocks)|n_layer|(encoder|decoder)_layers")
NEEDED = ("hidden_size", "num_hidden_layers", "vocab_size", "num_attention_heads")
FORMATS = re.compile(r"[a-z_0-9]+")  # a kernel's hub id has a slash or a colon


@dataclass(frozen=True)
class Weights:
    """What the headers of a folder's weights say: how many tensors, and their longest axis."""

    tensors: int
    longest: int


def check_folder(name: str, folder: Path) -> None:
    """Refuses a folder that a library would stumble over, or be led out of.

    Args:
        name: The model's name in messages.
        folder: The folder, with `*.safetensors`.

    Raises:
        InputError: A file leads out of the folder or is no file; a small file is too large, or is
            no JSON object; weights are broken, or their index names others; the config says what
            the weights cannot be, or names code.
    """
    for file in read_files(name, folder):
        check_file(file, folder)
    objects = {
        each: read_json_object(folder / each) for each in OBJECTS if (folder / each).is_file()
    }
    check_tokenizer(folder / "tokenizer.json")
    weights = weights_of(folder)
    check_index(folder, objects.get(INDEX, {}))
    check_tokenizer_config(folder, objects.get(TOKENIZER_CONFIG, {}))
    if CONFIG in objects:
        check_config(folder, objects[CONFIG], weights)
    if (folder / "adapter_config.json").is_file():
        check_adapter(folder, objects["adapter_config.json"])


def read_files(name: str, folder: Path) -> Iterator[Path]:
    """The files that libraries read."""
    try:
        yield from (f for f in sorted(folder.iterdir()) if f.suffix in SUFFIXES)
        if (folder / TEMPLATES).is_dir():
            yield folder / TEMPLATES
            yield from sorted((folder / TEMPLATES).glob("*.jinja"))
    except OSError as error:
        raise InputError(f"cannot read the folder {name!r}: {error.strerror}") from error


def check_file(file: Path, folder: Path) -> None:
    """Refuses what is no file of the folder, and small files that are too large."""
    try:
        target, home = file.resolve(strict=True), folder.resolve()
        how = target.stat()
    except (OSError, RuntimeError) as error:  # a link in a circle, or to nothing
        raise InputError(f"cannot read {str(file)!r}: {one_line(error)}") from error
    if not target.is_relative_to(home) and not in_cache(target):
        raise InputError(
            f"{str(file)!r} is a link out of its folder, and is not followed; copy the file there"
        )
    if file.name == TEMPLATES:
        return
    if not stat.S_ISREG(how.st_mode):
        raise InputError(f"{str(file)!r} is no regular file; remove it, or restore the file")
    if file.suffix != ".safetensors" and how.st_size > LARGEST:
        raise InputError(
            f"{str(file)!r} has {how.st_size / 2**20:.0f} MiB; a model's {file.suffix} has at "
            f"most {LARGEST / 2**20:.0f}"
        )


def in_cache(target: Path) -> bool:
    """Whether a file is a blob in the hub's cache, where each file of a model is a link to one."""
    return target.parent.name == "blobs" and target.parent.parent.name.startswith("models--")


def read_json_object(file: Path) -> dict[str, Any]:
    """A JSON object from a file of others.

    Raises:
        InputError: It cannot be read, or is no object.
    """
    try:
        content = json.loads(file.read_bytes())
    except RecursionError as error:
        raise InputError(f"cannot read {str(file)!r}: it is nested too deeply") from error
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {str(file)!r}: {one_line(error)}") from error
    if not isinstance(content, dict):
        raise InputError(f"{str(file)!r} is no JSON object; restore the file")
    return content


def check_tokenizer(file: Path) -> None:
    """Refuses a tokenizer that is no JSON object; all of it is read by its library alone."""
    if not file.is_file():
        return
    with file.open("rb") as content:
        if not content.read(64).lstrip().startswith(b"{"):
            raise InputError(f"{str(file)!r} is no JSON object; restore the file")


def weights_of(folder: Path) -> Weights:
    """Reads the headers of all weights; a file that was cut is found here.

    Raises:
        InputError: A file is not whole.
    """
    from safetensors import SafetensorError, safe_open

    tensors, longest = 0, 0
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as file:
                for key in file.keys():  # noqa: SIM118 (it is no mapping)
                    shape = file.get_slice(key).get_shape()
                    tensors, longest = tensors + 1, max(longest, *shape, 1)
        except (OSError, SafetensorError) as error:
            raise InputError(
                f"cannot read {str(path)!r}: {one_line(error)}; the file is broken: copy or "
                f"download it again"
            ) from error
    return Weights(tensors, longest)


def check_index(folder: Path, index: Mapping[str, Any]) -> None:
    """Refuses an index of shards that names anything but weights of the folder."""
    if not index:
        return
    file, shards = folder / INDEX, index.get("weight_map")
    if not isinstance(shards, dict) or not isinstance(index.get("metadata", {}), dict):
        raise InputError(f"{str(file)!r} is no index of weights: it has no object 'weight_map'")
    for shard in dict.fromkeys(map(str, shards.values())):
        plain = Path(shard).name == shard and shard.endswith(".safetensors")
        if not plain or not (folder / shard).is_file():
            raise InputError(
                f"{str(file)!r} names {shard!r}, which is no *.safetensors of that folder; copy or "
                f"download the model again"
            )


def check_tokenizer_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Refuses a tokenizer's config whose limit is no number, or that names a file elsewhere."""
    longest = config.get("model_max_length", 0)
    if type(longest) not in (int, float, type(None)):
        raise InputError(
            f"{str(folder / TOKENIZER_CONFIG)!r}: model_max_length is a number, not {longest!r:.80}"
        )
    for key, value in config.items():
        if not key.endswith("_file") or not isinstance(value, str):
            continue
        try:
            outside = (folder / value).exists() and Path(value).name != value
        except (OSError, ValueError):  # too long, or not a name at all
            continue
        if outside:
            raise InputError(
                f"{str(folder / TOKENIZER_CONFIG)!r} names {value!r} as its {key}, which is not in "
                f"that folder; remove {key!r} from it"
            )


def check_config(folder: Path, config: Mapping[str, Any], weights: Weights) -> None:
    """Refuses a config that names code, or numbers that the weights cannot have."""
    where = str(folder / CONFIG)
    kind = config.get("model_type")
    if not isinstance(kind, str | None):
        raise InputError(f"{where!r}: model_type is a text such as 'llama', not {kind!r:.80}")
    nested = [value for value in config.values() if isinstance(value, dict)]
    for part in (config, *nested):
        for key in ("attn_implementation", "_attn_implementation"):
            wanted = part.get(key)
            if wanted is not None and not FORMATS.fullmatch(str(wanted)):
                raise InputError(
                    f"{where!r} names the attention {wanted!r}, which is code from a hub and is "
                    f"never run; remove {key!r} from it"
                )
    held = config.get("quantization_config")
    if not isinstance(held, dict | None):
        raise InputError(f"{where!r}: quantization_config is an object, not {held!r:.80}")
    if not (folder / "adapter_config.json").is_file():  # whose weights are those of another model
        for part in (config, *[v for k, v in config.items() if k in ("text_config", "llm_config")]):
            if isinstance(part, dict):
                check_numbers(where, part, weights)


def check_numbers(where: str, config: Mapping[str, Any], weights: Weights) -> None:
    """Refuses more layers than tensors, and more of anything than the weights have room for."""
    for key, value in config.items():
        if type(value) is not int:
            continue
        if key in NEEDED and value < 1:
            raise InputError(f"{where!r}: {key} is {value}, and a model has at least 1")
        most = weights.tensors if COUNTS.fullmatch(key) else None
        if AXES.fullmatch(key):
            most = max(weights.tensors, PACKED * weights.longest)
        if most is not None and not -1 <= value <= most:
            raise InputError(
                f"{where!r}: {key} is {value}, and the weights beside it ({weights.tensors} "
                f"tensors, the longest axis {weights.longest}) have room for {most}; take both "
                f"from one model"
            )


def check_adapter(folder: Path, config: Mapping[str, Any]) -> None:
    """Refuses an adapter's config that names a module of Python to import."""
    if config.get("megatron_config"):
        raise InputError(
            f"{str(folder / 'adapter_config.json')!r} names code to import (megatron_config), "
            f"which is never run; remove it there"
        )
