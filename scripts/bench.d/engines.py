"""The same questions on the other engines of streamlab, and from when on they pay."""

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measure import Contestant
from peers import ROOT

CLUSTER = ROOT / "scripts/spark-cluster"
LOCAL, REMOTE = "streamlab spark, local", "streamlab spark, cluster of two workers"
# Of the questions, those that every engine is asked.
QUESTIONS = ("running-avg", "window")


def build() -> Path:
    """A streamlab with all engines. The one that is raced as streamlab is built without, as it is by default."""
    target = ROOT / "target/bench/engines"
    command = ["cargo", "build", "--release", "--quiet", "--features", "polars", "--target-dir", target]
    # To optimise all of Polars as one takes far longer, and wins little.
    quick = ["--config", 'profile.release.lto="thin"', "--config", "profile.release.codegen-units=8"]
    subprocess.run([*command, *quick], cwd=ROOT, check=True)
    return target / "release/streamlab"


def has_spark(binary: Path) -> bool:
    return subprocess.run([binary, "spark", "doctor"], capture_output=True, check=False).returncode == 0


@contextmanager
def cluster(is_wanted: bool):
    """The URL of a cluster on this machine, or None."""
    if not is_wanted:
        yield None
        return
    up = subprocess.run([CLUSTER, "up"], capture_output=True, text=True, check=True)
    try:
        yield up.stdout.split()[-1]
    finally:
        subprocess.run([CLUSTER, "down"], check=True)


def engines(binary: Path, question: str, options: list[str], folder: str, url: str | None) -> list[Contestant]:
    """`options` are those of the question for the native engine."""
    if question not in QUESTIONS:
        return []
    common = ["--source", folder, "--no-follow", *options]
    field = [Contestant("streamlab polars", [str(binary), "polars", *common])]
    if url:
        masters = ((LOCAL, "local[*]"), (REMOTE, url))
        field += [Contestant(title, [str(binary), "spark", "--master", master, *common]) for title, master in masters]
    return field


@dataclass
class Speed:
    """How long a program takes: to begin, and then for each byte."""

    start: float
    bytes_per_second: float

    @classmethod
    def of(cls, few: Contestant, many: Contestant, size_bytes: int) -> "Speed":
        return cls(few.best, size_bytes / max(many.best - few.best, 1e-3))


def break_even(starts: list[Contestant], field: list[Contestant], size_bytes: int) -> str:
    """In words, how large logs must be for a cluster to pay."""

    def speed(title: str) -> Speed | None:
        runs = [next((row for row in rows if row.title == title and not row.fault), None) for rows in (starts, field)]
        return Speed.of(*runs, size_bytes) if all(runs) else None

    ours, spark = speed("**streamlab**"), speed(LOCAL)
    if not ours or not spark:
        return ""
    cores = len(os.sched_getaffinity(0))
    per_core = spark.bytes_per_second / cores
    needed = ours.bytes_per_second / per_core
    enough = (spark.start - ours.start) * 2 * ours.bytes_per_second
    return "\n".join(
        [
            "## When one machine is enough",
            "",
            f"For the success rate, streamlab begins after {ours.start:.2f} s and reads "
            f"{ours.bytes_per_second / 1e9:.2f} GB/s with {cores} cores; Spark begins after {spark.start:.0f} s and reads "
            f"{per_core / 1e6:.0f} MB/s with each core.",
            "",
            f"- **The break-even**: Spark takes as long as one such machine where its cluster has {needed:,.0f} cores, and "
            "no time to begin.",
            f"- With twice as many, {2 * needed:,.0f} cores, it is quicker from {enough / 1e9:,.0f} GB on, if the logs "
            "can be read that fast.",
            "- So one machine is enough unless the logs, or the state of their keys, do not fit there, or it has to be "
            "shared: Spark's strength is not to be fast, it is to have no largest size.",
            "",
        ]
    )
