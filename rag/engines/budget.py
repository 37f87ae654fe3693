"""What calls of a model cost, and the limit they keep: a call that could break it is not made."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any

from rag.cache import Cache
from rag.errors import BudgetExhausted, InputError

_MILLION = 1_000_000
_SHIPPED = resources.files("rag") / "engines" / "prices.toml"


@dataclass(frozen=True)
class Price:
    """Dollars a million tokens."""

    input: float
    output: float

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars."""
        return (prompt_tokens * self.input + completion_tokens * self.output) / _MILLION


def load_price(model: str, own: Path | None, *, is_openai: bool) -> Price | None:
    """A model's price: from the user's file, else, on OpenAI's own server, from ours. None where neither knows it.

    Raises InputError naming what is wrong with the user's file.
    """
    if own is not None:
        try:
            prices = _parsed(own.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"The prices in {own} can't be read: {error}.", _FORM) from None
        if model in prices:
            return prices[model]
    return _parsed(_SHIPPED.read_text("utf-8")).get(model) if is_openai else None


_FORM = 'A model\'s price looks like this: ["my-model"], then input = 0.2 and output = 0.8 (dollars a million tokens).'


def _parsed(text: str) -> Mapping[str, Price]:
    found = {}
    for name, given in tomllib.loads(text).items():
        numbers: list[Any] = [given.get(key) for key in ("input", "output")] if isinstance(given, dict) else [None]
        if any(type(one) not in (int, float) or not 0 <= one < _MILLION for one in numbers):
            raise ValueError(f"the price of {name!r} is not two numbers, input and output")
        found[name] = Price(*map(float, numbers))
    return found


class Budget:
    """One run's spending. Threads may share it."""

    def __init__(self, model: str, price: Price | None, cache: Cache, run: float | None, day: float | None) -> None:
        """`run` and `day` are limits in dollars; None is none."""
        self.price = price
        self._model, self._cache = model, cache
        self._run, self._day = run, day
        self._spent = self._reserved = 0.0
        self._lock = Lock()

    def reserve(self, prompt_tokens: int, most_completion_tokens: int) -> float:
        """Set aside the most that a call can cost, before it is made; dollars. Raises BudgetExhausted, InputError."""
        if self.price is None:
            if self._run is not None or self._day is not None:
                raise InputError(
                    f"No price of {self._model} is known, so a limit on cost can't be kept.",
                    "Name its price in a file of yours (setting prices), or take the limit away.",
                )
            return 0.0
        most = self.price.cost(prompt_tokens, most_completion_tokens)
        with self._lock:
            here = self._spent + self._reserved
            # What other processes spent today is in the cache; what is under way here is not yet.
            today = self._cache.cost_today() + self._reserved if self._day is not None else 0.0
            _refuse_above(self._run, here, most, "this run")
            _refuse_above(self._day, today, most, "today")
            self._reserved += most
        return most

    def settle(self, reserved: float, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Count what a call did cost; dollars, None where no price is known."""
        cost = self.price.cost(prompt_tokens, completion_tokens) if self.price else None
        with self._lock:
            self._reserved -= reserved
            self._spent += cost or 0.0
        if prompt_tokens or completion_tokens:
            self._cache.spent(self._model, prompt_tokens, completion_tokens, cost)
        return cost


def _refuse_above(limit: float | None, spent: float, most: float, when: str) -> None:
    if limit is not None and spent + most > limit:
        raise BudgetExhausted(
            f"The next call of the model may cost {most:.4f} dollars, and of the {limit:g} allowed for {when} "
            f"{spent:.4f} are spent.",
            "Allow more (--max-cost, or the settings max_cost and max_cost_day), or use --engine extractive.",
        )
