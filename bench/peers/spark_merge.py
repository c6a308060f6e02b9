"""Spark merges generated Arrow data by id into an Iceberg table of version 3, merge-on-read."""
import json
import shutil
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from contender import serve
from spark_session import open_spark

options = json.loads(sys.argv[1])
folder = options['folder']
shutil.rmtree(folder, ignore_errors=True)
spark = open_spark(
    spark__sql__extensions='org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
    spark__sql__catalog__lake='org.apache.iceberg.spark.SparkCatalog',
    spark__sql__catalog__lake__type='hadoop',
    spark__sql__catalog__lake__warehouse=f'file://{folder}',
    spark__sql__session__timeZone='UTC',
)


def parquet(file, name):
    """Spark reads no Arrow files."""
    import os

    os.makedirs(f'{folder}/source', exist_ok=True)
    data = pa.ipc.open_file(pa.memory_map(file)).read_all()
    pq.write_table(data, f'{folder}/source/{name}.parquet')
    return f'{folder}/source/{name}.parquet', data.num_rows


path, _ = parquet(options['file'], 'table')
spark.read.parquet(path).createOrReplaceTempView('source')
properties = (
    "'format-version'='3', 'write.merge.mode'='merge-on-read', 'write.target-file-size-bytes'='134217728', "
    "'write.distribution-mode'='none', 'write.merge.distribution-mode'='none'"
)
spark.sql(f'create table lake.bench.t using iceberg tblproperties ({properties}) as select * from source')
changes = iter(options['changes'])
count = spark.table('lake.bench.t').count()


def run(watch):
    global count
    path, rows = parquet(next(changes), 'change')
    change = spark.read.parquet(path).cache()
    change.count()
    change.createOrReplaceTempView('change')
    with watch:
        spark.sql(
            'merge into lake.bench.t t using change s on t.id = s.id '
            'when matched then update set * when not matched then insert *'
        )
    change.unpersist()
    before, count = count, spark.table('lake.bench.t').count()
    assert (count - before) * 2 == rows, f'inserted {count - before}'
    return rows


serve(run)
spark.stop()
shutil.rmtree(folder, ignore_errors=True)
