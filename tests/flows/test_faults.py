"""Faults: kills, a full disk, a second writer, damage, other versions. Nothing acknowledged is lost, ever."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from rag import cli, ingest
from rag.library import Library
from rag.reviews import migrations
from tests.doubles import ListIndex, WordEmbedder

ROOT = Path(__file__).parent.parent.parent
KILLS = 20
REVIEWS = 2_000


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "Salt.csv"
    rows = (f"The harbour glows on night {n} and the ferry is late.,Critic {n}\n" for n in range(REVIEWS))
    path.write_text("text,critic\n" + "".join(rows))
    return path


def start(*arguments: str | Path, **more: object) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    called = [sys.executable, str(Path(__file__).with_name("quick_cli.py")), *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    return subprocess.Popen(called, **{**pipes, **more})  # type: ignore[call-overload,no-any-return]


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """A command run to its end: `(exit code, output, errors)`."""
    process = start(*arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def add(table: Path, library: Path, **more: object) -> subprocess.Popen[str]:
    return start("add", table, "--library", library, "--progress", "json", **more)


def quick(path: Path) -> Library:
    return Library.open(path, embedder=WordEmbedder())


def assert_nothing_is_lost(library: Path, acknowledged: list[str]) -> None:
    """Every acknowledged review is shown, before anything else is done."""
    if not acknowledged:
        return
    with quick(library) as opened:
        assert all(opened.review(name).text for name in acknowledged)
    # `show` as people run it, for some of them: the same verb, one process each is slow.
    for name in (acknowledged[0], acknowledged[-1]):
        assert cli.run(["show", name, "--library", str(library), "--json"]) == 0


def assert_whole(library: Path, reviews: int = REVIEWS) -> None:
    """Every review is there once, and doctor finds nothing."""
    with quick(library) as opened:
        page = [review for start in range(0, reviews + 1, 1000)
                for review in opened.reviews("Salt", offset=start, limit=1000)[0]]  # fmt: skip
        assert Counter(review.critic for review in page) == Counter(f"Critic {n}" for n in range(reviews))
        assert {check.name: check.state for check in opened.doctor() if check.name != "model"}.items() >= {
            ("database", "ok"),
            ("sentences", "ok"),
            ("journal", "ok"),
            ("index", "ok"),
        }


# ── kills ────────────────────────────────────────────────────────────────────────────────────────


def test_twenty_kills_lose_nothing_that_was_acknowledged(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = random.Random(20251123)
    in_all = REVIEWS // ingest.STORED_AT_ONCE
    between = 0
    for kill in range(KILLS):
        library = tmp_path / f"library-{kill}"
        # Most kills fall somewhere behind the first `stored` line and before the last, four fall anywhere.
        heard = killed(add(table, library), drawn, behind=drawn.randint(1, in_all - 1) if kill % 5 else 0)
        between += 0 < len(heard) < in_all
        acknowledged = [name for line in heard for name in json.loads(line)["stored"]]
        assert_nothing_is_lost(library, acknowledged)
        with quick(library) as opened:
            report = opened.add([table])
        assert report.added + report.unchanged == REVIEWS
        assert report.unchanged >= len(acknowledged)
        assert_whole(library)
        capsys.readouterr()
        shutil.rmtree(library)
    assert between >= 15


def killed(process: subprocess.Popen[str], drawn: random.Random, *, behind: int) -> list[str]:
    """Kill at a random moment, or a random moment behind so many `stored` lines; all of these that came."""
    assert process.stderr is not None
    heard: list[str] = []
    while behind and sum(is_stored(line) for line in heard) < behind:
        heard.append(process.stderr.readline())
    time.sleep(drawn.uniform(0, 0.05 if behind else 4))
    process.send_signal(signal.SIGKILL)
    rest = process.communicate(timeout=60)[1].splitlines(keepends=True)
    # The last line may be cut short by the kill: it acknowledges nothing then.
    return [line for line in heard + rest if is_stored(line) and line.endswith("\n")]


def is_stored(line: str) -> bool:
    return line.startswith('{"stored"')


def test_ctrl_c_at_any_moment_ends_in_one_sentence(table: Path, tmp_path: Path) -> None:
    drawn = random.Random(7)
    library = tmp_path / "library"
    for _ in range(6):
        process = add(table, library)
        assert process.stderr is not None
        line = process.stderr.readline()  # the program is up; before that Python itself may print a traceback
        time.sleep(drawn.uniform(0, 3))
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
        assert line and "Traceback" not in errors
        assert process.returncode in (0, 130)
        assert process.returncode == 0 or "Stopped." in errors
    with quick(library) as opened:
        opened.add([table])
        # An interrupt in the middle of Chroma's own writing may cost the index, which is made anew from SQLite.
        if any(check.name == "index" and check.state == "damaged" for check in opened.doctor()):
            opened.rebuild()
    assert_whole(library)


# ── others at work ───────────────────────────────────────────────────────────────────────────────


def test_a_second_writer_is_told_of_the_first_while_readers_go_on(table: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    first = add(table, library)
    assert first.stderr is not None
    while not is_stored(first.stderr.readline()):
        pass
    first.send_signal(signal.SIGSTOP)  # it stays in the middle of its work while the others come
    try:
        code, out, _ = run("add", table, "--library", library, "--json")
        error = json.loads(out)["error"]
        assert (code, error["code"], error["retryable"]) == (4, "library_locked", True)
        assert f"process {first.pid}" in error["message"] and "`add`" in error["message"]
        for verb in (["edit", "Salt", "--name", "x"], ["remove", "Salt"], ["rebuild"]):
            assert run(*verb, "--library", library)[0] == 4
        code, out, _ = run("ask", "Is the harbour in it?", "--library", library, "--json")
        assert (code, json.loads(out)["status"]) == (0, "answered")
        assert run("titles", "--library", library)[0] == run("doctor", "--library", library)[0] == 0
        assert run("backup", tmp_path / "copy.db", "--library", library)[0] == 0
    finally:
        first.send_signal(signal.SIGCONT)
        first.communicate(timeout=120)
    assert first.returncode == 0
    assert_whole(library)


# ── the disk ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a disk of so many kilobytes, and gives it more or makes it read-only when called again."""
    mounted = tmp_path / "disk"
    mounted.mkdir()

    def mount(options: str) -> Path:
        remount = "remount," if os.path.ismount(mounted) else ""
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", remount + options, "tmpfs", str(mounted)], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"can't mount a small disk here: {done.stderr.strip()}")
        return mounted

    yield mount
    subprocess.run(["umount", "-l", str(mounted)], capture_output=True)


