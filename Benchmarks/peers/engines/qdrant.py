"""Qdrant Edge: Qdrant's storage and search inside the process."""

import numpy as np
import qdrant_edge as edge

from engines import PythonEngine
from engines.databases import INSERTED, file_bytes, owners

NEIGHBOURS = 16


class Qdrant(PythonEngine):
    exact = False

    def __init__(self, dataset, folder, options):
        self.folder = folder
        graph = edge.HnswIndexConfig(ef_construct=200, full_scan_threshold=10_000, **self.GRAPH)
        self.shard = edge.EdgeShard.create(str(folder), edge.EdgeConfig(
            vectors={"": edge.EdgeVectorParams(
                size=dataset.base.shape[1], distance=edge.Distance.Dot, hnsw_config=graph)},
            hnsw_config=graph, max_search_threads=1,
            optimizers=edge.EdgeOptimizersConfig(default_segment_number=1)))
        self.shard.update(edge.UpdateOperation.create_field_index(
            "user", edge.PayloadSchemaType.Integer))
        users = owners(dataset).tolist()
        for first in range(0, dataset.rows, INSERTED):
            rows = range(first, min(first + INSERTED, dataset.rows))
            self.shard.update(edge.UpdateOperation.upsert_points([
                edge.Point(row, dataset.base[row].tolist(), {"user": users[row]})
                for row in rows]))
        self.shard.optimize()

    def ask(self, query, count, user, setting):
        only = None if user is None else edge.Filter(must=[edge.FieldCondition(
            key="user", match=edge.MatchValue(user))])
        return self.shard.query(edge.QueryRequest(
            query=edge.Query.Nearest(query.tolist()), limit=count, filter=only,
            params=edge.SearchParams(hnsw_ef=setting["hnsw_ef"])))

    def ids(self, answer):
        return [point.id for point in answer]

    def bytes(self):
        return file_bytes(self.folder)

    def close(self):
        self.shard.close()


class QdrantTenants(Qdrant):
    """As its documentation advises for many users: graphs for each user and none of everything."""

    name = "qdrant-edge"
    GRAPH = {"m": 0, "payload_m": NEIGHBOURS}

    def settings(self, workload):
        return [{"hnsw_ef": 128}]


class QdrantGraph(Qdrant):
    name = "qdrant-edge-graph"
    GRAPH = {"m": NEIGHBOURS}

    def settings(self, workload):
        return [{"hnsw_ef": number} for number in [16, 64, 256]]
