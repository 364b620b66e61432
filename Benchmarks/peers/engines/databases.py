"""Databases with vectors that run inside the process: the user is a column that is filtered by."""

import dataclasses
import functools

import numpy as np

from engines import PythonEngine

INSERTED = 5000


def owners(dataset):
    """The user of each row."""
    return np.repeat(np.arange(len(dataset.starts) - 1), np.diff(dataset.starts))


def file_bytes(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


class SQLiteVec(PythonEngine):
    """A `vec0` table, searched exhaustively.

    Its Euclidean distance orders vectors of length one as their inner product does.
    """

    build_threads = 1

    def __init__(self, dataset, folder, options):
        import apsw
        import sqlite_vec
        self.folder = folder
        self.database = apsw.Connection(str(folder / "rows.sqlite"))
        self.database.enable_load_extension(True)
        self.database.load_extension(sqlite_vec.loadable_path())
        self.database.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        # Everything stays in memory once it has been read, as with the others.
        self.database.execute("PRAGMA cache_size = -4000000; PRAGMA mmap_size = 8000000000")
        self.database.execute(self.TABLE.format(dimension=dataset.base.shape[1]))
        with self.database:
            self.database.executemany(self.INSERT, (
                {"row": row, "user": user, "vector": dataset.base[row].tobytes()}
                for row, user in enumerate(owners(dataset).tolist())))

    def ask(self, query, count, user, setting):
        return self.database.execute(
            self.QUERY, {"vector": query.tobytes(), "count": count, "user": user}).fetchall()

    def ids(self, answer):
        return [row for row, in answer]

    def bytes(self):
        return file_bytes(self.folder)

    def close(self):
        self.database.close()


class SQLiteVecFlat(SQLiteVec):
    name = "sqlite-vec-flat"
    TABLE = "CREATE VIRTUAL TABLE rows USING vec0(vector FLOAT[{dimension}])"
    INSERT = "INSERT INTO rows(rowid, vector) VALUES (:row, :vector)"
    QUERY = "SELECT rowid FROM rows WHERE vector MATCH :vector AND k = :count"


class SQLiteVecPartitions(SQLiteVec):
    """The user is the partition key. A partition takes whole chunks, each as large as if it were
    full: the default of 1024 rows would make a file of 1.5 MB for each user of ten."""

    name = "sqlite-vec"
    TABLE = ("CREATE VIRTUAL TABLE rows USING vec0(user INTEGER PARTITION KEY, "
             "vector FLOAT[{dimension}], chunk_size=64)")
    INSERT = "INSERT INTO rows(rowid, user, vector) VALUES (:row, :user, :vector)"
    QUERY = SQLiteVecFlat.QUERY + " AND user = :user"


class LanceDB(PythonEngine):
    """A table without an index of the vectors, so exhaustive. In scopes the quicker of two: with an
    index of the users' column, which helps where a user has few rows, and without."""

    name = "lancedb"
    TABLES = ["users", "none"]

    def __init__(self, dataset, folder, options):
        # It deadlocks with one thread for each of its pools: that all share one core must do.
        import lancedb
        import pyarrow
        self.folder = folder
        vectors = pyarrow.FixedSizeListArray.from_arrays(
            pyarrow.array(np.reshape(dataset.base, -1)), dataset.base.shape[1])
        rows = pyarrow.table({"id": np.arange(dataset.rows), "user": owners(dataset),
                              "vector": vectors})
        database = lancedb.connect(str(folder))
        self.tables = {name: database.create_table(name, rows) for name in self.TABLES}
        self.add_indexes(dataset)

    def add_indexes(self, dataset):
        self.tables["users"].create_scalar_index("user")

    def settings(self, workload):
        if workload.users is None:
            return [{"index": "none"}]
        return [min([{"index": name} for name in self.TABLES], key=functools.partial(
            self._trial, dataclasses.replace(workload, evicted=0, warming=None)))]

    def _trial(self, workload, setting):
        return min(self.measure(workload, 0, min(5, workload.calls), setting).nanoseconds)

    def query(self, vector, setting):
        return self.tables[setting["index"]].search(vector).distance_type("dot")

    def ask(self, query, count, user, setting):
        search = self.query(query, setting)
        if user is not None:
            search = search.where(f"user = {user}", prefilter=True)
        return search.limit(count).select(["id", "_distance"]).to_arrow()

    def ids(self, answer):
        return answer["id"].to_pylist()

    def bytes(self):
        return file_bytes(self.folder)


class LanceDBIndex(LanceDB):
    """With an index of the vectors: inverted lists of graphs over codes of a byte."""

    name = "lancedb-index"
    exact = False
    TABLES = ["vectors"]

    def add_indexes(self, dataset):
        self.tables["vectors"].create_index(metric="dot", index_type="IVF_HNSW_SQ",
                                            num_partitions=max(1, dataset.rows // 100_000))

    def settings(self, workload):
        return [{"index": "vectors", "ef": number, "refine_factor": 2} for number in [32, 64, 256]]

    def query(self, vector, setting):
        return super().query(vector, setting).nprobes(20).ef(setting["ef"]).refine_factor(
            setting["refine_factor"])


class Chroma(PythonEngine):
    """One collection in memory, a graph; the user is a field of the metadata."""

    name = "chroma"
    exact = False

    def __init__(self, dataset, folder, options):
        import chromadb
        self.client = chromadb.EphemeralClient(
            chromadb.Settings(anonymized_telemetry=False))
        self.collection = self.client.create_collection(
            f"rows-{dataset.name}", embedding_function=None,
            configuration={"hnsw": {"space": "ip", "ef_construction": 200, "max_neighbors": 16,
                                    "ef_search": 100}})
        users = owners(dataset).tolist()
        for first in range(0, dataset.rows, INSERTED):
            rows = range(first, min(first + INSERTED, dataset.rows))
            self.collection.add(
                ids=[str(row) for row in rows], embeddings=np.asarray(dataset.base[rows]),
                metadatas=[{"user": users[row]} for row in rows])

    def ask(self, query, count, user, setting):
        return self.collection.query(
            query_embeddings=[query], n_results=count,
            where=None if user is None else {"user": user}, include=[])

    def ids(self, answer):
        return [int(row) for row in answer["ids"][0]]

    def close(self):
        self.client.delete_collection(self.collection.name)