@pytest.mark.parametrize("kilobytes", [16, 200, 1_000, 2_000, 3_000, 4_500, 6_500])
def test_a_full_disk_at_any_stage_loses_nothing(
    small_disk: Callable[..., Path], table: Path, kilobytes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    library = small_disk(f"size={kilobytes}k") / "library"
    process = add(table, library, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"})
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 7, errors
    assert "Traceback" not in errors and "Make room" in errors
    acknowledged = [name for line in errors.splitlines() if is_stored(line) for name in json.loads(line)["stored"]]
    if acknowledged:
        with quick(library) as opened:  # the disk is still full
            assert all(opened.review(name).text for name in acknowledged)
    small_disk("size=200m")
    assert_nothing_is_lost(library, acknowledged)
    with quick(library) as opened:
        assert opened.add([table]).unchanged >= len(acknowledged)
    assert_whole(library)


def test_a_library_on_a_read_only_medium_is_read(small_disk: Callable[..., Path], table: Path) -> None:
    library = small_disk("size=200m") / "library"
    with quick(library) as opened:
        opened.add([table])
    small_disk("ro")
    code, out, _ = run("ask", "Is the harbour in it?", "--library", library, "--json")
    assert (code, json.loads(out)["status"]) == (0, "answered")
    assert run("titles", "--library", library)[0] == run("show", "Salt", "--library", library)[0] == 0
    code, out, _ = run("doctor", "--library", library, "--json")
    assert (code, [c["state"] for c in json.loads(out)["checks"] if c["name"] == "index"]) == (0, ["note"])
    for verb in (["add", table], ["remove", "Salt"], ["rebuild"]):
        code, _, errors = run(*verb, "--library", library)
        assert (code, "can't be written" in errors) == (2, True)
    small_disk("rw")
    assert_whole(library)


def test_a_read_only_library_whose_last_changes_lie_in_the_log_is_not_read_without_them(
    small_disk: Callable[..., Path], table: Path
) -> None:
    library = small_disk("size=200m") / "library"
    process = add(table, library)
    assert process.stderr is not None
    while not is_stored(process.stderr.readline()):
        pass
    process.kill()
    process.communicate()
    small_disk("ro")
    code, _, errors = run("titles", "--library", library)
    assert (code, "last changes" in errors) == (2, True)


# ── damage ───────────────────────────────────────────────────────────────────────────────────────


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)]


def scratched(seed: int) -> Callable[[bytes], bytes]:
    """Overwrites forty runs of bytes."""

    def damage(data: bytes) -> bytes:
        drawn, changed = random.Random(seed), bytearray(data)
        for _ in range(40):
            place = drawn.randrange(len(changed))
            changed[place : place + 64] = drawn.randbytes(min(64, len(changed) - place))
        return bytes(changed)

    return damage


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": cut(0),
    "cut to a header": lambda data: data[:100],
    "cut in half": cut(0.5),
    "cut near its end": cut(0.97),
    "not a database": lambda data: b"reviews, mostly\n" * 5_000,
    "a header of zeros": lambda data: bytes(4_096) + data[4_096:],
    **{f"scratched, {seed}": scratched(seed) for seed in range(6)},
}


