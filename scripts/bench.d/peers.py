"""Who takes part, how each is found, and what each is called."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / "target/bench/peers"
QUERIES = ROOT / "benches/peers"
PYTHON = INSTALLED / "python/bin/python"

# The peers that scripts/bench-setup built come before those of the system.
os.environ["PATH"] = f"{INSTALLED / 'bin'}{os.pathsep}{os.environ['PATH']}"


@dataclass(frozen=True)
class Peer:
    name: str  # as --only takes it, and the folder of its queries
    title: str
    version: tuple[str, ...]  # the command that prints it; the first word is what must be found
    reads: tuple[str, ...] = ("ndjson", "array")

    def answers(self, question: str) -> bool:
        return any((QUERIES / self.name).glob(f"{question}.*"))

    def query(self, question: str) -> list[str]:
        """The command that answers the question; the format and the files follow."""
        script = next((QUERIES / self.name).glob(f"{question}.*"))
        return [str(PYTHON) if script.suffix == ".py" else "sh", str(script)]

    def find(self) -> str | None:
        """The peer's version, or None where it is not installed."""
        if not shutil.which(self.version[0]):
            return None
        asked = subprocess.run(self.version, capture_output=True, text=True, check=False)
        if asked.returncode != 0:
            return None
        return asked.stdout.split("\n")[0].strip()


def wheel(module: str, more: str = '""') -> tuple[str, ...]:
    return (str(PYTHON), "-c", f"import {module}; print('{module}', {module}.__version__, {more})")


PEERS = [
    Peer("wc", "`wc -l`", ("wc", "--version")),
    Peer("chdb", "ClickHouse (chdb)", wheel("chdb", '"with ClickHouse", chdb.query("SELECT version()", "TSV")')),
    Peer("duckdb", "DuckDB", wheel("duckdb")),
    Peer("polars", "Polars", wheel("polars")),
    Peer("angle-grinder", "angle-grinder", ("agrind", "--version"), reads=("ndjson",)),
    Peer("kelora", "Kelora", ("kelora", "--version"), reads=("ndjson",)),
    Peer("miller", "Miller", ("mlr", "--version")),
    Peer("jq", "jq", ("jq", "--version")),
]
