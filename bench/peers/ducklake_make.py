"""Writes the generated Arrow data into a table of a new DuckLake."""
import json
import shutil
import sys

import pyarrow as pa

from ducklake import open_lake

options = json.loads(sys.argv[1])
shutil.rmtree(options['folder'], ignore_errors=True)
connection = open_lake(options['folder'])
data = pa.ipc.open_file(pa.memory_map(options['file'])).read_all()
connection.execute('create table lake.main.t as select * from data')
