"""What is measured: each case asks several engines the same queries of one data set."""

import dataclasses
import fnmatch

from data_sets import SCOPES

BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 1000]
EXHAUSTIVE = ["recollect", "faiss-flat", "usearch-exact"]
SCOPED = ["recollect", "faiss-per-user", "faiss-sorted", "faiss-ivf", "lancedb", "sqlite-vec"]
# Too slow to build at the size of the others: they are compared at a smaller one, with the rest.
SCOPED_SMALL = [*SCOPED, "chroma", "qdrant-edge"]
APPROXIMATE = ["recollect", "faiss-ivf", "hnswlib", "usearch", "lancedb-index", "chroma",
               "qdrant-edge-graph"]
EVERY_SEARCH = ["recollect", "faiss-flat", "usearch-exact", "lancedb", "sqlite-vec-flat"]


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    kind: str
    rows: int
    engines: tuple
    batch: int = 1
    scope: int | None = None
    # Whether the code is in the caches while the rows are not.
    warming: bool = False


def all_cases(options):
    for kind in ["clustered", "isotropic", "real"]:
        for batch in options.batches:
            # A thousand queries would take usearch minutes.
            asked = [name for name in EXHAUSTIVE if batch <= 128 or name != "usearch-exact"]
            yield Case(f"exact/{kind}/{batch}", kind, options.rows, tuple(asked), batch)
        if kind == "clustered":
            for size in SCOPES:
                yield Case(f"scope/{size}", kind, options.rows, tuple(SCOPED), scope=size,
                           warming=True)
                yield Case(f"scope-cold/{size}", kind, options.rows, tuple(SCOPED), scope=size)
    yield Case("exact-small/clustered/1", "clustered", options.small_rows, tuple(EVERY_SEARCH))
    for size in SCOPES:
        yield Case(f"scope-small/{size}", "clustered", options.small_rows, tuple(SCOPED_SMALL),
                   scope=size, warming=True)
    for kind in ["clustered", "real"]:
        yield Case(f"approximate/{kind}", kind, options.small_rows, tuple(APPROXIMATE))


def chosen(options):
    """The cases that match a pattern, those of one data set together."""
    cases = [case for case in all_cases(options)
             if any(fnmatch.fnmatch(case.name, pattern) for pattern in options.case)]
    if options.engine:
        cases = [dataclasses.replace(case, engines=wanted) for case in cases
                 if (wanted := tuple(name for name in case.engines if name in options.engine))]
    return sorted(cases, key=lambda case: (-case.rows, case.kind))
