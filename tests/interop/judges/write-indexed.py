"""Writes the same rows as Parquet with pyarrow, DuckDB and Spark, each with the indexes that it has, into a folder."""
import datetime
import decimal
import os
import random
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

folder = sys.argv[1]
rng = random.Random(20261125)
rows = 6000


def sometimes(value, share=0.1):
    return None if rng.random() < share else value


table = pa.table({
    'l': pa.array([sometimes(i * 3 + rng.randrange(3), 0.02) for i in range(rows)], pa.int64()),
    'i': pa.array([sometimes(rng.randrange(-50, 50)) for _ in range(rows)], pa.int32()),
    'd': pa.array([sometimes(rng.choice([float('nan'), -0.0, 0.0, 1.5, -2.5, float(i % 40)])) for i in range(rows)]),
    's': pa.array([sometimes(rng.choice(['', 'a', 'ab', 'é', '\uffff', '𝄞', 'z' * 100 + str(i % 3)])) for i in range(rows)]),
    'u': pa.array(['%08x' % (i * 2654435761 % 2**32) for i in range(rows)]),
    'm': pa.array([sometimes(decimal.Decimal(rng.randrange(-10**6, 10**6)).scaleb(-2)) for _ in range(rows)], pa.decimal128(20, 2)),
    'day': pa.array([sometimes(datetime.date(1969, 12, 1) + datetime.timedelta(i // 100)) for i in range(rows)], pa.date32()),
    'ts': pa.array([sometimes(datetime.datetime(1969, 12, 31) + datetime.timedelta(minutes=i)) for i in range(rows)], pa.timestamp('us')),
    'b': pa.array([i > rows / 2 for i in range(rows)]),
    'items': pa.array([sometimes([i % 5] * (i % 4)) for i in range(rows)], pa.list_(pa.int32())),
})

for name, options in {
    'pyarrow': {'compression': 'zstd'},
    'pyarrow-v2': {'compression': 'snappy', 'data_page_version': '2.0', 'use_dictionary': False},
    'pyarrow-decimals': {'compression': 'none', 'store_decimal_as_integer': True, 'use_dictionary': ['s']},
}.items():
    pq.write_table(table, f'{folder}/{name}.parquet', row_group_size=2500, data_page_size=2000,
                   write_batch_size=64, write_page_index=True, **options)

duckdb.from_arrow(table).write_parquet(f'{folder}/duckdb.parquet', row_group_size=2048, compression='zstd')

from pyspark.sql import SparkSession  # noqa: E402

spark = (SparkSession.builder.master('local[1]').config('spark.driver.bindAddress', '127.0.0.1')
         .config('spark.driver.host', '127.0.0.1').config('spark.ui.enabled', 'false')
         .config('spark.sql.session.timeZone', 'UTC').getOrCreate())
spark.sparkContext.setLogLevel('ERROR')
frame = spark.read.parquet(f'{folder}/pyarrow.parquet').coalesce(1)
for name, options in {
    'spark': {'parquet.bloom.filter.enabled#u': 'true', 'parquet.bloom.filter.enabled#l': 'true',
              'parquet.bloom.filter.expected.ndv#u': '2000', 'parquet.bloom.filter.expected.ndv#l': '2000'},
    'spark-int96': {'spark.sql.parquet.outputTimestampType': 'INT96', 'parquet.writer.version': 'v2'},
}.items():
    out = f'{folder}/{name}'
    for key, value in options.items():
        if key.startswith('spark.'):
            spark.conf.set(key, value)
    writer = frame.write.mode('overwrite').option('parquet.page.size', '1024').option('parquet.block.size', '65536')
    writer = writer.option('parquet.page.row.count.limit', '200').option('parquet.block.row.count.limit', '2000')
    for key, value in options.items():
        writer = writer.option(key, value)
    writer.parquet(out)
    part = next(file for file in os.listdir(out) if file.endswith('.parquet'))
    os.rename(f'{out}/{part}', f'{out}.parquet')
spark.stop()
