"""``python -m corpus``: build the generated files, or check that everything agrees."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import as_file

from corpus.built import built_files, built_folder
from corpus.check import Report, check_sources, stale_files, table
from corpus.sample import sample_folder

EXAMPLES = """\
examples:
  python -m corpus build    write corpus/built/*.jsonl anew after a review was changed
  python -m corpus check    refuse what contradicts itself, else print what there is
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when something was refused."""
    options = _parser().parse_args(arguments)
    report = check_sources(sample_folder())
    return build(report) if options.command == "build" else check(report)


def build(report: Report) -> int:
    """Write the generated files, unless the sources are wrong."""
    if report.problems:
        return _refuse(report.problems)
    with as_file(built_folder()) as folder:
        folder.mkdir(exist_ok=True)
        for name, content in built_files(report.reviews).items():
            (folder / name).write_bytes(content.encode("ascii"))
            print(f"wrote {folder.name}/{name}")
    return 0


def check(report: Report) -> int:
    """Refuse wrong sources and stale generated files, else print the table."""
    problems = [*report.problems]
    if not problems:
        # From broken sources the right files cannot be known, so only sound ones are compared.
        problems += stale_files(report.reviews, built_folder())
    if problems:
        return _refuse(problems)
    print(table(report))
    return 0


def _refuse(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m corpus",
        description="The sample reviews with their planted labels.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("build", help="write the generated files from the reviews")
    commands.add_parser("check", help="refuse inconsistencies, else print a table of what there is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
