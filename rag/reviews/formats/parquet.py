"""Parquet, a batch of rows at a time. Knows pyarrow."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rag.records import Rejected
from rag.reviews.formats import limits
from rag.reviews.formats.rows import BrokenOffError, Opened, RawRow, RowItem

_AT_ONCE = 500
_MAX_METADATA = 50_000_000


def read(opened: Opened) -> Iterator[RowItem]:
    """The rows of a file, numbered from 1."""
    number = 0
    try:
        with pq.ParquetFile(
            opened.path,
            pre_buffer=False,
            thrift_string_size_limit=_MAX_METADATA,
            thrift_container_size_limit=limits.MAX_SHEET_ROWS,
        ) as file:
            if reason := _refusal(file):
                yield Rejected(opened.name, None, reason)
                return
            for batch in file.iter_batches(batch_size=_AT_ONCE, use_threads=False):
                for values in batch.to_pylist():
                    number += 1
                    yield RawRow(number, {str(key): _as_text(value) for key, value in values.items()})
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = " ".join(str(error).split())[: limits.MAX_FIELD]
        raise BrokenOffError(number + 1 if number else None, f"it is no whole Parquet file ({reason})") from error


def _refusal(file: Any) -> str | None:
    found = file.metadata
    if found.num_columns > limits.MAX_COLUMNS:
        return f"it has {found.num_columns:,} columns; at most {limits.MAX_COLUMNS:,} are read"
    largest = max((found.row_group(i).total_byte_size for i in range(found.num_row_groups)), default=0)
    if largest > limits.MAX_PARQUET_GROUP:
        return f"one of its row groups unpacks to over {limits.MAX_PARQUET_GROUP:,} bytes; write it in smaller ones"
    return None


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):  # old writers don't say that their strings are text
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, float):
        return None if math.isnan(value) else str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return str(value)
