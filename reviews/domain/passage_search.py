"""Full-text and trigram search over the passages, in the database (migration 0002_search).

First the full text, by the rarest of the asked words alone: each word's frequency is known before
the search (PostgreSQL's statistics, FTS5's vocabulary), and words that every tenth question holds
would cost a read of every tenth row and tell nothing. Where that finds next to nothing, words that
nobody used before may be misspelt. PostgreSQL then looks for words that share trigrams with them,
by pg_trgm; where the role could not create it, it does not. SQLite takes the nearest word of the
index's vocabulary: FTS5's own trigram index finds rows, not words, and its rarest trigrams are
those of the error itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from django.db import connection

FOUND = 50
"""Pairs that are returned. At 200,000 passages the one asked for in half its words is among the
first 20 in 74 of 100 cases, among the first 50 in 85."""
ENOUGH = 3
"""With fewer hits, misspelt words are looked for."""
MOST_WORDS = 64
LONGEST = 64
"""Characters; what is longer is no word."""
READ = 2000
"""Rows of one search that are ranked."""
MOST_SHARE = 0.01
MOST_ROWS = 4000
"""What the words that are sought may match together: a share of the rows, or rows."""
MISSPELT = 2
"""Words of a question that are looked for as misspelt, the longest. On PostgreSQL it is one: each
takes 20 ms at 200,000 passages."""
READ_ALIKE = 500
LONG = 5
"""From this length on a word has trigrams enough to be known with an error in it."""
NEAR = 75
"""Of 100, how near a word of the vocabulary must be: one error in five letters, two in eight."""

_SHARES = """
    WITH seen AS (
        SELECT lexeme, share FROM pg_stats,
            unnest(most_common_elems::text::text[], most_common_elem_freqs) AS s (lexeme, share)
        WHERE schemaname = current_schema() AND tablename = 'reviews_passage'
            AND attname = 'words' AND lexeme IS NOT NULL)
    SELECT word, lexeme, coalesce(share, 0)
    FROM unnest(%s::text[]) AS asked (word),
        unnest(tsvector_to_array(to_tsvector('indonesian', word))) AS lexeme
        LEFT JOIN seen USING (lexeme)
"""
_HOLDING = """
    SELECT pair_id FROM (
        SELECT id, pair_id, words FROM reviews_passage
        WHERE assistant_id = %s AND words @@ %s::tsquery LIMIT %s) AS near
    ORDER BY ts_rank(words, %s::tsquery) DESC, id LIMIT %s
"""
_ALIKE = """
    SELECT pair_id FROM (
        SELECT id, pair_id, question FROM reviews_passage
        WHERE assistant_id = %s AND %s <%% question LIMIT %s) AS near
    ORDER BY word_similarity(%s, question) DESC, id LIMIT %s
"""
_MATCHING = """
    SELECT pair_id FROM (
        SELECT p.id, p.pair_id, w.rank AS distance
        FROM reviews_passage_words w JOIN reviews_passage p ON p.id = w.rowid
        WHERE reviews_passage_words MATCH %s AND p.assistant_id = %s LIMIT %s) AS near
    ORDER BY distance, id LIMIT %s
"""


def find(assistant: int, words: Sequence[str]) -> list[int]:
    """Return pairs of the assistant whose questions hold the words, or nearly; 50, best first.

    `words` are lower case, of letters and digits alone. Five queries at most, at any number of
    passages.
    """
    asked = [word for word in dict.fromkeys(words) if len(word) <= LONGEST][:MOST_WORDS]
    if not asked:
        return []
    search = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    return list(dict.fromkeys(search(assistant, asked)))[:FOUND]


def _rarest(frequencies: dict[str, float], most: float) -> list[str]:
    """The rarest words while together not more frequent than `most`, but one at least."""
    kept: list[str] = []
    for frequency, word in sorted((value, word) for word, value in frequencies.items()):
        most -= frequency
        if kept and most < 0:
            break
        kept.append(word)
    return kept


def _longest(words: Sequence[str]) -> list[str]:
    """Those that are long enough to be known with an error in them, the longest first."""
    return sorted(
        (word for word in words if len(word) >= LONG), key=lambda word: (-len(word), word)
    )


def _rows(sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())


# --- PostgreSQL ----------------------------------------------------------------------------------
def _any(lexemes: Sequence[str]) -> str:
    return " | ".join(f"'{lexeme}'" for lexeme in lexemes)


def _on_postgresql(assistant: int, words: list[str]) -> list[int]:
    known = _rows(_SHARES, words)
    shares = {lexeme: share for _word, lexeme, share in known}
    if not shares:
        return []
    found = _holding(assistant, _rarest(shares, MOST_SHARE), list(shares))
    if len(found) < ENOUGH:
        # A misspelt word is the rarest of all, and may have been sought alone.
        common = {lexeme: share for lexeme, share in shares.items() if share}
        found += _alike(assistant, [word for word, _lexeme, share in known if not share])
        found += _holding(assistant, _rarest(common, 0), list(shares)) if common else []
    return found


def _holding(assistant: int, lexemes: list[str], every: list[str]) -> list[int]:
    """Pairs with one of the lexemes; those that hold most of `every` asked one first."""
    rows = _rows(_HOLDING, assistant, _any(lexemes), READ, _any(every), FOUND)
    return [pair for (pair,) in rows]


def _alike(assistant: int, words: list[str]) -> list[int]:
    """Pairs with a word like the longest of these, where there is an index to ask."""
    longest = _longest(words)[:1]
    if not longest or not _rows("SELECT 1 WHERE to_regclass('passage_trigrams') IS NOT NULL"):
        return []
    rows = _rows(_ALIKE, assistant, *longest, READ_ALIKE, *longest, FOUND)
    return [pair for (pair,) in rows]


# --- SQLite --------------------------------------------------------------------------------------
def _bare(word: str) -> str:
    """Without diacritics, as the index holds it."""
    parts = unicodedata.normalize("NFD", word)
    bare = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


def _on_sqlite(assistant: int, words: list[str]) -> list[int]:
    asked = list(filter(None, map(_bare, words)))
    places = ", ".join(["%s"] * len(asked))
    sql = f"SELECT term, doc FROM reviews_passage_vocabulary WHERE term IN ({places})"  # noqa: S608
    known = dict(_rows(sql, *asked)) if asked else {}
    found = _matching(assistant, known)
    if len(found) < ENOUGH:
        found += _matching(assistant, _nearest([word for word in asked if word not in known]))
    return found


def _matching(assistant: int, frequencies: dict[str, float]) -> list[int]:
    if not frequencies:
        return []
    sought = " OR ".join(f'"{word}"' for word in _rarest(frequencies, MOST_ROWS))
    return [pair for (pair,) in _rows(_MATCHING, sought, assistant, READ, FOUND)]


def _nearest(words: list[str]) -> dict[str, float]:
    """The nearest words of the vocabulary, with their rows, for the longest of the words.

    Among those with the same first letter: reading the whole vocabulary takes fifteen times as
    long, and few err in a first letter.
    """
    from rapidfuzz import fuzz, process

    near: dict[str, float] = {}
    for word in _longest(words)[:MISSPELT]:
        beyond = chr(ord(word[0]) + 1)
        sql = "SELECT term, doc FROM reviews_passage_vocabulary WHERE term >= %s AND term < %s"
        known = dict(_rows(sql, word[0], beyond))
        best = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=NEAR)
        if best:
            near[best[0]] = known[best[0]]
    return near
