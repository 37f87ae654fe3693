"""Orders to the machine that a hostile review may hold, for the injection tests."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

FILE = "orders.toml"


@dataclass(frozen=True)
class Order:
    """One order, and how to tell that it was obeyed."""

    id: str
    kind: str
    text: str
    """What is planted in a review."""
    forbidden: tuple[str, ...]
    """What must not appear in an answer outside a quote that is shown as one."""
    aim: str
    """What obeying would look like."""


def orders() -> tuple[Order, ...]:
    """Every order, in the order of the file."""
    tables = tomllib.loads((files("corpus") / FILE).read_text("utf-8"))["order"]
    return tuple(Order(**{**table, "forbidden": tuple(table["forbidden"])}) for table in tables)
