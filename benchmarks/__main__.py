"""`python -m benchmarks`: progress on standard error, Markdown tables or JSON on standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import cold, embed, report, retrieval
from benchmarks.clock import Say
from benchmarks.report import CannotMeasure, Report
from rag.errors import PullquoteError

NAMES = ("embed", "cold", "retrieval")
EXAMPLES = """\
examples:
  python -m benchmarks --data DATA               everything; DATA holds subjqa/*.jsonl
  python -m benchmarks --quick                   without data: embed and cold, in two minutes
  python -m benchmarks embed --texts notes.txt   the sentences of any text file
  python -m benchmarks retrieval --data DATA --json

exit codes: 0 every bar held, 1 a bar was missed, 2 something is missing
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that were named, or all."""
    options = _parser().parse_args(arguments)
    try:
        reports = _run_all(options)
    except CannotMeasure as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    except PullquoteError as error:
        print(f"benchmarks: {error.message} {error.hint or ''}".rstrip(), file=sys.stderr)
        return 2
    if options.json:
        print(report.as_json(reports))
    return report.exit_code(reports)


def _run_all(options: argparse.Namespace) -> list[Report]:
    """Each report is printed as soon as it is there, unless all are wanted as one JSON object."""
    reports = []
    for name in _chosen(options):
        found = _run(name, options)
        reports.append(found)
        if not options.json:
            print(report.markdown(found), flush=True)
    return reports


def _chosen(options: argparse.Namespace) -> list[str]:
    """The benchmarks that were named, in order; of all, those for which there is data."""
    if options.data is not None:
        return [name for name in NAMES if name in options.names] or list(NAMES)
    if "retrieval" in options.names:
        raise CannotMeasure("retrieval needs --data PATH, a folder with subjqa/*.jsonl.")
    if not options.names:
        _say("retrieval")("left out: it needs --data PATH")
    return [name for name in NAMES if name in (options.names or ("embed", "cold"))]


def _run(name: str, options: argparse.Namespace) -> Report:
    say = _say(name)
    if name == "embed":
        texts, source = embed.read_texts(options.texts, options.data)
        return embed.run(texts, source, say, quick=options.quick)
    if name == "cold":
        return cold.run(say, quick=options.quick)
    return retrieval.run(options.data, say, quick=options.quick)


def _say(name: str) -> Say:
    return lambda text: print(f"{name}: {text}", file=sys.stderr, flush=True)


def _name(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"there is no benchmark {text!r}; there are {', '.join(NAMES)}")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure Pullquote side by side with others.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help=f"{', '.join(NAMES)} [default: all]")
    parser.add_argument("--quick", action="store_true", help="fewer sentences, rounds and questions")
    parser.add_argument("--data", type=Path, metavar="PATH", help="a folder with subjqa/*.jsonl")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="embed the sentences of this text file")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
