"""`python -m benchmarks`: progress on standard error, Markdown tables or JSON on standard output.

A full run (with data, not `--quick`) also writes each table into its block of `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import add, ask, cold, document, embed, films, memory, report, retrieval, summary
from benchmarks.clock import Say
from benchmarks.libraries import Libraries
from benchmarks.report import CannotMeasure, Report
from corpus.reader import SPLITS
from rag.errors import PullquoteError

SPEED = ("embed", "cold", "retrieval", "add", "ask", "memory", "films", "summary", "chat", "pages")
"""Their blocks stand in docs/benchmarks.md."""
QUALITY = ("quality", "support", "opinions", "injection")
"""Their blocks stand in docs/quality.md."""
NAMES = (*SPEED, *QUALITY)
NEED_DATA = ("retrieval", "films", "injection")
EXAMPLES = """\
examples:
  python -m benchmarks --data DATA               everything, into docs/benchmarks.md; half an hour
  python -m benchmarks ask --data DATA           one of them, into its own block there
  python -m benchmarks --quick                   small, without data, in three minutes; writes nothing
  python -m benchmarks embed --texts notes.txt   the sentences of any text file
  python -m benchmarks retrieval --data DATA --json
  python -m benchmarks injection --data DATA     orders planted in reviews, into docs/quality.md
  python -m benchmarks quality                   how good answers are, beside others', into docs/quality.md

DATA holds subjqa/*.jsonl and films/*.jsonl; for opinions polarity/*.txt and absa/*.jsonl too, for injection
injection/*.jsonl.

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
    with Libraries() as libraries:
        for name in _chosen(options):
            for found in _run(name, options, libraries):
                reports.append(found)
                if not options.json:
                    print(report.markdown(found), flush=True)
                _write(name, found, options)
    return reports


def _write(name: str, found: Report, options: argparse.Namespace) -> None:
    """A full run stands in the docs; the corpus needs no data for that."""
    if options.quick or options.texts:
        return
    if ":" in found.name:
        document.write(found, f"uv run python -m benchmarks {name} --split {options.split}", document.QUALITY)
    elif options.data is not None:
        page = document.QUALITY if name in QUALITY else document.DOCUMENT
        document.write(found, f"uv run python -m benchmarks {name} --data DATA", page)


def _chosen(options: argparse.Namespace) -> list[str]:
    """The benchmarks that were named, in order; of all, those for which there is data."""
    wanted = [name for name in NAMES if name in (options.names or NAMES)]
    if options.data is not None:
        return wanted
    without = [name for name in wanted if name in NEED_DATA]
    if without and options.names:
        raise CannotMeasure(f"{without[0]} needs --data PATH, a folder with subjqa/*.jsonl and films/*.jsonl.")
    for name in without:
        _say(name)("left out: it needs --data PATH")
    return [name for name in wanted if name not in without]


def _run(name: str, options: argparse.Namespace, libraries: Libraries) -> list[Report]:
    say, quick = _say(name), options.quick
    if name == "opinions":
        from benchmarks import opinions  # scipy and scikit-learn

        return opinions.run(options.data, options.split, say, quick=quick)
    return [_run_one(name, options, libraries)]


def _run_one(name: str, options: argparse.Namespace, libraries: Libraries) -> Report:
    say, quick = _say(name), options.quick
    if name == "embed":
        texts, source = embed.read_texts(options.texts, options.data)
        return embed.run(texts, source, say, quick=quick)
    if name in ("injection", "chat"):
        return _run_chat(name, options)
    if name == "quality":
        from benchmarks import quality  # inspect-ai and scipy.stats

        return quality.run(options.split, say, quick=quick)
    if name == "support":
        from benchmarks import support  # scikit-learn

        return support.run(options.data, say, quick=quick)
    if name in ("cold", "ask"):
        return (cold if name == "cold" else ask).run(libraries, say, quick=quick)
    if name == "pages":
        from benchmarks import pages  # streamlit

        return pages.run(libraries, say, quick=quick)
    if name in ("memory", "summary"):
        return (memory if name == "memory" else summary).run(say, quick=quick)
    by_data = {"retrieval": retrieval, "add": add, "films": films}
    return by_data[name].run(options.data, say, quick=quick)


def _run_chat(name: str, options: argparse.Namespace) -> Report:
    """Those that speak with a model: they bring openai and VADER, which no other benchmark should pay."""
    if name == "injection":
        from benchmarks import injection

        return injection.run(options.data, _say(name), quick=options.quick)
    from benchmarks import chat_cost

    return chat_cost.run(options.data, _say(name), quick=options.quick)


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
    parser.add_argument("--quick", action="store_true", help="smaller, in three minutes; writes nothing")
    parser.add_argument("--data", type=Path, metavar="PATH", help="a folder with subjqa/*.jsonl and films/*.jsonl")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="embed the sentences of this text file")
    parser.add_argument(
        "--split", choices=SPLITS, default="dev", help="titles of the corpus (quality, corpus, opinions) [default: dev]"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
