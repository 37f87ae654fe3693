"""The only wiring: a library folder and what is chosen to read it with, behind a few verbs.

    with Library.open("reviews.pullquote") as library:
        library.add(["reviews.csv"], title="The Salt Ladder")
        answer = library.ask("What did critics dislike about the ending?")

Adapters are imported here when they are first needed, so that a verb loads only what it uses.
Longer than 400 lines: one short method a verb, most of it what the verb promises.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import rag
from rag import answer as answering
from rag import settings as configuration
from rag import taxonomy
from rag.cache import Cache
from rag.candidates import Asking, aspects_of
from rag.engines.base import Engine
from rag.engines.extractive import ExtractiveEngine
from rag.errors import (
    EmbedderMismatch,
    EmbedderUnavailable,
    ExtraMissing,
    IndexMismatch,
    IndexUnreachable,
    InputError,
    LibraryDamaged,
    LibraryLocked,
    ModelMissing,
    SchemaOutdated,
    install_extra,
)
from rag.records import (
    AddReport,
    Answer,
    Check,
    EngineStamp,
    Evidence,
    Filters,
    Progress,
    Removal,
    Review,
    Title,
    Usage,
)
from rag.reviews import catalogue, lock
from rag.reviews import store as stores
from rag.reviews.catalogue import KeptCatalogue
from rag.reviews.schema import REVISIONS
from rag.reviews.store import Reading, Store
from rag.search import model_files
from rag.search.retrieve import Retrieval
from rag.settings import EmbeddingModel, FolderIndex, IndexAddress, MemoryIndex, Settings

if TYPE_CHECKING:
    from rag.consensus import Summarising
    from rag.engines.adviser import Adviser
    from rag.engines.chat import ChatEngine
    from rag.engines.prompts import Messages
    from rag.export import ExportFormat
    from rag.findings import Comparison, Consensus
    from rag.health import IndexState, Rebuilt
    from rag.opinions import CodingCost, CodingReport
    from rag.reviews.read import Item
    from rag.search.base import Embedder, Index, Vectors
    from rag.search.embed_openai import OpenAIEmbedder


HISTORY = "questions.txt"
"""Beside the database: the questions that were typed at the prompt."""


def _ignore(_progress: Progress) -> None:
    pass


class Library:
    """An open library. Use it as a context manager, or call `close`."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        engine: Engine | None = None,
        embedder: Embedder | None = None,
        index: Index | None = None,
        *,
        fallback: bool = True,
        retrieval: Retrieval = Retrieval(),  # noqa: B008 - frozen
        prompts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Use `Library.open`."""
        self._retrieval = retrieval
        self._prompts = prompts
        self.path = path
        self._settings = settings
        self._given_engine = engine
        self._chat: ChatEngine | None = None
        self._may_fall_back = fallback
        self._embedder = embedder
        self._embedder_sought = embedder is not None
        self._hang_up: Callable[[], None] | None = None
        self._index = index
        self._index_given = index is not None
        self._index_generation = -1
        self._store: Store | None = None
        self._catalogue = KeptCatalogue()

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        engine: Engine | str | None = None,
        embedder: Embedder | None = None,
        index: Index | None = None,
        model: str | None = None,
        fallback: bool = True,
        max_cost: float | None = None,
        retrieval: Retrieval | None = None,
        prompts: Mapping[str, str] | None = None,
    ) -> Self:
        """A library by its folder (default: the setting `library`). What is not given is built when needed.

        `engine` is one of your own, or the name of ours; `model`, `max_cost` stand for the settings of these names.
        Without `fallback` what the model's server does wrong is raised, where else the offline engine would write.
        `retrieval` and `prompts` (`{"answer": "answer.v1"}`) are for those who measure what another choice is worth.
        Nothing is made on disk before the first `add`; asking of a folder without a library raises NoLibrary.
        """
        wanted = {"engine": engine if isinstance(engine, str) else None, "model": model, "max_cost": max_cost}
        settings = configuration.load(**{name: value for name, value in wanted.items() if value is not None})
        taxonomy.use_folder(settings.taxonomies)
        own = None if isinstance(engine, str) else engine
        where = Path(path) if path is not None else settings.library
        return cls(
            where,
            settings,
            own,
            embedder,
            index,
            fallback=fallback,
            retrieval=retrieval or Retrieval(),
            prompts=prompts or {},
        )

    def close(self) -> None:
        """Let go of the database and the index."""
        if self._store is not None:
            self._store.close()
        if self._index is not None:
            self._index.close()
        if self._hang_up is not None:
            self._hang_up()
        if self._chat is not None:
            self._chat.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── verbs that change reviews ────────────────────────────────────────────────────────────────

    def add(
        self,
        paths: Sequence[str | Path],
        *,
        title: str | None = None,
        kind: str | None = None,
        column_map: Mapping[str, str] | None = None,
        uploaded: bool = False,
        dry_run: bool = False,
        on_progress: Callable[[Progress], None] = _ignore,
    ) -> AddReport:
        """Read files and folders, store what is new, embed and index it.

        `column_map` is `{field: column}`. A path `-` is standard input. `uploaded` files lie where they are only for
        now, and are known by their names. `dry_run` reports and stores nothing.
        Raises InputError, NothingRead, LibraryLocked, DiskFull.
        """
        from rag import ingest
        from rag.reviews import read

        if kind is not None:
            taxonomy.load(kind)
        options = read.ReadOptions(title, kind, column_map or {}, uploaded)
        with tempfile.TemporaryDirectory() as spool:
            stdin = read.save_stdin(sys.stdin.buffer, Path(spool)) if read.STDIN in map(str, paths) else None
            items = read.read_all([Path(path) for path in paths], options, stdin)
            if dry_run:
                return self._dry_run(items, on_progress)
            if (self.path / stores.DATABASE).exists():
                self._opened()  # an older library is upgraded under a lock of its own
            with self._writing("add"):
                store = self._store_or_new()
                embedder, away = self._embedder_or_why()
                report = ingest.add(store, items, on_progress)
                # The reviews are stored whatever becomes of the index, or of an unfinished purge, now.
                warning = away or self._follow(store, embedder, on_progress) or self._finish_purge(store)
                if warning is not None:
                    return replace(report, warnings=(warning,))
                report = ingest.with_warnings(report, store, embedder is not None)
                uncoded = self._code_new(store, on_progress)
                return replace(report, warnings=(*report.warnings, uncoded)) if uncoded else report

    def _dry_run(self, items: Iterator[Item], on_progress: Callable[[Progress], None]) -> AddReport:
        from rag import ingest

        if (self.path / stores.DATABASE).exists():
            store = self._opened()
            with self._writing("add --dry-run"):
                return ingest.add(store, items, on_progress, dry_run=True)
        with tempfile.TemporaryDirectory() as folder:
            store = _new_store(Path(folder))
            try:
                return ingest.add(store, items, on_progress, dry_run=True)
            finally:
                store.close()

    def rebuild(self, *, embed: bool = False, on_progress: Callable[[Progress], None] = _ignore) -> Rebuilt:
        """Make the index anew from SQLite; `embed=True` makes the vectors anew too, with the present embedder.

        Raises ModelMissing where vectors are demanded and there is no model, IndexUnreachable, EmbedderUnavailable.
        """
        from rag import health, ingest, keeping

        store = self._opened()
        with self._writing("rebuild"):
            embedder = self.embedder if embed else self._matching_embedder()
            if embed and embedder is None:
                raise ModelMissing("There are no model files to embed with.", "Get them with: pullquote model fetch")
            if embed and embedder is not None:
                _ = embedder.identity  # a server that does not answer is known before vectors are thrown away
            keeping.finish_purge(store)
            before = self._index_state()
            self._discard_index()
            ingest.rebuild(store, embedder, self._open_index, on_progress, embed=embed)
            # What was written a moment ago by this process needs no child to look at it.
            after = self._index_state(in_child=False)
        return health.Rebuilt(self.generation, before, after)

    def edit_title(
        self, title: str, *, name: str | None = None, into: str | None = None, kind: str | None = None
    ) -> tuple[Title, int]:
        """Rename a title, merge it `into` another, or change its kind. The title, and how many votes became one.

        Its old names stay aliases. Raises UnknownTitle, InputError, LibraryLocked.
        """
        from rag import keeping

        with self._changing("edit") as store:
            done = keeping.edit_title(store, title, name=name, into=into, kind=kind)
            self._follow(store, None)
            self._code_new(store)
        return done

    def edit_review(
        self,
        review_id: str,
        *,
        title: str | None = None,
        critic: str | None = None,
        outlet: str | None = None,
        date: str | None = None,
    ) -> Review:
        """Move a review to another title, or correct critic, outlet or date; an empty text clears.

        Raises UnknownReview, UnknownTitle, InputError, LibraryLocked.
        """
        from rag import keeping

        with self._changing("edit") as store:
            done = keeping.edit_review(store, review_id, title=title, critic=critic, outlet=outlet, date=date)
            self._follow(store, None)
            self._code_new(store)
        return done

    def remove(self, what: str | None = None, *, batch: str | None = None, purge: bool = False) -> Removal:
        """Take a review, a title or a batch out of every answer; `restore` brings it back.

        `purge` deletes instead, for good and from every file of the library, and without a name all that was removed.
        Raises UnknownTitle, UnknownBatch, InputError, LibraryLocked.
        """
        from rag import keeping

        with self._changing("remove") as store:
            if not purge:
                done = keeping.remove(store, what, batch)
                self._follow(store, None)
                self._code_new(store)
                return done
            done = keeping.purge(store, what, batch)
            Cache(self.path).forget_replies()
            for leftover in (self.path / HISTORY, *self.path.glob(f"{stores.DATABASE}.before-*")):
                leftover.unlink(missing_ok=True)
            self._follow(store, None)
            keeping.finish_purge(store)
            return done

    def restore(
        self, what: str | None = None, *, batch: str | None = None, on_progress: Callable[[Progress], None] = _ignore
    ) -> Removal:
        """Bring back what `remove` took out under the same name. Raises as `remove` does."""
        from rag import keeping

        with self._changing("restore") as store:
            embedder, _ = self._embedder_or_why()
            done = keeping.restore(store, what, batch)
            self._follow(store, embedder, on_progress)
            self._code_new(store, on_progress)
        return done

    @contextmanager
    def _changing(self, verb: str) -> Iterator[Store]:
        store = self._opened()
        with self._writing(verb):
            yield store

    def _follow(
        self, store: Store, embedder: Embedder | None, on_progress: Callable[[Progress], None] = _ignore
    ) -> str | None:
        """Let the index follow what was changed. Why it could not, where it could not: the journal keeps it."""
        from rag import ingest

        try:
            ingest.catch_up(store, embedder, self._open_index, on_progress)
        except (LibraryDamaged, IndexUnreachable, EmbedderUnavailable) as error:
            return f"{error.message} {error.hint or ''}".strip()
        return None

    def _code_new(self, store: Store, on_progress: Callable[[Progress], None] = _ignore) -> str | None:
        """Code what came in, where that costs nothing. What is to be said where it does."""
        from rag import opinions

        free, paid = opinions.waiting(store)
        embedder = self._coding_embedder() if free else None
        if embedder is not None:
            opinions.code(store, self._free_coder, embedder, free, on_progress)
        return opinions.left_uncoded(paid)

    @property
    def _free_coder(self) -> Engine:
        """What codes unasked: an engine that was given and costs nothing, else the offline one."""
        from rag import opinions

        given = self._given_engine
        return given if given is not None and opinions.is_free(given.identity("code")) else ExtractiveEngine()

    def _coding_embedder(self) -> Embedder | None:
        """The embedder, if the coder can read its vectors."""
        embedder, _ = self._embedder_or_why()
        return embedder if embedder is not None and self._free_coder.reads(embedder.identity) else None

    def _embedder_or_why(self) -> tuple[Embedder | None, str | None]:
        """The embedder, and why it can't be used where its server is away: sentences wait for it then."""
        try:
            return self._matching_embedder(), None
        except EmbedderUnavailable as error:
            return None, f"{error.message} {error.hint or ''}".strip()

    def _finish_purge(self, store: Store) -> str | None:
        from rag import keeping

        try:
            keeping.finish_purge(store)
        except LibraryLocked as error:
            return f"{error.message} {error.hint}"
        return None

    # ── verbs that count ─────────────────────────────────────────────────────────────────────────

    def code(
        self,
        titles: Sequence[str] | None = None,
        *,
        by_model: bool = False,
        on_progress: Callable[[Progress], None] = _ignore,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> CodingReport:
        """Read opinions in the reviews of these titles (default: all) that no coder has read, or another one has.

        `by_model` asks the model that is named, which costs (`coding_cost`); else the offline coder reads. Takes up
        where a run was broken off. Raises UnknownTitle, InputError, LibraryLocked, ModelMissing, EngineError,
        BudgetExhausted, Cancelled.
        """
        from rag import opinions

        store, chosen = self._opened(), self._titles_named(titles)
        if by_model:
            with self._writing("code"):
                return opinions.code(store, self._chat_engine(), None, chosen, on_progress, cancelled)
        embedder = self._coding_embedder()
        if embedder is None:
            raise ModelMissing(
                "The offline coder reads the vectors of all-MiniLM-L6-v2, and these are not here.",
                "Get the model with: pullquote model fetch, then: pullquote rebuild --embed",
            )
        with self._writing("code"):
            self._follow(store, embedder, on_progress)
            return opinions.code(store, self._free_coder, embedder, chosen, on_progress, cancelled)

    def coding_cost(self, titles: Sequence[str] | None = None) -> CodingCost:
        """What `code(titles, by_model=True)` would cost; sends nothing. Raises UnknownTitle and InputError."""
        from rag import opinions

        return opinions.cost(self._opened(), self._chat_engine(), self._titles_named(titles))

    def _titles_named(self, names: Sequence[str] | None) -> list[Title]:
        with self._opened().reading() as reading:
            known = self._catalogue.at(reading).titles
            gone = partial(catalogue.removed_titles, reading)
            return [catalogue.find_title(known, name, gone) for name in names] if names else list(known)

    def summary(self, title: str, *, refresh: bool = True) -> Consensus:
        """What the reviews of a title agree and disagree about. What nothing has touched since the last is kept.

        `refresh=False` shows the stored summary, with what is out of date marked as stale. Takes no lock: where the
        result can't be stored it says so. Raises UnknownTitle, and InputError where nothing is stored.
        """
        from rag import summaries

        found = self.title(title)
        return summaries.summary(self._opened(), found, self._summarising(), refresh=refresh)

    def compare(self, first: str, second: str) -> Comparison:
        """Two titles, aspect by aspect. Raises UnknownTitle, InputError."""
        from rag import comparison

        titles = (self.title(first), self.title(second))
        with self._opened().reading() as reading:
            return comparison.compare(reading, titles)

    def _summarising(self) -> Summarising:
        from rag.consensus import CoderCard, Summarising
        from rag.engines import heads
        from rag.evidence.adjust import Calibration

        engine, fallback = self.engine, self._fallback
        stamp = EngineStamp(
            name=engine.identity("statement"),
            model=engine.model,
            prompt=engine.prompt("statement"),
            coder=None,
            embedder=None,
            retrieval={},
            version=rag.__version__,
            generation=self.generation,
        )
        card, coder = heads.model_card(), ExtractiveEngine().identity("code")
        known = CoderCard(card["measured"], Calibration.of(card["calibration"]))
        return Summarising(engine, stamp, {coder: known}, fallback, self._leaning if fallback else None)

    # ── verbs that copy ──────────────────────────────────────────────────────────────────────────

    def backup(self, file: str | Path) -> int:
        """Copy the library into one new file while others use it; its size in bytes.

        The file is a whole library but for the index, which `rebuild` makes again without embedding. Raises
        InputError where the file is there already, and DiskFull.
        """
        target = Path(file)
        try:
            taken, folder_there = target.exists(), target.parent.is_dir()
        except OSError as error:
            raise InputError(f"A file of this name can't be written: {error.strerror}.") from error
        if taken or not target.name:
            raise InputError(f"There is a file {target} already.", "Name one that does not exist yet.")
        if not folder_there:
            raise InputError(f"There is no folder {target.parent}.", "Make it first.")
        stores.copy_database(self._opened().path, target)
        return target.stat().st_size

    def export(self, form: ExportFormat, titles: Sequence[str] | None = None) -> Iterator[str]:
        """The live reviews of these titles (default: all) as JSON, CSV or Markdown, in pieces. Raises UnknownTitle."""
        from rag import export

        def chosen(reading: Reading) -> list[Title]:
            known = [title for title in catalogue.all_titles(reading) if title.reviews]
            wanted = [catalogue.find_title(known, name) for name in titles] if titles else known
            return list(dict.fromkeys(wanted))

        return export.export(self._opened(), chosen, form)

    # ── verbs that read ──────────────────────────────────────────────────────────────────────────

    def ask(
        self,
        question: str,
        *,
        titles: Sequence[str] | None = None,
        filters: Filters | None = None,
        previous: Answer | None = None,
        on_claim: answering.OnClaim | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Answer:
        """Answer a question; every sentence of the answer cites the passage that says so.

        `titles` are names or ids (default: those the question names, else all). `filters` narrow the reviews that
        are asked. `previous` is the answer that a follow-up question continues; it keeps its titles and filters.
        `on_claim(claim, citations)` hears each sentence the moment it is verified. `cancelled()` is polled; once it
        is true, Cancelled is raised. Raises UnknownTitle, InputError, NoLibrary.
        """
        stop = cancelled or (lambda: False)
        self._titles_named(titles)  # says better than the plan would why there is no such title
        return answering.ask(
            replace(self._asking(), adviser=self._adviser(stop)),
            question,
            titles=titles,
            filters=filters,
            previous=previous,
            on_claim=on_claim,
            cancelled=stop,
        )

    def _adviser(self, cancelled: Callable[[], bool]) -> Adviser | None:
        """The model as one that reads questions and judges claims, where a setting wants that and it writes."""
        settings, engine = self._settings, self.engine
        if engine is not self._chat or not (settings.refine_plan or settings.judge):
            return None
        from rag.engines.adviser import Adviser

        return Adviser(engine.client, reads=settings.refine_plan, judges=settings.judge, cancelled=cancelled)

    def evidence(self, question: str, *, titles: Sequence[str] | None = None) -> list[Evidence]:
        """The sentences that a question would be answered from, best first; none where no review speaks of it."""
        return answering.evidence(self._asking(), question, titles=titles)

    def rendered(self, prompt: str, *, question: str | None = None, title: str | None = None) -> Messages:
        """The exact messages that a prompt would be sent as; sends nothing.

        `question` is for answer and plan, for judge it is the claim, with the sentence that is nearest to it for a
        passage; statement and code want a `title`. Raises InputError and UnknownTitle.
        """
        from rag import opinions, summaries
        from rag.engines import adviser, chat, disarm, prompts

        loaded, tag = prompts.load(prompt), disarm.PLACEHOLDER
        if question and loaded.name in ("answer", "plan", "judge"):
            request = answering.request(self._asking(), question, titles=[title] if title else None)
            if loaded.name == "answer":
                return loaded.render(**chat.answer_values(request, tag))
            if loaded.name == "plan":
                return loaded.render(
                    **adviser.plan_values(
                        question, request.plan, aspects_of([self.title(title)] if title else self.titles())
                    )
                )
            return loaded.render(**adviser.judge_values(question, [one.text for one in request.evidence[:1]], tag))
        if loaded.name == "statement" and title:
            found = summaries.summary(self._opened(), self.title(title), self._summarising(), refresh=True)
            said = [one for one in found.findings if one.counts.mentioning]
            return loaded.render(**chat.statement_values(found.title.name, [*said, found.whole], tag))
        if loaded.name == "code" and title:
            units, aspects = opinions.first_units(self._opened(), self.title(title), chat.UNITS_A_CALL)
            return loaded.render(**chat.coding_values(units, aspects, tag))
        raise InputError(
            f"The prompt {loaded.name} can't be shown with this.",
            'Try: pullquote prompts render answer "QUESTION", or: pullquote prompts render code --title TITLE',
        )

    def _asking(self) -> Asking:
        embedder, _ = self._embedder_or_why()  # without it words answer alone, and the answer says so
        return Asking(
            self._opened(),
            self._catalogue,
            embedder,
            self._open_index,
            self.engine,
            rag.__version__,
            self._fallback,
            self._stance_of if embedder is not None and ExtractiveEngine().reads(embedder.identity) else None,
            self._retrieval,
        )

    def _stance_of(self, text: str, vector: Vectors) -> float:
        """How an engine's own sentence leans, -1 to 1: it must not praise what its source blames."""
        from rag.engines import coding

        return coding.stance_of(text, vector)

    def _leaning(self, text: str) -> float:
        """How a sentence leans, -1 to 1; 0 where that can't be told."""
        embedder, _ = self._embedder_or_why()
        if embedder is None or not ExtractiveEngine().reads(embedder.identity):
            return 0.0
        return self._stance_of(text, embedder.embed([text])[0])

    def titles(self, *, removed: bool = False) -> list[Title]:
        """Every title that has reviews, with their number; `removed`: those all of whose reviews were removed."""
        with self._opened().reading() as reading:
            return catalogue.removed_titles(reading) if removed else list(self._catalogue.at(reading).titles)

    def opinion_counts(self) -> dict[str, int]:
        """How many opinions were read in each title's reviews, by title id."""
        from rag.reviews import tally

        with self._opened().reading() as reading:
            return tally.counted(reading)

    def suggestions(self, title: str) -> list[str]:
        """Questions that a title's reviews can answer: of what they speak most, and which way. Raises UnknownTitle."""
        from rag import suggestions

        found = self.title(title)
        with self._opened().reading() as reading:
            return suggestions.suggestions(reading, found)

    def title(self, name: str) -> Title:
        """A title by name, alias or id. Raises UnknownTitle with the nearest names."""
        return self._titles_named([name])[0]

    def review(self, review_id: str) -> Review:
        """A review by its id, also one that is history or was removed. Raises UnknownReview."""
        with self._opened().reading() as reading:
            return stores.get_review(reading, review_id)

    def reviews(
        self,
        title: str,
        *,
        query: str | None = None,
        filters: Filters | None = None,
        removed: bool = False,
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[list[Review], int]:
        """A page of a title's reviews, newest first, and how many there are in all.

        `removed` shows those that were removed instead. Raises UnknownTitle and InputError, also for a stance, which
        only opinions have.
        """
        from rag.reviews import filters as filtering

        if filters is not None and filters.stance is not None:
            raise InputError("A list of reviews is not narrowed by stance.", "Ask a question to see who liked what.")
        with self._opened().reading() as reading:
            known = catalogue.all_titles(reading) if removed else self._catalogue.at(reading).titles
            found = catalogue.find_title(known, title, partial(catalogue.removed_titles, reading))
            state = stores.REMOVED if removed else stores.LIVE
            narrowed = filtering.conditions(reading, filters or Filters(), [found.id], state)
            return stores.page_of_reviews(
                reading, found.id, state=state, query=query, narrowed=narrowed, offset=offset, limit=limit
            )

    @property
    def generation(self) -> int:
        """A number that grows with every change of the library."""
        with self._opened().reading() as reading:
            return stores.generation(reading)

    def spending(self) -> tuple[list[tuple[str, Usage]], float]:
        """What calls of models cost so far, by model, and the dollars of today's whose price is known."""
        cache = Cache(self.path)
        return cache.spending(), cache.cost_today()

    def doctor(self) -> list[Check]:
        """Check the library and what it is read with."""
        from rag import health

        checks = health.check_store(self._opened())
        checks.append(health.check_index(self._index_state()))
        checks.append(self._check_model())
        checks.append(self._check_chat())
        return checks

    def _check_chat(self) -> Check:
        """Whether the model that writes answers one small call, and what it can do."""
        from rag import health

        model = self._settings.model
        if not model or self._settings.engine == "extractive":
            return health.no_chat(keyed=configuration.model_server().key is not None, model=model)
        return health.check_chat(model, lambda: self._chat_engine().probe())

    def _check_model(self) -> Check:
        from rag import health

        if (named := configuration.parse_embedder(self._settings.embedder)) is not None:
            return health.check_embedder(f"openai:{named.name}", self._say_embedder)
        folder = self._model_folder()
        if folder is None:
            return Check("model", "note", "No embedding model: questions are answered on words alone. "
                         "Get it with: pullquote model fetch")  # fmt: skip
        try:
            model_files.check(folder)
            self._matching_embedder()
        except (EmbedderMismatch, ModelMissing) as error:
            return Check("model", "damaged", f"{error.message} {error.hint}")
        return Check("model", "ok", f"all-MiniLM-L6-v2 in {folder}")

    def _say_embedder(self) -> str:
        """One small call, to the server that is configured."""
        embedder = self._matching_embedder()
        assert embedder is not None
        embedder.embed(["Does it answer?"])
        return f"{embedder.identity} answers; sentences and questions are sent there"

    def _index_state(self, *, in_child: bool = True) -> IndexState:
        """What the index holds. A folder is looked at in a child process: a damaged one kills who reads it."""
        from rag import health
        from rag.search.index import shown

        if self._index_given and self._index is not None:
            return health.index_state(self._opened(), self._index.address, self._held)
        address, store = self._index_address(), self._opened()
        if in_child and isinstance(address, FolderIndex):
            return health.index_state(store, shown(address), lambda: health.held_in_folder(store, address.path))
        return health.index_state(store, shown(address), self._held)

    def _held(self) -> Iterator[str]:
        return chain.from_iterable(self._open_index().ids())

    def _model_folder(self) -> Path | None:
        return model_files.find(self._settings.model_dir, self._settings.cache_dir)

    # ── what is built when it is needed ──────────────────────────────────────────────────────────

    @property
    def engine(self) -> Engine:
        """What writes: the engine that was given, else the model where one is named, else the offline engine."""
        if self._given_engine is not None:
            return self._given_engine
        wanted = self._settings.engine
        by_model = wanted == "chat" or (wanted == "auto" and bool(self._settings.model))
        return self._chat_engine() if by_model else ExtractiveEngine()

    @property
    def _fallback(self) -> Engine | None:
        """What writes where the engine can't."""
        return ExtractiveEngine() if self._may_fall_back and self.engine.model is not None else None

    def _chat_engine(self) -> ChatEngine:
        """The model that is named, behind its engine. Raises InputError where none is; calls nobody."""
        if self._chat is None:
            settings = self._settings
            if not settings.model:
                raise InputError(
                    "No model is named.", "Name one with --model or PULLQUOTE_MODEL; docs/models.md says how."
                )
            self._chat = _open_chat(settings, Cache(self.path), self._prompts)
        return self._chat

    @property
    def embedder(self) -> Embedder | None:
        """What turns sentences into vectors: the server that a setting names, or local files; None without these."""
        if not self._embedder_sought:
            named = configuration.parse_embedder(self._settings.embedder)
            folder = self._model_folder()
            if named is not None:
                server = _open_server(named)
                self._embedder, self._hang_up = server, server.close
            elif folder is not None:
                self._embedder = _open_minilm(folder, self._settings.cache_dir)
            self._embedder_sought = True
        return self._embedder

    def _matching_embedder(self) -> Embedder | None:
        """The embedder, if it is the one that made the stored vectors."""
        from rag.reviews import journal

        embedder, made_by = self.embedder, journal.embedder_identity(self._opened())
        # An embedding server is asked who it is only where there is something to compare it with.
        if embedder is not None and made_by is not None and made_by != embedder.identity:
            raise EmbedderMismatch(
                f"The library's vectors were made by {made_by}, and this is {embedder.identity}.",
                "Choose the one that made them (PULLQUOTE_EMBEDDER), or make them anew with: pullquote rebuild --embed",
            )
        return embedder

    def _index_address(self) -> IndexAddress:
        with self._opened().reading() as reading:
            library_id = stores.library_id(reading)
        return configuration.parse_index(self._settings.index, self.path, library_id)

    def _open_index(self) -> Index:
        """The vector index, opened anew when another process changed the library."""
        generation = self.generation
        if self._index is None:
            self._index = self._new_index()
        elif generation != self._index_generation:
            self._index.refresh()
        changed = generation != self._index_generation and not self._index_given
        if changed and isinstance(self._index_address(), MemoryIndex):
            from rag import ingest

            ingest.fill(self._opened(), self._index)
        self._index_generation = generation
        return self._index

    def _new_index(self) -> Index:
        """The index at the address that is set. Raises IndexMismatch where it was never filled from this library."""
        from rag.reviews import journal
        from rag.search.index import ChromaIndex

        address, store = self._index_address(), self._opened()
        index = ChromaIndex(address, embedder=lambda: journal.embedder_identity(store))
        if not isinstance(address, MemoryIndex) and not index.count() and journal.count_indexed(store):
            index.close()
            raise IndexMismatch(
                f"The vector index in {index.address} is empty: this library's sentences were put into another one.",
                "Fill it with: pullquote rebuild",
            )
        return index

    def _discard_index(self) -> None:
        """Remove what stands at the index's address, so that a damaged one is never opened."""
        from rag.search.index import discard

        if self._index_given:
            return
        if self._index is not None:
            self._index.close()
            self._index = None
        discard(self._index_address())

    def _close_written_index(self) -> None:
        """A folder is closed by the verb that wrote it, so that it is sealed and nobody need look twice at it."""
        if self._index is not None and not self._index_given and isinstance(self._index_address(), FolderIndex):
            self._index.close()
            self._index = None

    def _opened(self) -> Store:
        if self._store is None:
            try:
                self._store = Store(self.path)
            except SchemaOutdated:
                with self._writing("migrate"):
                    self._store = _migrated(self.path)
        return self._store

    def _store_or_new(self) -> Store:
        if not (self.path / stores.DATABASE).exists():
            self._store = _new_store(self.path)
        return self._opened()

    @contextmanager
    def _writing(self, verb: str) -> Iterator[None]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"The library folder {self.path} can't be made: {error.strerror}.") from error
        with lock.writing(self.path, verb):
            try:
                yield
            finally:
                self._close_written_index()


def _new_store(folder: Path) -> Store:
    """Make an empty library. The file appears with its tables, so that one without is known to be damaged."""
    from rag.reviews import migrations

    part = folder / f"{stores.DATABASE}.new"
    part.unlink(missing_ok=True)
    migrations.upgrade(part)
    part.rename(folder / stores.DATABASE)
    return Store(folder)


def _migrated(folder: Path) -> Store:
    """Bring an older library's tables up to date, having put a copy beside it: `library.db.before-0003`."""
    from rag.reviews import migrations

    database = folder / stores.DATABASE
    copy = folder / f"{stores.DATABASE}.before-{REVISIONS[-1]}"
    if not copy.exists():
        stores.copy_database(database, copy)
    migrations.upgrade(database)
    return Store(folder)


def _open_chat(settings: Settings, cache: Cache, prompts: Mapping[str, str]) -> ChatEngine:
    server = configuration.model_server()
    if server.key is None and server.is_openai:
        raise InputError(
            f"The model {settings.model} is named, and there is neither a key nor a server.",
            "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own.",
        )
    try:
        from rag.engines.budget import Budget, load_price
        from rag.engines.chat import ChatEngine
        from rag.engines.model import ChatModel
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"A model is named, and talking to it needs a package: {error.name}.",
            install_extra("chat"),
        ) from None
    price = load_price(settings.model, settings.prices, is_openai=server.is_openai)
    budget = Budget(settings.model, price, cache, settings.max_cost, settings.max_cost_day)
    return ChatEngine(ChatModel(settings.model, server, budget, cache, timeout_s=settings.timeout), prompts)


def _open_server(model: EmbeddingModel) -> OpenAIEmbedder:
    try:
        from rag.search.embed_openai import OpenAIEmbedder
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"The setting embedder names a server, and talking to it needs a package: {error.name}.",
            install_extra("openai"),
        ) from None
    return OpenAIEmbedder(model.name, model.dimensions)


def _open_minilm(folder: Path, cache: Path) -> Embedder:
    from rag.search import minilm

    graph = minilm.graph_file(cache)
    try:
        if graph.is_file():
            return minilm.MiniLM(folder, graph)
    except ModelMissing:
        graph.unlink()  # damaged: make it anew, once
    from rag.search import minilm_graph

    model_files.check(folder)
    minilm_graph.build_file(folder / model_files.WEIGHTS, graph)
    return minilm.MiniLM(folder, graph)
