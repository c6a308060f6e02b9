"""DuckLake merges generated Arrow data by id into a table, one change after the other."""
import shutil
import sys
import json

import pyarrow as pa

from contender import serve
from ducklake import MERGE, open_lake

options = json.loads(sys.argv[1])
folder = options['folder']
shutil.rmtree(folder, ignore_errors=True)
connection = open_lake(folder)
data = pa.ipc.open_file(pa.memory_map(options['file'])).read_all()
connection.execute('create table lake.main.t as select * from data')
del data
changes = iter(options['changes'])
count = connection.execute('select count(*) from lake.main.t').fetchone()[0]


def run(watch):
    global count
    change = pa.ipc.open_file(pa.memory_map(next(changes))).read_all()
    connection.register('source', change)
    connection.execute('create or replace temp table change as select * from source')
    with watch:
        connection.execute(MERGE)
    before, count = count, connection.execute('select count(*) from lake.main.t').fetchone()[0]
    assert (count - before) * 2 == change.num_rows, f'inserted {count - before}'
    return change.num_rows


serve(run)
shutil.rmtree(folder, ignore_errors=True)
