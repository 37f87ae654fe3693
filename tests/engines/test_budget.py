"""What calls cost and the limits they keep: a call that could break one is not made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import cache as caches
from rag.cache import Cache
from rag.engines import budget as budgets
from rag.engines.budget import Budget, Price, load_price
from rag.errors import BudgetExhausted, InputError, PullquoteError

DOLLAR = Price(1_000_000.0, 1_000_000.0)
"""A dollar a token."""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


@pytest.fixture
def prices(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a file of prices."""

    def written(text: str) -> Path:
        path = tmp_path / "prices.toml"
        path.write_text(text, "utf-8")
        return path

    return written


# ── prices ───────────────────────────────────────────────────────────────────────────────────────


def test_a_cost_is_that_of_the_tokens_sent_and_of_those_written() -> None:
    assert Price(2.0, 8.0).cost(500_000, 250_000) == 3.0
    assert Price(2.0, 8.0).cost(0, 0) == 0.0


def test_the_users_price_comes_before_ours(prices: Callable[[str], Path]) -> None:
    own = prices('["gpt-4o"]\ninput = 1\noutput = 0\n["mine"]\ninput = 0.5\noutput = 0.25\n')

    assert load_price("gpt-4o", own, is_openai=True) == Price(1.0, 0.0)
    assert load_price("mine", own, is_openai=False) == Price(0.5, 0.25)


def test_our_prices_are_those_of_openais_own_server_alone(prices: Callable[[str], Path]) -> None:
    ours = load_price("gpt-4o-mini", None, is_openai=True)
    other = prices('["mine"]\ninput = 0.5\noutput = 0.25\n')

    assert ours is not None and 0 < ours.input < ours.output
    assert load_price("gpt-4o-mini", other, is_openai=True) == ours
    assert load_price("gpt-4o-mini", None, is_openai=False) is None
    assert load_price("gpt-4o-mini", other, is_openai=False) is None


def test_a_price_that_nobody_knows_is_none_and_not_nought(prices: Callable[[str], Path]) -> None:
    assert load_price("gpt-unheard-of", None, is_openai=True) is None
    assert load_price("mine", prices(""), is_openai=False) is None


@pytest.mark.parametrize(("text", "named"), [
    ("[mine", "declaration"),
    ("mine = 3\n", "'mine'"),
    ('["mine"]\ninput = 1\n', "'mine'"),
    ('["mine"]\noutput = 1\n', "'mine'"),
    ('["mine"]\ninput = "1"\noutput = 1\n', "'mine'"),
    ('["mine"]\ninput = true\noutput = 1\n', "'mine'"),
    ('["mine"]\ninput = -1\noutput = 1\n', "'mine'"),
    ('["mine"]\ninput = nan\noutput = 1\n', "'mine'"),
    ('["mine"]\ninput = 1\noutput = inf\n', "'mine'"),
    ('["mine"]\ninput = 1\noutput = 1e9\n', "'mine'"),
    ("[gpt-4.1]\ninput = 1\noutput = 1\n", "'gpt-4'"),
    ('["good"]\ninput = 1\noutput = 1\n["bad"]\n', "'bad'"),
])  # fmt: skip
def test_a_file_of_prices_that_is_wrong_is_named_with_what_is_wrong_and_the_form(
    text: str, named: str, prices: Callable[[str], Path]
) -> None:
    own = prices(text)

    with pytest.raises(InputError) as caught:
        load_price("good", own, is_openai=True)

    assert str(own) in caught.value.message and named in caught.value.message
    assert '["my-model"]' in (caught.value.hint or "") and caught.value.exit_code == 2


@pytest.mark.parametrize("content", [None, b'["m\xff"]\n'])
def test_a_file_of_prices_that_can_not_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    own = tmp_path / "none.toml"
    if content is not None:
        own.write_bytes(content)

    with pytest.raises(InputError, match=r"none\.toml"):
        load_price("mine", own, is_openai=True)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def test_a_call_that_could_break_the_limit_of_the_run_is_not_made(cache: Cache) -> None:
    budget = Budget("mine", DOLLAR, cache, 10.0, None)
    assert budget.reserve(4, 2) == 6.0

    with pytest.raises(BudgetExhausted) as caught:
        budget.reserve(3, 2)

    assert caught.value.exit_code == 7 and not caught.value.retryable
    assert "5.0000" in caught.value.message and "10 allowed for this run" in caught.value.message
    assert "6.0000 are spent" in caught.value.message and "--max-cost" in (caught.value.hint or "")
    # What was refused set nothing aside: the very rest may be spent.
    assert budget.reserve(2, 2) == 4.0


def test_what_was_set_aside_and_not_used_may_be_spent(cache: Cache) -> None:
    budget = Budget("mine", DOLLAR, cache, 10.0, None)

    assert budget.settle(budget.reserve(5, 5), 5, 1) == 6.0
    with pytest.raises(BudgetExhausted):
        budget.reserve(4, 1)
    assert budget.settle(budget.reserve(3, 1), 0, 0) == 0.0
    assert budget.reserve(3, 1) == 4.0


def test_a_call_that_cost_more_than_was_set_aside_counts_as_it_was(cache: Cache) -> None:
    budget = Budget("mine", DOLLAR, cache, 10.0, None)
    budget.settle(budget.reserve(1, 1), 9, 3)

    with pytest.raises(BudgetExhausted, match=r"12\.0000 are spent"):
        budget.reserve(1, 0)


