"""What the pages' commands need: files, runs, models. `PAGES` says which page needs what."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aligned_judges import labelled_pairs
from answers import write_answers, write_jsonl
from doc_examples import Example, Terminal
from doc_models import deberta, pairrm, reward, talker
from places import EXAMPLES

__all__ = ["PAGES", "Page"]

Need = Callable[[Path], object]

PROMPTS = [{"id": f"p{n}", "prompt": f"Say something about {n}."} for n in range(8)]
QUALITY = ("GOOD", "POOR", "plain")


def answer(n: int, model: int) -> str:
    """An answer that the mock judge finds good, poor or neither, by the words it holds."""
    word = QUALITY[(n * (model + 1) + n // 3 + model) % 3]
    return f"{word} answer of model {model} to question {n}." + " It goes on." * (n % (model + 2))


def examples(folder: Path) -> None:
    """The two files, the prompt file and the plugin of examples/."""
    shutil.copytree(EXAMPLES, folder / "examples")


def answers(folder: Path) -> None:
    """a.jsonl, b.jsonl, c.jsonl: three models' answers to 24 prompts, with references."""
    categories = ("math", "reasoning", "coding", "writing")
    for model, name in enumerate("abc"):
        rows = [
            {
                "id": f"q{n}",
                "prompt": f"Question {n}?",
                "response": answer(n, model),
                "model": name,
                "category": categories[n % 4],
            }
            | {"reference": f"GOOD answer to question {n}."}
            for n in range(24)
        ]
        write_jsonl(folder / f"{name}.jsonl", rows)


def cited(folder: Path) -> None:
    """cited.jsonl, cited-b.jsonl: answers to questions, with the passages that they draw on."""
    for model, name in enumerate(("cited", "cited-b")):
        rows = (
            {
                "id": f"q{n}",
                "prompt": f"Question {n}?",
                "context": [f"Passage {n}.", f"Passage {n + 1}."],
                "response": answer(n, model),
            }
            for n in range(8)
        )
        write_jsonl(folder / f"{name}.jsonl", rows)


def chats(folder: Path) -> None:
    """chats.jsonl: conversations with a tool."""
    rows = (
        {
            "id": f"q{n}",
            "messages": [
                {"role": "user", "content": f"Question {n}?"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "name": "find"}]},
                {"role": "tool", "tool_call_id": "c", "content": f"Passage {n}."},
                {"role": "assistant", "content": answer(n, 0)},
            ],
        }
        for n in range(8)
    )
    write_jsonl(folder / "chats.jsonl", rows)


def older(folder: Path) -> None:
    """old.jsonl: answers to the prompts of prompts.jsonl."""
    rows = ({**row, "response": answer(n, 1)} for n, row in enumerate(PROMPTS))
    write_jsonl(folder / "old.jsonl", rows)


def newer(folder: Path) -> None:
    """old.jsonl and new.jsonl, the second of which is better."""
    for name, model in (("old", 1), ("new", 0)):
        write_answers(folder / f"{name}.jsonl", [answer(n, model) for n in range(24)])


def prompts(folder: Path) -> None:
    """prompts.jsonl: eight prompts."""
    write_jsonl(folder / "prompts.jsonl", PROMPTS)


def both(folder: Path) -> None:
    """both.jsonl: two answers in each row, and a reference."""
    rows = (
        {
            "prompt": f"Question {n}?",
            "response_a": answer(n, 0),
            "response_b": answer(n, 1),
            "reference": f"GOOD answer to question {n}.",
        }
        for n in range(8)
    )
    write_jsonl(folder / "both.jsonl", rows)


def candidates(folder: Path) -> None:
    """candidates.jsonl: three answers to each prompt, as rows of one id."""
    rows = (
        {"id": f"p{n}", "prompt": f"Question {n}?", "response": answer(n, model)}
        for n in range(8)
        for model in range(3)
    )
    write_jsonl(folder / "candidates.jsonl", rows)


def scored(folder: Path) -> None:
    """scored.jsonl: candidates with references, for a ranker to learn from."""
    rows = (
        {"id": f"p{n}", "prompt": f"Question {n}?", "response": answer(n, model)}
        | {"reference": f"GOOD answer to question {n}."}
        for n in range(8)
        for model in range(3)
    )
    write_jsonl(folder / "scored.jsonl", rows)


def scored_by_reward(folder: Path) -> None:
    """answers.jsonl: answers to score."""
    write_answers(folder / "answers.jsonl", [answer(n, 0) for n in range(8)])


def imitate(folder: Path) -> None:
    """answers.jsonl: answers to learn."""
    write_answers(folder / "answers.jsonl", [answer(n, 0) for n in range(24)])


def labelled(folder: Path) -> None:
    """labelled.jsonl: pairs of which people prefer the answer that names its source."""
    labelled_pairs(folder / "labelled.jsonl", 160)


def prompt_file(folder: Path) -> None:
    shutil.copy(EXAMPLES / "judge.md", folder / "judge.md")


def fastchat(folder: Path) -> None:
    """Answers, questions and references in FastChat's layout."""
    for name in ("model_answer", "reference_answer"):
        (folder / name).mkdir()
    for model, name in enumerate("ab"):
        rows = [
            {
                "question_id": n,
                "model_id": name,
                "choices": [{"index": 0, "turns": [answer(n, model)]}],
            }
            for n in range(8)
        ]
        write_jsonl(folder / "model_answer" / f"{name}.jsonl", rows)
    questions = ({"question_id": n, "turns": [f"Question {n}?"]} for n in range(8))
    write_jsonl(folder / "question.jsonl", questions)
    references = (
        {"question_id": n, "choices": [{"index": 0, "turns": [f"GOOD answer to question {n}."]}]}
        for n in range(8)
    )
    write_jsonl(folder / "reference_answer" / "gpt-4.jsonl", references)


