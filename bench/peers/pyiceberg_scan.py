"""PyIceberg scans a table to Arrow."""
import json
import sys

from pyiceberg.table import StaticTable

from contender import serve

options = json.loads(sys.argv[1])
table = StaticTable.from_metadata(options['metadataLocation'], options.get('properties', {}))
arguments = {}
if 'select' in options:
    arguments['selected_fields'] = tuple(options['select'])
if 'where' in options:
    arguments['row_filter'] = options['where']


def run(watch):
    with watch:
        rows = table.scan(**arguments).to_arrow()
    return options.get('countAs', len(rows))


serve(run)
