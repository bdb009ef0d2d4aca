"""Plugins: found, kept apart, looked up; one really installed, the others files."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
import typer
from fresh import pip_install, python
from places import TESTS
from typer.testing import CliRunner

from judgekit.errors import InputError, JudgekitError, PluginError
from judgekit.extension.engine import EngineSetup
from judgekit.extension.registry import PluginInfo, Registry, judge_options, make_options
from judgekit.judging import JudgeSetup, PromptJudge

THIRD_PARTY = TESTS / "third_party"

HEAD = """
from judgekit import hookimpl
from judgekit.judging import PromptJudge, Judge
class J(PromptJudge):
    arity = frozenset({2})
    prompt = "j"
"""


def plugin(folder: Path, body: str, name: str = "mine") -> Path:
    """A plugin file: the common head, and this."""
    file = folder / f"{name}.py"
    file.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
    return file


def judges(*names: str) -> str:
    pairs = ", ".join(f"{name!r}: J" for name in names)
    return f"@hookimpl\ndef judgekit_judges():\n    return {{{pairs}}}\n"


def info(registry: Registry, name: str) -> PluginInfo:
    return next(plugin for plugin in registry.listing() if plugin.name == name)


def run(code: str, *, cwd: Path, path: Path | None = None) -> str:
    """What a fresh interpreter prints when it runs this."""
    return python("-c", textwrap.dedent(code), cwd=cwd, path=path)


# The built-ins, through the same door


def test_the_builtins_are_a_plugin() -> None:
    registry = Registry.load()
    builtin = info(registry, "builtin")
    assert builtin.origin.startswith("judgekit ")
    assert builtin.broken == ""
    assert {"pairwise", "additive", "reference", "overlap"} <= set(builtin.judges)
    assert {"openai", "replay"} <= set(builtin.engines)
    pairwise = registry.judge("pairwise")
    assert registry.prompts_for(pairwise).load("pairwise").head.shows == "pair"
    json.dumps(builtin.as_dict())


def test_loading_imports_nothing_heavy(tmp_path: Path) -> None:
    said = run(
        """
        import sys
        from judgekit.extension.registry import Registry
        Registry.load()
        print(*sorted({name.partition(".")[0] for name in sys.modules}))
        """,
        cwd=tmp_path,
    )
    heavy = {"torch", "transformers", "pandas", "openai", "sacrebleu", "aiohttp", "pydantic"}
    assert not heavy & set(said.split())


# A third party's package, really installed


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the third party's package installed into it by pip."""
    target = tmp_path_factory.mktemp("third") / "installed"
    pip_install(THIRD_PARTY, target)
    return target


def test_an_installed_package_gives_all_it_has(installed: Path, tmp_path: Path) -> None:
    said = run(
        """
        import asyncio, json, typer
        from judgekit.extension.engine import EngineSetup
        from judgekit.judging import JudgeSetup
        from judgekit.extension.registry import Registry, make_options
        from judgekit.types import Call, Case, Message, Response, Trial
        registry = Registry.load()
        kind = registry.judge("brevity")
        prompts = registry.prompts_for(kind)
        options = make_options(kind, {"unit": "words", "scale": "2"})
        judge = kind(JudgeSetup(arity=1, prompts=prompts, options=options))
        case = Case("1", (Message("user", "q"),), (Response("three words here", "a"),))
        verdict = judge.judge_batch([Trial(case, (0,), ("A",))])[0]
        factory, model = registry.engine("parrot/grey")
        engine = factory(EngineSetup(model))
        reply = asyncio.run(engine.answer([Call((Message("user", "hello"),))]))[0]
        app = typer.Typer()
        registry.add_commands(app)
        print(json.dumps({
            "listing": [p.as_dict() for p in registry.listing() if p.name == "brevity"],
            "score": verdict.score,
            "fingerprint": engine.fingerprint,
            "reply": reply.text,
            "terse": prompts.load("terse").head.shows,
            "commands": [command.name for command in app.registered_commands],
        }))
        """,
        cwd=tmp_path,
        path=installed,
    )
    assert json.loads(said) == {
        "listing": [
            {
                "name": "brevity",
                "origin": "judgekit-brevity 1.2",
                "judges": ["brevity"],
                "engines": ["parrot"],
                "sets": [],
                "prompt_dirs": [str(installed / "brevity" / "own_prompts")],
                "commands": True,
                "broken": "",
                "clashes": [],
            }
        ],
        "score": -6.0,
        "fingerprint": "parrot grey",
        "reply": "hello",
        "terse": "single",
        "commands": ["squawk"],
    }


