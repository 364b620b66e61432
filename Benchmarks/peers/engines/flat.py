"""FAISS, timed around its C++ `search` from C: no Python is inside what is measured."""

import ctypes
import dataclasses
import functools
import pathlib

import faiss
import numpy as np

from engines import Answers, Engine

CALL = np.dtype([("index", "u8"), ("parameters", "u8"), ("queries", "u8"), ("count", "i8")])
FLAT = "_ZNK5faiss9IndexFlat6searchElPKflPfPlPKNS_16SearchParametersE"
INVERTED = "_ZNK5faiss8IndexIVF6searchElPKflPfPlPKNS_16SearchParametersE"


DEFAULT = {"blas_from": faiss.cvar.distance_compute_blas_threshold,
           "block": faiss.cvar.distance_compute_blas_database_bs}


def configure(setting):
    """When FAISS multiplies matrices, and how large: for all its indexes."""
    faiss.cvar.distance_compute_blas_threshold = setting["blas_from"]
    faiss.cvar.distance_compute_blas_database_bs = setting["block"]


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


class Timer:
    """The library that makes the calls and reads the clock around each."""

    def __init__(self, programs, symbol):
        suffix = ".dylib" if (programs / "libPeerTimer.dylib").exists() else ".so"
        self.library = ctypes.CDLL(str(programs / f"libPeerTimer{suffix}"))
        # The same file that the Python package has loaded: its globals are those set below.
        loaded = ctypes.CDLL(str(next(pathlib.Path(faiss.__file__).parent.glob("libfaiss.*"))))
        self.search = ctypes.cast(getattr(loaded, symbol), ctypes.c_void_p)
        self.evicting = np.zeros(0, dtype=np.uint8)

    def measure(self, calls, count, evicted, warming=None):
        """`warming` is a call of its own, in an array of one."""
        if self.evicting.nbytes != evicted:
            self.evicting = np.ones(evicted, dtype=np.uint8)
        queries = int(calls["count"].sum())
        scores = np.zeros((queries, count), dtype=np.float32)
        ids = np.full((queries, count), -1, dtype=np.int64)
        nanoseconds = np.zeros(len(calls), dtype=np.uint64)
        self.library.pt_measure(
            self.search, pointer(calls), ctypes.c_size_t(len(calls)), ctypes.c_int64(count),
            pointer(scores), pointer(ids), pointer(nanoseconds), pointer(self.evicting),
            ctypes.c_size_t(evicted), None if warming is None else pointer(warming))
        return Answers(nanoseconds.tolist(), ids, scores)


class Faiss(Engine):
    symbol = FLAT

    def __init__(self, dataset, folder, options):
        self.dataset = dataset
        self.timer = Timer(options.programs, self.symbol)
        self.flat_timer = Timer(options.programs, FLAT)
        faiss.omp_set_num_threads(self.build_threads)
        self.build()
        faiss.omp_set_num_threads(1)
        self.single = faiss.IndexFlatIP(dataset.base.shape[1])
        self.single.add(np.ascontiguousarray(dataset.base[:1]))

    def timed(self, workload, first, calls, target):
        """Makes the calls; `target` tells the index and the parameters for a user or everything."""
        kept = []

        def call(query, user):
            index, parameters = target(user)
            kept.append(parameters)
            return (int(index.this), int(parameters.this) if parameters else 0,
                    workload.queries[query:].ctypes.data, workload.batch)

        queries = range(first * workload.batch, (first + calls) * workload.batch, workload.batch)
        made = np.array([call(query, workload.user_of(query)) for query in queries], dtype=CALL)
        warming = None
        if workload.warming is not None:
            warming = np.array([call(0, workload.warming)], dtype=CALL)
        return self.timer.measure(made, workload.count, workload.evicted, warming)

    def call_cost(self, workload):
        """The median time of a call that has one row to look at, as the workload's are timed."""
        calls = np.array([(int(self.single.this), 0, workload.queries.ctypes.data, 1)] * 51,
                         dtype=CALL)
        configure(DEFAULT)
        warming = calls[:1] if workload.warming is not None else None
        answers = self.flat_timer.measure(calls, workload.count, workload.evicted, warming)
        return float(np.median(answers.nanoseconds))


