"""BENCHMARKS.md: the tables, the machine, and what a reader must know to judge them."""

import datetime
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from measure import Contestant
from peers import ROOT

ASKED = {
    "running-avg": "Success rate per service over everything",
    "sliding-window": "Failure rate per service in the last 60 s of event time",
    "window": "Failures per service in windows of 10 s",
}
LOGS = {
    "ndjson": "NDJSON",
    "array": "one JSON array a file",
    "many": "100,000 services, 100,000 records a second",
    "sparse": "100,000 services, 100 records a second",
}

INTRODUCTION = """\
# Benchmarks

`scripts/bench` runs streamlab and its peers on the same generated logs, one after the other, and
writes this page. The last column is the one to read: how many times as long as streamlab a program
took. Times are of whole processes, from start to exit, with the files in the page cache.
"""

REMARKS = """\
## How to repeat it

```sh
scripts/bench-setup    # installs the peers: Debian packages, and the rest under target/bench/peers
scripts/bench          # about half an hour, and as long to build all; writes this page
scripts/bench --quick  # 100 MB, prints the tables only
```

Each peer's queries are in [`benches/peers`](benches/peers), one file a question, and can be run by hand:
`sh benches/peers/jq/running-avg.sh ndjson target/bench/data/ndjson-1GB/*`.

## How it is measured

- The logs come from `streamlab generate --seed 1`, in 4 files. Before the first run they are dropped from the
  page cache and read once: all programs find them there, as a first reader leaves them. (What a writer
  leaves behind may lie there in smaller pieces, which take every program longer to read.)
- A peer's time counts only if its answer equals streamlab's, service by service (and window by
  window): the number of requests and of successes (or failures). `wc -l` answers nothing; it shows
  what it costs to look at every byte once.
- The runs of all programs take turns. Best and median are over {runs} runs; over 2 for a program that
  takes more than 5 s, and over 1 for one that takes more than 20 s.
- Peak memory is the largest resident set of any process of the program, as GNU time reports it.
- Every program uses as many threads as it chooses to.

## What to keep in mind

- The peers answer any question; streamlab answers a few. Each query is the fastest that we found
  for its program: a faster one is a welcome change.
- DuckDB, ClickHouse and Polars are told which fields exist, and run inside Python; the start of
  Python is part of their time. The table of start-up times shows how much that is.
- `streamlab polars` and `streamlab spark` are the same questions on other engines, in a build that has them. Polars
  reads lines itself after a look by our decoder, and arrays through it. Spark decodes in Python, by the same rules;
  its cluster is a master and two workers of one core each on the same machine, so it shows what a cluster costs,
  not what it wins. Its memory is that of its largest process.
- The queries look at the first digit of the status, which is all that the questions need.
- angle-grinder and Miller count equal messages first and parse the status once a message, which
  suits logs whose messages repeat. jq hands its fields to awk, which counts faster than jq.
- For the sliding window jq, Miller, angle-grinder and Kelora read the logs twice: once for the newest
  time, once to count.
- Windows are written to standard output as CSV by all. streamlab's rows come as each window closes, in
  order, with the failure rate, its interval and the end of the window; those of the others come at the
  end, in any order, with the two numbers. Of 100,000 services with 100,000 records a second a window has a
  row each; with 100 records a second nearly every record is a row of its own, the hardest case for grouping.
- angle-grinder and Kelora read lines, so they have no row for arrays.
- The logs are of one simple form, and all peers get well-formed records in known fields.
  Other logs give other ratios.
"""


@dataclass
class Table:
    question: str
    command: str  # what streamlab is asked
    logs: str
    size_bytes: int
    field: list[Contestant]  # streamlab first
    absent: list[str]


def page(
    tables: list[Table], starts: list[Contestant], enough: str, versions: list[str], runs: int, load: float
) -> str:
    parts = [INTRODUCTION, *(table_text(table) for table in tables)]
    if starts:
        parts.append(start_text(starts))
    if enough:
        parts.append(enough)
    parts += [machine_text(versions, load), REMARKS.format(runs=runs)]
    return "\n".join(parts)


def table_text(table: Table) -> str:
    ours = table.field[0]
    lines = [
        f"## {ASKED[table.question]}: {LOGS[table.logs]}",
        "",
        f"`streamlab {table.command}`, {table.size_bytes / 1e9:.2f} GB.",
        "",
        "| | best | median | GB/s | peak memory | time / streamlab's |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in sorted(table.field, key=lambda row: (bool(row.fault), row.best)):
        if row.fault:
            lines.append(f"| {row.title} | {row.fault} | | | | |")
            continue
        ratio = "–" if ours.fault else f"{row.best / ours.best:.2f}"
        lines.append(
            f"| {row.title} | {row.best:.3f} s | {row.median:.3f} s | {table.size_bytes / row.best / 1e9:.2f} "
            f"| {memory(row.peak_bytes)} | {ratio} |"
        )
    lines += [f"| {title} | not available | | | | |" for title in table.absent]
    return "\n".join(lines) + "\n"


def start_text(starts: list[Contestant]) -> str:
    lines = ["## Start-up: 100 records", "", "| | best |", "|---|--:|"]
    for row in sorted(starts, key=lambda row: (bool(row.fault), row.best)):
        lines.append(f"| {row.title} | {row.fault or f'{row.best * 1e3:,.0f} ms'} |")
    return "\n".join(lines) + "\n"


def memory(size_bytes: int | None) -> str:
    return "not measured" if size_bytes is None else f"{size_bytes / 2**20:,.0f} MiB"


def machine_text(versions: list[str], load: float) -> str:
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name")), platform.machine())
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    lines = [
        "## Where and with what",
        "",
        f"- {datetime.date.today().isoformat()}, commit {commit or 'unknown'}",
        f"- {model}, {len(os.sched_getaffinity(0))} cores, {memory_bytes / 2**30:.0f} GiB of memory",
        f"- {platform.system()} {platform.release()}, load average {load:.1f} before the first run",
    ]
    return "\n".join(lines + [f"- {version}" for version in versions]) + "\n"
