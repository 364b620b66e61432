"""What `recollect serve --http` bears on this machine, beside a FastMCP server that does a trivial call.

  python Benchmarks/load [--seconds 10] [--connections 64] [--users 10000] [--memories 100] [--idle 60]

Every case checks one answer before it is measured, and counts replies that are no success. Beside the
rate stands the processor time of the server for each request, which other work on the machine disturbs
less. The gates are for a quiet machine with two cores; a case below its gate makes the exit status 1.
"""
import argparse
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/release/recollect"
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
WORDS = (
    "budget review bees roof lisbon tea sugar deploy key vault thursday project swift memory index "
    "session train paris garden music violin recipe bread winter bicycle doctor meeting invoice"
).split()


def message(method, params):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": ENVELOPE}}


def headers(method, name=None):
    lines = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": method,
    }
    return {**lines, "Mcp-Name": name} if name else lines


def ask(port, tool, arguments):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    body = json.dumps(message("tools/call", {"name": tool, "arguments": arguments}))
    connection.request("POST", "/mcp", body, headers("tools/call", tool))
    answer = json.load(connection.getresponse())
    connection.close()
    return answer["result"]["structuredContent"]


class Server:
    """A process that says on standard error where it listens."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.port = int(re.search(r":(\d+)/mcp", line)[1])

    def memory(self):
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6

    def processor_time(self):
        """Seconds of all cores, those of the system on its behalf included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.terminate()
        self.process.wait(30)


def wrk(port, requests, lines, options, path="/mcp"):
    """Sends the requests in turn; gives rate, percentiles in milliseconds, and failures."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write('wrk.method = "POST"\n')
        for name, value in lines.items():
            script.write(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n")
        script.write("local bodies = {\n")
        for body in requests:
            script.write("  [==[" + json.dumps(body) + "]==],\n")
        script.write(
            "}\nlocal turn = math.random(#bodies)\nfunction request()\n  turn = turn % #bodies + 1\n"
            "  return wrk.format(nil, nil, nil, bodies[turn])\nend\n"
            "function done(summary, latency, requests)\n"
            '  io.write(string.format("RESULT %d %d %f %f %d\\n", summary.requests, summary.duration,\n'
            "    latency:percentile(50), latency:percentile(99),\n"
            "    summary.errors.status + summary.errors.read + summary.errors.timeout))\nend\n")
        script.flush()
        text = subprocess.run(
            ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "-s", script.name,
             f"http://127.0.0.1:{port}{path}"],
            check=True, capture_output=True, text=True).stdout
    count, duration, p50, p99, failures = map(
        float, re.search(r"RESULT (.*)", text)[1].split())
    return {
        "requests": int(count), "rate": round(count / (duration / 1e6)), "p50_ms": round(p50 / 1e3, 2),
        "p99_ms": round(p99 / 1e3, 2), "failures": int(failures),
    }


def fill(directory, options):
    generator = random.Random(7)
    lines = []
    for user in range(options.users):
        for number in range(options.memories):
            words = " ".join(generator.choices(WORDS, k=14))
            lines.append(json.dumps({
                "kind": "memory", "user_id": f"user-{user}", "content": f"{number}: {words}"}))
    file = directory / "memories.jsonl"
    file.write_text("\n".join(lines) + "\n")
    subprocess.run(
        [PROGRAM, "import", file, "--data-directory", directory / "data", "--model", "hashing"],
        check=True, capture_output=True)


def calls(tool, arguments):
    return [message("tools/call", {"name": tool, "arguments": each}) for each in arguments]


def load(server, tool, arguments, options):
    before = server.processor_time()
    result = wrk(server.port, calls(tool, arguments), headers("tools/call", tool), options)
    result["cpu_us"] = round((server.processor_time() - before) * 1e6 / result["requests"])
    return result


def measure(server, options):
    queries = ["budget review on thursday", "bees on the roof", "bread recipe", "violin music"]
    searches = [
        {"user_id": f"user-{user}", "query": query}
        for user in range(0, options.users, max(1, options.users // 50)) for query in queries]
    for search in searches:  # the embedding of each query is cached from here on
        assert ask(server.port, "search_memories", search)["count"] == 5
    session = ask(server.port, "create_session", {"user_id": "user-0"})["session"]["session_id"]
    info = {"session_id": session}
    assert ask(server.port, "get_session_info", info)["session"]["status"] == "active"
    for tool, arguments, rate, p99 in [
        ("search_memories", searches, 2_500, 25), ("get_session_info", [info], 8_000, None),
    ]:
        result = load(server, tool, arguments, options)
        result["gate"] = bool(
            result["rate"] >= rate and (p99 is None or result["p99_ms"] <= p99)
            and result["failures"] == 0)
        yield tool, result
    result = wrk(
        server.port, [message("tools/list", {})], headers("tools/list"), options)
    yield "tools/list", result


PEER = """
import sys
from fastmcp import FastMCP
server = FastMCP("peer")

@server.tool
def add(a: int, b: int) -> int:
    "Adds."
    return a + b

server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), stateless_http=True,
           json_response=True, log_level="critical", show_banner=False)
"""


def peer(directory, options):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = directory / "peer.py"
    file.write_text(PEER)
    process = subprocess.Popen(
        [sys.executable, file, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                assert ask(port, "add", {"a": 2, "b": 3}) == {"result": 5}
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        return wrk(
            port, calls("add", [{"a": 2, "b": 3}]), headers("tools/call", "add"), options)
    finally:
        process.kill()
        process.wait()


def idle(server, options):
    """Clients that are there and ask nothing: how much memory the server takes for them, and then."""
    before = server.memory()
    connections = [
        socket.create_connection(("127.0.0.1", server.port)) for _ in range(500)]
    uris = [f"recollect://users/user-{user}/stats" for user in range(10)]
    body = json.dumps(message("subscriptions/listen", {
        "notifications": {"resourceSubscriptions": uris, "resourcesListChanged": True}}))
    lines = "".join(
        f"{name}: {value}\r\n" for name, value in headers("subscriptions/listen").items())
    for _ in range(50):
        stream = socket.create_connection(("127.0.0.1", server.port))
        stream.sendall(
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        assert b"200" in stream.recv(100)
        connections.append(stream)
    time.sleep(2)
    start = server.memory()
    steps = []
    for _ in range(6):
        time.sleep(options.idle / 6)
        steps.append(server.memory())
    for connection in connections:
        connection.close()
    growth = steps[-1] - start
    return {
        "before_mb": round(before, 1), "with_clients_mb": round(start, 1),
        "afterwards_mb": round(steps[-1], 1), "growth_mb": round(growth, 1),
        # Less than what the allocator may keep of a moment's work.
        "gate": growth < 4,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--memories", type=int, default=100)
    parser.add_argument("--idle", type=int, default=60)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not there: make load installs it")
    report = {"memories": options.users * options.memories, "connections": options.connections}
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        fill(directory, options)
        server = Server([
            PROGRAM, "serve", "--http", "127.0.0.1:0", "--data-directory", directory / "data",
            "--model", "hashing"])
        try:
            report.update(measure(server, options))
            if options.idle:
                report["idle"] = idle(server, options)
        finally:
            server.end()
        report["fastmcp add"] = peer(directory, options)
    print(json.dumps(report, indent=2))
    missed = [name for name, case in report.items() if isinstance(case, dict)
              and case.get("gate") is False]
    if missed:
        sys.exit(f"below the gate: {', '.join(missed)}")


if __name__ == "__main__":
    main()
