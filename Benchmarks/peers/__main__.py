"""The engine beside its peers: the same rows and queries, one thread, one core, in turns.

Results of finished cases stay in the report's folder, so that a run that was stopped, or one that
asks for other cases, adds to them. See ../README.md.
"""

import argparse
import itertools
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

# Before any library is loaded that reads them. A processor that the environment pins for BLAS may
# be slower than the one that it finds: the peers bring their own builds and choose for themselves.
WANTED_CORE = os.environ.pop("OPENBLAS_CORETYPE", None)
for variable in ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = "1"

import cases
import data_sets
import engines
import measuring
import report

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")


def parse():
    parser = argparse.ArgumentParser("peers", description=__doc__.splitlines()[0])
    parser.add_argument("--report", type=pathlib.Path, required=True,
                        help="the folder of results and report")
    parser.add_argument("--case", action="append",
                        help="a pattern like 'scope/*'; may be repeated; everything without")
    parser.add_argument("--engine", action="append",
                        help="measure this engine alone; may be repeated; all without")
    parser.add_argument("--again", action="store_true", help="measure finished cases once more")
    parser.add_argument("--quick", action="store_true", help="few rows and short rounds: a look")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--small-rows", type=int, default=100_000,
                        help="rows of the cases with engines that are slow to build")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--round-seconds", type=float, default=2.0,
                        help="how long one engine's part of a round takes")
    parser.add_argument("--evict", type=int, default=128 << 20,
                        help="bytes read before each call in a user's scope")
    parser.add_argument("--paths", nargs="*", default=["blas"],
                        help="paths of the engine to measure beside the one it chooses")
    parser.add_argument("--folder", type=pathlib.Path, default=CACHE / "recollect/bench",
                        help="data sets, embeddings, limits.json")
    parser.add_argument("--scratch", type=pathlib.Path, help="where indexes are built")
    parser.add_argument("--programs", type=pathlib.Path, default=HERE.parent / ".build/release")
    options = parser.parse_args()
    options.batches = cases.BATCHES
    if options.quick:
        options.rows, options.small_rows = 50_000, 10_000
        options.rounds, options.round_seconds = 3, 0.2
        options.batches = [1, 8, 128]
    options.case = options.case or ["*"]
    return options


def run(options, pending, folder):
    """Measures cases; an engine is built for the first case of a data set that needs it."""
    cores = os.sched_getaffinity(0)
    for (kind, rows), group in itertools.groupby(pending, key=lambda case: (case.kind, case.rows)):
        group = list(group)
        try:
            dataset = data_sets.Dataset(options.folder, kind, rows, options.seed)
        except FileNotFoundError as error:
            for case in group:
                save(options, case, {"skipped": f"there is no {error.filename}: make embeddings"})
            continue
        built = {}
        for number, case in enumerate(group):
            if case.scope is not None and case.scope not in dataset.sizes():
                save(options, case, {"skipped": f"{dataset.rows} rows have no such users"})
                continue
            measuring.use_all_cores(cores)
            for name in case.engines:
                if name not in built:
                    built[name] = build(name, dataset, folder / f"{dataset.name}-{name}", options)
            save(options, case, measure(case, dataset, built, options))
            needed = {name for later in group[number + 1:] for name in later.engines}
            for name in set(built) - needed:
                close(built.pop(name), folder / f"{dataset.name}-{name}")


def build(name, dataset, folder, options):
    """The engine with what building took, or why there is none."""
    print(f"building {name} over {dataset.name}", flush=True)
    before, begin = measuring.resident_bytes(os.getpid()), time.monotonic()
    try:
        engine = engines.make(name, dataset, folder, options)
    except Exception as error:
        return {"failure": repr(error)}
    process = engine.process()
    resident = measuring.resident_bytes(process) - (before if process == os.getpid() else 0)
    seconds = getattr(engine, "build_seconds", time.monotonic() - begin)
    return {"engine": engine, "build": seconds, "resident": resident}


def close(made, folder):
    if "engine" in made:
        made["engine"].close()
    shutil.rmtree(folder, ignore_errors=True)