EVIL = """
from judgekit import hookimpl
print("imported from the working directory")
@hookimpl
def judgekit_engines():
    return {"evil": print}
"""


LISTING = """
import sys
before = list(sys.path)
from judgekit.extension.registry import Registry
print("LISTED", *(plugin.name for plugin in Registry.load().listing()))
assert sys.path == before
"""


@pytest.mark.parametrize(
    ("start", "on_path", "loaded"),
    [
        (["-c", LISTING], False, False),
        (["-m", "listing"], False, False),
        (["-c", LISTING], True, True),
    ],
)
def test_nothing_is_loaded_from_the_working_directory(
    tmp_path: Path, start: list[str], on_path: bool, loaded: bool
) -> None:
    """Neither by ``python -c`` nor by ``-m``; a folder that the user put on the path is theirs."""
    metadata = tmp_path / "evil-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[judgekit]\nevil = evil\n")
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "listing.py").write_text(LISTING)
    said = python(*start, cwd=tmp_path, path=tmp_path if on_path else None)
    names = said.split("LISTED")[1].split()
    assert "builtin" in names
    assert ("evil" in names) is loaded
    assert ("imported from the working directory" in said) is loaded


# Files


def test_a_file_is_a_plugin(tmp_path: Path) -> None:
    file = plugin(tmp_path, judges("mine"))
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "j.md").write_text(
        '+++\nshows = "pair"\nreads = "label"\n+++\n=== user ===\n'
        "{{ prompt }} {{ first }} {{ second }} {{ name_first }} {{ name_second }} {{ tie }}\n"
    )
    registry = Registry.load(files=[file])
    assert info(registry, "mine").origin == str(file)
    kind = registry.judge("mine")
    prompts = registry.prompts_for(kind)
    assert prompts.dirs[0] == tmp_path / "prompts"
    made = kind(JudgeSetup(arity=2, prompts=prompts))
    assert isinstance(made, PromptJudge)
    assert made.template.name == "j"
    with pytest.raises(ImportError):
        __import__("mine")


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    first = Registry.load(files=[plugin(tmp_path, judges("one"))])
    second = Registry.load(files=[plugin(tmp_path, judges("another"))])
    assert info(first, "mine").judges == ("one",)
    assert info(second, "mine").judges == ("another",)


def test_a_file_finds_no_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("x = 1\n")
    said = run(
        """
        from pathlib import Path
        from judgekit.extension.registry import Registry
        file = Path("mine.py")
        file.write_text("import neighbour\\n")
        for plugin in Registry.load(files=[file]).listing():
            print(plugin.name, plugin.broken)
        """,
        cwd=tmp_path,
    )
    assert "mine ModuleNotFoundError: No module named 'neighbour'" in said


@pytest.mark.parametrize("name", ["absent.py", "notes.txt", "folder.py"])
def test_what_is_no_plugin_file_is_the_users_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("x = 1\n")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InputError, match="--plugin takes a Python file"):
        Registry.load(files=[tmp_path / name])