def fastchat_prompts(folder: Path) -> None:
    """judge_prompts.jsonl with a row of each kind, in the originals' shape."""
    pair = {
        "name": "pair-v2",
        "type": "pairwise",
        "system_prompt": "Say which is better.",
        "prompt_template": "[[A]], [[B]] or [[C]]? {question}\n"
        "<answer-A >{answer_a}\n<answer-B >{answer_b}",
        "description": "",
        "category": "general",
        "output_format": "[[A]]",
    }
    single = {
        "name": "single-v1",
        "type": "single",
        "system_prompt": "",
        "prompt_template": 'Rate as "[[rating]]". {question}\n{answer}',
        "description": "",
        "category": "general",
        "output_format": "[[rating]]",
    }
    write_jsonl(folder / "judge_prompts.jsonl", [pair, single])


def classified(folder: Path) -> None:
    """answers.jsonl: 240 answers, of which the mock judge passes the plain ones too.

    labels.jsonl: people's classes of 80 of them, who do not.
    """
    words = [QUALITY[(7 * n + n // 5) % 3] for n in range(240)]
    texts = [f"{word} answer to question {n}." for n, word in enumerate(words)]
    write_answers(folder / "answers.jsonl", texts, model="newer")
    rows = [
        {"id": f"q{n}", "label": "pass" if word == "GOOD" or n % 20 == 3 else "fail"}
        for n, word in enumerate(words)
        if n % 3 == n // 3 % 3
    ]
    write_jsonl(folder / "labels.jsonl", rows)


def run(words: str) -> Need:
    """A finished run, made by a command."""

    def make(folder: Path) -> None:
        terminal = Terminal()
        said = terminal.run(Example("a page's need", words, ()))
        assert terminal.code == 0, said

    return make


@dataclass(frozen=True)
class Page:
    """What a page's commands find in their folder; `slow` pages train several models.

    `not_run`: how commands begin that the tests leave alone, with the reason.
    """

    needs: tuple[Need, ...] = ()
    slow: bool = False
    not_run: Mapping[str, str] = field(default_factory=dict)


COMPARED = run("judgekit compare a.jsonl b.jsonl --judge pairwise --model openai/x")
PAIRWISE = "judgekit compare a.jsonl b.jsonl --judge pairwise"
PAIRRM = "judgekit compare a.jsonl b.jsonl --judge pairrm --model llm-blender/PairRM"
DOWNLOADS = "downloads a set or a model"

PAGES: Mapping[str, Page] = {
    "README.md": Page(
        (
            examples,
            answers,
            older,
            prompts,
            talker("Qwen/Qwen2.5-7B-Instruct"),
            talker("mistralai/Mistral-7B-Instruct-v0.2"),
        ),
    ),
    "docs/tutorial.md": Page((examples, talker(".real-model/SmolLM2-135M-Instruct"))),
    "docs/guides/next-steps.md": Page((examples,)),
    "docs/guides/judges.md": Page((answers,)),
    "docs/guides/classify.md": Page((answers, classified)),
    "docs/guides/documents.md": Page((cited,)),
    "docs/guides/input.md": Page((answers, fastchat, both)),
    "docs/guides/engines.md": Page(
        (answers,),
        not_run={f"{PAIRWISE} --model openai/MY-DEPLOYMENT": "asks Azure"},
    ),
    "docs/guides/local-models.md": Page(
        (
            answers,
            talker("Qwen/Qwen2.5-7B-Instruct"),
            talker("my-model", adapter="my-lora"),
            pairrm("llm-blender/PairRM"),
            pairrm("my-pairrm"),
            reward("Skywork/Skywork-Reward-V2-Qwen3-0.6B"),
            reward("my-reward-model"),
        ),
        not_run={f"{PAIRRM} --backend": "loads its encoder by hub id"},
    ),
    "docs/guides/prompts.md": Page((answers, chats, cited, fastchat_prompts)),
    "docs/guides/rank.md": Page((answers, candidates, pairrm("llm-blender/PairRM"))),
    "docs/guides/bench.md": Page((prompt_file,), not_run={"judgekit bench llmbar": DOWNLOADS}),
    "docs/guides/audit.md": Page((answers,)),
    "docs/guides/align.md": Page((labelled,)),
    "docs/guides/juries.md": Page((answers, pairrm("llm-blender/PairRM"))),
    "docs/guides/gates.md": Page((answers, newer)),
    "docs/guides/report.md": Page((answers,)),
    "docs/guides/pairs.md": Page((answers, COMPARED)),
    "docs/guides/generate.md": Page(
        (prompts, talker("my-model", adapter="trained"), pairrm("llm-blender/PairRM"))
    ),
    "docs/guides/train.md": Page(
        slow=True,
        needs=(
            answers,
            older,
            prompts,
            COMPARED,
            talker("mistralai/Mistral-7B-Instruct-v0.2"),
            talker("M"),
            deberta("microsoft/deberta-v3-large"),
            scored,
            scored_by_reward,
            pairrm("llm-blender/PairRM"),
        ),
    ),
    "docs/guides/training-data.md": Page(
        slow=True,
        needs=(
            answers,
            COMPARED,
            run("judgekit pairs runs/latest -o pairs.jsonl"),
            talker("M"),
            imitate,
        ),
        not_run={
            "judgekit train dpo Anthropic/": DOWNLOADS,
            "judgekit train dpo HuggingFaceH4/": DOWNLOADS,
        },
    ),
    "docs/guides/plugins.md": Page((answers,)),
    "docs/explanation/reading-training.md": Page(
        (prompts, older, talker("BASE", adapter="trained"))
    ),
    "docs/reference/exit-codes.md": Page((answers,)),
}
