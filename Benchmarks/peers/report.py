"""The report of all results in a folder: a table in CSV, one in Markdown, and a drawing."""

import csv
import importlib.metadata
import json
import statistics

import numpy as np

import drawing

OURS = "recollect"
PACKAGES = ["faiss-cpu", "hnswlib", "usearch", "sqlite-vec", "apsw", "lancedb", "chromadb",
            "qdrant-edge-py", "numpy"]
# The first eleven are those of ann-benchmarks; times of one query in milliseconds.
COLUMNS = ["algorithm", "parameters", "dataset", "count", "recall", "qps", "p50", "p95", "p99",
           "build", "indexsize", "case", "batch", "scope", "rounds", "rss", "build_threads",
           "worst_error", "call_us", "ratio_min", "ratio_median", "ratio_max", "fp32_gb_s",
           "share_of_memory", "gop_s", "share_of_fp32", "commit", "time", "load", "failure"]


def result_file(folder, case):
    return folder / "results" / (case.replace("/", "_") + ".json")


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown"


def versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def write(folder):
    """Writes the report; returns the cases in which our own engine failed."""
    results = [json.loads(file.read_text())
               for file in sorted((folder / "results").glob("*.json"), key=order)]
    machine = json.loads((folder / "machine.json").read_text())
    limits = rates(machine["limits"])
    tables = [(result, lines(result, limits)) for result in results]
    with open(folder / "report.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for _, table in tables:
            writer.writerows(table)
    (folder / "report.md").write_text(markdown(machine, limits, tables))
    (folder / "report.svg").write_text(drawing.report(tables))
    print((folder / "report.md").read_text())
    return [result["case"] for result, table in tables
            for line in table if line["algorithm"] == OURS and line["failure"]]


def order(file):
    """By the parts of the name, numbers as numbers."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part)
            for part in file.stem.split("_")]


def rates(limits):
    """The highest rates that are of use here: nothing is faster than the best repetition."""
    found = {limit["key"]: limit["rates"]["highest"]
             for limit in (limits or {"limits": []})["limits"] if "rates" in limit}
    fp32 = [found[key] for key in ["fp32-portable", "fp32-avx2", "fp32-avx512"] if key in found]
    int8 = [rate for key, rate in found.items() if key.startswith("int8")]
    return {"memory": found.get("memory"), "fp32": max(fp32, default=None),
            "int8": max(int8, default=None)}


def lines(result, limits):
    """A line for each contender of a case."""
    ours = next((line for line in result.get("results", [])
                 if line["engine"] == OURS and "rounds" in line), None)
    return [line_of(result, contender, ours, limits) for contender in result.get("results", [])]


def line_of(result, contender, ours, limits):
    line = dict.fromkeys(COLUMNS)
    line.update(
        algorithm=contender["engine"], parameters=contender.get("parameters", ""),
        dataset=result["dataset"], count=result["count"], case=result["case"],
        batch=result["batch"], scope=result["scope"], commit=result["commit"],
        time=result["time"], load=" ".join(f"{load:.1f}" for load in result["load"]),
        failure=contender.get("failure"))
    if "failure" in contender:
        return line
    calls = np.concatenate(contender["rounds"]) / result["batch"]
    line.update(
        recall=contender["recall"], qps=1e9 / calls.mean(), rounds=len(contender["rounds"]),
        p50=np.percentile(calls, 50) / 1e6, p95=np.percentile(calls, 95) / 1e6,
        p99=np.percentile(calls, 99) / 1e6, build=contender["build_seconds"],
        build_threads=contender["build_threads"], indexsize=contender["bytes"],
        rss=contender["resident"], worst_error=contender["worst_error"],
        call_us=contender["call_ns"] / 1e3 if "call_ns" in contender else None)
    if ours:
        ratios = [paired(theirs, mine)
                  for theirs, mine in zip(contender["rounds"], ours["rounds"])]
        line.update(ratio_min=min(ratios), ratio_median=statistics.median(ratios),
                    ratio_max=max(ratios))
    if contender["exact"]:
        line.update(shares(result, calls.mean(), limits))
    return line


def paired(theirs, mine):
    """How many times as long the median call took, of those of a round that both have answered."""
    both = min(len(theirs), len(mine))
    return statistics.median(theirs[:both]) / statistics.median(mine[:both])


def shares(result, nanoseconds, limits):
    """As if all rows were read in fp32 and multiplied one by one: who does less exceeds limits."""
    rows = result["scope"] or result["rows"]
    byte_rate = rows * result["dimension"] * 4 / result["batch"] / nanoseconds
    operations = rows * result["dimension"] * 2 / nanoseconds
    return {
        "fp32_gb_s": byte_rate, "gop_s": operations,
        "share_of_memory": byte_rate / limits["memory"] if limits["memory"] else None,
        "share_of_fp32": operations / limits["fp32"] if limits["fp32"] else None,
    }


def markdown(machine, limits, tables):
    said = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    blas = "; ".join(machine["blas"]) or "none"
    text = [
        "# Beside its peers\n",
        f"{machine['processor']}, {machine['cores']} cores; {machine['system']}; Python "
        f"{machine['python']}; {said}. FAISS: {machine['faiss']}. BLAS of the peers: {blas}; "
        f"OPENBLAS_CORETYPE: {machine['blas_core_wanted'] or 'not set'}, and not passed on to "
        f"them. Seed {machine['seed']}.\n",
        f"Limits of one core: {number(limits['memory'])} GB/s from memory, "
        f"{number(limits['fp32'])} GOP/s in fp32, {number(limits['int8'])} GOP/s in int8 "
        "(multiplications and additions).\n",
        "Times are of one query, a batch's divided by its queries. `× ours` is how many times as "
        "long as the engine of this repository, in pairs of rounds that followed each other: "
        "median, lowest, highest.\n",
    ]
    for result, table in tables:
        text.append(f"## {result['case']}\n")
        if "skipped" in result:
            text.append(f"Left out: {result['skipped']}.\n")
            continue
        text.append(heading(result))
        text.append("| engine | p50 ms | p99 ms | queries/s | recall | × ours | GB/s as fp32 "
                    "(share) | GOP/s (share) | build s |\n" + "|---|" + "---|" * 8)
        text += [row(line) for line in table]
        costs = {line["call_us"] for line in table if line["call_us"]}
        if costs:
            text.append(f"\nA FAISS call that has one row to look at: {max(costs):.2f} µs.")
        text.append("")
    return "\n".join(text) + "\n"


def heading(result):
    scope = f", scopes of {result['scope']} rows" if result["scope"] else ""
    evicted = ""
    if result["evicted"]:
        evicted = (f", caches emptied before each call by reading {result['evicted'] >> 20} MiB"
                   + (", then a search among another user's ten rows" * result["warming"]))
    load = ", ".join(f"{load:.1f}" for load in result["load"])
    return (f"{result['dataset']}{scope}, batches of {result['batch']}, k = {result['count']}"
            f"{evicted}; {result['time']} at commit {result['commit']}, load {load}.\n")


def row(line):
    name = f"{line['algorithm']} {line['parameters']}".strip()
    if line["failure"]:
        return f"| {name} | failed: {line['failure'].replace('|', '/')[:300]} |" + " |" * 7
    ratio = "–" if line["ratio_median"] is None else (
        f"{number(line['ratio_median'])} [{number(line['ratio_min'])} … "
        f"{number(line['ratio_max'])}]")
    return (f"| {name} | {number(line['p50'])} | {number(line['p99'])} | {number(line['qps'])} | "
            f"{line['recall']:.4f} | {ratio} | {shared(line, 'fp32_gb_s', 'share_of_memory')} | "
            f"{shared(line, 'gop_s', 'share_of_fp32')} | {number(line['build'])} |")


def shared(line, rate, share):
    if line[rate] is None:
        return "–"
    return number(line[rate]) + ("" if line[share] is None else f" ({line[share]:.0%})")


def number(value):
    """Three significant digits."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1e}"