@pytest.fixture(scope="module")
def whole(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "library"
    with quick(folder) as opened:
        opened.add([table])
    return folder


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_database_is_said_to_be_damaged(
    whole: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Library, "embedder", property(lambda self: WordEmbedder()))
    library = tmp_path / "library"
    shutil.copytree(whole, library)
    database = library / "library.db"
    database.write_bytes(DAMAGE[name](database.read_bytes()))
    codes = {}
    for verb in (["doctor"], ["titles"], ["ask", "Is the harbour in it?"], ["show", "Salt"], ["add", str(tmp_path)]):
        codes[verb[0]] = cli.run([*verb, "--library", str(library)])
        assert "Traceback" not in capsys.readouterr().err
    assert codes["doctor"] in (1, 5)
    assert set(codes.values()) <= {0, 1, 2, 5}


@pytest.mark.parametrize("name", ["empty", "cut in half", "not a database", "scratched, 1"])
def test_a_damaged_log_leaves_an_earlier_state_and_adding_again_mends_it(
    table: Path, tmp_path: Path, name: str
) -> None:
    library = tmp_path / "library"
    killed(add(table, library), random.Random(3), behind=12)
    log = library / "library.db-wal"
    log.write_bytes(DAMAGE[name](log.read_bytes()))
    (library / "library.db-shm").unlink(missing_ok=True)
    with quick(library) as opened:
        opened.add([table])
    assert_whole(library)


# ── other times, other versions ──────────────────────────────────────────────────────────────────


def test_a_clock_that_goes_backwards_changes_nothing(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(f"20{year}-01-01T00:00:00+00:00" for year in range(40, 10, -1))
    monkeypatch.setattr(ingest, "_now", lambda: next(times))
    library = tmp_path / "library"
    with quick(library) as opened:
        batches = []
        for title, path in (("Salt", table), ("Lamp", tmp_path / "Lamp.txt"), ("Pier", tmp_path / "Pier.txt")):
            if path is not table:
                path.write_text(f"The lamp of the {title} glows.")
            batches.append(opened.add([path], title=title).batch)
        assert len(set(batches)) == 3
        opened.remove(batch=batches[1])
        assert {title.name: title.reviews for title in opened.titles()} == {"Salt": REVIEWS, "Pier": 1}
        opened.restore(batch=batches[1])
    assert_whole(library)


def older_copy(library: Path, folder: Path) -> None:
    """The same reviews in the tables of the first version."""
    folder.mkdir()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(f"sqlite:///{folder / 'library.db'}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    old = sqlite3.connect(folder / "library.db", isolation_level=None)
    old.execute("ATTACH ? AS new", (str(library / "library.db"),))
    for table in ("titles", "batches", "reviews", "sources", "files", "near_keys", "sentences", "vectors", "meta"):
        columns = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA main.table_info({table})"))
        where = " WHERE key <> 'id'" if table == "meta" else ""
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}{where}")
    old.close()


def test_a_library_of_the_first_version_is_migrated_and_a_copy_is_kept(whole: Path, tmp_path: Path) -> None:
    library = tmp_path / "old"
    older_copy(whole, library)
    with Library.open(library, embedder=WordEmbedder(), index=ListIndex()) as opened:
        assert opened.titles()[0].reviews == REVIEWS
        assert opened.ask("Is the harbour in it?").status == "answered"
        opened.rebuild()
    copy = sqlite3.connect(library / "library.db.before-0003")
    assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert copy.execute("SELECT count(*) FROM reviews").fetchone() == (REVIEWS,)
    copy.close()
    assert run("doctor", "--library", library)[0] in (0, 1)  # its index was made elsewhere
    assert run("rebuild", "--library", library)[0] == 0
    assert_whole(library)


def test_adding_to_a_library_of_the_first_version_migrates_it_first(whole: Path, table: Path, tmp_path: Path) -> None:
    library = tmp_path / "old"
    older_copy(whole, library)
    with quick(library) as opened:
        assert opened.add([table], dry_run=True).unchanged == REVIEWS
    assert (library / "library.db.before-0003").exists()
    assert run("add", table, "--library", library)[0] == 0


def test_a_migration_that_is_killed_leaves_the_older_library(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "old"
    older_copy(whole, library)
    monkeypatch.setattr(migrations.command, "upgrade", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt), quick(library) as opened:
        opened.titles()
    monkeypatch.undo()
    with Library.open(library, embedder=WordEmbedder(), index=ListIndex()) as opened:
        assert opened.titles()[0].reviews == REVIEWS


# ── questions ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("question", ["", "   ", "ending " * 15_000, "?" * 100_000, "é" * 2_001])
def test_an_empty_and_an_endless_question_are_said_to_be_so(
    whole: Path, question: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Library, "embedder", property(lambda self: WordEmbedder()))
    assert cli.run(["ask", question, "--library", str(whole)]) == 2
    errors = capsys.readouterr().err
    assert "The question" in errors and len(errors) < 400


def test_unknown_names_are_told_the_nearest(
    whole: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Library, "embedder", property(lambda self: WordEmbedder()))
    for verb in (["ask", "How is it?", "--title", "Slat"], ["show", "Slat"], ["export", "Slat"], ["remove", "Slat"],
                 ["edit", "Slat", "--name", "x"]):  # fmt: skip
        assert cli.run([*verb, "--library", str(whole)]) == 2
        assert "Did you mean Salt?" in capsys.readouterr().err
