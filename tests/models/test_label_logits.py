"""Labels read from one pass: equal to the plain pass of each row alone, for several families."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402

from judgekit.errors import InputError  # noqa: E402
from judgekit.models.label_logits import (  # noqa: E402
    batches,
    can_reuse,
    label_logprobs,
    label_tokens,
    warn_once,
)

pytestmark = pytest.mark.usefixtures("one_thread")

VOCABULARY = 97
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
}
LABELS = (5, 6, 7)
LONG_ROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 4,
    "long_factor": [2.0] * 4,
    "original_max_position_embeddings": 32,
    "factor": 16.0,
}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {}),
    "qwen2": ("Qwen2", {}),
    "mistral, wide window": ("Mistral", {"sliding_window": 4096}),
    "mistral, narrow window": ("Mistral", {"sliding_window": 24}),
    "gemma2, wide window": ("Gemma2", {"head_dim": 8, "sliding_window": 4096}),
    "gemma2, narrow window": ("Gemma2", {"head_dim": 8, "sliding_window": 24}),
    "phi3, long positions": ("Phi3", {"rope_parameters": LONG_ROPE, "pad_token_id": 0}),
    "gpt2, learned positions": ("GPT2", {"n_embd": 32, "n_layer": 2, "n_head": 4}),
    "bloom, no positions": ("Bloom", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "mamba, no keys": ("Mamba", {"state_size": 4}),
}
REUSED = {
    "llama": True,
    "qwen2": True,
    "mistral, wide window": True,
    "mistral, narrow window": False,
    "gemma2, wide window": True,
    "gemma2, narrow window": False,
    "phi3, long positions": False,
    "gpt2, learned positions": True,
    "bloom, no positions": False,
    "mamba, no keys": False,
}


def build(family: str, **how: str) -> Any:
    name, more = FAMILIES[family]
    config = getattr(transformers, f"{name}Config")(**{**SIZES, **more})
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, **how).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # wide enough that every token changes the answer
            parameter.mul_(3)
    return model


def prompts(shared: int, rest: tuple[int, ...], seed: int = 1) -> list[tuple[int, ...]]:
    draw = random.Random(seed)
    words = [draw.randrange(8, VOCABULARY) for _ in range(shared)]
    return [(*words, *(draw.randrange(8, VOCABULARY) for _ in range(n))) for n in rest]


def alone(model: Any, prompt: tuple[int, ...]) -> list[float]:
    """The plain full pass of one prompt."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([prompt])).logits[0, -1]
    return logits.float().log_softmax(-1)[list(LABELS)].tolist()


