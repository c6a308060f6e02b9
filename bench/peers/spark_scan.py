"""Spark reads all columns of a table, by its metadata file, into a sink that keeps nothing."""
import json
import sys

from contender import serve
from spark_session import open_spark

options = json.loads(sys.argv[1])
spark = open_spark()
location = options['metadataLocation']


def run(watch):
    with watch:
        spark.read.format('iceberg').load(location).write.format('noop').mode('overwrite').save()
    return options['countAs']


serve(run)
spark.stop()
