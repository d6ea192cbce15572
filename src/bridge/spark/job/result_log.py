"""The results of each batch, kept beside Spark's checkpoint so that a new run can tell all of them.

Spark runs a batch again when the driver died before it was committed, with the same id. So a batch
may stand here twice, and its last result counts.
"""

import json
import os


class ResultLog:
    """An append-only file of `[batch, rows]`, one a line, forced to the disk before Spark commits."""

    def __init__(self, checkpoint, is_cumulative):
        self._path = os.path.join(checkpoint, "results.ndjson")
        # Each result holds all that was known before.
        self._is_cumulative = is_cumulative

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
                file.truncate(whole)
        return results

    def write(self, batch, rows):
        path = self._path + ".new" if self._is_cumulative else self._path
        with open(path, "wb" if self._is_cumulative else "ab") as file:
            file.write(json.dumps([batch, rows], ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if self._is_cumulative:
            os.replace(path, self._path)