# The border


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError", "RuntimeError"),
        ("def (", "SyntaxError"),
        ("", "it has no hook: define one of judgekit_judges"),
        ("@hookimpl\ndef judgekit_judge(): ...", "did you mean 'judgekit_judges'?"),
        ("def judgekit_judgse(): ...", "did you mean 'judgekit_judges'?"),
        ("def judgekit_judges(): ...", "judgekit_judges is not marked as a hook"),
        ("@hookimpl\ndef prompt_dirs(): ...", "no hook named 'prompt_dirs'"),
        ("@hookimpl(specname='judgekit_engine')\ndef f(): ...", "did you mean 'judgekit_engines'?"),
        ("@hookimpl\ndef judgekit_judges(more): ...", "can not be found in the hookspec"),
        ("@hookimpl\ndef judgekit_judges(): ...", "judgekit_judges returned nothing"),
        ("@hookimpl\ndef judgekit_judges(): return [J]", "must return a mapping by name"),
        ("@hookimpl\ndef judgekit_judges(): 1 / 0", "ZeroDivisionError"),
        ("@hookimpl\ndef judgekit_judges(): return {'a/b': J}", "'a/b' cannot name a judge"),
        ("@hookimpl\ndef judgekit_judges(): return {'a.md': J}", "'a.md' cannot name a judge"),
        ("@hookimpl\ndef judgekit_judges(): return {'a@b': J}", "'a@b' cannot name a judge"),
        ("@hookimpl\ndef judgekit_judges(): return {'a': 3}", "judge 'a' is 3, not a subclass"),
        (
            "class K(Judge):\n    arity = (1,)\n@hookimpl\ndef judgekit_judges(): return {'k': K}",
            "judge 'k' lacks judge",
        ),
        (
            "class K(PromptJudge):\n    prompt = 'k'\n"
            "@hookimpl\ndef judgekit_judges(): return {'k': K}",
            "set arity",
        ),
        ("@hookimpl\ndef judgekit_engines(): return {'e': 3}", "engine 'e' is 3, not a function"),
        (
            "from pathlib import Path\n"
            "@hookimpl\ndef judgekit_prompt_dirs(): return [Path('/no/such/folder')]",
            "prompt folder '/no/such/folder' does not exist",
        ),
        ("@hookimpl\ndef judgekit_prompt_dirs(): return 'prompts'", "a sequence of Path"),
    ],
)
def test_a_broken_plugin_stops_only_who_needs_it(tmp_path: Path, body: str, reason: str) -> None:
    registry = Registry.load(files=[plugin(tmp_path, body, "bad"), plugin(tmp_path, judges("j"))])
    said = info(registry, "bad")
    assert reason in said.broken
    assert "\n" not in said.broken
    assert (said.judges, said.engines, said.prompt_dirs) == ((), (), ())
    registry.judge("j")  # the others go on
    registry.engine("openai/gpt-4o-mini")
    with pytest.raises(PluginError) as caught:
        registry.judge("from-the-bad-one")
    assert f"plugin 'bad' ({tmp_path / 'bad.py'}) is broken: {said.broken}" in str(caught.value)


def test_a_module_named_like_a_hook_is_no_hook(tmp_path: Path) -> None:
    body = "import json as judgekit_json\njudgekit_word = 'x'\n" + judges("j")
    assert info(Registry.load(files=[plugin(tmp_path, body)]), "mine").broken == ""


def test_two_plugins_with_one_name(tmp_path: Path) -> None:
    engine = "@hookimpl\ndef judgekit_engines():\n    return {'openai': print}\n"
    registry = Registry.load(
        files=[
            plugin(tmp_path, judges("pairwise", "fine"), "one"),
            plugin(tmp_path, engine + judges("other"), "two"),
        ]
    )
    with pytest.raises(PluginError) as caught:
        registry.judge("pairwise")
    for part in ("'pairwise' is given by", "plugin 'builtin'", "plugin 'one'", "one.py"):
        assert part in str(caught.value)
    with pytest.raises(PluginError, match="the engine 'openai' is given by"):
        registry.engine("openai/x")
    registry.judge("fine")
    registry.judge("additive")
    assert len(info(registry, "one").clashes) == 1
    assert "judge 'pairwise' is also given by plugin 'builtin'" in info(registry, "one").clashes[0]
    assert len(info(registry, "builtin").clashes) == 2


# Look-ups


@pytest.mark.parametrize(
    ("spec", "error", "said"),
    [
        ("gpt-4o-mini", InputError, "write ENGINE/MODEL, such as 'openai/gpt-4o-mini'"),
        ("openai/", InputError, "such as 'openai/openai'"),
        ("/x", InputError, "write ENGINE/MODEL"),
        ("", InputError, "such as 'openai/MODEL'"),
        ("opnai/gpt-4o-mini", PluginError, "no engine named 'opnai'; did you mean 'openai'?"),
        ("zzz/gpt-4o-mini", PluginError, "no engine named 'zzz'; installed: anthropic, gemini"),
    ],
)
def test_an_engine_that_is_not_there(spec: str, error: type[JudgekitError], said: str) -> None:
    with pytest.raises(error) as caught:
        Registry.load().engine(spec)
    assert said in str(caught.value)


