"""What the search beside a pair (reviews.domain.passage_search) needs of the database, by hand.

No model knows of it: PostgreSQL keeps a generated column and two indexes by itself, SQLite a
virtual table by triggers. SQLite drops a table's triggers with it, so a migration that makes
reviews_passage anew must make them anew, too.
"""

import logging

from django.db import DatabaseError, migrations, transaction

log = logging.getLogger("hub.search")

# A tsvector holds a megabyte at most; these characters stay below it in any script.
POSTGRESQL = (
    """ALTER TABLE reviews_passage ADD COLUMN words tsvector
        GENERATED ALWAYS AS (to_tsvector('indonesian', left(question, 50000))) STORED""",
    "CREATE INDEX passage_words ON reviews_passage USING gin (words)",
)
TRIGRAMS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX passage_trigrams ON reviews_passage USING gin (question gin_trgm_ops)",
)
_ADD = "INSERT INTO reviews_passage_words (rowid, question) VALUES (new.id, new.question);"
# The texts themselves are not in the index: to take a row out, FTS5 must be told what it was.
_REMOVE = """INSERT INTO reviews_passage_words (reviews_passage_words, rowid, question)
    VALUES ('delete', old.id, old.question);"""
SQLITE = (
    """CREATE VIRTUAL TABLE reviews_passage_words USING fts5 (
        question, content='reviews_passage', content_rowid='id',
        tokenize='unicode61 remove_diacritics 2', detail=column)""",
    """CREATE VIRTUAL TABLE reviews_passage_vocabulary
        USING fts5vocab ('reviews_passage_words', 'row')""",
    f"""CREATE TRIGGER reviews_passage_added AFTER INSERT ON reviews_passage
        BEGIN {_ADD} END""",
    f"""CREATE TRIGGER reviews_passage_removed AFTER DELETE ON reviews_passage
        BEGIN {_REMOVE} END""",
    f"""CREATE TRIGGER reviews_passage_changed AFTER UPDATE OF question ON reviews_passage
        BEGIN {_REMOVE} {_ADD} END""",
    "INSERT INTO reviews_passage_words (reviews_passage_words) VALUES ('rebuild')",
)
NO_SQLITE = (
    "DROP TRIGGER reviews_passage_added",
    "DROP TRIGGER reviews_passage_removed",
    "DROP TRIGGER reviews_passage_changed",
    "DROP TABLE reviews_passage_vocabulary",
    "DROP TABLE reviews_passage_words",
)
NO_POSTGRESQL = (
    "DROP INDEX IF EXISTS passage_trigrams",
    "ALTER TABLE reviews_passage DROP COLUMN words",
)


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _with_trigrams(connection):
    """A role that may not create the extension gets a search that forgives no typing errors."""
    try:
        with transaction.atomic(using=connection.alias):
            _run(connection, TRIGRAMS)
    except DatabaseError as error:
        log.warning("search without pg_trgm: %s", error)


def make(apps, editor):
    if editor.connection.vendor == "sqlite":
        _run(editor.connection, SQLITE)
        return
    _run(editor.connection, POSTGRESQL)
    _with_trigrams(editor.connection)


def drop(apps, editor):
    sqlite = editor.connection.vendor == "sqlite"
    _run(editor.connection, NO_SQLITE if sqlite else NO_POSTGRESQL)


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
