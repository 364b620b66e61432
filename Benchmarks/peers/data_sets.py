"""Rows and queries: made once for each size and seed, kept in the benchmarks' folder."""

import dataclasses
import functools
import pathlib
import shutil

import numpy as np

DIMENSION = 384
COUNT = 10
SCOPES = [100, 1000, 10_000, 100_000]
TOPICS_OF_USER = 4
ROWS_OF_TOPIC = 1000
OWN_PART = 0.5
QUERIES = 1000
CHUNK = 20_000


@dataclasses.dataclass
class Workload:
    """Queries, of everything or each of one user, and how they are asked.

    Before each call so many bytes are read that caches hold nothing else; then, where a user is
    named for that, something is searched among that user's rows, so that they hold the code.
    """
    queries: np.ndarray
    queries_file: pathlib.Path
    batch: int
    evicted: int
    warming: int | None
    starts: np.ndarray
    users: np.ndarray | None = None
    users_file: pathlib.Path | None = None
    count: int = COUNT

    @property
    def calls(self):
        return len(self.queries) // self.batch

    def user_of(self, query):
        """Whom a query is about; None stands for everything."""
        return None if self.users is None else int(self.users[query])

    def rows_of(self, user):
        if user is None:
            return 0, int(self.starts[-1])
        return int(self.starts[user]), int(self.starts[user + 1])

    def range_of(self, query):
        """The rows that a query is about."""
        return self.rows_of(self.user_of(query))


class Dataset:
    """The files of one data set: `base`, `starts`, `queries`, and for scopes queries of users."""

    def __init__(self, folder, kind, rows, seed):
        if kind == "real":
            rows = min(rows, len(np.load(folder / "real-384.npy", mmap_mode="r")))
        self.kind, self.rows = kind, rows
        self.name = f"{kind}-{rows}-{DIMENSION}"
        if kind == "real":
            # Embeddings that were made anew are other data.
            made = int((folder / "real-384.npy").stat().st_mtime)
            self.folder = folder / "data" / f"{self.name}-{made}"
        else:
            self.folder = folder / "data" / f"{self.name}-seed{seed}"
        if not self.folder.exists():
            # A run that is stopped leaves no half data set behind.
            part = self.folder.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            MAKERS[kind](part, folder, rows, np.random.default_rng(seed))
            part.rename(self.folder)
        self.base_file = self.folder / "base.npy"
        self.starts_file = self.folder / "starts.npy"
        self.base = np.load(self.base_file, mmap_mode="r")
        self.starts = np.load(self.starts_file)
        self.known = {}

    def sizes(self):
        """Scopes that this many rows have."""
        return [size for size in SCOPES if (self.folder / f"queries.{size}.npy").exists()]

    def workload(self, batch=1, scope=None, evicted=0, warming=False):
        suffix = "" if scope is None else f".{scope}"
        files = [self.folder / f"{name}{suffix}.npy" for name in ["queries", "users"]]
        return Workload(
            np.load(files[0]), files[0], batch, evicted,
            self.warming_user(scope, np.load(files[1])) if warming else None, self.starts,
            None if scope is None else np.load(files[1]), None if scope is None else files[1])

    def warming_user(self, scope, asked):
        """A user whose search takes the same way through the code, but reads other rows: of as many
        rows, up to a thousand; one of those who are asked only where all are."""
        sizes = np.diff(self.starts)
        alike = np.flatnonzero(sizes == min(scope, 1000))
        others = np.setdiff1d(alike, asked)
        return int((others if len(others) else alike)[0])

    @functools.cached_property
    def best_of_everything(self):
        """fp64 scores of the nearest rows of each query about everything, best first."""
        file = self.folder / f"best{COUNT}.npy"
        if not file.exists():
            queries = np.load(self.folder / "queries.npy").astype(np.float64)
            best = np.empty((len(queries), 0))
            for first in range(0, self.rows, CHUNK):
                scores = queries @ self.base[first:first + CHUNK].astype(np.float64).T
                kept = min(COUNT, scores.shape[1])
                top = np.partition(scores, scores.shape[1] - kept, axis=1)[:, -kept:]
                best = np.sort(np.concatenate([best, top], axis=1), axis=1)[:, -COUNT:]
            np.save(file, best[:, ::-1])
        return np.load(file)

    def best(self, workload, query):
        """fp64 scores of the nearest rows of a query, best first."""
        if workload.users is None:
            return self.best_of_everything[query]
        key = workload.users_file, query
        if key not in self.known:
            first, last = workload.range_of(query)
            scores = self.base[first:last].astype(np.float64) @ workload.queries[query].astype(
                np.float64)
            self.known[key] = np.sort(scores)[::-1][:workload.count]
        return self.known[key]