class FaissFlat(Faiss):
    """One IndexFlatIP of everything: as it comes, and with the best of some settings."""

    name = "faiss-flat"
    # What the threshold decides for a batch is whether matrices are multiplied: never, or always
    # with blocks of so many rows.
    TUNED = [{"blas_from": 2**31 - 1, "block": DEFAULT["block"]},
             *({"blas_from": 0, "block": block} for block in [1024, 4096, 16_384])]

    def build(self):
        self.index = faiss.IndexFlatIP(self.dataset.base.shape[1])
        self.index.add(self.dataset.base)

    def settings(self, workload):
        tuned = min(self.TUNED, key=functools.partial(self._trial, workload))
        return [DEFAULT, {"tuned": "yes", **tuned}]

    def _trial(self, workload, setting):
        """The shorter of two calls; long batches are tried with 64 queries."""
        short = dataclasses.replace(workload, batch=min(workload.batch, 64))
        return min(self.measure(short, 0, 1, setting).nanoseconds[0] for _ in range(2))

    def measure(self, workload, first, calls, setting):
        configure(setting)
        return self.timed(workload, first, calls, lambda _: (self.index, None))

    def bytes(self):
        return self.index.ntotal * self.index.code_size


class FaissPerUser(Faiss):
    """An IndexFlatIP for each user: the best case for a library that knows no scopes."""

    name = "faiss-per-user"
    build_threads = 1

    def build(self):
        self.indexes = []
        for first, last in zip(self.dataset.starts[:-1], self.dataset.starts[1:]):
            index = faiss.IndexFlatIP(self.dataset.base.shape[1])
            index.add(np.ascontiguousarray(self.dataset.base[first:last]))
            self.indexes.append(index)

    def measure(self, workload, first, calls, setting):
        configure(DEFAULT)
        answers = self.timed(workload, first, calls, lambda user: (self.indexes[user], None))
        starts = [workload.range_of(query)[0] for query in range(first, first + calls)]
        answers.ids[...] += np.where(answers.ids >= 0, np.reshape(starts, (-1, 1)), 0)
        return answers

    def bytes(self):
        return sum(index.ntotal * index.code_size for index in self.indexes)


class FaissSelecting(Faiss):
    """One index of rows that lie user by user, and a selector of the user's range."""

    def measure(self, workload, first, calls, setting):
        configure(DEFAULT)
        return self.timed(workload, first, calls, lambda user: (
            self.index, self.parameters(*workload.rows_of(user), setting)))

    def bytes(self):
        return self.index.ntotal * self.dataset.base.shape[1] * 4


class FaissSorted(FaissSelecting):
    name = "faiss-sorted"

    def build(self):
        self.index = faiss.IndexFlatIP(self.dataset.base.shape[1])
        self.index.add(self.dataset.base)

    def parameters(self, first, last, setting):
        return faiss.SearchParameters(sel=faiss.IDSelectorRange(first, last, True))


class FaissInverted(FaissSelecting):
    """An IndexIVFFlat; of all `nprobe` the smallest that reaches the recall."""

    name = "faiss-ivf"
    symbol = INVERTED
    exact = False
    RECALL = 0.95
    PROBES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

    def build(self):
        rows, dimension = self.dataset.base.shape
        # About 4 √rows lists, as FAISS's guidelines have it, and 64 rows for each to learn from.
        self.lists = 1 << int(np.log2(4 * np.sqrt(rows)))
        self.quantizer = faiss.IndexFlatIP(dimension)
        self.index = faiss.IndexIVFFlat(self.quantizer, dimension, self.lists,
                                        faiss.METRIC_INNER_PRODUCT)
        self.index.cp.max_points_per_centroid = 64
        sample = self.dataset.base[::max(1, rows // (64 * self.lists))]
        self.index.train(np.ascontiguousarray(sample))
        self.index.add(self.dataset.base)

    def settings(self, workload):
        probes = [n for n in self.PROBES if n <= self.lists]
        if workload.users is None:
            return [{"lists": self.lists, "nprobe": n} for n in probes[2:9]]
        for number in probes:
            setting = {"lists": self.lists, "nprobe": number}
            if self._recall(workload, setting) >= self.RECALL:
                break
        return [setting]

    def _recall(self, workload, setting):
        queries = min(50, workload.calls)
        answers = self.measure(dataclasses.replace(workload, evicted=0), 0, queries, setting)
        found = wanted = 0
        for query, ids in enumerate(answers.ids):
            best = self.dataset.best(workload, query)
            scores = self.dataset.base[ids[ids >= 0]].astype(np.float64) @ workload.queries[query]
            found += (scores >= best[-1] - 1e-6).sum()
            wanted += len(best)
        return found / wanted

    def parameters(self, first, last, setting):
        if last - first == self.dataset.rows:
            return faiss.SearchParametersIVF(nprobe=setting["nprobe"])
        return faiss.SearchParametersIVF(
            sel=faiss.IDSelectorRange(first, last), nprobe=setting["nprobe"])
