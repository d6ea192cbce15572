import glob
import json
import math
import os
@RE@
import sys
@DATETIME@
@PATHLIB@

import polars as pl

SOURCES = @SOURCES@
KEYS = @KEYS@
@SIZE@
@SLIDE@
@OFFSET@
@TIME_FORMAT@
