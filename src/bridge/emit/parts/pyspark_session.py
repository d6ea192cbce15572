
spark = SparkSession.builder.appName("streamlab").config("spark.sql.session.timeZone", "UTC").getOrCreate()

