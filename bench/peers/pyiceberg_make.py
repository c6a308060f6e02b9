"""Writes a generated file into a table of PyIceberg's; prints the location of its metadata."""
import json
import os
import sys

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

options = json.loads(sys.argv[1])
folder = options['warehouse']
os.makedirs(folder, exist_ok=True)
catalog = SqlCatalog('bench', uri=f'sqlite:///{folder}/catalog.db', warehouse=f'file://{folder}')
catalog.create_namespace_if_not_exists('bench')
data = pa.ipc.open_file(pa.memory_map(options['file'])).read_all()
if catalog.table_exists(options['name']):
    catalog.purge_table(options['name'])
table = catalog.create_table(options['name'], schema=data.schema)
table.append(data)
print(table.metadata_location)
