"""How long each key takes to recover from a failure: the stream joined with itself.

The recovery of a failure is the first success of the same key that is later than it, by at most
`within`. A failure without one is not recovered. A row has the mean, the median (the lower one of two)
and the longest time to recovery of a key. Each record counts: five failures before one success are
five recoveries.

A block is grouped by key and bucket of time, and knows for each failure the first success in the block
itself. What other blocks have, the join finds: groups with failures on the left, groups with successes
on the right, which meet by key and slot (eight buckets), no further apart than a recovery may take.
Such a pair yields the failures for which its success is earlier than the one they know.

Each group also meets itself, as a receipt. That arrives if the group is not late, and tells how many
records it stands for and what its block knows. So all failures are known at once, where an outer join
would keep those without a success until the watermark has passed them; and the answer is complete
whenever the input is. The sums of the ledger are a receipt that is never late, and that Spark never
forgets: two small rows a block.
"""

import json

import numpy as np
from pyspark.sql import functions as F

import ledger
from source import decoded, with_watermarks

BUCKETS_IN_SLOT = 8

# What has failures, or stands for a receipt, is on the left; a receipt is on both sides. `low` and
# `high` are the times between which a failure looks for an earlier success, and which successes span.
SCHEMA = (
    "side string, meets string, origin string, at timestamp, moment timestamp, low bigint, high bigint, "
    f"key string, failures array<bigint>, recovered array<bigint>, successes array<bigint>, {ledger.SCHEMA}"
)
FOUND = f"key string, failures array<bigint>, recovered array<bigint>, {ledger.SCHEMA}"


