"""Rounds: in each, all contenders answer the same queries, in an order that rotates."""

import dataclasses
import gc
import os
import time

import numpy as np

TOLERANCE = 1e-6
WARM_UP_SECONDS = 0.5
# Contenders that take longer for a call than so many times their share of a round come last in
# only a few rounds, or one of them would take the time of all.
SLOW = 4
SLOW_ROUNDS = 3


class Wrong(Exception):
    """An answer that an exact engine must not give."""


@dataclasses.dataclass
class Contender:
    """An engine with certain parameters."""
    engine: object
    setting: dict
    call_seconds: float = 0
    rounds: list = dataclasses.field(default_factory=list)
    found: int = 0
    wanted: int = 0
    worst: float = 0
    failure: str | None = None

    @property
    def parameters(self):
        return " ".join(f"{key}={value}" for key, value in self.setting.items())


def measure(dataset, workload, engines, options):
    """A contender for each engine and setting, with the times of its rounds.

    One that fails or answers wrongly says so, and the others go on without it.
    """
    contenders = [contender for engine in engines for contender in entered(engine, workload)]
    for contender in contenders:
        attempt(contender, warm_up, contender, workload)
    if not contenders:
        return []
    # The first decides how much a round holds; slower ones answer the first of its queries.
    share = share_of(contenders[0], workload, options)
    gc.collect()
    gc.disable()
    for number in range(options.rounds):
        first = number * share % (workload.calls - share + 1)
        turn = number % len(contenders)
        for contender in contenders[turn:] + contenders[:turn]:
            slow = contender.call_seconds > SLOW * options.round_seconds
            if not slow or number < SLOW_ROUNDS:
                calls = min(share, share_of(contender, workload, options))
                attempt(contender, one_round, dataset, workload, contender, first, calls)
    gc.enable()
    return contenders


def entered(engine, workload):
    try:
        return [Contender(engine, setting) for setting in engine.settings(workload)]
    except Exception as error:
        return [Contender(engine, {}, failure=repr(error))]


def attempt(contender, step, *arguments):
    if contender.failure is None:
        try:
            step(*arguments)
        except Exception as error:
            contender.failure = repr(error)


def one_round(dataset, workload, contender, first, calls):
    answers = contender.engine.measure(workload, first, calls, contender.setting)
    check(dataset, workload, contender, first * workload.batch, answers)
    contender.rounds.append(answers.nanoseconds)


def share_of(contender, workload, options):
    seconds = contender.call_seconds + evicting_seconds(workload)
    calls = int(options.round_seconds / max(seconds, 1e-9))
    return max(1, min(calls, workload.calls))


def evicting_seconds(workload):
    """Emptying the caches takes its time too, at some 10 GB/s."""
    return workload.evicted / 10e9


def warm_up(contender, workload):
    """Searches until everything has been touched, and finds out how long a call takes."""
    begin = time.monotonic()
    times = []
    calls = 1
    while not times or time.monotonic() - begin < WARM_UP_SECONDS:
        answers = contender.engine.measure(workload, 0, calls, contender.setting)
        times.append(float(np.mean(answers.nanoseconds)) / 1e9)
        calls = min(calls * 2, workload.calls)
    contender.call_seconds = times[-1]


def check(dataset, workload, contender, first, answers):
    """Compares each answer with the exhaustive one in fp64, and counts what was found."""
    for number, ids in enumerate(answers.ids):
        query = first + number
        best = dataset.best(workload, query)
        start, end = workload.range_of(query)
        found = ids[ids >= 0]
        if len(set(found)) != len(found) or not all(start <= row < end for row in found):
            raise Wrong(f"query {query} is answered with {found.tolist()} of rows {start}…{end}")
        scores = dataset.base[found].astype(np.float64) @ workload.queries[query].astype(np.float64)
        contender.found += int((scores >= best[-1] - TOLERANCE).sum())
        contender.wanted += len(best)
        if answers.scores is not None:
            told = answers.scores[number][ids >= 0]
            contender.worst = max(contender.worst, float(np.abs(told - scores).max(initial=0)))
        if contender.engine.exact:
            if len(found) != len(best):
                raise Wrong(f"query {query} has {len(found)} answers of {len(best)}")
            difference = float(np.abs(np.sort(scores)[::-1] - best).max())
            contender.worst = max(contender.worst, difference)
        if contender.worst > TOLERANCE:
            raise Wrong(f"query {query} is wrong by {contender.worst:.1e}")


def stay_on_one_core(processes):
    """Every thread of these processes, so that none has a second core to itself."""
    core = max(os.sched_getaffinity(0))
    for process in processes:
        for thread in os.listdir(f"/proc/{process}/task"):
            os.sched_setaffinity(int(thread), {core})


def use_all_cores(cores):
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), cores)


def resident_bytes(process):
    with open(f"/proc/{process}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
