"""The success rate of each key over all that was read: an aggregation in complete mode.

A block is summed by key where it is decoded, so that Spark merges few rows. The ledger is the row
without a key of the same aggregation, and so exactly as far as the rows are.
"""

import json

import numpy as np
from pyspark.sql import functions as F

import ledger
from source import decoded

SCHEMA = f"key string, total bigint, success bigint, {ledger.SCHEMA}"


class RunningAverage:
    output_mode = "complete"
    is_cumulative = True

    def __init__(self, plan):
        self._plan = plan
        self._rows, self._sums = [], ledger.EMPTY

    def query(self, spark):
        success = self._plan["success"]
        blocks = decoded(spark, self._plan, lambda *block: _combine(*block, success), SCHEMA)
        sums = [F.sum(name) for name in ("total", "success", "requests", "filtered", "dead")]
        return blocks.groupBy("key").agg(*sums, F.min("oldest"), F.max("newest"))

    def fold(self, rows):
        self._rows = sorted(row[:3] for row in rows if row[0] is not None)
        self._sums = next((row[3:] for row in rows if row[0] is None), ledger.EMPTY)

    def update(self):
        """The whole answer."""
        rows = [{"key": json.loads(key), "total": total, "success": hits} for key, total, hits in self._rows]
        return {"rows": rows, **ledger.report(self._sums), "watermark": None}

    whole_update = final_update = update


def _combine(columns, keys, _origin, success):
    requests = ledger.Requests(columns, needs_time=False)
    total = np.bincount(requests.key, minlength=len(keys))
    hits = np.bincount(requests.key[ledger.is_in(success, requests.status)], minlength=len(keys))
    present = np.flatnonzero(total)
    rows = {"key": [keys[code] for code in present], "total": total[present], "success": hits[present]}
    return ledger.record_batch(SCHEMA, rows, requests.sums)
