#!/usr/bin/env bash
# Improves a model that is right half of the time by a judge's verdicts on its own answers: judge,
# make pairs, train with DPO in 4 bits, and judge again. Takes a few minutes on a CPU.
set -euo pipefail
work=runs/sorting
here=$(dirname "$0")
mkdir -p "$work"
export OMP_NUM_THREADS=1  # so small a model is slower on several cores

# A tiny model learns to sort letters from answers half of which are wrong.
python "$here/sorting.py" "$work"
judgekit train sft "$work/imitate.jsonl" --model "$work/random" --out "$work/base" --force \
  --quant none --no-lora --path padded --learning-rate 3e-3 --optimizer adamw --batch-size 64 --accumulate 1 \
  --eval-share 0.01

# It answers each prompt twice. The answers are judged, and decided cases become pairs.
answer=(--model "transformers/$work/base" --quant 4bit --temperature 1 --max-tokens 8 --force)
for seed in 1 2; do
  judgekit generate "$work/prompts.jsonl" "${answer[@]}" --seed "$seed" --out "$work/answers-$seed.jsonl"
done
judgekit compare "$work/answers-1.jsonl" "$work/answers-2.jsonl" --judge overlap --out "$work/judged"
judgekit pairs "$work/judged" --out "$work/pairs.jsonl" --force

# The pairs train an adapter of the model in 4 bits.
judgekit train dpo "$work/pairs.jsonl" --model "$work/base" --out "$work/tuned" --force \
  --learning-rate 3e-4 --beta 0.5 --batch-size 16 --accumulate 1 --steps 60

# Compare old and new answers to prompts that neither training used.
judgekit generate "$work/held_out.jsonl" "${answer[@]}" --seed 3 --out "$work/old.jsonl" --name old
judgekit generate "$work/held_out.jsonl" "${answer[@]}" --seed 3 --out "$work/new.jsonl" --name new \
  --adapter "$work/tuned"
judgekit compare "$work/new.jsonl" "$work/old.jsonl" --judge overlap --out "$work/compared"
