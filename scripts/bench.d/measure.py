"""Runs programs one at a time and notes how long each took, how much memory, and its answer.

Only one program runs at any instant, and the runs of all take turns, so that a disturbance of the
machine hits every one alike.
"""

import csv
import datetime
import functools
import io
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field

LIMIT_SECONDS = 600
# A slow program is run less often: after a first run that took longer, this many runs in all.
SLOW = [(20.0, 1), (5.0, 2)]
GNU_TIME = shutil.which("time")


@dataclass
class Contestant:
    title: str
    command: list[str]
    answers: bool = True  # wc does not
    fault: str | None = None  # why its time does not count
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int | None = None

    @property
    def best(self) -> float:
        return min(self.seconds, default=math.inf)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass
class Run:
    seconds: float
    output: str  # where it was weighed, or asked for
    fault: str | None
    peak_bytes: int | None = None


def run(command: list[str], *, keep: bool = False, weigh: bool = False) -> Run:
    """Runs one process to its end, and may keep its output. Weighing it (peak memory) costs it some milliseconds."""
    weigh = weigh and GNU_TIME is not None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.NamedTemporaryFile() as peak:
        # Not wait4's ru_maxrss: a child inherits the high-water mark of this Python process.
        weighed = [GNU_TIME, "-q", "-f", "%M", "-o", peak.name, *command] if weigh else command
        begin = time.perf_counter()
        child = subprocess.Popen(weighed, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        limit = threading.Timer(LIMIT_SECONDS, os.killpg, (child.pid, signal.SIGKILL))
        limit.start()
        try:
            code = child.wait()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            limit.cancel()
        seconds = time.perf_counter() - begin
        out.seek(0)
        err.seek(0)
        fault = None
        if code != 0:
            said = err.read().decode(errors="replace").strip().splitlines()
            fault = f"failed ({code})" if seconds < LIMIT_SECONDS else f"stopped after {LIMIT_SECONDS} s"
            if said:
                print(f"  stderr of the next: {said[-1]}")
        measured = peak.read().split() if weigh else []
        output = out.read().decode() if keep else ""
        return Run(seconds, output, fault, int(measured[-1]) * 1024 if measured else None)


def answer(output: str, hits: str) -> dict[str, tuple[int, int]] | tuple[int, int]:
    """Total and hits of each service, from streamlab's report, a JSON array, or one object a line. Of CSV, which
    may have millions of rows, how many there are, and a digest of what they say in any order."""
    if not output.startswith(("{", "[")):
        return digest(output, hits)
    rows = []
    for line in filter(None, map(str.strip, output.splitlines())):
        value = json.loads(line)
        rows += value if isinstance(value, list) else value.get("rows", [value])
    return {row["service"]: (row["total"], row[hits]) for row in rows if row["total"]}


def digest(output: str, hits: str) -> tuple[int, int]:
    """The number of rows of start, service, total and hits, and the sum of their hashes."""
    rows = csv.reader(io.StringIO(output))
    header = next(rows)
    start, service, total, hit = (header.index(name) for name in ("start", "service", "total", hits))
    count, hashes = 0, 0
    for row in rows:
        count += 1
        hashes += hash((epoch(row[start]), row[service], int(row[total]), int(row[hit])))
    return count, hashes & (2**64 - 1)


@functools.lru_cache(maxsize=1024)
def epoch(time: str) -> int:
    """Seconds since the epoch, from a number of them or RFC 3339."""
    return int(datetime.datetime.fromisoformat(time).timestamp()) if time.endswith("Z") else int(float(time))


def race(contestants: list[Contestant], hits: str, runs: int) -> None:
    """Checks every contestant's answer against the first one's, then times them in turns."""
    expected = None
    for contestant in contestants:
        first = run(contestant.command, keep=True, weigh=True)
        contestant.peak_bytes, contestant.fault = first.peak_bytes, first.fault
        contestant.seconds.append(first.seconds)
        if contestant.answers and not contestant.fault:
            try:
                given = answer(first.output, hits)
            except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
                given = {}
            expected = given if expected is None else expected
            if given != expected or not given:
                contestant.fault = "wrong answer"
        print(f"  {contestant.title}: {first.seconds:.3f} s {contestant.fault or ''}".rstrip(), flush=True)

    planned = {}
    for contestant in contestants:
        first = contestant.seconds[0]
        planned[contestant.title] = next((most for bound, most in SLOW if first > bound), runs)
        # The first run of a fast program was weighed and warmed up the rest: it does not count.
        if first <= SLOW[-1][0]:
            contestant.seconds.clear()
    for _ in range(runs):
        for contestant in contestants:
            if not contestant.fault and len(contestant.seconds) < planned[contestant.title]:
                timed = run(contestant.command)
                contestant.fault = timed.fault
                contestant.seconds.append(timed.seconds)
