"""How much time a verdict read from label probabilities saves, compared with generating it.

    python benchmarks/logits_speed.py            # three CPU-minutes
    python benchmarks/logits_speed.py --quick --json

A Llama of random weights judges prompts with a common prefix, as the prompts of one judge have: by
transformers' `generate` (64 new tokens, the best of three batch sizes), by one forward pass for the
labels, and by one forward pass that computes the common prefix once. Times are CPU seconds, medians
of the rounds. `ratio` is generating divided by the pass with reuse; `max_abs_diff` is the largest
difference between the log-probabilities of the two passes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from options import option_parser
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from judgekit.models.label_logits import label_logprobs

TOKENS, SHARED, NEW = 410, 250, 64
LABELS = (10, 11, 12)
ROUNDS = 3
Row = tuple[list[int], tuple[int, ...]]


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    model, rows = tiny_llama(), prompts(16 if options.quick else 64)
    sizes = (16,) if options.quick else (8, 16, 32)
    ways: dict[str, Callable[[], Any]] = {
        f"generate {NEW}, batches of {size}": partial(generate, model, rows, size) for size in sizes
    }
    ways["labels only"] = partial(label_logprobs, model, rows, reuse=False)
    ways["labels, shared beginning once"] = partial(label_logprobs, model, rows)
    baseline, reused = ways["labels only"](), ways["labels, shared beginning once"]()
    difference = (torch.tensor(baseline) - torch.tensor(reused)).abs().max().item()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.process_time()
            way()
            seconds[name].append(time.process_time() - began)
    each = {name: statistics.median(took) / len(rows) for name, took in seconds.items()}
    generated = min(took for name, took in each.items() if name.startswith("generate"))
    results = {
        "ratio": round(generated / each["labels, shared beginning once"], 2),
        "ratio_without_reuse": round(generated / each["labels only"], 2),
        "max_abs_diff": difference,
        "cpu_ms_per_item": {name: round(1000 * took, 1) for name, took in each.items()},
        "items": len(rows),
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    for name, took in each.items():
        print(f"{name:<36} {1000 * took:8.1f} CPU-ms an item")
    print(f"{'generate / shared beginning once':<36} {results['ratio']:8.2f} x")
    print(f"{'largest difference':<36} {difference:8.1e}")
    if options.json:
        print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = option_parser(__doc__, "fewer items, one batch size")
    return parser.parse_args()


def tiny_llama() -> Any:
    """A Llama of ten million parameters in eight layers, fp32."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=8192,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=8,
        num_attention_heads=8,
        num_key_value_heads=8,
        max_position_embeddings=1024,
    )
    model: Any = LlamaForCausalLM(config)
    return model.eval()


def prompts(count: int) -> list[Row]:
    """Prompts of `TOKENS` tokens of which the first `SHARED` are the same."""
    ids = torch.randint(20, 8192, (count, TOKENS), generator=torch.Generator().manual_seed(1))
    ids[:, :SHARED] = ids[0, :SHARED]
    return [(row, LABELS) for row in ids.tolist()]


def generate(model: Any, rows: list[Row], size: int) -> None:
    """Generates as many tokens as a short verdict with its reasons takes, greedily."""
    how = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False, eos_token_id=0, pad_token_id=0
    )
    for start in range(0, len(rows), size):
        ids = torch.tensor([prompt for prompt, _ in rows[start : start + size]])
        out = model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=how)
        if out.shape[1] != TOKENS + NEW:
            raise SystemExit(f"generated {out.shape[1] - TOKENS} tokens, not {NEW}")


if __name__ == "__main__":
    main()
