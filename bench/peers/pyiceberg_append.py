"""PyIceberg appends the generated Arrow data, or plain dicts, to a new table in one commit."""
import json
import os
import sys
import uuid

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from contender import serve

options = json.loads(sys.argv[1])
folder = options['warehouse']
os.makedirs(folder, exist_ok=True)
catalog = SqlCatalog(
    'bench',
    uri=f'sqlite:///{folder}/{uuid.uuid4().hex}.db',
    warehouse=options.get('bucket', f'file://{folder}'),
    **options.get('properties', {}),
)
catalog.create_namespace('bench')
data = pa.ipc.open_file(pa.memory_map(options['file'])).read_all()
rows = data.to_pylist() if options.get('rows') else None


def run(watch):
    name = f'bench.t{uuid.uuid4().hex}'
    table = catalog.create_table(name, schema=data.schema)
    with watch:
        table.append(data if rows is None else pa.Table.from_pylist(rows, schema=data.schema))
    catalog.purge_table(name)
    return len(data)


serve(run)
