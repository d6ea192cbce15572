"""What became of the records of a block, and of all: the sums that every statistic keeps."""

import numpy as np
import pyarrow as pa

from decode import DEAD, RECORD

# The part of a combined row that is about the ledger; `requests` are the records with a status.
SUMS = ("requests", "filtered", "dead", "oldest", "newest")
SCHEMA = ", ".join(f"{name} bigint" for name in SUMS)
EMPTY = (0, 0, 0, None, None)
# For the row of the ledger: a time that no watermark passes.
NEVER_US = 9_000_000_000_000_000

_TYPES = {
    "bigint": pa.int64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", "UTC"),
    "array<bigint>": pa.list_(pa.int64()),
}


class Requests:
    """The records of a block that are requests, and the sums of all."""

    def __init__(self, columns, needs_time):
        is_record = columns.kind == RECORD
        if needs_time:
            is_record &= columns.has_time
        is_request = is_record & (columns.status != 0)
        times = columns.time[is_record & columns.has_time]
        # Records that are filtered move time too.
        seen = (int(times.min()), int(times.max())) if len(times) else (None, None)
        dead = (columns.kind == DEAD).sum() + (columns.kind == RECORD).sum() - is_record.sum()
        counts = is_request.sum(), is_record.sum() - is_request.sum(), dead
        self.sums = dict(zip(SUMS, [*(int(count) for count in counts), *seen]))
        self.time, self.status, self.key = (
            column[is_request] for column in (columns.time, columns.status, columns.key)
        )

    def group(self, size, offset=0):
        """Groups the requests by key and by stretches of time of a size. Answers the group of each
        request, and the stretch and the key of each group; the groups are in the order of time."""
        stretch = (self.time - offset) // size
        first, keys = (stretch.min(), self.key.max() + 1) if len(stretch) else (0, 1)
        codes, group = np.unique((stretch - first) * keys + self.key, return_inverse=True)
        return group, codes // keys + first, codes % keys


def newest(times, group, count):
    """The newest time in each group."""
    found = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(found, group, times)
    return found


def is_in(ranges, status):
    """Which of the statuses are in inclusive ranges."""
    table = np.zeros(1000, bool)
    for low, high in ranges:
        table[low : high + 1] = True
    return table[status]


def record_batch(schema, rows, ledger_row=None):
    """Columns as Spark wants them, with the row of the ledger below; what is not given is null."""
    below = [] if ledger_row is None else [ledger_row]
    count = len(next(iter(rows.values())))
    names, arrays = [], []
    for column in schema.split(", "):
        name, kind = column.split()
        values = rows.get(name, [None] * count)
        # PyArrow makes times of plain numbers only.
        values = values.tolist() if isinstance(values, np.ndarray) else values
        names.append(name)
        arrays.append(pa.array([*values, *(row.get(name) for row in below)], _TYPES[kind]))
    return pa.RecordBatch.from_arrays(arrays, names)


def add(one, other):
    """The sums of two parts, each as in SUMS."""
    counts = [a + b for a, b in zip(one[:3], other[:3])]
    ends = [choose(known, default=None) for choose, known in zip((min, max), _known_ends(one, other))]
    return (*counts, *ends)


def _known_ends(one, other):
    return [[end for end in pair if end is not None] for pair in zip(one[3:], other[3:])]


def watermark(newest, delay):
    """Spark's watermark behind an event: in whole milliseconds, and never before the epoch."""
    return None if newest is None else max((newest // 1000 - delay // 1000) * 1000, 0)


def report(sums, late=0):
    """The ledger and the span of an update."""
    requests, filtered, dead, oldest, newest = sums
    ledger = {
        "read": requests + filtered + dead,
        "counted": requests - late,
        "filtered": filtered,
        "late": late,
        "duplicate": 0,
        "dead_letter": dead,
    }
    return {"ledger": ledger, "seen": None if oldest is None else [oldest, newest]}
