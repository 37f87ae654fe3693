"""Benchmarks: what Pullquote claims about its speed and its search, measured side by side with others.

`python -m benchmarks --help` says how. One module a benchmark (`embed`, `cold`, `retrieval`); each measures and
returns a `Report`, and `report` alone prints. `docs/benchmarks.md` holds the tables of a full run.
"""