def unit(vectors):
    lengths = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return (vectors / lengths).astype(np.float32)


def clustered(part, _, rows, random):
    """Users of 10, 100, 1,000, 10,000 and 100,000 rows, a fifth of all rows each.

    Sizes that a fifth is too small for have no user; those of ten rows take what is left. A user
    speaks about four topics, which others speak about too, with a turn of their own to each: half
    the topic's length. A row or a query is such a direction with noise of the topic's length.
    """
    sizes = [size for size in reversed(SCOPES) if size <= rows // 5]
    users = [size for size in sizes for _ in range(rows // 5 // size)]
    users += [10] * ((rows - sum(users)) // 10)
    users += [rows - sum(users)] * (rows > sum(users))
    users = random.permutation(users)
    np.save(part / "starts.npy", np.concatenate([[0], np.cumsum(users)]).astype(np.int64))
    shared = random.standard_normal((max(16, rows // ROWS_OF_TOPIC), DIMENSION), dtype=np.float32)
    slots = len(users) * TOPICS_OF_USER
    topics = OWN_PART * random.standard_normal((slots, DIMENSION), dtype=np.float32)
    topics += shared[random.integers(len(shared), size=slots)]

    def drawn(of_users):
        chosen = of_users * TOPICS_OF_USER + random.integers(TOPICS_OF_USER, size=len(of_users))
        noise = random.standard_normal((len(of_users), DIMENSION), dtype=np.float32)
        return unit(topics[chosen] + noise)

    owners = np.repeat(np.arange(len(users)), users)
    write(part / "base.npy", rows, lambda first, last: drawn(owners[first:last]))
    np.save(part / "queries.npy", drawn(random.choice(owners, QUERIES)))
    for size in sizes:
        among = random.choice(np.flatnonzero(users == size), QUERIES)
        np.save(part / f"users.{size}.npy", among.astype(np.int64))
        np.save(part / f"queries.{size}.npy", drawn(among))


def isotropic(part, _, rows, random):
    """Every direction as likely as any other: the hardest case for bounds."""
    def drawn(first, last):
        return unit(random.standard_normal((last - first, DIMENSION), dtype=np.float32))

    blocks(part, rows, 1000)
    write(part / "base.npy", rows, drawn)
    np.save(part / "queries.npy", drawn(0, QUERIES))


def real(part, folder, rows, _):
    """The first rows of the embeddings that real_embeddings.py has made."""
    vectors = np.load(folder / "real-384.npy", mmap_mode="r")
    blocks(part, rows, 100)
    write(part / "base.npy", rows, lambda first, last: vectors[first:last])
    np.save(part / "queries.npy", np.load(folder / "real-384.queries.npy")[:QUERIES])


def blocks(part, rows, size):
    """Users for data that know none, so that the engine has what it always has."""
    starts = np.append(np.arange(0, rows, size), rows)
    np.save(part / "starts.npy", starts.astype(np.int64))


def write(file, rows, drawn):
    vectors = np.lib.format.open_memmap(file, "w+", np.float32, (rows, DIMENSION))
    for first in range(0, rows, CHUNK):
        last = min(first + CHUNK, rows)
        vectors[first:last] = drawn(first, last)
    vectors.flush()


MAKERS = {"clustered": clustered, "isotropic": isotropic, "real": real}
