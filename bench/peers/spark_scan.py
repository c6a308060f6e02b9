"""Spark reads all columns of a table, by its metadata file, into a sink that keeps nothing."""
import glob
import json
import os
import sys

jars = glob.glob(os.path.join(os.path.dirname(__file__), '../../.tools/jars/iceberg-spark-runtime*.jar'))
os.environ['PYSPARK_SUBMIT_ARGS'] = f'--driver-class-path {jars[0]} --driver-memory 4g pyspark-shell'

from pyspark.sql import SparkSession  # noqa: E402

from contender import serve  # noqa: E402

options = json.loads(sys.argv[1])
spark = (
    SparkSession.builder.master('local[2]')
    .config('spark.driver.bindAddress', '127.0.0.1')
    .config('spark.driver.host', '127.0.0.1')
    .config('spark.ui.enabled', 'false')
    .config('spark.sql.shuffle.partitions', '2')
    .getOrCreate()
)
spark.sparkContext.setLogLevel('ERROR')
location = options['metadataLocation']


def run(watch):
    with watch:
        spark.read.format('iceberg').load(location).write.format('noop').mode('overwrite').save()
    return options['countAs']


serve(run)
spark.stop()
