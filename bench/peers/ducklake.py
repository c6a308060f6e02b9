"""DuckLake, from the extension that is in its package."""
import importlib.util
import os

import duckdb

MERGE = (
    'merge into lake.main.t using change on (t.id = change.id) '
    'when matched then update when not matched then insert'
)


def open_lake(folder):
    """A new lake in a folder, attached as `lake`."""
    os.makedirs(f'{folder}/data')
    connection = attach_lake(folder)
    connection.execute("call lake.set_option('parquet_compression', 'zstd')")
    return connection


def attach_lake(folder):
    """The lake of a folder, attached as `lake`."""
    package = os.path.dirname(importlib.util.find_spec('duckdb_extension_ducklake').origin)
    connection = duckdb.connect(config={'allow_unsigned_extensions': 'true'})
    connection.execute(f"load '{package}/extensions/v{duckdb.__version__}/ducklake.duckdb_extension'")
    connection.execute(f"attach 'ducklake:{folder}/meta.ducklake' as lake (data_path '{folder}/data/')")
    return connection
