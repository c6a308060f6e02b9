"""PyIceberg plans a scan."""
import json
import sys

from pyiceberg.table import StaticTable

from contender import serve

options = json.loads(sys.argv[1])
table = StaticTable.from_metadata(options['metadataLocation'])
arguments = {'row_filter': options['where']} if 'where' in options else {}


def run(watch):
    with watch:
        planned = len(list(table.scan(**arguments).plan_files()))
    return options['files'], f'{planned} planned'


serve(run)
