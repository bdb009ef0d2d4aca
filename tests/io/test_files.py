"""Files are replaced whole or not at all, whatever happens in between."""

import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.io.files import (
    is_leftover,
    keep_inputs,
    new_folder,
    partial_beside,
    safe_name,
    write_file,
    write_files,
)

OLD = b"what was there\n"


def in_child(code: str, *arguments: Path, file_size: int | None = None) -> int:
    """Runs code in a process of its own, which may write files of at most so many bytes."""

    def limit() -> None:
        if file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        preexec_fn=limit,
        check=False,
        timeout=60,
    )
    return done.returncode


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_file(path, OLD)
    path.chmod(0o640)
    write_file(path, (part for part in (b"one\n", b"two\n")))
    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["summary.json"]


@pytest.mark.parametrize("of", [1, 2])
def test_a_full_disk_leaves_the_old_bytes_and_no_leftover(tmp_path: Path, of: int) -> None:
    paths = [tmp_path / f"{n}.json" for n in range(of)]
    for path in paths:
        path.write_bytes(OLD)
    code = """
        import sys
        from pathlib import Path
        from judgekit.errors import InputError
        from judgekit.io.files import write_files
        *small, large = map(Path, sys.argv[1:])
        try:
            write_files({**dict.fromkeys(small, b"new"), large: (b"x" * 1000 for _ in range(1000))})
        except InputError as error:
            sys.exit(0 if f"cannot write {str(large)!r}: File too large" in str(error) else 4)
    """
    assert in_child(code, *paths, file_size=20_000) == 0
    assert [path.read_bytes() for path in paths] == [OLD] * of
    assert names(tmp_path) == [path.name for path in paths]


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    path.write_bytes(OLD)
    code = """
        import os, signal, sys
        from pathlib import Path
        from judgekit.io.files import write_file
        def parts():
            yield b"x" * 1_000_000
            os.kill(os.getpid(), signal.SIGKILL)
        write_file(Path(sys.argv[1]), parts())
    """
    assert in_child(code, path) == -signal.SIGKILL
    assert path.read_bytes() == OLD
    [left] = [name for name in names(tmp_path) if name != "curve.svg"]
    assert is_leftover(left)
    write_file(tmp_path / "other.svg", b"a file of another name")
    assert left in names(tmp_path)
    write_file(path, b"new")
    assert names(tmp_path) == ["curve.svg", "other.svg"]


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    writing = partial_beside(path)
    writing.write_bytes(b"half")
    write_file(path, b"whole")
    assert names(tmp_path) == sorted([writing.name, "audit.json"])


def test_two_threads_may_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    contents = [bytes([65 + n]) * 100_000 for n in range(4)]

    def write(content: bytes) -> None:
        for _ in range(20):
            write_file(path, content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["latest.json"]


def test_several_files_are_replaced_only_when_all_are_written(tmp_path: Path) -> None:
    train, test = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    train.write_bytes(OLD)

    def refused() -> object:
        yield b"first"
        raise InputError("a row that cannot be written")

    with pytest.raises(InputError, match="a row"):
        write_files({train: b"new", test: refused()})  # type: ignore[dict-item]
    assert train.read_bytes() == OLD
    assert names(tmp_path) == ["train.jsonl"]


@pytest.mark.parametrize("name", ["absent/file", "folder", "file/below", "n" * 300])
def test_what_cannot_be_written_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(InputError, match=r"^cannot write '.*': .+$"):
        write_file(tmp_path / name, b"new")
    assert names(tmp_path) == ["file", "folder"]


def test_a_link_stays_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    link, target, pipe = (tmp_path / name for name in ("link", "target", "pipe"))
    target.write_bytes(OLD)
    link.symlink_to(target)
    write_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, b"through")
    assert os.read(end, 100) == b"through"
    os.close(end)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_folder_appears_filled_or_not_at_all(tmp_path: Path) -> None:
    with new_folder(tmp_path / "made") as partial:
        (partial / "file").write_bytes(b"1")
        assert not (tmp_path / "made").exists()
    assert names(tmp_path / "made") == ["file"]
    with pytest.raises(InputError, match="exists already"), new_folder(tmp_path / "made"):
        pass
    with (
        pytest.raises(InputError, match=r"cannot make the folder .*failed"),
        new_folder(tmp_path / "failed") as partial,
    ):
        (partial / "absent" / "file").write_bytes(b"1")
    assert names(tmp_path) == ["made"]


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    answers, other = tmp_path / "answers.jsonl", tmp_path / "other.jsonl"
    answers.write_bytes(OLD)
    other.symlink_to(answers)
    keep_inputs(tmp_path / "new.jsonl", [answers, tmp_path / "absent"])
    for path in (answers, other):
        with pytest.raises(InputError, match=r"is read by this command; .* with --junit"):
            keep_inputs(path, [tmp_path / "absent", answers], flag="--junit")


@pytest.mark.parametrize(
    ("text", "name"),
    [("meta/Llama 3", "meta_Llama_3"), ("..", "_"), ("ä" * 100, "ä" * 40), ("a-b_1.5", "a-b_1.5")],
)
def test_safe_names(text: str, name: str) -> None:
    assert safe_name(text) == name