def test_a_limit_of_nothing_lets_nothing_through_but_what_is_free(cache: Cache) -> None:
    with pytest.raises(BudgetExhausted):
        Budget("mine", DOLLAR, cache, 0.0, None).reserve(1, 0)
    assert Budget("mine", Price(0.0, 0.0), cache, 0.0, 0.0).reserve(1000, 1000) == 0.0


def test_the_limit_of_a_day_counts_what_other_runs_spent_and_what_is_under_way_here(cache: Cache) -> None:
    budget = Budget("mine", DOLLAR, cache, None, 10.0)
    cache.spent("another", 1, 1, 3.0)  # another process
    assert budget.reserve(4, 0) == 4.0

    with pytest.raises(BudgetExhausted, match=r"10 allowed for today 7\.0000 are spent"):
        budget.reserve(4, 0)

    assert budget.reserve(3, 0) == 3.0


def test_what_is_settled_counts_once_against_the_day(cache: Cache) -> None:
    budget = Budget("mine", DOLLAR, cache, None, 10.0)
    budget.settle(budget.reserve(4, 0), 4, 0)
    assert cache.cost_today() == 4.0

    assert budget.reserve(6, 0) == 6.0
    with pytest.raises(BudgetExhausted):
        budget.reserve(1, 0)


def test_a_new_day_has_its_limit_for_itself(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "_now", lambda: "2025-11-01T23:59:59+00:00")
    budget = Budget("mine", DOLLAR, cache, None, 10.0)
    budget.settle(budget.reserve(10, 0), 10, 0)
    with pytest.raises(BudgetExhausted):
        budget.reserve(1, 0)

    monkeypatch.setattr(caches, "_now", lambda: "2025-11-02T00:00:00+00:00")
    assert budget.reserve(10, 0) == 10.0


def test_the_limit_of_a_day_holds_for_this_process_where_nothing_can_be_written(tmp_path: Path) -> None:
    budget = Budget("mine", DOLLAR, Cache(tmp_path / "none"), None, 10.0)
    budget.settle(budget.reserve(8, 0), 8, 0)

    with pytest.raises(BudgetExhausted, match="today"):
        budget.reserve(3, 0)
    assert budget.reserve(2, 0) == 2.0


@pytest.mark.parametrize(("run", "day"), [(1.0, None), (None, 1.0), (1.0, 1.0)])
def test_a_limit_without_a_known_price_is_refused(run: float | None, day: float | None, cache: Cache) -> None:
    with pytest.raises(InputError) as caught:
        Budget("mine", None, cache, run, day).reserve(1, 1)

    assert "mine" in caught.value.message and "prices" in (caught.value.hint or "")
    assert not isinstance(caught.value, BudgetExhausted)


def test_without_price_and_limit_a_call_is_made_and_costs_what_nobody_knows(cache: Cache) -> None:
    budget = Budget("mine", None, cache, None, None)

    assert budget.settle(budget.reserve(100, 100), 100, 50) is None
    assert cache.cost_today() == 0.0


def test_a_call_that_never_came_about_is_not_counted(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget("mine", DOLLAR, cache, 10.0, 10.0)

    assert budget.settle(budget.reserve(5, 5), 0, 0) == 0.0
    assert cache.cost_today() == 0.0 and not (tmp_path / caches.NAME).exists()
    assert budget.reserve(5, 5) == 10.0


CALLS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=30)


class NoCache(Cache):
    """Counts in memory."""

    def __init__(self) -> None:
        super().__init__(Path("none"))
        self.total = 0.0

    def spent(self, model: str, prompt_tokens: int, completion_tokens: int, cost_usd: float | None) -> None:
        self.total += cost_usd or 0.0

    def cost_today(self) -> float:
        return self.total


@given(CALLS, st.integers(0, 40), st.booleans())
def test_whatever_calls_are_made_the_limit_is_never_passed(
    calls: list[tuple[int, int, int]], limit: int, by_day: bool
) -> None:
    cache = NoCache()
    budget = Budget("mine", DOLLAR, cache, None if by_day else limit, limit if by_day else None)
    open_calls: list[tuple[float, int, int]] = []
    for sent, most, turn in calls:
        try:
            open_calls.append((budget.reserve(sent, most), sent, most))
        except BudgetExhausted:
            assert cache.total + sum(one[0] for one in open_calls) + sent + most > limit
        if open_calls and turn < 5:
            reserved, asked, written = open_calls.pop(turn % len(open_calls))
            budget.settle(reserved, asked, min(written, turn))
    for reserved, asked, written in open_calls:
        budget.settle(reserved, asked, written)
    assert cache.total <= limit


def test_threads_never_set_aside_more_than_there_is(cache: Cache) -> None:
    budget = Budget("mine", DOLLAR, cache, 10.0, None)

    def reserve(_: int) -> float:
        try:
            return budget.reserve(1, 0)
        except PullquoteError:
            return 0.0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(50))) == 10.0


def test_every_price_of_ours_is_a_price() -> None:
    shipped = budgets._parsed(budgets._SHIPPED.read_text("utf-8"))

    assert shipped and all(price.input < price.output for price in shipped.values())
