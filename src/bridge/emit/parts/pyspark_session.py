
# Spark takes paths for globs, and passes over some names.
paths = ["file://" + re.sub(r"[\\{}\[\]*?]", r"\\\g<0>", os.path.abspath(path)) for path in files()]
if hidden := [path for path in paths if os.path.basename(path).startswith(("_", "."))]:
    sys.exit(f"Spark passes over names that begin with _ or a dot: {hidden[0]}")
spark = SparkSession.builder.appName("streamlab").config("spark.sql.session.timeZone", "UTC").getOrCreate()