def test_an_engine_is_named_up_to_the_first_slash(tmp_path: Path) -> None:
    body = """
    class E:
        def __init__(self, setup):
            self.fingerprint = setup.model
    @hookimpl
    def judgekit_engines():
        return {"mine": E}
    """
    factory, model = Registry.load(files=[plugin(tmp_path, body)]).engine("mine/org/model")
    assert model == "org/model"
    assert factory(EngineSetup(model)).fingerprint == "org/model"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pairwize", "no judge named 'pairwize'; did you mean 'pairwise'? installed: additive, "),
        ("PAIRWISE", "did you mean 'pairwise'?"),
        ("qqqq", "no judge named 'qqqq'; installed: additive, "),
    ],
)
def test_a_judge_that_is_not_there(name: str, said: str) -> None:
    with pytest.raises(PluginError) as caught:
        Registry.load().judge(name)
    assert said in str(caught.value)


RUBRIC = """+++
shows = "{shows}"
{reads}
scale = [0, 5]
+++
=== user ===
{{{{ prompt }}}}
{body}
"""
PAIR = "{{ first }} {{ second }} {{ name_first }} {{ name_second }} {{ tie }}"


@pytest.mark.parametrize(
    ("shows", "reads", "body", "arity"),
    [
        ("pair", 'reads = "label"', PAIR, {2}),
        ("single", 'reads = "score"', "{{ answer }} {{ low }} {{ high }}", {1}),
    ],
)
def test_a_prompt_file_is_a_judge(
    tmp_path: Path, shows: str, reads: str, body: str, arity: set[int]
) -> None:
    file = tmp_path / "rubric.md"
    file.write_text(RUBRIC.format(shows=shows, reads=reads, body=body))
    registry = Registry.load()
    kind = registry.judge(str(file))
    assert issubclass(kind, PromptJudge)
    assert set(kind.arity) == arity
    made = kind(JudgeSetup(arity=max(arity), prompts=registry.prompts_for(kind)))
    assert made.template.head.shows == shows
    assert made.identity == (made.template.digest,)


@pytest.mark.parametrize(
    ("shows", "reads", "body", "said"),
    [
        ("pair", "", PAIR, "does not say how its verdict reads"),
        ("question", "", "", "shows no answer to judge"),
    ],
)
def test_a_prompt_file_that_cannot_judge(
    tmp_path: Path, shows: str, reads: str, body: str, said: str
) -> None:
    file = tmp_path / "rubric.md"
    file.write_text(RUBRIC.format(shows=shows, reads=reads, body=body))
    with pytest.raises(InputError, match=said):
        Registry.load().judge(str(file))


@pytest.mark.parametrize("name", ["absent.md", "./absent", "folder/absent.md"])
def test_a_prompt_file_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError, match="absent"):
        Registry.load().judge(name)


# Commands


COMMAND = """
@hookimpl
def judgekit_commands(app):
    @app.command("{name}")
    def command():
        print("{name} ran")
    {after}
"""


def test_commands_are_added_and_failures_leave_nothing_behind(tmp_path: Path) -> None:
    registry = Registry.load(
        files=[
            plugin(tmp_path, COMMAND.format(name="fine", after=""), "fine"),
            plugin(tmp_path, COMMAND.format(name="half", after="1 / 0"), "half"),
            plugin(tmp_path, COMMAND.format(name="compare", after=""), "taken"),
        ]
    )
    app = typer.Typer()

    @app.command("compare")
    def compare() -> None:
        print("ours ran")

    registry.add_commands(app)
    assert [command.name for command in app.registered_commands] == ["compare", "fine"]
    assert "fine ran" in CliRunner().invoke(app, ["fine"]).output
    assert "ours ran" in CliRunner().invoke(app, ["compare"]).output
    assert "ZeroDivisionError" in info(registry, "half").broken
    assert "its command 'compare' exists already" in info(registry, "taken").broken
    assert info(registry, "fine").commands