def rows(asked: list[tuple[int, ...]]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [(prompt, LABELS) for prompt in asked]


def close(found: list[list[float]], expected: list[list[float]]) -> None:
    assert torch.allclose(torch.tensor(found), torch.tensor(expected), rtol=0, atol=1e-4)


@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_equal_to_the_plain_pass(family: str, reuse: bool) -> None:
    model = build(family)
    asked = prompts(40, (7, 30, 1, 7, 28, 29, 3))
    expected = [alone(model, prompt) for prompt in asked]
    assert len({round(row[0], 3) for row in expected}) == len(expected)  # the prompts matter
    close(label_logprobs(model, rows(asked), reuse=reuse), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_who_may_share(family: str) -> None:
    assert can_reuse(build(family), 70) is REUSED[family]


def test_a_window_is_shared_up_to_its_length() -> None:
    model = build("gemma2, narrow window")
    assert [can_reuse(model, n) for n in (24, 25, None)] == [True, False, False]
    asked = prompts(17, (7, 4, 2))  # 24 tokens at most, padded to 24
    close(label_logprobs(model, rows(asked)), [alone(model, prompt) for prompt in asked])


@pytest.mark.parametrize(
    ("family", "why"),
    [
        ("mamba, no keys", "MambaForCausalLM takes no position_ids"),
        ("mistral, narrow window", "MistralForCausalLM attends to the last 24 tokens only"),
        ("phi3, long positions", r"Phi3ForCausalLM has rotary positions \(longrope\)"),
    ],
)
def test_what_is_not_shared_is_said_once(
    family: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    warn_once.cache_clear()
    model = build(family)
    for _ in range(2):
        label_logprobs(model, rows(prompts(40, (7, 30))))
    label_logprobs(model, rows(prompts(40, (7, 31))))
    [said] = caplog.messages
    assert re.match(why, said)


def test_nothing_is_said_where_nothing_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    warn_once.cache_clear()
    label_logprobs(build("llama"), rows(prompts(40, (7, 30))))
    narrow = build("mistral, narrow window")
    label_logprobs(narrow, rows(prompts(40, (7, 30))), reuse=False)
    label_logprobs(narrow, rows(prompts(8, (30, 31))))  # too little is shared
    assert caplog.messages == []


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_shared_states_are_read_only(attention: str) -> None:
    """Batch after batch sees the same beginning, whatever stood in the batches before."""
    model = build("llama", attn_implementation=attention)
    asked = prompts(40, (9, 9, 9, 8, 8, 30, 2))
    expected = [alone(model, prompt) for prompt in asked]
    for token_budget in (1, 18):
        found = label_logprobs(model, rows(asked), token_budget=token_budget)
        assert len(found) == len(expected)
        close(found, expected)


def seen_tokens(model: Any) -> list[int]:
    """Counts the tokens of every pass that follows."""
    passes: list[int] = []

    def count(_: Any, args: Any, kwargs: Any) -> None:
        passes.append(kwargs["input_ids"].numel())

    model.register_forward_pre_hook(count, with_kwargs=True)
    return passes


@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        (prompts(40, (5, 5, 5)), [40, 15]),
        (prompts(0, (45, 45)), [90]),  # nothing shared
        (prompts(8, (5, 5)), [26]),  # too little shared to be worth a pass
        (prompts(40, (5, 5, 5)) * 3, [40, 15]),  # equal prompts once
        (prompts(45, (0, 0)), [45]),
        (prompts(40, (0, 5)), [39, 6, 1]),  # the first is the other's beginning
        (prompts(40, (5,)), [45]),
        (prompts(40, (20, 19, 5)), [40, 40, 5]),  # a batch of its own rather than padding
    ],
)
def test_no_token_is_computed_twice(asked: list[tuple[int, ...]], passes: list[int]) -> None:
    model = build("llama")
    expected = [alone(model, prompt) for prompt in asked]
    seen = seen_tokens(model)
    close(label_logprobs(model, rows(asked)), expected)
    assert seen == passes


def test_each_row_has_its_own_labels() -> None:
    model = build("llama")
    one, other = prompts(20, (4, 4))
    found = label_logprobs(model, [(one, [5, 6]), (other, [7]), (one, [6]), (one, [])])
    assert [len(row) for row in found] == [2, 1, 1, 0]
    assert found[2] == [found[0][1]]
    everything = label_logprobs(model, [(one, range(VOCABULARY))])[0]
    assert torch.tensor(everything).exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_nothing_asked_and_nothing_to_follow() -> None:
    model = build("llama")
    assert label_logprobs(model, []) == []
    with pytest.raises(ValueError, match="no tokens"):
        label_logprobs(model, [((1, 2), LABELS), ((), LABELS)])


@pytest.mark.parametrize("budget", [1, 50, 10_000])
def test_batches_hold_all_within_budget_and_padding(budget: int) -> None:
    draw = random.Random(3)
    asked = prompts(10, tuple(draw.randrange(1, 60) for _ in range(80)))
    made = list(batches(asked, 10, budget))
    assert sorted(p for batch in made for p in batch) == sorted(asked)
    for batch in made:
        lengths = [len(prompt) - 10 for prompt in batch]
        size = len(lengths) * max(lengths)
        assert size <= budget or len(batch) == 1
        assert sum(lengths) >= size * 7 / 8


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft's own
def test_an_adapter_is_looked_through() -> None:
    peft = pytest.importorskip("peft")
    model = build("llama")
    wrapped = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj"], r=2))
    assert can_reuse(wrapped.eval(), 70)
    asked = prompts(40, (7, 6, 2))
    close(label_logprobs(wrapped, rows(asked)), [alone(wrapped, prompt) for prompt in asked])


def tokenizer(words: dict[str, int], **special: str) -> Any:
    made = Tokenizer(models.WordLevel(words, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **special)


CHARACTERS = {c: i for i, c in enumerate("?[]ABC12345 ")}
BYTE_PAIRS = [("Ġ", "4"), ("Ġ", "5")]  # as byte-level tokenizers of GPT-2's kind merge


def byte_pairs() -> Any:
    words = [*"AB:45Ġ", *(left + right for left, right in BYTE_PAIRS)]
    made = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, BYTE_PAIRS))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made)


def test_label_tokens() -> None:
    made = tokenizer(CHARACTERS, unk_token="?")
    assert label_tokens(made, "A[[", ("A", "B", "C")) == [3, 4, 5]
    assert label_tokens(made, "", ("A", "B")) == [3, 4]


def test_a_label_that_takes_the_space_before_it() -> None:
    made = byte_pairs()
    with pytest.raises(InputError, match="'4' is not one token by itself after 'A: '"):
        label_tokens(made, "A: ", ("4", "5"))
    tokens = label_tokens(made, "A:", (" 4", " 5"))
    assert made.convert_ids_to_tokens(tokens) == ["Ġ4", "Ġ5"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("A", "12"), "'12' is not one token"),
        (("12", "A"), "'12' is not one token"),
        (("A", ""), "'' is not one token"),
        (("A", "x"), "'x' is no token"),
        (("A", "B", "A"), "'A' is the same token as 'A'"),
    ],
)
def test_labels_that_are_not_tokens(labels: tuple[str, ...], message: str) -> None:
    made = tokenizer(CHARACTERS, unk_token="?")
    with pytest.raises(InputError, match=message) as caught:
        label_tokens(made, "[[", labels)
    assert "\n" not in str(caught.value)