class Recoveries:
    output_mode = "append"
    is_cumulative = False

    def __init__(self, plan):
        self._plan = plan
        self._within, self._delay = plan["recovery"]["within"], plan["recovery"]["delay"]
        self._bucket = -(-self._within // BUCKETS_IN_SLOT)
        self._keys = {}
        self._counted, self._sums, self._watermark = 0, ledger.EMPTY, None

    def query(self, spark):
        plan, within, bucket = self._plan, self._within, self._bucket
        blocks = decoded(spark, plan, lambda *block: _combine(*block, plan, within, bucket), SCHEMA)
        # An exchange that both sides have in common, so that the input is decoded once.
        blocks = blocks.repartition(spark.sparkContext.defaultParallelism)
        groups = with_watermarks(spark, blocks, "moment", self._delay)
        left, right = (groups.where(F.col("side") != other) for other in ("right", "left"))
        # The bounds of time let Spark forget: no failure is a bucket older than the moment of its group,
        # no success later. They hold for a receipt too.
        condition = f"""l.meets = r.meets
            and r.moment > l.moment - interval {bucket} microseconds
            and r.moment < l.moment + interval {within + bucket} microseconds
            and (l.side = 'receipt' or l.origin <> r.origin and r.high > l.low and r.low < l.high)"""
        pairs = left.alias("l").join(right.alias("r"), F.expr(condition))
        names = ["key", "failures", "recovered", *ledger.SUMS]
        pairs = pairs.select("l.side", *(f"l.{name}" for name in names), "r.successes")
        return pairs.mapInArrow(lambda batches: map(lambda batch: _found(batch, within), batches), FOUND)

    def fold(self, rows):
        # What is found may come before the receipt of its failures.
        for key, failures, recovered, *sums in sorted(rows, key=lambda row: row[3] is None):
            if key is None:
                self._sums = ledger.add(self._sums, sums)
                continue
            self._counted += sums[0] or 0
            self._keys.setdefault(key, _Key()).take(failures, recovered, is_new=sums[0] is not None)
        self._watermark = ledger.watermark(self._sums[4], self._delay)
        if self._watermark is not None:
            for known in self._keys.values():
                known.settle(self._watermark - self._within - self._bucket)

    def update(self):
        """The whole answer."""
        rows = [{"key": json.loads(key), **self._keys[key].row()} for key in sorted(self._keys)]
        late = self._sums[0] - self._counted
        return {"rows": rows, **ledger.report(self._sums, late), "watermark": self._watermark}

    whole_update = final_update = update


class _Key:
    """The failures of a key, and when it recovered from them."""

    def __init__(self):
        self.failures = 0
        # Of the times of failures: how many, and the first success known.
        self.open = {}
        # How often each time to recovery came, where nothing earlier can be found.
        self.settled = {}

    def take(self, failures, recovered, is_new):
        for time, success in zip(failures, recovered):
            count, known = self.open.get(time, (0, None))
            if count or is_new:
                success = min((other for other in (known, success) if other is not None), default=None)
                self.open[time] = count + is_new, success
                self.failures += is_new

    def settle(self, until):
        for time in [time for time in self.open if time <= until]:
            _count_recovery(self.settled, time, *self.open.pop(time))

    def row(self):
        times = dict(self.settled)
        for time, known in self.open.items():
            _count_recovery(times, time, *known)
        recovered = sum(times.values())
        row = {"failures": self.failures, "recovered": recovered, "mean": None, "p50": None, "max": None}
        if recovered:
            lengths = sorted(times)
            below = np.cumsum([times[length] for length in lengths])
            row["mean"] = sum(length * count for length, count in times.items()) / recovered / 1e6
            row["p50"] = lengths[int(np.searchsorted(below, (recovered + 1) // 2))] / 1e6
            row["max"] = lengths[-1] / 1e6
        return row


def _count_recovery(times, failure, count, success):
    if success is not None:
        times[success - failure] = times.get(success - failure, 0) + count


def _combine(columns, keys, origin, plan, within, bucket):
    requests = ledger.Requests(columns, needs_time=True)
    failed, succeeded = (ledger.is_in(plan[name], requests.status) for name in ("failure", "success"))
    recovered = _recovered(requests, failed, succeeded, within)
    group, buckets, codes = requests.group(bucket)
    # By group, then by time.
    order = np.lexsort((requests.time, group))
    ends = np.cumsum(np.bincount(group, minlength=len(buckets)))
    rows = []
    for number, members in enumerate(np.split(order, ends[:-1]) if len(ends) else []):
        key, place = keys[codes[number]], int(buckets[number])
        times, fails = requests.time[members], failed[members]
        moment, failures = int(times[-1]), times[fails].tolist()
        known = [None if time < 0 else time for time in recovered[members][fails].tolist()]
        successes = times[succeeded[members]].tolist()
        common = {"origin": origin, "at": moment, "moment": moment, "key": key}
        found = {"failures": failures, "recovered": known}
        rows.append({**common, **found, "side": "receipt", "meets": f"{origin} {place} {key}", "requests": len(times)})
        if failures:
            high = max(time + within + 1 if success is None else success for time, success in zip(failures, known))
            data = {**common, **found, "side": "left", "low": failures[0], "high": high}
            slots = range(place // BUCKETS_IN_SLOT, high // bucket // BUCKETS_IN_SLOT + 1)
            rows += [{**data, "meets": f"{slot} {key}"} for slot in slots]
        if successes:
            data = {"side": "right", "low": successes[0], "high": successes[-1], "successes": successes}
            rows.append({**common, **data, "meets": f"{place // BUCKETS_IN_SLOT} {key}"})
    sums = {"side": "receipt", "meets": origin, "at": requests.sums["newest"], "moment": ledger.NEVER_US, **requests.sums}
    names = [column.split()[0] for column in SCHEMA.split(", ")]
    return ledger.record_batch(SCHEMA, {name: [row.get(name) for row in rows] for name in names}, sums)


def _recovered(requests, failed, succeeded, within):
    """For each request that failed, the first success in the block that is its recovery, or -1."""
    recovered = np.full(len(requests.time), -1, np.int64)
    for key in np.unique(requests.key[failed]):
        of_key = requests.key == key
        failures = np.flatnonzero(of_key & failed)
        recovered[failures] = _first_after(np.sort(requests.time[of_key & succeeded]), requests.time[failures], within)
    return recovered


def _first_after(successes, failures, within):
    """The first of the sorted successes after each failure, by at most `within`, or -1."""
    if not len(successes):
        return np.full(len(failures), -1, np.int64)
    places = np.searchsorted(successes, failures, "right")
    first = successes[np.minimum(places, len(successes) - 1)]
    return np.where((places < len(successes)) & (first <= failures + within), first, -1)


def _found(batch, within):
    """Receipts as they are, and of other pairs the failures with an earlier success."""
    rows = []
    for pair in batch.to_pylist():
        if pair["side"] != "receipt":
            failures = np.array(pair["failures"])
            first = _first_after(np.array(pair["successes"]), failures, within).tolist()
            known = zip(pair["failures"], pair["recovered"], first)
            better = [(time, new) for time, old, new in known if new >= 0 and (old is None or new < old)]
            pair["failures"], pair["recovered"] = ([entry[place] for entry in better] for place in (0, 1))
        rows.append(pair)
    names = [column.split()[0] for column in FOUND.split(", ")]
    return ledger.record_batch(FOUND, {name: [row[name] for row in rows] for name in names})