# Options

OPTIONS = """
from dataclasses import dataclass, field
from typing import Literal
@dataclass(frozen=True)
class O:
    samples: int = field(default=3, metadata={"help": "how many"})
    tie_margin: float = 0.5
    strict: bool = False
    unit: Literal["chars", "words"] = "chars"
    note: str = ""
    cap: int | None = None
    def __post_init__(self):
        if self.samples < 1:
            raise ValueError(f"samples must be at least 1, not {self.samples!r}")
J.Options = O
"""


def test_options_are_described(tmp_path: Path) -> None:
    kind = Registry.load(files=[plugin(tmp_path, OPTIONS + judges("j"))]).judge("j")
    described = {option.name: option for option in judge_options(kind)}
    assert list(described) == ["samples", "tie_margin", "strict", "unit", "note", "cap"]
    assert (described["samples"].type, described["samples"].default) == (int, 3)
    assert described["samples"].help == "how many"
    assert described["unit"].choices == ("chars", "words")
    assert described["strict"].type is bool
    assert (described["cap"].type, described["cap"].optional) == (int, True)
    assert judge_options(PromptJudge) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"samples": 3, "tie_margin": 0.5}),
        ({"samples": "5", "tie-margin": "1"}, {"samples": 5, "tie_margin": 1.0}),
        ({"tie_margin": 2, "strict": "yes"}, {"tie_margin": 2.0, "strict": True}),
        ({"strict": "False", "unit": "words"}, {"strict": False, "unit": "words"}),
        ({"cap": None, "note": "7"}, {"cap": None, "note": "7"}),
        ({"cap": "7"}, {"cap": 7}),
    ],
)
def test_options_are_converted(
    tmp_path: Path, given: dict[str, object], expected: dict[str, object]
) -> None:
    kind = Registry.load(files=[plugin(tmp_path, OPTIONS + judges("j"))]).judge("j")
    made = make_options(kind, given)
    values = {name: getattr(made, name) for name in expected}
    assert values == expected
    assert list(map(type, values.values())) == list(map(type, expected.values()))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sample": 3}, "no option 'sample'; did you mean 'samples'? it has: cap, note, "),
        (
            {"samples": "many"},
            "the option 'samples' of the judge J takes a whole number, not 'many'",
        ),
        ({"samples": 1.5}, "takes a whole number, not 1.5"),
        ({"samples": True}, "takes a whole number, not True"),
        ({"samples": None}, "takes a whole number, not None"),
        ({"samples": 0}, "samples must be at least 1, not 0"),
        ({"tie_margin": False}, "takes a number, not False"),
        ({"strict": "perhaps"}, "takes true or false, not 'perhaps'"),
        ({"strict": 1}, "takes true or false, not 1"),
        ({"unit": "lines"}, "takes one of chars, words, not 'lines'"),
        ({"note": 3}, "takes text, not 3"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, given: dict[str, object], said: str) -> None:
    kind = Registry.load(files=[plugin(tmp_path, OPTIONS + judges("j"))]).judge("j")
    with pytest.raises(InputError) as caught:
        make_options(kind, given)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("class O:\n    x: int = 1", "must be a dataclass"),
        ("@dataclass\nclass O:\n    x: int", "x has no default"),
        ("@dataclass\nclass O:\n    x: tuple = ()", "use str, int, float, bool"),
        ("@dataclass\nclass O:\n    x: int | str = 1", "use str, int, float, bool"),
        ("@dataclass\nclass O:\n    x: Literal[1, 2] = 1", "a Literal of str"),
    ],
)
def test_options_that_cannot_be_flags(tmp_path: Path, declared: str, said: str) -> None:
    head = "from dataclasses import dataclass\nfrom typing import Literal\n"
    body = head + declared + "\nJ.Options = O\n" + judges("j")
    kind = Registry.load(files=[plugin(tmp_path, body)]).judge("j")
    with pytest.raises(PluginError, match=said):
        judge_options(kind)
