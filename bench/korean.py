"""Whether the search finds all that is there, and how quickly: ``python bench/korean.py --url sqlite:////tmp/desk.db``.

For each word every article of the archive is read and compared with what the index finds: recall is the share of articles with the word
in title or text that the index gives, of Korean words inside longer ones too. Then the newest fifty, by the index alone and as the desk
shows them, medians of nine; and the size of the index beside that of the titles and texts (SQLite).
"""

import argparse
from statistics import median
from time import perf_counter

from sqlalchemy import text

from aggregator.core.queries import parse_query
from aggregator.desk_records import SearchFilter
from aggregator.store import SqlStore, open_store
from aggregator.store.search import _newest

WORDS = ("북한", "노동", "劳工", "労働")


def scanned(store: SqlStore, word: str) -> set[int]:
    """Read every article for a word."""
    query = text("SELECT id FROM articles WHERE title LIKE :word OR text LIKE :word")
    with store._database.read() as connection:
        return {int(row[0]) for row in connection.execute(query, {"word": f"%{word}%"})}


def indexed(store: SqlStore, word: str) -> set[int]:
    """Ask the index for all articles with a word."""
    with store._database.read() as connection:
        return set(_newest(connection, parse_query(word), SearchFilter(), None, 2_000_000)[0])


def timed(store: SqlStore, word: str) -> tuple[float, float]:
    """Give milliseconds for the newest fifty: their numbers, and whole."""
    numbers, whole = [], []
    for _ in range(9):
        began = perf_counter()
        with store._database.read() as connection:
            _newest(connection, parse_query(word), SearchFilter(), None, 50)
        numbers.append(perf_counter() - began)
        began = perf_counter()
        store.search(parse_query(word), SearchFilter(), best=False, limit=50)
        whole.append(perf_counter() - began)
    return median(numbers) * 1e3, median(whole) * 1e3


def main() -> None:
    """Compare and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    store = open_store(parser.parse_args().url)
    for word in WORDS:
        there, found = scanned(store, word), indexed(store, word)
        numbers, whole = timed(store, word)
        recall = len(there & found) / len(there) if there else 1.0
        print(f"{word}  {len(there):8,} there   recall {recall:.4f}   newest fifty {numbers:5.1f} ms, shown {whole:5.1f} ms", flush=True)
    with store._database.read() as connection:
        if connection.dialect.name == "sqlite":
            size = connection.execute(text("SELECT sum(length(block)) FROM search_index_data")).scalar_one()
            told = connection.execute(
                text("SELECT sum(length(CAST(title AS BLOB)) + length(CAST(text AS BLOB))) FROM articles")
            ).scalar_one()
            print(f"index {size / 1e6:.0f} MB, titles and texts {told / 1e6:.0f} MB: {size / told:.2f}")
    store.close()


if __name__ == "__main__":
    main()
