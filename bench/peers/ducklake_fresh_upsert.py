"""DuckLake opens a lake that is there and merges one change of generated Arrow data by id: in each process one."""
import json
import sys

import pyarrow as pa

from contender import serve
from ducklake import MERGE, attach_lake

options = json.loads(sys.argv[1])


def run(watch):
    change = pa.ipc.open_file(pa.memory_map(options['changes'][watch.repetition])).read_all()
    with watch:
        connection = attach_lake(options['folder'])
        connection.register('change', change)
        connection.execute(MERGE)
    count = connection.execute('select count(*) from lake.main.t').fetchone()[0]
    new = count - options['rows']
    assert new * 2 == (watch.repetition + 1) * change.num_rows, f'inserted {new} by now'
    return change.num_rows


serve(run)
