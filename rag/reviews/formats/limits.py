"""What bounds the reading of strangers' files, as one table; docs/reading.md repeats it."""

from __future__ import annotations

MAX_FILE = 4_000_000_000
"""Bytes of a table."""
MAX_STDIN = 1_000_000_000
"""Bytes of standard input, which is kept in a file while it is read."""
MAX_TEXT_FILE = 20_000_000
"""Bytes of a text file, which is one review."""
MAX_PAGE = 10_000_000
"""Bytes of a web page, which is one review too."""
MAX_RECORD = 10_000_000
"""Characters of a line, a table cell or a JSON object."""
MAX_TEXT = 1_000_000
"""Characters of a review."""
MAX_FIELD = 300
MAX_URL = 2_000
MAX_COLUMNS = 1_000
MAX_BLANK = 1_100_000
"""Blank rows that follow one another: a whole sheet of them."""
MAX_FRONT_MATTER = 16_384
MAX_REPORTED = 1_000
"""Rejected rows of a file that get a line of their own; the others are counted."""

MAX_FILES = 100_000
"""Files of a folder."""
MAX_DEPTH = 32
"""Folders within folders."""

MAX_INFLATED = 2_000_000_000
"""Bytes that a workbook may unpack to."""
MAX_SHARED_STRINGS = 300_000_000
"""Bytes of a workbook's table of texts, which is held in memory."""
MAX_RATIO = 200
"""How many times larger a part of a workbook may be than it is packed, from MIN_BOMB bytes on."""
MIN_BOMB = 20_000_000
MAX_PARTS = 10_000
MAX_SHEET_ROWS = 1_048_576
MAX_PARQUET_GROUP = 2_000_000_000
"""Bytes of the values of a row group of a Parquet file."""

MAX_TAG_DEPTH = 2_000
"""Elements of a web page inside one another; the parser's work grows with the square of it."""
MAX_TAG = 1_000
"""Characters of one tag, quoted values aside; here too the work is a square."""
MAX_LIST_CELL = 100_000
"""Characters of a cell that is looked at as a list."""
