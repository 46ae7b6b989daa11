"""Statements that Django would compose anew with each call, for what the desk does with each item.

Composing is two thirds of what a short read by key costs, so such a read is composed once a thread.
Its rows are the same model instances as a queryset's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)
_MARK = 1_900_000_000
"""No key that a test or a young hub has, and still an integer's column holds it."""


class _Ready(NamedTuple):
    connection: Any
    rows: QuerySet[Any]
    compiler: SQLCompiler
    sql: str
    holes: tuple[tuple[int, int], ...]
    """(place in `params`, number of the argument)."""
    params: tuple[Any, ...]


class Composed(Generic[M]):
    """The rows of `query(*integers)`, which must lead to the same SQL whatever the integers are.

    Each integer is compared as it stands: an argument may not be None, or used in Python.
    """

    def __init__(self, query: Callable[..., QuerySet[M]], arguments: int = 1) -> None:
        self._query = query
        self._marks = range(_MARK, _MARK + arguments)
        self._local = threading.local()

    def _compose(self, connection: Any) -> _Ready:
        rows = self._query(*self._marks)
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        holes = tuple((n, p - _MARK) for n, p in enumerate(params) if p in self._marks)
        assert {number for _place, number in holes} == set(range(len(self._marks)))
        # The iterable asks the query for a compiler, and the compiler itself for its SQL.
        rows.query.get_compiler = lambda *_args, **_by: compiler  # type: ignore[method-assign]
        return _Ready(connection, rows, compiler, sql, holes, tuple(params))

    def __call__(self, *integers: int) -> list[M]:
        connection = connections[DEFAULT_DB_ALIAS]
        ready: _Ready | None = getattr(self._local, "ready", None)
        if ready is None or ready.connection is not connection:
            ready = self._local.ready = self._compose(connection)
        params = list(ready.params)
        for place, number in ready.holes:
            params[place] = int(integers[number])
        composed = (ready.sql, tuple(params))
        ready.compiler.as_sql = lambda *_args, **_by: composed  # type: ignore[method-assign]
        return list(ModelIterable(ready.rows))


@lru_cache(maxsize=100)
def _insertion(table: str, columns: tuple[str, ...], count: int) -> str:
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    names = ", ".join(map(quote, columns))
    row = f"({', '.join(['%s'] * len(columns))})"
    # No value is written into it.
    return f"INSERT INTO {quote(table)} ({names}) VALUES {', '.join([row] * count)}"  # noqa: S608


def insert(model: type[Model], columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
    """Store rows of numbers, texts and truth values: a third of bulk_create's time. The database
    fills in the key, and nobody any other default."""
    if not rows:
        return
    sql = _insertion(model._meta.db_table, columns, len(rows))
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in row])
