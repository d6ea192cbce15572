"""The failure rate of each key in sliding or tumbling windows of event time: an aggregation in update
mode, with a watermark and late records.

A block is summed by key and pane (the stretch of time that the same windows hold), and each sum is
shown to Spark once for each of its windows. A sum is late for a window as any row is: when the
watermark has passed the window's end. The watermark follows the newest event (`at`), and Spark drops
what is late and forgets windows by their `end`; so both columns have one, and the least counts.

The ledger is a row without a key, in the same aggregation: by its `end` never late, and never forgotten. A record
is late where its last window is, so that the requests less those that were counted in their last
window are the late ones. Spark's watermark begins at the epoch: what is older is late.
"""

import json
import math

import numpy as np
from pyspark.sql import functions as F

import ledger
from source import decoded, with_watermarks

SCHEMA = f"at timestamp, end timestamp, key string, total bigint, failures bigint, last bigint, {ledger.SCHEMA}"


class Windows:
    output_mode = "update"
    is_cumulative = False

    def __init__(self, plan):
        self._plan = plan
        self._size, self._delay = plan["window"]["size"], plan["window"]["delay"]
        # Of each window's end and key: total, failures, last, and how often it was shown before.
        self._known = {}
        self._open, self._changed = set(), set()
        self._counted, self._sums, self._watermark = 0, ledger.EMPTY, None

    def query(self, spark):
        failure, shape = self._plan["failure"], self._plan["window"]
        blocks = decoded(spark, self._plan, lambda *block: _combine(*block, failure, shape), SCHEMA)
        events = with_watermarks(spark, blocks, "end", self._delay)
        sums = [F.sum(name) for name in ("total", "failures", "last", "requests", "filtered", "dead")]
        windows = events.groupBy("end", "key").agg(*sums, F.min("oldest"), F.max("newest"))
        return windows.withColumn("end", F.unix_micros("end"))

    def fold(self, rows):
        for end, key, total, failures, last, *sums in rows:
            if key is None:
                self._sums = sums
                continue
            place = end, key
            _, _, last_before, shown = self._known.get(place, (0, 0, 0, 0))
            self._known[place] = total, failures, last, shown + 1
            self._counted += last - last_before
            self._open.add(place)
            self._changed.add(place)
        self._watermark = ledger.watermark(self._sums[4], self._delay)
        if self._watermark is not None:
            closed = {place for place in self._open if place[0] <= self._watermark}
            self._open -= closed
            self._changed |= closed

    def update(self):
        """The windows that changed or closed since the last update."""
        places, self._changed = sorted(self._changed), set()
        late = self._sums[0] - self._counted
        rows = [self._row(*place) for place in places]
        # What has closed comes never again.
        for place in places:
            if place not in self._open:
                del self._known[place]
        return {"rows": rows, **ledger.report(self._sums, late), "watermark": self._watermark}

    def whole_update(self):
        self._changed = set(self._known)
        return self.update()

    def final_update(self):
        """Nothing will follow: all windows close."""
        self._changed, self._open = self._changed | self._open, set()
        return self.update()

    def _row(self, end, key):
        total, failures, _, shown = self._known[end, key]
        return {
            "start": end - self._size,
            "end": end,
            "key": json.loads(key),
            "total": total,
            "failures": failures,
            "revision": shown - 1,
            "open": (end, key) in self._open,
        }


def _combine(columns, keys, _origin, failure, shape):
    requests = ledger.Requests(columns, needs_time=True)
    size, slide, offset = shape["size"], shape["slide"], shape["offset"]
    pane_size = math.gcd(size, slide)
    group, pane, key = requests.group(pane_size, offset)
    begin, count = pane * pane_size, len(pane)
    total = np.bincount(group, minlength=count)
    failures = np.bincount(group[ledger.is_in(failure, requests.status)], minlength=count)
    at = ledger.newest(requests.time, group, count)
    windows = []
    for back in range(-(-size // slide)):
        end = (begin // slide - back) * slide + size
        inside = end > begin
        last = total if back == 0 else np.zeros_like(total)
        columns_of = (at, end + offset, key, total, failures, last)
        windows.append([column[inside] for column in columns_of])
    at, end, key, *sums = (np.concatenate(parts) for parts in zip(*windows))
    rows = {"at": at, "end": end, "key": [keys[code] for code in key]}
    rows.update(zip(("total", "failures", "last"), sums))
    # A block without any time leaves the watermark where it is.
    return ledger.record_batch(SCHEMA, rows, {"at": requests.sums["newest"], "end": ledger.NEVER_US, **requests.sums})
