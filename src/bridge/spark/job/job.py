"""Runs one statistic of a plan on Spark Structured Streaming and tells streamlab its results."""

import json
import os
import signal
import sys
import threading
import time

import pyspark
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from anomalies import Anomalies
from channel import Channel
from result_log import ResultLog
from recovery import Recoveries
from running_avg import RunningAverage
from window import Windows

STATISTICS = {"running-avg": RunningAverage, "window": Windows, "recovery": Recoveries, "anomalies": Anomalies}
AVAILABLE_NOW = "available-now"
# How long a batch under way is waited for when the run is to end; Spark runs it again next time.
GRACE_SECONDS = 5
# What may differ between two runs on one checkpoint.
OF_A_RUN = ("now_us", "trigger", "max_files_per_trigger", "results", "checkpoint")


class Refused(Exception):
    """What is wrong with a plan, as a sentence for the user."""


def main(plan):
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    channel = Channel(plan["results"], stop.set)
    try:
        run(plan, channel, stop)
    except (Refused, PySparkException, OSError) as error:
        channel.send(type="failed", message=explain(error))
        return 1
    return 0


def run(plan, channel, stop):
    check_checkpoint(plan)
    spark = session()
    context = spark.sparkContext
    channel.send(type="ready", spark=pyspark.__version__, app=context.applicationId, master=context.master)
    statistic = STATISTICS[plan["statistic"]](plan)
    log = ResultLog(plan["checkpoint"], statistic.is_cumulative)
    results = log.read()
    for rows in results.values():
        statistic.fold(rows)
    batch = max(results, default=-1)
    if results:
        channel.send(type="update", batch=batch, **statistic.whole_update())

    def publish(result, number):
        nonlocal batch, statistic
        rows = [list(row) for row in result.collect()]
        log.write(number, rows)
        if number > batch:
            statistic.fold(rows)
        else:
            # The batch was under way when the last run died: what it came to then does not count.
            statistic = STATISTICS[plan["statistic"]](plan)
            for rows in log.read().values():
                statistic.fold(rows)
        batch = number
        channel.send(type="update", batch=number, **statistic.update())

    writer = statistic.query(spark).writeStream.outputMode(statistic.output_mode).foreachBatch(publish)
    writer = writer.option("checkpointLocation", os.path.join(plan["checkpoint"], "spark"))
    ends = plan["trigger"] == AVAILABLE_NOW
    writer = writer.trigger(availableNow=True) if ends else writer.trigger(processingTime=plan["trigger"])
    finished = wait(writer.start(), stop)
    if batch >= 0:
        last = statistic.final_update() if finished else statistic.update()
        channel.send(type="update", batch=batch, **last)
    channel.send(type="done")
    spark.stop()


def session():
    builder = SparkSession.builder.appName("streamlab")
    settings = {
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.streaming.stateStore.providerClass": ROCKSDB,
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    # The rows that are left to shuffle are few: blocks are summed where they are decoded.
    spark.conf.set("spark.sql.shuffle.partitions", str(spark.sparkContext.defaultParallelism))
    return spark


ROCKSDB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"


def wait(query, stop):
    """Waits for the query to end by itself, or ends it; answers whether it came to its own end."""
    while not stop.is_set():
        if query.awaitTermination(0.2):
            return True
    deadline = time.monotonic() + GRACE_SECONDS
    while query.isActive and query.status["isTriggerActive"] and time.monotonic() < deadline:
        time.sleep(0.1)
    query.stop()
    return False


def check_checkpoint(plan):
    """A checkpoint goes on with the question that it was made for, and with no other."""
    question = {name: value for name, value in plan.items() if name not in OF_A_RUN}
    path = os.path.join(plan["checkpoint"], "plan.json")
    os.makedirs(plan["checkpoint"], exist_ok=True)
    try:
        with open(path) as file:
            known = json.load(file)
    except FileNotFoundError:
        with open(path + ".new", "w") as file:
            json.dump(question, file)
        os.replace(path + ".new", path)
        return
    differing = sorted(name for name in {*known, *question} if known.get(name) != question.get(name))
    if differing:
        raise Refused(
            f"The checkpoint {plan['checkpoint']} was made with another {', '.join(differing)}; "
            "give another directory, or remove this one to begin anew."
        )


def explain(error):
    """One sentence of an error: Spark's own first line, without the traces below it."""
    if isinstance(error, Refused):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # The error of a Python worker stands below that of the task that ran it.
    causes = [line for line in lines if line.split(":")[0].endswith(("Error", "Exception")) and " " not in line.split(":")[0]]
    return f"Spark could not go on: {(causes or lines or [type(error).__name__])[-1]}"


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        sys.exit(main(json.load(file)))
