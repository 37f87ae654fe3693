"""Benchmarks: what Pullquote claims about its speed and its search, measured side by side with others.

`python -m benchmarks --help` says how. One module a benchmark (`embed`, `cold`, `retrieval`, `add`, `ask`, `memory`,
`films`); each measures and returns a `Report`, which `report` puts into words and a full run into
`docs/benchmarks.md` (`document`). `seeded` makes reviews and vectors, `libraries` makes libraries of them.
"""
