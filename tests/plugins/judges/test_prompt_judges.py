"""The judges that ask a model, with a table in its place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from judgekit.plugins.judges.additive import Additive
from judgekit.plugins.judges.pairwise import Options, Pairwise
from judgekit.plugins.judges.reference import Reference

from judgekit.errors import CallFailure, InputError
from judgekit.judging import Judge, JudgeSetup
from judgekit.judging.templates import Prompts, builtin_dir
from judgekit.types import Call, Case, Choice, Message, Reply, Response, Sampling, Status, Trial

PROMPTS = Prompts((builtin_dir(),))
QUESTION = "How many legs has a spider?"
ANSWERS = ("Six legs, like all insects.", "It has eight legs.")
OWN = "Spiders have eight legs: they are arachnids."


@dataclass
class Table:
    """Answers what is asked with the next reply of a list, and keeps what was asked."""

    replies: list[Reply]
    asked: list[tuple[Call, bool]] = field(default_factory=list)

    async def __call__(self, call: Call, *, shared: bool = False) -> Reply:
        self.asked.append((call, shared))
        return self.replies[len(self.asked) - 1]


def case(reference: str | None = None) -> Case:
    responses = tuple(Response(text, f"m{i}") for i, text in enumerate(ANSWERS))
    return Case("c", (Message("user", QUESTION),), responses, reference)


def pair(reference: str | None = None, order: tuple[int, int] = (0, 1), repeat: int = 0) -> Trial:
    return Trial(case(reference), order, ("A", "B"), repeat)


def single(reference: str | None = None, index: int = 0) -> Trial:
    return Trial(case(reference), (index,), ("A",))


def run(judge: Judge, trial: Trial, *replies: str | Reply) -> tuple[object, Table]:
    table = Table([r if isinstance(r, Reply) else Reply(r) for r in replies])
    verdict = asyncio.run(judge.judge(trial, table))
    assert len(table.asked) == len(replies)
    return verdict, table


def text(call: Call) -> str:
    return "\n".join(message.content for message in call.messages)


def pairwise(*, logprobs: bool = False, **setup: object) -> Pairwise:
    return Pairwise(JudgeSetup(2, PROMPTS, Options(logprobs), **setup))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ("B counts rightly.\n[[B]]", Choice.SECOND),
        ("[[A]]", Choice.FIRST),
        ("Both the same. [[C]]", Choice.TIE),
    ],
)
def test_pairwise_reads_positions(reply: str, choice: Choice) -> None:
    verdict, table = run(pairwise(), pair(), reply)
    assert verdict.choice is choice
    [(call, shared)] = table.asked
    assert not shared
    assert call.labels == ()
    assert all(shown in text(call) for shown in (QUESTION, *ANSWERS))


def test_pairwise_shows_the_answers_in_the_order_of_the_trial() -> None:
    [there], [back] = (
        [text(call) for call, _ in run(pairwise(), pair(order=order), "[[A]]")[1].asked]
        for order in ((0, 1), (1, 0))
    )
    assert there.index(ANSWERS[0]) < there.index(ANSWERS[1])
    assert back.index(ANSWERS[1]) < back.index(ANSWERS[0])


def test_pairwise_asks_for_log_probabilities_and_nothing_else_changes() -> None:
    reply = Reply("[[B]]", label_logprobs={"A": -3.0, "B": -0.1, "C": -4.0})
    verdict, table = run(pairwise(logprobs=True), pair(), reply)
    [(call, _)] = table.asked
    plain = pairwise().call(pair())
    assert call.labels == ("A", "B", "C")
    assert (call.messages, call.sampling, call.prefill) == (
        plain.messages,
        plain.sampling,
        plain.prefill,
    )
    assert verdict.choice is Choice.SECOND
    assert verdict.probability is not None
    assert 0 < verdict.probability < 0.2


def test_pairwise_without_log_probabilities_from_the_engine_still_chooses() -> None:
    verdict, _ = run(pairwise(logprobs=True), pair(), "[[B]]")
    assert (verdict.choice, verdict.probability) == (Choice.SECOND, None)


def test_pairwise_asks_again_with_the_reminder_only_if_told_to() -> None:
    verdict, table = run(pairwise(reask=1), pair(), "I prefer the second.", "[[B]]")
    assert verdict.choice is Choice.SECOND
    again, _ = table.asked[1]
    assert again.messages[-2] == Message("assistant", "I prefer the second.")
    verdict, _ = run(pairwise(), pair(), "I prefer the second.")
    assert verdict.status is Status.UNPARSED


@pytest.mark.parametrize("logprobs", [False, True])
def test_log_probabilities_need_a_verdict_that_is_a_label(
    logprobs: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("prompts") / "arena.md"
    path.write_text(
        '+++\nshows = "pair"\nreads = "arena"\n+++\n'
        "=== user ===\n{{ prompt }} {{ first }} {{ second }} Like [[A>B]].\n"
    )
    prompt = PROMPTS.load(str(path))
    if logprobs:
        with pytest.raises(InputError, match=r"--logprobs .*'arena'"):
            pairwise(logprobs=True, prompt=prompt)
    else:
        assert pairwise(prompt=prompt).template is prompt


def test_pairwise_refuses_single_answers() -> None:
    with pytest.raises(InputError):
        Pairwise(JudgeSetup(1, PROMPTS, Options()))


def test_additive_scores_one_answer_three_times_warm() -> None:
    judge = Additive(JudgeSetup(1, PROMPTS))
    verdict, table = run(judge, single(index=1), "Meets all but one.\nScore: 4")
    [(call, _)] = table.asked
    assert verdict.score == 4
    assert (judge.repeats, call.sampling.temperature) == (3, 0.7)
    assert ANSWERS[1] in text(call)
    assert ANSWERS[0] not in text(call)


def test_additive_has_no_score_beyond_its_scale() -> None:
    verdict, _ = run(Additive(JudgeSetup(1, PROMPTS)), single(), "Score: 7")
    assert verdict.status is not Status.VALID


def test_sampling_of_the_user_wins() -> None:
    judge = Additive(JudgeSetup(1, PROMPTS, sampling=Sampling(temperature=0.0)))
    assert judge.asks_with == Sampling(temperature=0.0, max_tokens=2048)


@pytest.mark.parametrize(
    ("trial", "reply", "said"),
    [(pair("Eight."), "[[B]]", Choice.SECOND), (single("Eight."), "Rating: [[2]]", 2)],
)
def test_reference_given_is_shown_and_nothing_else_asked(
    trial: Trial, reply: str, said: object
) -> None:
    verdict, table = run(reference(trial), trial, reply)
    [(call, shared)] = table.asked
    assert said in (verdict.choice, verdict.score)
    assert "Eight." in text(call)
    assert not shared


def reference(trial: Trial) -> Reference:
    return Reference(JudgeSetup(len(trial.order), PROMPTS))


@pytest.mark.parametrize(("trial", "reply"), [(pair(), "[[B]]"), (single(), "[[2]]")])
def test_without_reference_the_model_answers_first(trial: Trial, reply: str) -> None:
    judge = reference(trial)
    judge.check([trial.case])
    verdict, table = run(judge, trial, f" {OWN}\n", reply)
    (question, shared), (judging, judging_shared) = table.asked
    assert shared
    assert not judging_shared
    assert QUESTION in text(question)
    assert not any(answer in text(question) for answer in ANSWERS)
    assert OWN in text(judging)
    assert verdict.status is Status.VALID


def test_the_own_answer_is_one_call_for_both_orders_and_all_repeats() -> None:
    trials = [pair(order=order, repeat=r) for order in ((0, 1), (1, 0)) for r in (0, 1)]
    asked = [run(reference(t), t, OWN, "[[A]]")[1].asked[0][0].digest for t in trials]
    assert len(set(asked)) == 1


@pytest.mark.parametrize(
    ("own", "status"),
    [
        (Reply("Spiders have", finish="length"), Status.TRUNCATED),
        (Reply("", finish="content_filter"), Status.REFUSED),
        (Reply("I cannot help", finish="refusal"), Status.REFUSED),
        (Reply(" \n", thinking="eight"), Status.FAILED),
    ],
)
def test_an_own_answer_that_is_no_good_gives_no_verdict(own: Reply, status: Status) -> None:
    verdict, _ = run(reference(pair()), pair(), own)
    assert verdict.status is status
    assert "own answer" in verdict.error or "itself" in verdict.error


def test_a_failed_call_is_left_to_the_harness() -> None:
    async def fails(call: Call, *, shared: bool = False) -> Reply:
        raise CallFailure("http 500")

    with pytest.raises(CallFailure):
        asyncio.run(reference(pair()).judge(pair(), fails))


def test_identity_follows_the_prompts() -> None:
    judge = reference(pair())
    assert judge.identity == (judge.template.digest, judge.question.digest)
    assert judge.identity != reference(single()).identity
