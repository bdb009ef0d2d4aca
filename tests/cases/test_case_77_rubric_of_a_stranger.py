"""A prompt file of a stranger can neither hang nor exhaust memory: it is refused in one line."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.judging.templates.file import read_prompt
from judgekit.types import Case, Message, Response, Trial

HEAD = '+++\nshows = "single"\nreads = "score"\nscale = [1, 5]\n+++\n'
START = HEAD + "=== user ===\n{{ answer }}\n"
HOSTILE = {
    "range": "{% for i in range(10**9) %}x{% endfor %}",
    "power": "{{ 9**9**9 }}",
    "times": "{{ 'a' * 10**9 }}",
    "times in two steps": "{{ ('a' * 100000000) * 50 }}",
    "times a list": "{{ [1] * 1000000000 }}",
    "times a variable": "{{ answer * 1000000000 }}",
    "numbers": "{{ " + "*".join(["999999999"] * 500) + " }}",
    "center": "{{ 'a'.center(10000000000) }}",
    "ljust": "{{ 'a'.ljust(3000000000) }}",
    "filter center": "{{ 'a'|center(3000000000) }}",
    "percent": "{{ '%1000000000d'|format(1) }}",
    "percent operator": "{{ '%1000000000d' % 1 }}",
    "format": "{{ '{:>2000000000}'.format(1) }}",
    "loops": "{% for a in 'aaaaaaaaaa' %}" * 12 + "x" + "{% endfor %}" * 12,
    "loop over the answer": "{% for a in answer %}{% for b in answer %}x{% endfor %}{% endfor %}",
    "recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "recursive loop": "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "doubling": "{% set x = 'aa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
    "nested lists": "{{ " + "[" * 60 + "1" + "]" * 60 + "|pprint }}",
    "replace": "{{ answer" + "|replace('', 'aaaaaaaaaaaaaaaaaaaa')" * 12 + " }}",
    "tojson": "{{ '\"'" + "|tojson" * 64 + " }}",
    "batch": "{{ 'a'|batch(1000000000)|list }}",
    "indent": "{{ ('a\\n' ~ answer)|indent(1000000000) }}",
    "join": "{{ ','.join(answer) }}",
    "round": "{{ 1|round(999999999, 'ceil') }}",
    "attribute": "{{ ''.__class__.__mro__ }}",
    "attr": "{{ ''|attr('__class__') }}",
    "parentheses": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "some parentheses": "{{ " + "-(" * 300 + "1" + ")" * 300 + " }}",
    "deep conditions": "{% if 1 %}" * 400 + "{% endif %}" * 400,
    "very deep conditions": "{% if 1 %}" * 4000 + "{% endif %}" * 4000,
    "long number": "{{ " + "9" * 5000 + " }}",
    "many": "{{ answer ~ answer }}" * 5000,
    "large": "x" * 1_100_000,
    "block": "{% block b %}{{ self.b() }}{% endblock %}",
    "float": "{{ 1e308 * 10 }}",
}


def prompt(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    read_prompt(path, "mine")


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_is_refused_at_once_or_harmless(tmp_path: Path, kind: str) -> None:
    began = time.perf_counter()
    tracemalloc.start()
    said = ""
    try:
        prompt(tmp_path / "x.md", START + HOSTILE[kind] + "\n")
    except InputError as error:
        said = str(error)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "\n" not in said
    assert kind == "some parentheses" or "x.md:" in said
    assert time.perf_counter() - began < 10
    assert peak < 300e6


@pytest.mark.parametrize(
    "head",
    [
        "shows = " + "[" * 5000 + "]" * 5000,
        "scale = [1, " + "9" * 5000 + "]",
        "scale = [1, " + "9" * 4000 + "]",
        "x = " + "{a=" * 2000 + "1" + "}" * 2000,
    ],
)
def test_a_head_of_a_stranger(tmp_path: Path, head: str) -> None:
    with pytest.raises(InputError, match=r"x\.md") as refused:
        prompt(
            tmp_path / "x.md",
            f'+++\nshows = "single"\n{head}\n+++\n=== user ===\n{{{{ answer }}}}\n',
        )
    assert "\n" not in str(refused.value)


def test_what_a_prompt_needs_remains(tmp_path: Path) -> None:
    text = (
        '+++\nshows = "single"\nreads = "score"\nscale = [1, 5]\n+++\n=== user ===\n'
        "{% if reference and answer|length > 3 %}{{ reference|upper }}{% else %}none{% endif %}"
        "{{ answer.strip()[:2000]|replace('secret', 'open')|truncate(5000) }} "
        "{{ low + 1 }}-{{ high }}"
        "{{ 'A: ' ~ name_first|lower if name_first in ['A', 'B'] else '' }}\n"
    )
    (tmp_path / "x.md").write_text(text)
    template = read_prompt(tmp_path / "x.md", "x")
    case = Case("c", (Message("user", "q"),), (Response("a secret " * 100_000, "m"),))
    [message], _ = template.render(Trial(case, (0,), ("A",)))
    assert message.content.startswith("none")
    assert message.content.endswith("2-5A: a")


@given(st.text(alphabet="{}%()[]'\"|~*+-.,0123456789 aeifnorstw_\n", max_size=80))
def test_any_text_is_a_prompt_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.md"
    said = ""
    try:
        prompt(path, START + text)
    except InputError as error:
        said = str(error)
    assert "\n" not in said
