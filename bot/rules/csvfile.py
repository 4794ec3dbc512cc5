"""CSV files that a spreadsheet can open without executing what people wrote."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

FORMULA_STARTS: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def table_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under a heading, every cell guarded; quoted as RFC 4180 says, lines end in CR LF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: a leading ' before = + - @ tab and line ends.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{cell}" if cell.lstrip(" ")[:1] in FORMULA_STARTS else cell