def measure(case, dataset, built, options):
    print(f"measuring {case.name}", flush=True)
    evicted = 0 if case.scope is None else options.evict
    workload = dataset.workload(case.batch, case.scope, evicted, case.warming)
    there = [built[name]["engine"] for name in case.engines if "engine" in built[name]]
    results = [{"engine": name, "failure": built[name]["failure"]}
               for name in case.engines if "failure" in built[name]]
    dataset.best(workload, 0)
    measuring.stay_on_one_core({engine.process() for engine in there})
    load = os.getloadavg()[0]
    contenders = measuring.measure(dataset, workload, there, options)
    for contender in contenders:
        made = next(one for one in built.values() if one.get("engine") is contender.engine)
        results.append(outcome(contender, made, workload))
    results.sort(key=lambda line: case.engines.index(line["engine"]))
    return {
        "dataset": dataset.name, "rows": dataset.rows, "dimension": data_sets.DIMENSION,
        "batch": case.batch, "scope": case.scope, "count": workload.count,
        "evicted": evicted, "warming": case.warming, "rounds": options.rounds,
        "load": [load, os.getloadavg()[0]], "results": results,
    }


def outcome(contender, made, workload):
    engine = contender.engine
    line = {"engine": engine.name, "parameters": contender.parameters, "exact": engine.exact}
    if contender.failure:
        return {**line, "failure": contender.failure}
    if hasattr(engine, "call_cost"):
        line["call_ns"] = engine.call_cost(workload)
    return {
        **line, "rounds": contender.rounds, "recall": contender.found / contender.wanted,
        "worst_error": contender.worst, "build_seconds": made["build"],
        "build_threads": engine.build_threads, "bytes": engine.bytes(),
        "resident": made["resident"],
    }


def save(options, case, result):
    """Written beside and renamed, so that a case is there or not."""
    file = report.result_file(options.report, case.name)
    result = {"case": case.name, "time": time.strftime("%Y-%m-%d %H:%M"),
              "commit": commit(), **result}
    file.with_suffix(".part").write_text(json.dumps(result))
    file.with_suffix(".part").replace(file)
    if "skipped" in result:
        print(f"left out {case.name}: {result['skipped']}", flush=True)
    for line in result.get("results", []):
        if "failure" in line:
            print(f"  {line['engine']} failed: {line['failure']}", flush=True)


def finished(file):
    """What was left out may be possible by now."""
    return file.exists() and "skipped" not in json.loads(file.read_text())


def commit():
    """What is measured, with a mark when the sources differ from it."""
    found = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE,
                           capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def machine(options):
    """What the figures belong to; the limits are those of `make limits`, when there are any."""
    import faiss
    import threadpoolctl
    limits = options.folder / "limits.json"
    return {
        "processor": report.processor(), "cores": os.cpu_count(), "system": platform.platform(),
        "python": platform.python_version(), "versions": report.versions(),
        "faiss": faiss.get_compile_options().strip(),
        "blas": [f"{pool['filepath'].split('/')[-1]}: {pool.get('architecture')}"
                 for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"],
        "blas_core_wanted": WANTED_CORE, "seed": options.seed,
        "limits": json.loads(limits.read_text()) if limits.exists() else None,
    }


def main():
    options = parse()
    if options.list:
        print("\n".join(case.name for case in cases.chosen(options)))
        return
    (options.report / "results").mkdir(parents=True, exist_ok=True)
    pending = [case for case in cases.chosen(options)
               if options.again or not finished(report.result_file(options.report, case.name))]
    (options.report / "machine.json").write_text(json.dumps(machine(options), indent=1))
    print(f"{len(pending)} cases; load: {os.getloadavg()[0]:.2f}; OPENBLAS_CORETYPE: "
          f"{WANTED_CORE or 'not set'}", flush=True)
    if options.scratch:
        options.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="recollect-peers-", dir=options.scratch) as folder:
        run(options, pending, pathlib.Path(folder))
    wrong = report.write(options.report)
    sys.exit(f"the engine itself failed in {', '.join(wrong)}" if wrong else 0)


if __name__ == "__main__":
    main()
