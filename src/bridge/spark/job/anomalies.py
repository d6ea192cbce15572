"""Buckets of time in which a key fails unlike it used to: state by key, in RocksDB, and timers.

A bucket closes when the watermark reaches its end. Its failure rate is then judged against those of
the key's last closed buckets; one without requests has no rate, and is none of them. A processor keeps
for each key the open buckets and the rates, and wakes by a timer at each bucket's end.

It also tells what the open buckets hold. So when the input is over, those that Spark's watermark has
left open are judged here, in the same way and order as if it had gone on.

The ledger has a row of its own without a key, never late (`moment` decides that, as in window.py).
What the processor gets is not late, and so it tells how many records it got.
"""

import json

import numpy as np
import pandas as pd
from pyspark.sql.streaming import StatefulProcessor

import ledger
from scoring import History
from source import decoded, with_watermarks

SCHEMA = f"at timestamp, moment timestamp, key string, start bigint, total bigint, failures bigint, {ledger.SCHEMA}"
# `added` are the records that this row newly stands for; `closed` says that it was judged.
JUDGED = (
    "key string, start bigint, total bigint, failures bigint, added bigint, closed boolean, "
    f"median double, mad double, score double, {ledger.SCHEMA}"
)
STATE = "starts array<bigint>, totals array<bigint>, failures array<bigint>, rates array<double>"
COLUMNS = [column.split()[0] for column in JUDGED.split(", ")]


class Anomalies:
    output_mode = "append"
    is_cumulative = False

    def __init__(self, plan):
        self._plan = plan
        self._settings = plan["anomalies"]
        self._open, self._history = {}, {}
        self._found, self._new = {}, set()
        self._counted, self._sums, self._watermark = 0, ledger.EMPTY, None

    def query(self, spark):
        failure, bucket = self._plan["failure"], self._settings["bucket"]
        blocks = decoded(spark, self._plan, lambda *block: _combine(*block, failure, bucket), SCHEMA)
        events = with_watermarks(spark, blocks, "moment", self._settings["delay"])
        processor = Judge(bucket, self._settings["history"])
        return events.groupBy("key").transformWithStateInPandas(processor, JUDGED, "Append", "EventTime")

    def fold(self, rows):
        # What is open, then what has closed, in the order of time.
        for key, start, total, failures, added, closed, median, mad, score, *sums in sorted(rows, key=_order):
            if key is None:
                self._sums = ledger.add(self._sums, sums)
                continue
            self._counted += added
            if not closed:
                self._open[key, start] = total, failures
                continue
            del self._open[key, start]
            history = self._history.setdefault(key, History(self._settings["history"]))
            history.judge(total, failures)
            self._keep(key, start, total, failures, (median, mad, score))
        self._watermark = ledger.watermark(self._sums[4], self._settings["delay"])

    def update(self):
        """The anomalies that were found since the last update."""
        places, self._new = sorted(self._new), set()
        late = self._sums[0] - self._counted
        rows = [self._found[place] for place in places]
        return {"rows": rows, **ledger.report(self._sums, late), "watermark": self._watermark}

    def whole_update(self):
        self._new = set(self._found)
        return self.update()

    def final_update(self):
        """Nothing will follow: all buckets close."""
        for key, start in sorted(self._open):
            total, failures = self._open[key, start]
            history = self._history.setdefault(key, History(self._settings["history"]))
            self._keep(key, start, total, failures, history.judge(total, failures))
        self._open = {}
        return self.update()

    def _keep(self, key, start, total, failures, verdict):
        median, mad, score = verdict
        if score is None or abs(score) < self._settings["threshold"]:
            return
        self._new.add((start, key))
        self._found[start, key] = {
            "key": json.loads(key),
            "start": start,
            "end": start + self._settings["bucket"],
            "total": total,
            "failures": failures,
            "median": median,
            "mad": mad,
            "score": score,
        }


def _order(row):
    _, start, _, _, _, closed, *_ = row
    return bool(closed), start or 0


class Judge(StatefulProcessor):
    """Keeps the open buckets of a key, and judges them as they close."""

    def __init__(self, bucket, history):
        self._bucket, self._size = bucket, history

    def init(self, handle):
        self._handle = handle
        self._state = handle.getValueState("buckets", STATE)

    def handleInputRows(self, key, rows, timerValues):
        sums = pd.concat(rows)
        if key[0] is None:
            # One row a block, as they are.
            yield sums.reindex(columns=COLUMNS).astype({"closed": "boolean"})
            return
        open_buckets, rates = self._read()
        # They come as floats where the batch has nulls, in which every microsecond until 2255 is exact.
        added = sums[["start", "total", "failures"]].astype("int64").groupby("start").sum()
        for start, (total, failures) in zip(added.index.tolist(), added.to_numpy().tolist()):
            if start not in open_buckets:
                self._handle.registerTimer(self._end_ms(start))
            before = open_buckets.get(start, (0, 0))
            open_buckets[start] = before[0] + total, before[1] + failures
        self._write(open_buckets, rates)
        touched = [(start, *open_buckets[start], total) for start, total in added["total"].items()]
        yield _rows([(key[0], *bucket, False, None, None, None) for bucket in touched])

    def handleExpiredTimer(self, key, timerValues, expiredTimerInfo):
        # One timer may stand for several buckets; all that are over close in their order.
        watermark = timerValues.getCurrentWatermarkInMs()
        open_buckets, rates = self._read()
        over = sorted(start for start in open_buckets if self._end_ms(start) <= watermark)
        history, judged = History(self._size, rates), []
        for start in over:
            total, failures = open_buckets.pop(start)
            judged.append((key[0], start, total, failures, 0, True, *history.judge(total, failures)))
        if over:
            self._write(open_buckets, history.rates)
            yield _rows(judged)

    def close(self):
        pass

    def _end_ms(self, start):
        return -(-(start + self._bucket) // 1000)

    def _read(self):
        state = self._state.get()
        if state is None:
            return {}, []
        starts, totals, failures, rates = state
        return dict(zip(starts, zip(totals, failures))), list(rates)

    def _write(self, open_buckets, rates):
        starts = sorted(open_buckets)
        totals, failures = ([open_buckets[start][place] for start in starts] for place in (0, 1))
        self._state.update((starts, totals, failures, rates))


def _rows(rows):
    frame = pd.DataFrame([[*row, *[None] * len(ledger.SUMS)] for row in rows], columns=COLUMNS)
    floats = {name: "float64" for name in ("median", "mad", "score")}
    return frame.astype({**{name: "Int64" for name in ledger.SUMS}, **floats})


def _combine(columns, keys, _origin, failure, bucket):
    requests = ledger.Requests(columns, needs_time=True)
    group, buckets, key = requests.group(bucket)
    count, start = len(buckets), buckets * bucket
    rows = {
        "at": ledger.newest(requests.time, group, count),
        "moment": start + bucket,
        "key": [keys[code] for code in key],
        "start": start,
        "total": np.bincount(group, minlength=count),
        "failures": np.bincount(group[ledger.is_in(failure, requests.status)], minlength=count),
    }
    return ledger.record_batch(SCHEMA, rows, {"at": requests.sums["newest"], "moment": ledger.NEVER_US, **requests.sums})
