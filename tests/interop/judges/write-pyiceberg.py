"""PyIceberg writes, changes and evolves tables of v1 and v2, and takes files without field ids into them.

usage: write-pyiceberg.py FOLDER. After each step `steps.json` has {"table", "step", "metadata": URI, "lines": the rows
as PyIceberg reads them}.
"""
import datetime
import decimal
import json
import sys
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import And, EqualTo, GreaterThan, IsNull, LessThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (BucketTransform, DayTransform, HourTransform, IdentityTransform, MonthTransform,
                                  TruncateTransform, YearTransform)
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FixedType, FloatType, IntegerType,
                             ListType, LongType, MapType, NestedField, StringType, StructType, TimestampType,
                             TimestamptzType, TimeType, UUIDType)

from judge import current_schema, lines_of

folder = sys.argv[1]
catalog = SqlCatalog('writer', uri='sqlite:///:memory:', warehouse='file://' + folder)
catalog.create_namespace('db')
steps = []


def note(table, step):
    path = table.metadata_location.removeprefix('file://')
    steps.append({'table': table.name()[-1], 'step': step, 'metadata': table.metadata_location,
                  'lines': lines_of(table.scan().to_arrow(), current_schema(path)['fields'])})


columns = [
    ('id', LongType()), ('flag', BooleanType()), ('i', IntegerType()), ('f', FloatType()), ('d', DoubleType()),
    ('m9', DecimalType(9, 2)), ('m38', DecimalType(38, 10)), ('on', DateType()), ('t', TimeType()), ('at', TimestampType()),
    ('atz', TimestamptzType()), ('s', StringType()), ('u', UUIDType()), ('fx', FixedType(5)), ('b', BinaryType()),
    ('l', ListType(101, LongType(), element_required=False)),
    ('m', MapType(102, StringType(), 103, DoubleType(), value_required=False)),
    ('st', StructType(NestedField(104, 'x', IntegerType()), NestedField(105, 'y', StructType(NestedField(106, 'z', StringType()))))),
    ('ls', ListType(107, StructType(NestedField(108, 'k', StringType()), NestedField(109, 'n', LongType())), element_required=False)),
]
full = Schema(*(NestedField(i + 1, name, kind, required=False) for i, (name, kind) in enumerate(columns)))


def row(i):
    null = lambda part, value: None if i % 7 == part else value
    return {
        'id': i, 'flag': null(0, i % 2 == 0), 'i': null(1, i - 50), 'f': null(2, i / 4), 'd': null(3, i / 3), 'm9': null(4, decimal.Decimal(i - 50).scaleb(-2)),
        'm38': null(5, decimal.Decimal(-i).scaleb(-10)), 'on': null(6, datetime.date(1969, 11, 20) + datetime.timedelta(i)),
        't': null(0, datetime.time(i % 24, i % 60, 1, i)), 'at': null(1, datetime.datetime(1969, 12, 31, 20) + datetime.timedelta(hours=i, microseconds=-1)),
        'atz': null(2, datetime.datetime(1969, 12, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=i)), 's': null(3, ['a b', 'ü/ö', '50%', '', '🚀'][i % 5]),
        'u': null(4, uuid.UUID(int=i * 2**120 % 2**128).bytes), 'fx': null(5, b'%05d' % i), 'b': null(6, bytes([i % 256, 255])),
        'l': [i, None] * (i % 3), 'm': [(f'k{i}', null(1, i / 2))], 'st': null(2, {'x': i, 'y': {'z': f'z{i}'}}), 'ls': [{'k': None, 'n': i}],
    }


def rows(schema, *ids):
    arrow = schema.as_arrow()
    made = [row(i) for i in ids]
    return pa.table({f.name: pa.array([r[f.name] for r in made], f.type) for f in arrow}, schema=arrow)


for version in ('1', '2'):
    properties = {'format-version': version}
    table = catalog.create_table(f'db.full_v{version}', full, properties=properties)
    note(table, 'created')
    table.append(rows(table.schema(), *range(40)))
    note(table, 'appended')
    table.delete(And(GreaterThan('id', 10), LessThan('id', 20)))
    note(table, 'deleted')
    table.overwrite(rows(table.schema(), *range(100, 110)), overwrite_filter=LessThan('id', 5))
    note(table, 'overwritten')
    table.upsert(rows(table.schema(), 30, 31, 200), join_cols=['id'])
    note(table, 'upserted')

    sources = {'i': IdentityTransform(), 's': IdentityTransform(), 'on': MonthTransform(), 'at': HourTransform(), 'atz': YearTransform(), 'm9': TruncateTransform(10),
               'u': BucketTransform(3)}
    spec = PartitionSpec(*(PartitionField(full.find_field(name).field_id, 1000 + k, transform, f'{name}_part') for k, (name, transform) in enumerate(sources.items())))
    table = catalog.create_table(f'db.parted_v{version}', full, partition_spec=spec, properties=properties)
    table.append(rows(table.schema(), *range(20)))
    table.append(rows(table.schema(), *range(20, 30)))
    note(table, 'appended')
    table.delete(IsNull('s'))
    table.delete(EqualTo('s', '50%'))
    note(table, 'deleted')
    with table.update_spec() as update:
        update.remove_field('i_part')
        update.add_field('d', IdentityTransform(), 'by_d')
    table.append(rows(table.schema(), *range(30, 36)))
    note(table, 'partitioned anew')
    with table.update_schema() as update:
        update.rename_column('s', 'text')
        update.update_column('i', LongType())
        update.update_column('m9', DecimalType(20, 2))
        update.add_column(('st', 'w'), StringType())
        update.delete_column('fx')
        update.add_column('fx', StringType())
        update.move_first('u')
    note(table, 'evolved')

    small = Schema(NestedField(1, 'id', LongType()), NestedField(2, 'name', StringType()), NestedField(3, 'l', ListType(4, IntegerType(), element_required=False)),
                   NestedField(5, 'part', StringType()))
    by_part = PartitionSpec(PartitionField(5, 1000, IdentityTransform(), 'part'))
    table = catalog.create_table(f'db.added_v{version}', small, partition_spec=by_part, properties=properties)
    for k, part in enumerate(['a b', 'ü/ö', None]):
        path = f'{folder}/added-{version}-{k}.parquet'
        pq.write_table(pa.table({'id': pa.array([k, None], pa.int64()), 'name': [f'n{k}', None], 'l': pa.array([[k, None], []], pa.list_(pa.int32())),
                                 'part': pa.array([part] * 2, pa.string())}), path)
        table.add_files([path])
    note(table, 'added')
    with table.update_schema() as update:
        update.rename_column('name', 'title')
        update.update_column('id', LongType())
    table.append(pa.table({'id': pa.array([9], pa.int64()), 'title': ['t'], 'l': pa.array([[1]], pa.list_(pa.int32())), 'part': ['a b']}))
    note(table, 'renamed')

json.dump(steps, open(f'{folder}/steps.json', 'w', encoding='utf-8'), ensure_ascii=False)
