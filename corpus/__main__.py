"""``python -m corpus``: build the generated files, check that everything agrees, draw a second reading."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from corpus import second_reading
from corpus.built import built_files, built_folder
from corpus.check import check_split, shape_problems, stale_files, table
from corpus.loader import Corpus
from corpus.reader import SPLITS, CorpusError, split_folder

README = "README.md"
EXAMPLES = """\
examples:
  python -m corpus check    refuse what contradicts itself, else print what there is
  python -m corpus build    write corpus/built/*.jsonl and the tables of corpus/README.md anew after a change
  python -m corpus draw     begin a second reading: write readings/first.txt, print the sheet for the reader
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when something was refused."""
    options = _parser().parse_args(arguments)
    reports = [check_split(split, split_folder(split)) for split in SPLITS]
    found = [problem for report in reports for problem in report.problems]
    if found:
        return _refuse(found)
    corpora = [report.corpus for report in reports]
    commands = {"build": build, "check": check, "draw": draw}
    return commands[options.command](corpora)


def build(corpora: Sequence[Corpus]) -> int:
    """Write the generated files and the README's tables."""
    with as_file(built_folder()) as folder:
        folder.mkdir(exist_ok=True)
        for name, content in built_files(corpora).items():
            (folder / name).write_bytes(content.encode("ascii"))
            print(f"wrote {folder.name}/{name}")
    with as_file(_readme()) as readme:
        readme.write_text(_with_tables(readme.read_text("utf-8"), corpora), "utf-8")
        print(f"wrote the tables of {README}")
    return 0


def check(corpora: Sequence[Corpus]) -> int:
    """Refuse a wrong shape, stale generated files and a README that says otherwise, else print the tables."""
    dev, test = corpora
    problems = [*shape_problems(dev, test), *stale_files(corpora, built_folder())]
    problems += second_reading.problems(second_reading.marked(corpora), _kinds(corpora))
    text = _readme().read_text("utf-8")
    if not problems and _with_tables(text, corpora) != text:
        problems.append(f"{README}: its tables say otherwise than the corpus; run python -m corpus build")
    if problems:
        return _refuse(problems)
    for content in _tables(corpora).values():
        print(content)
    return 0


def draw(corpora: Sequence[Corpus]) -> int:
    """Take a random tenth of the sentences and print them for a second reader."""
    planted = second_reading.marked(corpora)
    drawn = second_reading.draw(planted)
    with as_file(second_reading.readings_folder()) as folder:
        folder.mkdir(exist_ok=True)
        (folder / second_reading.FIRST).write_text(second_reading.lines({s: planted[s] for s in drawn}), "utf-8")
    print(second_reading.sheet(drawn, corpora))
    return 0


def _tables(corpora: Sequence[Corpus]) -> dict[str, str]:
    """The tables that the README repeats, by the name of their block."""
    try:
        first, second = (second_reading.read(name).marks for name in (second_reading.FIRST, second_reading.SECOND))
        agreed = second_reading.table(second_reading.agreements(first, second, _kinds(corpora)))
    except CorpusError as error:
        agreed = f"{error}\n"
    return {"titles": table(corpora), "kappa": agreed}


def _kinds(corpora: Sequence[Corpus]) -> dict[str, str]:
    return {title.slug: title.kind for corpus in corpora for title in corpus.titles}


def _with_tables(text: str, corpora: Sequence[Corpus]) -> str:
    for name, content in _tables(corpora).items():
        opening, closing = f"<!-- corpus:{name} -->\n", f"<!-- /corpus:{name} -->"
        before, found, rest = text.partition(opening)
        _, ended, after = rest.partition(closing)
        if not (found and ended):
            raise CorpusError(README, f"has no block between {opening.strip()} and {closing}")
        text = f"{before}{opening}{content}{closing}{after}"
    return text


def _readme() -> Traversable:
    return files("corpus") / README


def _refuse(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m corpus",
        description="Invented reviews with known truth.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("build", help="write the generated files and tables from the reviews")
    commands.add_parser("check", help="refuse inconsistencies, else print tables of what there is")
    commands.add_parser("draw", help="draw a random tenth of the sentences for a second reader")
    return parser


if __name__ == "__main__":
    sys.exit(main())
