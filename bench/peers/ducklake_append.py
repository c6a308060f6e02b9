"""DuckLake appends the generated Arrow data to a new table in one commit."""
import importlib.util
import json
import os
import shutil
import sys
import uuid

import duckdb
import pyarrow as pa

from contender import serve

options = json.loads(sys.argv[1])
folder = f"{options['warehouse']}/{uuid.uuid4().hex}"
os.makedirs(f'{folder}/data')
package = os.path.dirname(importlib.util.find_spec('duckdb_extension_ducklake').origin)
connection = duckdb.connect(config={'allow_unsigned_extensions': 'true'})
connection.execute(f"load '{package}/extensions/v{duckdb.__version__}/ducklake.duckdb_extension'")
connection.execute(f"attach 'ducklake:{folder}/meta.ducklake' as lake (data_path '{folder}/data/')")
connection.execute("call lake.set_option('parquet_compression', 'zstd')")
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
