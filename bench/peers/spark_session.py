"""A Spark session of this machine's two cores, with Iceberg."""
import glob
import os


def open_spark(**settings):
    jars = glob.glob(os.path.join(os.path.dirname(__file__), '../../.tools/jars/iceberg-spark-runtime*.jar'))
    os.environ['PYSPARK_SUBMIT_ARGS'] = f'--driver-class-path {jars[0]} --driver-memory 4g pyspark-shell'
    from pyspark.sql import SparkSession

    builder = (
        SparkSession.builder.master('local[2]')
        .config('spark.driver.bindAddress', '127.0.0.1')
        .config('spark.driver.host', '127.0.0.1')
        .config('spark.ui.enabled', 'false')
        .config('spark.sql.shuffle.partitions', '2')
    )
    for name, value in settings.items():
        builder = builder.config(name.replace('__', '.'), value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel('ERROR')
    return spark
