"""Libraries of graphs (HNSW), and the exhaustive search of one of them."""

import hnswlib
import numpy as np
import usearch.index

from engines import PythonEngine

NEIGHBOURS = 16
CANDIDATES = 200
SEARCHED = [16, 32, 64, 128, 256, 512]


class USearchExact(PythonEngine):
    """usearch's own exhaustive search over the rows as they lie in the file."""

    name = "usearch-exact"
    build_threads = 0

    def __init__(self, dataset, folder, options):
        self.base = dataset.base

    def ask(self, query, count, user, setting):
        return usearch.index.search(
            self.base, query, count, usearch.index.MetricKind.IP, exact=True, threads=1)

    def ask_batch(self, queries, count, setting):
        return self.ask(queries, count, None, setting)

    def ids(self, answer):
        return answer.keys.tolist()

    def bytes(self):
        return self.base.nbytes


class USearch(PythonEngine):
    name = "usearch"
    exact = False

    def __init__(self, dataset, folder, options):
        self.index = usearch.index.Index(
            ndim=dataset.base.shape[1], metric="ip", dtype="f32", connectivity=NEIGHBOURS,
            expansion_add=CANDIDATES)
        self.index.add(np.arange(dataset.rows), np.ascontiguousarray(dataset.base))

    def settings(self, workload):
        return [{"expansion_search": number} for number in SEARCHED]

    def measure(self, workload, first, calls, setting):
        self.index.expansion_search = setting["expansion_search"]
        return super().measure(workload, first, calls, setting)

    def ask(self, query, count, user, setting):
        return self.index.search(query, count, threads=1)

    def ids(self, answer):
        return answer.keys.tolist()

    def bytes(self):
        return self.index.memory_usage


class HNSWLib(PythonEngine):
    name = "hnswlib"
    exact = False

    def __init__(self, dataset, folder, options):
        self.index = hnswlib.Index(space="ip", dim=dataset.base.shape[1])
        self.index.init_index(max_elements=dataset.rows, ef_construction=CANDIDATES, M=NEIGHBOURS)
        self.index.add_items(dataset.base, np.arange(dataset.rows))
        self.index.set_num_threads(1)

    def settings(self, workload):
        return [{"ef": number} for number in SEARCHED]

    def measure(self, workload, first, calls, setting):
        self.index.set_ef(setting["ef"])
        return super().measure(workload, first, calls, setting)

    def ask(self, query, count, user, setting):
        return self.index.knn_query(query, count, num_threads=1)

    def ids(self, answer):
        return answer[0][0].tolist()

    def bytes(self):
        return self.index.index_file_size()
