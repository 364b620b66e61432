"""The engine of this repository, in a program of its own that is asked in lines of JSON."""

import json
import subprocess

import numpy as np

from engines import Answers, Engine, padded


class Recollect(Engine):
    name = "recollect"
    build_threads = 1

    def __init__(self, dataset, folder, options):
        self.program = subprocess.Popen(
            [options.programs / "PeerSearch", folder / "index", dataset.base_file,
             dataset.starts_file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self._line()
        self.build_seconds = self.ready["buildSeconds"]
        self.wanted = options.paths

    def _line(self):
        line = self.program.stdout.readline()
        if not line:
            raise RuntimeError(f"the program ended with {self.program.wait()}")
        return json.loads(line)

    def settings(self, workload):
        """The path that it chooses by itself comes first: the others are compared with that."""
        others = [path for path in self.ready["paths"] if path in self.wanted
                  and (path != "blas" or workload.batch > 1)]
        return [{"path": path} for path in ["automatic", *others]]

    def measure(self, workload, first, calls, setting):
        request = {
            "queries": str(workload.queries_file),
            "users": None if workload.users is None else str(workload.users_file),
            "first": first * workload.batch, "calls": calls, "batch": workload.batch,
            "count": workload.count, "path": setting["path"], "evicted": workload.evicted,
            "warming": workload.warming,
        }
        self.program.stdin.write(json.dumps(request) + "\n")
        self.program.stdin.flush()
        reply = self._line()
        scores = np.zeros((len(reply["ids"]), workload.count))
        for line, found in zip(scores, reply["scores"]):
            line[:len(found)] = found
        return Answers(reply["nanoseconds"], padded(reply["ids"], workload.count), scores)

    def bytes(self):
        return self.ready["bytes"]

    def process(self):
        return self.program.pid

    def close(self):
        self.program.stdin.close()
        self.program.wait()
