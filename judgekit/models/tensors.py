"""Reads a checkpoint's tensors one at a time, so that nothing is in memory twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from judgekit.errors import EngineError, InputError
from judgekit.models.library_errors import one_line

__all__ = ["Tensors"]


class Tensors:
    """The tensors in a folder's `*.safetensors`, by name.

    Creating it reads the files' headers only.

    Args:
        folder: The checkpoint's folder.

    Raises:
        InputError: A file is not in that format.
    """

    def __init__(self, folder: Path) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._files: dict[str, Path] = {}
        for path in sorted(folder.glob("*.safetensors")):
            try:
                with open_tensors(path) as file:
                    for name in file.keys():  # noqa: SIM118 (it is no mapping)
                        self.shapes[name] = tuple(file.get_slice(name).get_shape())
                        self._files[name] = path
            except (OSError, SafetensorError) as error:
                raise InputError(f"cannot read {str(path)!r}: {one_line(error)}") from error

    def read(self, name: str) -> Tensor:
        """Reads a tensor, as it is stored, to the CPU.

        Raises:
            EngineError: The file cannot be read.
        """
        path = self._files[name]
        try:
            with open_tensors(path) as file:
                tensor: Tensor = file.get_tensor(name)
        except (OSError, SafetensorError) as error:
            raise EngineError(f"cannot read {str(path)!r}: {one_line(error)}") from error
        return tensor


def open_tensors(path: Path) -> Any:
    return safe_open(path, framework="pt", device="cpu")
