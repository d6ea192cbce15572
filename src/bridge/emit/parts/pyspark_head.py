import json
@RE@

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SOURCES = @SOURCES@
FIELDS = @FIELDS@
KEYS = @KEYS@
@TIME_FORMAT@
