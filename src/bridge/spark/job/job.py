"""Runs one statistic of a plan on Spark Structured Streaming and tells streamlab its results."""

import json
import os
import re
import signal
import sys
import threading
import time

import pyspark
from pyspark.sql import SparkSession

from anomalies import Anomalies
from channel import Channel
from result_log import ResultLog
from recovery import Recoveries
from running_avg import RunningAverage
from window import Windows

STATISTICS = {"running-avg": RunningAverage, "window": Windows, "recovery": Recoveries, "anomalies": Anomalies}
# How long a batch under way is waited for when the run is to end; Spark runs it again next time.
GRACE_SECONDS = 5


def main(plan):
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    channel = Channel(plan["results"], stop.set)
    try:
        run(plan, channel, stop)
    except Exception as error:  # whatever it is, it is told in a sentence
        channel.send(type="failed", message=explain(error))
        return 1
    return 0


def run(plan, channel, stop):
    spark = session()
    context = spark.sparkContext
    channel.send(type="ready", spark=pyspark.__version__, app=context.applicationId, master=context.master)
    statistic = STATISTICS[plan["statistic"]](plan)
    log = ResultLog(plan["checkpoint"], statistic.is_cumulative)
    committed = last_committed(plan)
    results = {batch: rows for batch, rows in log.read().items() if batch <= committed}
    for rows in results.values():
        statistic.fold(rows)
    if results:
        channel.send(type="update", **statistic.whole_update())

    def publish(result, number):
        rows = [list(row) for row in result.collect()]
        log.write(number, rows)
        statistic.fold(rows)
        channel.send(type="update", **statistic.update())

    writer = statistic.query(spark).writeStream.outputMode(statistic.output_mode).foreachBatch(publish)
    writer = writer.option("checkpointLocation", spark_checkpoint(plan))
    period = plan["trigger"]
    writer = writer.trigger(processingTime=period) if period else writer.trigger(availableNow=True)
    is_over = wait(writer.start(), stop)
    channel.send(type="update", **(statistic.final_update() if is_over else statistic.update()))
    channel.send(type="done")
    spark.stop()


def session():
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    # Times are plain counts to us.
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    chosen = spark.sparkContext.getConf()
    settings = {
        "spark.sql.streaming.stateStore.providerClass": ROCKSDB,
        # The rows that are left to shuffle are few: blocks are summed where they are decoded.
        "spark.sql.shuffle.partitions": str(spark.sparkContext.defaultParallelism),
    }
    for name, value in settings.items():
        if not chosen.contains(name):
            spark.conf.set(name, value)
    return spark


ROCKSDB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"


def last_committed(plan):
    """The last batch that Spark knows is done; -1 for none. One after it runs again, and what it came to
    when the driver died does not count."""
    commits = os.path.join(spark_checkpoint(plan), "commits")
    names = os.listdir(commits) if os.path.isdir(commits) else []
    return max((int(name) for name in names if name.isdigit()), default=-1)


def spark_checkpoint(plan):
    return os.path.join(plan["checkpoint"], "spark")


def wait(query, stop):
    """Waits for the query to end by itself, or ends it; answers whether it came to its own end."""
    while not stop.is_set():
        if query.awaitTermination(0.2):
            return True
    deadline = time.monotonic() + GRACE_SECONDS
    while query.isActive and query.status["isTriggerActive"] and time.monotonic() < deadline:
        time.sleep(0.1)
    if error := query.exception():
        raise error
    query.stop()
    return False


# The class of an error in a trace, and what it says.
_CAUSE = re.compile(r"(?:Caused by: |: )?(?:[\w.$]+\.)?(\w+(?:Error|Exception)): (.+)")


def explain(error):
    """One sentence of an error: its cause, or Spark's own first line, without the traces below it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # The error of a Python worker stands below that of the task that ran it.
    causes = [f"{cause[1]}: {cause[2]}" for cause in map(_CAUSE.fullmatch, lines) if cause]
    unstarted = [cause for cause in causes if "Cannot run program" in cause]
    said = (unstarted[:1] or causes[-1:] or lines[:1] or [type(error).__name__])[0]
    return f"Spark could not go on: {said}"


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        sys.exit(main(json.load(file)))
