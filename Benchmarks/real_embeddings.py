#!/usr/bin/env python3
"""Makes, once, the real embeddings that the benchmarks search: all-MiniLM-L6-v2 of short texts.

The files go to the benchmarks' folder in the user's cache. A run that was stopped goes on where it
was; one that finds the files finished only says what they hold. See README.md.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time

import numpy as np

import real_texts

BATCH = 32
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
DATA = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")


def listed_texts(folder, count):
    """The texts are settled by the first run: the archive may change before the next."""
    files = folder / "real-384.txt", folder / "real-384.queries.txt"
    if not all(file.exists() for file in files):
        for file, texts in zip(files, real_texts.texts(folder / "apt", count)):
            file.with_suffix(".part").write_text("\n".join(texts) + "\n")
            file.with_suffix(".part").replace(file)
    return [file.read_text().splitlines() for file in files]


def embed(texts, target, model, report):
    """Writes the vectors of `texts` to `target`; what a stopped run has written is kept."""
    if target.exists():
        return
    part, progress = target.with_suffix(".part.npy"), target.with_suffix(".progress")
    model = model()
    tokens = model.tokens(texts)
    order = sorted(range(len(texts)), key=lambda i: (len(tokens[i]), i))
    done = int(progress.read_text()) if part.exists() and progress.exists() else 0
    vectors = (np.load(part, mmap_mode="r+") if done else np.lib.format.open_memmap(
        part, "w+", np.float32, (len(texts), model.dimension)))
    started, before = time.monotonic(), done
    while done < len(order):
        length = len(tokens[order[done]])
        batch = [i for i in order[done:done + BATCH] if len(tokens[i]) == length]
        vectors[batch] = model.embed([tokens[i] for i in batch])
        done += len(batch)
        if done // 2000 != (done - len(batch)) // 2000:
            progress.write_text(str(done))
            report(done, len(order), (done - before) / (time.monotonic() - started))
    vectors.flush()
    part.replace(target)
    progress.unlink(missing_ok=True)


def compare(program, texts, vectors):
    """The largest difference to what `recollect embed` makes of some of the texts."""
    chosen = sorted(random.Random(1).sample(range(len(texts)), 200))
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/texts.jsonl", f"{folder}/vectors.npy"
        pathlib.Path(source).write_text("".join(json.dumps(texts[i]) + "\n" for i in chosen))
        subprocess.run([program, "embed", "--input", source, "--output", target],
                       check=True, stdout=subprocess.DEVNULL)
        return np.abs(np.load(target) - vectors[chosen]).max()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=pathlib.Path, default=CACHE / "recollect/bench")
    parser.add_argument("--count", type=int, default=200_000, help="rows, when there are none yet")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--model", type=pathlib.Path,
                        default=DATA / "recollect/models/all-MiniLM-L6-v2")
    parser.add_argument("--check", metavar="RECOLLECT",
                        help="compare 200 vectors with those of this program")
    return parser.parse_args()


def main():
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    rows, queries = listed_texts(options.folder, options.count)

    def model():
        import minilm
        return minilm.MiniLM(options.model, options.threads)

    def report(done, count, rate):
        print(f"{done} of {count}, {rate:.0f} a second", flush=True)

    for name, texts in [("real-384.queries.npy", queries), ("real-384.npy", rows)]:
        embed(texts, options.folder / name, model, report)
    vectors = np.load(options.folder / "real-384.npy", mmap_mode="r")
    print(f"{len(rows)} rows and {len(queries)} queries of {vectors.shape[1]} dimensions in "
          f"{options.folder}; SHA-256 of the texts {real_texts.digest(rows, queries)}")
    if options.check:
        print(f"largest difference to {options.check}: "
              f"{compare(options.check, rows, vectors):.1e}")


if __name__ == "__main__":
    main()
