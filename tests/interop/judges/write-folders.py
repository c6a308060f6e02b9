"""Writes the same rows into folders of partitions with pyarrow and DuckDB, and `rows.jsonl`, their canonical text, beside them.

usage: write-folders.py FOLDER, with the table's fields, as Iceberg has them, as JSON on stdin
"""
import datetime
import json
import sys

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from judge import lines_of

folder = sys.argv[1]
fields = json.load(sys.stdin)
count = 80
texts = ['a b', 'u/o', '50%', 'x=y', "it's", 'null', 'a\\b', '#?&+', None, '..']
rows = pa.table({
    'id': pa.array(range(count), pa.int64()),
    'name': [None if i % 7 == 3 else f'row {i}' for i in range(count)],
    'at': pa.array([i * 3_600_000_000 - 90_000_000_001 for i in range(count)], pa.timestamp('us', 'UTC')),
    'l': pa.array([None if i % 5 == 1 else [i, None] * (i % 3) for i in range(count)], pa.list_(pa.int32())),
    's': pa.array([None if i % 6 == 2 else {'a': i, 'b': [f'b{i}', None]} for i in range(count)], pa.struct([('a', pa.int32()), ('b', pa.list_(pa.string()))])),
    'm': pa.array([None if i % 4 == 3 else [(f'k{i}', i / 4), ('n', None)] for i in range(count)], pa.map_(pa.string(), pa.float64())),
    'p': [texts[i % len(texts)] for i in range(count)],
    'd': pa.array([datetime.date(1969, 12, 30) + datetime.timedelta(i % 4) for i in range(count)], pa.date32()),
    'n': pa.array([i % 3 - 1 for i in range(count)], pa.int32()),
})
parts = ['p', 'd', 'n']
ds.write_dataset(rows, f'{folder}/pyarrow', format='parquet', partitioning=ds.partitioning(rows.select(parts).schema, flavor='hive'))
connection = duckdb.connect()
connection.register('rows', rows)
connection.execute(f"copy (from rows) to '{folder}/duckdb' (format parquet, partition_by ({', '.join(parts)}))")
with open(f'{folder}/rows.jsonl', 'w', encoding='utf-8') as out:
    out.writelines(line + '\n' for line in lines_of(rows, fields))
