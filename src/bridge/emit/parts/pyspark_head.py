import glob
import json
import math
import os
import re
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SOURCES = @SOURCES@
FIELDS = @FIELDS@
KEYS = @KEYS@
@TIME_FORMAT@
