"""PyIceberg upserts generated Arrow data by id into a table, one change after the other."""
import json
import os
import shutil
import sys

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from contender import serve

options = json.loads(sys.argv[1])
folder = options['folder']
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
catalog = SqlCatalog('bench', uri=f'sqlite:///{folder}/catalog.db', warehouse=f'file://{folder}')
catalog.create_namespace('bench')
data = pa.ipc.open_file(pa.memory_map(options['file'])).read_all()
table = catalog.create_table('bench.t', schema=data.schema)
table.append(data)
del data
changes = iter(options['changes'])


def run(watch):
    change = pa.ipc.open_file(pa.memory_map(next(changes))).read_all()
    with watch:
        result = table.upsert(change, join_cols=['id'])
    assert result.rows_inserted * 2 == change.num_rows, f'inserted {result.rows_inserted}'
    return change.num_rows


serve(run)
shutil.rmtree(folder, ignore_errors=True)
