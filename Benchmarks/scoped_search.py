#!/usr/bin/env python3
"""Search in the scope of one user: the engine beside a FAISS IndexFlatIP for each user.

One run, one machine, the same rows and queries, one thread. The engine's program makes the data,
FAISS reads them from its files, and the two answer the same queries in turns, round by round; every
answer of both is compared with an exhaustive search in fp64. See README.md.
"""

import argparse
import csv
import gc
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import faiss
import numpy as np

COUNT = 10
TOLERANCE = 1e-6
WORKLOADS = ["users", "rows-100", "rows-1000", "rows-10000", "largest", "sessions"]
HERE = pathlib.Path(__file__).resolve().parent


class Engine:
    """The program that has the collections; it measures inside itself."""

    def __init__(self, program, folder, options):
        numbers = [options.rows, options.users, options.dimension, options.seed]
        self.process = subprocess.Popen(
            [program, folder, *map(str, numbers)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.clock_cost = int(self._line().split()[1])

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the engine's program has ended")
        return line

    def round(self, store, workload, first, last):
        self.process.stdin.write(f"{store} {workload} {first} {last - first}\n")
        self.process.stdin.flush()
        times, answers = [], []
        for _ in range(first, last):
            nanoseconds, *found = self._line().split()
            times.append(int(nanoseconds))
            pairs = [pair.split(":") for pair in found]
            answers.append(([int(i) for i, _ in pairs], [float(s) for _, s in pairs]))
        return times, answers

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Faiss:
    """One IndexFlatIP for each user, called by the shortest way Python has into FAISS: the bound
    C++ method, with pointers and room for the answers made beforehand."""

    def __init__(self, base, starts):
        faiss.omp_set_num_threads(1)
        self.starts = starts
        self.indexes = []
        for first, last in zip(starts[:-1], starts[1:]):
            index = faiss.IndexFlatIP(base.shape[1])
            index.add(np.ascontiguousarray(base[first:last]))
            self.indexes.append(index)
        self.searches = [index.search_c for index in self.indexes]
        self.single = faiss.IndexFlatIP(base.shape[1])
        self.single.add(np.ascontiguousarray(base[:1]))

    def round(self, queries, users, first, last):
        pointers = [faiss.swig_ptr(queries[i]) for i in range(first, last)]
        return self._timed([self.searches[u] for u in users[first:last]], pointers,
                           self.starts[users[first:last]])

    def call_cost(self, queries):
        """What a call costs that has one row to look at."""
        times, _ = self._timed([self.single.search_c] * 2000,
                               [faiss.swig_ptr(queries[i % len(queries)]) for i in range(2000)],
                               np.zeros(2000, dtype=np.int64))
        return float(np.median(times))

    @staticmethod
    def _timed(searches, pointers, offsets):
        scores = np.empty(COUNT, dtype=np.float32)
        labels = np.empty(COUNT, dtype=np.int64)
        to_scores, to_labels = faiss.swig_ptr(scores), faiss.swig_ptr(labels)
        clock = time.perf_counter_ns
        times, answers = [], []
        for search, pointer, offset in zip(searches, pointers, offsets):
            start = clock()
            search(1, pointer, COUNT, to_scores, to_labels)
            times.append(clock() - start)
            found = labels >= 0
            answers.append(((labels[found] + offset).tolist(), scores[found].tolist()))
        return times, answers


class Workload:
    def __init__(self, name, folder):
        self.name = name
        self.users = np.load(folder / f"{name}.users.npy")
        self.sessions = np.load(folder / f"{name}.sessions.npy")
        self.queries = np.load(folder / f"{name}.queries.npy")
        self.times = {}
        self.answers = {}

    def rows(self, starts, query):
        user_starts, session_starts = starts
        if self.name == "sessions":
            return session_starts[self.sessions[query]], session_starts[self.sessions[query] + 1]
        return user_starts[self.users[query]], user_starts[self.users[query] + 1]

    def record(self, engine, times, answers):
        self.times.setdefault(engine, []).extend(times)
        self.answers.setdefault(engine, []).extend(answers)


def measure(workload, engine, peer, rounds):
    """Asks all engines the same queries, round by round, in an order that rotates."""
    def ours(store):
        return lambda first, last: engine.round(store, workload.name, first, last)

    asked = {"sealed": ours("sealed"), "buffered": ours("buffered")}
    if workload.name != "sessions":
        asked["faiss"] = lambda first, last: peer.round(
            workload.queries, workload.users, first, last)
    names = list(asked)
    bounds = np.linspace(0, len(workload.users), rounds + 1).astype(int)
    for number, (first, last) in enumerate(zip(bounds[:-1], bounds[1:])):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            workload.record(name, *asked[name](first, last))


def check(workload, base, starts):
    """Compares every answer with all rows of the scope in fp64; returns how many lists of ids
    differ from the exhaustive one, which near-ties within the tolerance may."""
    differing = dict.fromkeys(workload.answers, 0)
    worst = 0.0
    for query in range(len(workload.users)):
        first, last = workload.rows(starts, query)
        exact = base[first:last].astype(np.float64) @ workload.queries[query].astype(np.float64)
        order = np.lexsort((np.arange(len(exact)), -exact))[:COUNT]
        for name, answers in workload.answers.items():
            ids, scores = answers[query]
            inside = [i - first for i in ids]
            if len(set(ids)) != len(order) or not all(0 <= i < last - first for i in inside):
                sys.exit(f"{workload.name}: {name} answers query {query} from outside its scope")
            found = np.sort(exact[inside])[::-1]
            error = max(np.abs(found - exact[order]).max(), np.abs(scores - exact[inside]).max())
            if error > TOLERANCE:
                sys.exit(f"{workload.name}: {name} is wrong by {error} in query {query}")
            worst = max(worst, error)
            differing[name] += ids != (order + first).tolist()
    return differing, worst


def figures(workload, starts, call_cost):
    """One line for each engine."""
    sizes = [np.subtract(*workload.rows(starts, q)[::-1]) for q in range(len(workload.users))]
    peer = workload.times.get("faiss")
    for name, times in workload.times.items():
        line = {
            "workload": workload.name, "engine": name, "queries": len(times),
            "rows_median": int(np.median(sizes)),
            "p50_us": np.percentile(times, 50) / 1e3, "p99_us": np.percentile(times, 99) / 1e3,
            "mean_us": np.mean(times) / 1e3,
        }
        if peer and name != "faiss":
            for key, q in [("p50", 50), ("p99", 99)]:
                theirs, mine = np.percentile(peer, q), np.percentile(times, q)
                line[f"{key}_ratio"] = theirs / mine
                line[f"{key}_ratio_less_call"] = (theirs - call_cost) / mine
            line["mean_ratio"] = np.mean(peer) / np.mean(times)
        yield line


def report(lines, path):
    columns = ["workload", "engine", "queries", "rows_median", "p50_us", "p99_us", "mean_us",
               "p50_ratio", "p99_ratio", "mean_ratio", "p50_ratio_less_call",
               "p99_ratio_less_call"]
    titles = ["workload", "engine", "queries", "rows", "p50 µs", "p99 µs", "mean µs",
              "p50 ×", "p99 ×", "mean ×", "p50 × less call", "p99 × less call"]
    print("| " + " | ".join(titles) + " |\n|" + "---|" * len(titles))
    for line in lines:
        cells = [line.get(column, "") for column in columns]
        print("| " + " | ".join(f"{c:.2f}" if isinstance(c, float) else str(c) for c in cells)
              + " |")
    if path:
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(lines)


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--csv", help="also write the figures to this file")
    parser.add_argument("--program", default=HERE / ".build/release/ScopedSearch",
                        help="the engine's program; built before with swift build -c release")
    return parser.parse_args()


def run(options, folder):
    engine = Engine(options.program, folder, options)
    base = np.load(folder / "base.npy", mmap_mode="r")
    starts = np.load(folder / "user_starts.npy"), np.load(folder / "session_starts.npy")
    peer = Faiss(base, starts[0])
    workloads = [Workload(name, folder) for name in WORKLOADS]
    workloads = [workload for workload in workloads if len(workload.users) > 0]
    call_cost = peer.call_cost(workloads[0].queries)
    print(f"{processor()}, {os.cpu_count()} cores; FAISS {faiss.__version__} "
          f"({faiss.get_compile_options().strip()}), NumPy {np.__version__}; seed {options.seed}")
    print(f"{options.rows} rows × {options.dimension}, {options.users} users, {options.rounds} "
          f"rounds; load before: {os.getloadavg()[0]:.2f}")
    gc.disable()
    for workload in workloads:
        measure(workload, engine, peer, options.rounds)
    gc.enable()
    print(f"load after: {os.getloadavg()[0]:.2f} (this run is one of it)")
    engine.close()
    lines = []
    for workload in workloads:
        differing, worst = check(workload, base, starts)
        print(f"{workload.name}: all answers exact, scores within {worst:.1e} of fp64; "
              f"lists ordered otherwise among near-ties: {differing}")
        lines += figures(workload, starts, call_cost)
    print(f"a FAISS call on one row: {call_cost / 1e3:.2f} µs; reading the engine's clock: "
          f"{engine.clock_cost / 1e3:.2f} µs; neither is subtracted unless a title says so\n")
    report(lines, options.csv)


def main():
    options = parse()
    with tempfile.TemporaryDirectory(prefix="recollect-bench-") as folder:
        run(options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
