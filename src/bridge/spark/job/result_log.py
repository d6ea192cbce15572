"""The results of each batch, kept beside Spark's checkpoint so that a new run can tell all of them.

Spark runs a batch again when the driver died before it was committed, with the same id. So a batch
may stand here twice, and its last result counts.
"""

import json
import os


class ResultLog:
    """A file of `[batch, rows]`, one a line, forced to the disk before Spark commits."""

    def __init__(self, checkpoint, is_cumulative):
        self._path = os.path.join(checkpoint, "results.ndjson")
        # Each result holds all that was known before: the last one is kept, and the one before it, which
        # counts if the last is never committed.
        self._is_cumulative = is_cumulative
        self._lines = {}

    def read(self):
        """The results so far, by batch. A line that a crash cut short is taken off: its batch runs again."""
        results, whole = {}, 0
        if os.path.exists(self._path):
            with open(self._path, "r+b") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        batch, rows = json.loads(line)
                        results[batch] = rows
                        whole += len(line)
                        if self._is_cumulative:
                            self._lines[batch] = line
                file.truncate(whole)
        return results

    def write(self, batch, rows):
        line = json.dumps([batch, rows], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if not self._is_cumulative:
            self._put(self._path, "ab", [line])
            return
        before = sorted(other for other in self._lines if other < batch)[-1:]
        self._lines = {**{other: self._lines[other] for other in before}, batch: line}
        self._put(self._path + ".new", "wb", self._lines.values())
        os.replace(self._path + ".new", self._path)

    def _put(self, path, mode, lines):
        with open(path, mode) as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
