"""The contenders. Each builds itself from a data set and answers the same workloads."""

import dataclasses
import importlib
import os
import time

import numpy as np


@dataclasses.dataclass
class Answers:
    """The nanoseconds of each call, and ids (and scores, where told) of each query; -1 is none."""
    nanoseconds: list
    ids: np.ndarray
    scores: np.ndarray | None = None


class Engine:
    name = ""
    # Whether every answer must equal the exhaustive one.
    exact = True
    # The threads that build; searching is always on one.
    build_threads = os.cpu_count()

    def settings(self, workload):
        """What to compare for this workload: a dictionary of parameters each."""
        return [{}]

    def measure(self, workload, first, calls, setting):
        raise NotImplementedError

    def bytes(self):
        return None

    def process(self):
        """The process that answers."""
        return os.getpid()

    def close(self):
        pass


class PythonEngine(Engine):
    """An engine that is asked through its Python package, one function call after the other."""

    evicting = np.zeros(0, dtype=np.uint64)

    def ask(self, query, count, user, setting):
        """Answers a query; the least that must be inside the measured time."""
        raise NotImplementedError

    def ask_batch(self, queries, count, setting):
        """Answers several queries about everything, for engines that know batches."""
        raise NotImplementedError

    def ids(self, answer):
        """Rows of the base, of what `ask` has returned; of a batch a list for each query."""
        raise NotImplementedError

    def measure(self, workload, first, calls, setting):
        if PythonEngine.evicting.nbytes != workload.evicted:
            PythonEngine.evicting = np.ones(workload.evicted // 8, dtype=np.uint64)
        clock = time.perf_counter_ns
        nanoseconds, answers = [], []
        for call in range(first, first + calls):
            first_query = call * workload.batch
            queries = workload.queries[first_query:first_query + workload.batch]
            query, user = queries[0], workload.user_of(first_query)
            # One element brings its line of 64 bytes.
            self.evicting[::8].sum()
            if workload.warming is not None:
                self.ask(query, workload.count, workload.warming, setting)
            start = clock()
            if workload.batch == 1:
                answer = self.ask(query, workload.count, user, setting)
                nanoseconds.append(clock() - start)
                answers.append(self.ids(answer))
            else:
                answer = self.ask_batch(queries, workload.count, setting)
                nanoseconds.append(clock() - start)
                answers += self.ids(answer)
        return Answers(nanoseconds, padded(answers, workload.count))


def padded(lists, count):
    ids = np.full((len(lists), count), -1, dtype=np.int64)
    for line, found in zip(ids, lists):
        line[:len(found)] = found
    return ids


# What each name of a case stands for: a module and a class, loaded when a case asks for it, so that
# a peer that is not installed is one failure in the report and no more.
KNOWN = {
    "recollect": "recollect.Recollect",
    "faiss-flat": "flat.FaissFlat",
    "faiss-per-user": "flat.FaissPerUser",
    "faiss-sorted": "flat.FaissSorted",
    "faiss-ivf": "flat.FaissInverted",
    "usearch-exact": "graphs.USearchExact",
    "usearch": "graphs.USearch",
    "hnswlib": "graphs.HNSWLib",
    "sqlite-vec": "databases.SQLiteVecPartitions",
    "sqlite-vec-flat": "databases.SQLiteVecFlat",
    "lancedb": "databases.LanceDB",
    "lancedb-index": "databases.LanceDBIndex",
    "chroma": "databases.Chroma",
    "qdrant-edge": "qdrant.QdrantTenants",
    "qdrant-edge-graph": "qdrant.QdrantGraph",
}


def make(name, dataset, folder, options):
    module, kind = KNOWN[name].split(".")
    loaded = importlib.import_module(f"engines.{module}")
    folder.mkdir(parents=True)
    return getattr(loaded, kind)(dataset, folder, options)
