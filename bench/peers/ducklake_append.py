"""DuckLake appends the generated Arrow data to a new table in one commit."""
import json
import shutil
import sys
import uuid

import pyarrow as pa

from contender import serve
from ducklake import open_lake

options = json.loads(sys.argv[1])
folder = f"{options['warehouse']}/{uuid.uuid4().hex}"
connection = open_lake(folder)
data = pa.ipc.open_file(pa.memory_map(options['file'])).read_all()


def run(watch):
    connection.execute('create or replace table lake.main.t as select * from data limit 0')
    with watch:
        connection.execute('insert into lake.main.t select * from data')
    count = connection.execute('select count(*) from lake.main.t').fetchone()[0]
    connection.execute("drop table lake.main.t")
    shutil.rmtree(f'{folder}/data', ignore_errors=True)
    return count


serve(run)
shutil.rmtree(folder, ignore_errors=True)
