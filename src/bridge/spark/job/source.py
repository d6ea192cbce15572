"""The stream: Spark says which files are new, and Python reads them stretch by stretch.

Spark's file source lists and remembers files, exactly once. It is asked for their names only: a
stretch of a file is read and decoded in Python, since no JSON reader of Spark keeps types, refuses
what is not JSON, and finds the next record behind a broken one (and none is as quick; see decode.py).
So the sources must have the same path on every executor, and Spark skips files whose name begins with
`.` or `_`, as it always does. Records may span lines, but where a file is longer than a stretch, no
line inside of a record may begin with a brace.
"""

import gzip
import os
import re
import zlib

import pyarrow as pa
from pyspark.sql import functions as F

from decode import Decoder
from selection import Selection

STRETCH_BYTES = 16 << 20
# How much is read to find the end of a stretch's last record.
TAIL_BYTES = 1 << 20
TASKS_PER_CORE = 4

_FILES = "path string, modificationTime timestamp, length bigint, content binary"
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def decoded(spark, plan, combine, schema):
    """A streaming DataFrame of what `combine(columns, keys, origin)` makes of each block, a record
    batch. The origin is the block's name, the same whenever it is read."""
    reader = spark.readStream.format("binaryFile").schema(_FILES).option("recursiveFileLookup", True)
    # By default, files a week older than the newest are taken for seen.
    reader = reader.option("maxFileAge", "36500d")
    if plan["max_files_per_trigger"]:
        reader = reader.option("maxFilesPerTrigger", plan["max_files_per_trigger"])
    starts = F.sequence(F.lit(0), F.greatest("length", F.lit(1)) - 1, F.lit(STRETCH_BYTES))
    files = reader.load(_hadoop_glob(plan["sources"])).select("path", F.explode(starts).alias("start"))
    tasks = spark.sparkContext.defaultParallelism * TASKS_PER_CORE

    def read(batches):
        selection, decoder = Selection(plan), Decoder(plan)
        for batch in batches:
            for row in batch.to_pylist():
                path = row["path"].removeprefix("file:")
                if selection.has(path):
                    for number, (columns, keys) in enumerate(_decode_stretch(decoder, path, row["start"])):
                        yield combine(columns, keys, f"{path} {row['start']} {number}")

    return files.repartition(tasks).mapInArrow(read, schema)


def with_watermarks(spark, blocks, ends, delay_us):
    """Time goes with the newest event of a block (`at`), and a row is late by its column `ends`."""
    # There is one stateful operator, and two columns that have a watermark: the least counts.
    spark.conf.set("spark.sql.streaming.statefulOperator.allowMultiple", False)
    delay = f"{delay_us} microseconds"
    return blocks.withWatermark("at", delay).withWatermark(ends, delay)


def _hadoop_glob(sources):
    """All sources as one glob, so that a file that two of them hold is read once."""
    bases = sorted({os.path.normpath(source["base"]) for source in sources})
    outer = [base for base in bases if not any(base.startswith(other.rstrip("/") + "/") for other in bases)]
    paths = [re.sub(r"[\\{}\[\]*?,]", r"\\\g<0>", base) for base in outer]
    return paths[0] if len(paths) == 1 else "/{" + ",".join(path.lstrip("/") for path in paths) + "}"


def _decode_stretch(decoder, path, start):
    """Decodes the records of a file that begin in the stretch at `start`.

    A stretch begins, and the one before it ends, with the first line that begins with a brace: that
    is where a record begins for certain. A file without such lines has all its records in the first.
    """
    with open(path, "rb") as file:
        magic = file.read(4)
        compressed = magic.startswith((GZIP, ZSTD))
        if compressed and start:
            return
        if compressed:
            read, end, buffer, at = _decompressed(path, magic), float("inf"), b"", 0
        else:
            read, end = file.read, start + STRETCH_BYTES
            file.seek(max(start - 1, 0))
            buffer = read(end - file.tell())
            at = start - 1 + len(buffer) if start else len(buffer)
            if start:
                line = buffer.find(b"\n{")
                if line < 0:
                    return
                buffer = buffer[line + 1 :]
        full = 2 * STRETCH_BYTES
        while True:
            line = buffer.find(b"\n{", max(len(buffer) - (at - end) - 1, 0)) if at >= end else -1
            more = b"" if line >= 0 else read(TAIL_BYTES if len(buffer) <= STRETCH_BYTES else STRETCH_BYTES)
            if not more:
                columns, keys, _ = decoder.decode(buffer[: line + 1] if line >= 0 else buffer, last=True)
                yield columns, keys
                return
            buffer, at = buffer + more, at + len(more)
            # Where the stretch ends in what was read, it is not decoded beyond that.
            ends = at >= end and buffer.find(b"\n{", max(len(buffer) - (at - end) - 1, 0)) >= 0
            if len(buffer) >= full and not ends:
                columns, keys, buffer = decoder.decode(buffer, last=False)
                # What is not over yet may be long: not to be tried again with every read.
                full = 2 * max(STRETCH_BYTES, len(buffer))
                yield columns, keys


def _decompressed(path, magic):
    """A function that reads on. A file that is broken ends the job: its records would be missing."""
    file = pa.CompressedInputStream(pa.OSFile(path), "zstd") if magic == ZSTD else gzip.open(path)
    read_on = file.read if magic == ZSTD else file.read1

    def read(size):
        try:
            return read_on(size)
        except (OSError, EOFError, zlib.error) as error:
            raise OSError(f"cannot decompress {path}: {error}; mend it, or leave it out with --exclude") from None

    return read
