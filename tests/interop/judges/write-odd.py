"""Writes Parquet files of unusual forms with pyarrow and DuckDB into a folder, and `cases.json` beside them.

A case is {"name", "files": [FILE, ...], "fields": the table's fields as Iceberg has them, "mapping": a name mapping or
null, "lines": the rows that the table has, in the judges' canonical text}. The lines are made of what was given to the
writers, and not read back from the files.
"""
import datetime
import decimal
import json
import random
import sys
import uuid

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from judge import lines_of

folder = sys.argv[1]
cases = []


def case(name, fields, files, expected=None, mapping=None):
    """`files` are (table, options of the writer); `expected` is a table of what is read, by default what was written."""
    paths = []
    for i, (table, options) in enumerate(files):
        paths.append(f'{name}-{i}.parquet')
        pq.write_table(table, f'{folder}/{paths[-1]}', **options)
    tables = [table for table, _ in files] if expected is None else expected
    add(name, fields, paths, [line for table in tables for line in lines_of(table, fields)], mapping)


def add(name, fields, paths, lines, mapping=None):
    cases.append({'name': name, 'files': paths, 'fields': fields, 'mapping': mapping, 'lines': lines})


class Ids:
    """Field ids in order."""

    def __init__(self):
        self.last = 0

    def next(self):
        self.last += 1
        return self.last

    def field(self, name, kind):
        return {'id': self.next(), 'name': name, 'required': False, 'type': self.type(kind)}

    def type(self, kind):
        """A dict is a struct, a list of one a list, a tuple of two a map."""
        if isinstance(kind, dict):
            return {'type': 'struct', 'fields': [self.field(name, inner) for name, inner in kind.items()]}
        if isinstance(kind, list):
            element = self.next()
            return {'type': 'list', 'element-id': element, 'element-required': False, 'element': self.type(kind[0])}
        if isinstance(kind, tuple):
            key, value = self.next(), self.next()
            return {'type': 'map', 'key-id': key, 'key': self.type(kind[0]), 'value-id': value,
                    'value-required': False, 'value': self.type(kind[1])}
        return kind


def fields_of(**kinds):
    ids = Ids()
    return [ids.field(name, kind) for name, kind in kinds.items()]


def mapping_of(fields):
    """The mapping of every field to its own name."""
    return [{'field-id': f['id'], 'names': [f['name']], **inner_mapping(f['type'])} for f in fields]


def inner_mapping(kind):
    if not isinstance(kind, dict):
        return {}
    if kind['type'] == 'struct':
        return {'fields': mapping_of(kind['fields'])}
    if kind['type'] == 'list':
        return {'fields': [{'field-id': kind['element-id'], 'names': ['element'], **inner_mapping(kind['element'])}]}
    return {'fields': [{'field-id': kind['key-id'], 'names': ['key'], **inner_mapping(kind['key'])},
                       {'field-id': kind['value-id'], 'names': ['value'], **inner_mapping(kind['value'])}]}


def mapped(name, fields, files, expected=None):
    case(name, fields, files, expected, mapping_of(fields))


def micros(*texts, unit='us', zone=None):
    """Instants that need not lie within the years of Python's dates."""
    return pa.array(texts, pa.int64()).cast(pa.timestamp(unit, zone))


# Names.

item = pa.struct([('sku', pa.string()), ('n', pa.int32()), ('gone', pa.string())])
given = pa.table({
    'id': pa.array([1, 2, 3], pa.int64()),
    'old.name': ['a', None, 'c'],
    'Where': pa.array([{'lat': 1.5, 'lon': -2.5}, None, {'lat': None, 'lon': 0.25}], pa.struct([('lat', pa.float64()), ('lon', pa.float64())])),
    'items': pa.array([[{'sku': 'x', 'n': 1, 'gone': 'g'}, None], [], None], pa.list_(item)),
    'by': pa.array([[('k', {'sku': 'y', 'n': None, 'gone': None}), ('n', None)], None, []], pa.map_(pa.string(), item)),
    'unmapped': ['no', 'no', 'no'],
})
other = pa.table({
    'record_id': pa.array([4], pa.int32()),
    'title': ['d'],
    'Where': pa.array([{'longitude': 7.0}], pa.struct([('longitude', pa.float64())])),
    'items': pa.array([[{'n': 4}]], pa.list_(pa.struct([('n', pa.int32())]))),
})
names = [
    {'id': 1, 'name': 'key', 'required': False, 'type': 'long'},
    {'id': 2, 'name': 'name', 'required': False, 'type': 'string'},
    {'id': 3, 'name': 'place', 'required': False, 'type': {'type': 'struct', 'fields': [
        {'id': 5, 'name': 'x', 'required': False, 'type': 'double'},
        {'id': 4, 'name': 'y', 'required': False, 'type': 'double'}]}},
    {'id': 6, 'name': 'things', 'required': False, 'type': {'type': 'list', 'element-id': 7, 'element-required': False, 'element': {
        'type': 'struct', 'fields': [
            {'id': 9, 'name': 'count', 'required': False, 'type': 'long'},
            {'id': 8, 'name': 'code', 'required': False, 'type': 'string'},
            {'id': 10, 'name': 'gone', 'required': False, 'type': 'string'}]}}},
    {'id': 11, 'name': 'by', 'required': False, 'type': {'type': 'map', 'key-id': 12, 'key': 'string', 'value-id': 13, 'value-required': False, 'value': {
        'type': 'struct', 'fields': [{'id': 14, 'name': 'code', 'required': False, 'type': 'string'}]}}},
    {'id': 15, 'name': 'unmapped', 'required': False, 'type': 'string'},
]
mapping = [
    {'field-id': 1, 'names': ['key', 'id', 'record_id']},
    {'field-id': 2, 'names': ['old.name', 'title']},
    {'field-id': 3, 'names': ['place', 'Where'], 'fields': [
        {'field-id': 4, 'names': ['lat']}, {'field-id': 5, 'names': ['lon', 'longitude']}]},
    {'field-id': 6, 'names': ['items'], 'fields': [{'field-id': 7, 'names': ['element'], 'fields': [
        {'field-id': 8, 'names': ['sku']}, {'field-id': 9, 'names': ['n']}]}]},
    {'field-id': 11, 'names': ['by'], 'fields': [
        {'field-id': 12, 'names': ['key']},
        {'field-id': 13, 'names': ['value'], 'fields': [{'field-id': 14, 'names': ['sku']}]}]},
]
place, thing = pa.struct([('x', pa.float64()), ('y', pa.float64())]), pa.struct([('count', pa.int64()), ('code', pa.string()), ('gone', pa.string())])
read = pa.table({
    'key': pa.array([1, 2, 3, 4], pa.int64()),
    'name': ['a', None, 'c', 'd'],
    'place': pa.array([{'x': -2.5, 'y': 1.5}, None, {'x': 0.25, 'y': None}, {'x': 7.0, 'y': None}], place),
    'things': pa.array([[{'count': 1, 'code': 'x'}, None], [], None, [{'count': 4, 'code': None}]], pa.list_(thing)),
    'by': pa.array([[('k', {'code': 'y'}), ('n', None)], None, [], None], pa.map_(pa.string(), pa.struct([('code', pa.string())]))),
    'unmapped': pa.array([None] * 4, pa.string()),
})
case('names', names, [(given, {}), (other, {})], [read], mapping)
case('names_without_ids', names, [(given, {}), (other, {})], [read],
     mapping + [{'names': ['unmapped']}, {'names': ['nowhere'], 'fields': [{'field-id': 15, 'names': ['unmapped']}]}])
case('names_of_old_lists', names, [(given, {'use_compliant_nested_type': False}), (other, {'use_compliant_nested_type': False})], [read], mapping)


def with_id(name, kind, field_id):
    return pa.field(name, kind, metadata={'PARQUET:field_id': str(field_id)})


some_ids = pa.table([pa.array([1, 2], pa.int64()), pa.array(['a', 'b']), pa.array(['c', 'd'])],
                    schema=pa.schema([with_id('x', pa.int64(), 1), pa.field('b', pa.string()), with_id('y', pa.string(), 3)]))
case('ids_of_some_columns', fields_of(a='long', b='string', c='string'), [(some_ids, {})],
     [pa.table({'a': pa.array([1, 2], pa.int64()), 'b': pa.array([None, None], pa.string()), 'c': ['c', 'd']})],
     mapping_of(fields_of(a='long', b='string', c='string')))
case('by_position', [{'id': i, 'name': name, 'required': False, 'type': kind} for i, name, kind in [(2, 'two', 'string'), (1, 'one', 'long'), (9, 'nine', 'string')]],
     [(pa.table({'p': pa.array([1, None], pa.int64()), 'q': ['z', None], 'r': ['no', 'no']}), {})],
     [pa.table({'two': ['z', None], 'one': pa.array([1, None], pa.int64()), 'nine': pa.nulls(2, pa.string())})])
case('lists_by_position', fields_of(one='long')
     + [{'id': 2, 'name': 'list', 'required': False, 'type': {'type': 'list', 'element-id': 7, 'element-required': False, 'element': 'long'}}],
     [(pa.table({'p': pa.array([1, 2], pa.int64()), 'q': pa.array([[1, None], None], pa.list_(pa.int32()))}), {})],
     [pa.table({'one': pa.array([1, 2], pa.int64()), 'list': pa.array([[1, None], None], pa.list_(pa.int64()))})])

# Types and their old encodings.

instants = [0, -1, 1, 1_795_212_668_123_456, -3_600_000_001, -11_676_096_000_000_001, 253_402_300_799_999_999, None]
int96 = pa.table({'n': micros(*instants), 'z': micros(*instants, zone='UTC')})
mapped('int96', fields_of(n='timestamp', z='timestamptz'), [(int96, {'use_deprecated_int96_timestamps': True})])
mapped('int96_nested', fields_of(l=['timestamptz']), [(pa.table({'l': pa.array([[-1, None, 0], None, []], pa.list_(pa.timestamp('us', 'UTC')))}), {'use_deprecated_int96_timestamps': True})])

unsigned = pa.table({
    'u8': pa.array([0, 255, None], pa.uint8()), 'u16': pa.array([0, 65535, None], pa.uint16()),
    'u32': pa.array([0, 2**32 - 1, None], pa.uint32()), 'u64': pa.array([0, 2**63 - 1, None], pa.uint64()),
    'i8': pa.array([-128, 127, None], pa.int8()), 'i16': pa.array([-32768, 32767, None], pa.int16()),
    'wide': pa.array([-128, 127, None], pa.int8()), 'l': pa.array([[255, None], [], None], pa.list_(pa.uint8())),
})
mapped('unsigned', fields_of(u8='int', u16='int', u32='long', u64='long', i8='int', i16='int', wide='long', l=['int']), [(unsigned, {})])

millis = [0, -1, 1, 1_795_212_668_123, -62_135_596_800_000, None]
units = pa.table({
    's': micros(*[None if m is None else m // 1000 for m in millis], unit='s'), 'ms': micros(*millis, unit='ms'),
    'msz': micros(*millis, unit='ms', zone='UTC'), 'far': micros(*millis, unit='ms', zone='America/New_York'),
    'd64': pa.array([0, -86_400_000, 86_400_000, None, -62_135_596_800_000, 0], pa.int64()).cast(pa.date64()),
})
for name, dictionary in [('units', False), ('units_in_dictionaries', True)]:
    mapped(name, fields_of(s='timestamp', ms='timestamp', msz='timestamptz', far='timestamptz', d64='date'),
           [(units, {'use_dictionary': dictionary})], [units.set_column(4, 'd64', units.column('d64').cast(pa.date32()))])

times = pa.table({
    't32': pa.array([0, 1, 86_399_999, None], pa.int32()).cast(pa.time32('ms')),
    't64': pa.array([0, 1_000, 86_399_999_999_999, None], pa.int64()).cast(pa.time64('ns')),
    'us': pa.array([0, 1, 86_399_999_999, None], pa.int64()).cast(pa.time64('us')),
})
mapped('times', fields_of(t32='time', t64='time', us='time'), [(times, {})], [times.set_column(1, 't64', times.column('us'))])

nanos = [0, -1, -999, -1000, -1001, 1_795_212_668_123_456_789, -9_223_372_036_854_775_808, 9_223_372_036_854_775_807, None]
ns = pa.table({'n': micros(*nanos, unit='ns'), 'z': micros(*nanos, unit='ns', zone='UTC')})
mapped('nanoseconds', fields_of(n='timestamp_ns', z='timestamptz_ns'), [(ns, {})])
floors = [None if n is None else n // 1000 for n in nanos]
mapped('nanoseconds_as_micros', fields_of(n='timestamp', z='timestamptz'), [(ns, {})],
       [pa.table({'n': micros(*floors), 'z': micros(*floors, zone='UTC')})])

D = decimal.Decimal
decimals = pa.table({
    'd9': pa.array([D('-0.01'), D('9999999.99'), None], pa.decimal128(9, 2)), 'd18': pa.array([D('-1'), D('999999999999999.999'), None], pa.decimal128(18, 3)),
    'd38': pa.array([D(-10**38 + 1), D(1), None], pa.decimal128(38, 0)), 'grown': pa.array([D('1.5'), D('-99.9'), None], pa.decimal128(3, 1)),
})
decimal_fields = fields_of(d9='decimal(9, 2)', d18='decimal(18, 3)', d38='decimal(38, 0)', grown='decimal(30, 1)')
mapped('decimals', decimal_fields, [(decimals, {'store_decimal_as_integer': stored}) for stored in (True, False)])

ids = [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.uuid5(uuid.NAMESPACE_DNS, 'a')]
texts = ['', 'żółć 🚀', None]
mapped('uuids_without_annotation', fields_of(u='uuid'), [(pa.table({'u': pa.array([i.bytes for i in ids], pa.binary(16))}), {})])
mapped('uuids', fields_of(u='uuid'), [(pa.table({'u': pa.array([i.bytes for i in ids], pa.uuid())}), {})])
mapped('fixed', fields_of(f='fixed[5]'), [(pa.table({'f': pa.array([b'12345', b'\0\xff\0\xff\0', None], pa.binary(5))}), {})])
halves = [0.5, -65504.0, -0.0, float('inf'), float('nan'), 2.0**-24, None]
mapped('half_floats', fields_of(half='float'), [(pa.table({'half': pa.array(halves, pa.float16())}), {})], [pa.table({'half': pa.array(halves, pa.float32())})])
bytes_of = pa.table({
    'large': pa.array(texts, pa.large_string()), 'view': pa.array(texts, pa.string_view()),
    'bin': pa.array([b'', b'\xff\x00', None], pa.large_binary()), 'bin_view': pa.array([b'', b'\xff\x00', None], pa.binary_view()),
    'json': pa.array(['{}', '[1]', None], pa.json_()),
    'flag': [True, False, None],
})
mapped('bytes', fields_of(large='string', view='string', bin='binary', bin_view='binary', json='string', flag='boolean'), [(bytes_of, {})])
raw = pa.table({'t': pa.array([t and t.encode() for t in texts], pa.binary())})
mapped('texts_without_annotation', fields_of(t='string'), [(raw, {})], [pa.table({'t': texts})])

nothing = pa.table({'id': pa.array([1, 2], pa.int64()), 'n': pa.nulls(2), 'l': pa.array([[None], None], pa.list_(pa.null())),
                    's': pa.array([{'n': None}, None], pa.struct([('n', pa.null())]))})
mapped('nothing', fields_of(id='long', n='string', l=['timestamptz'], s={'n': 'decimal(9, 2)'}), [(nothing, {})],
       [pa.table({'id': pa.array([1, 2], pa.int64()), 'n': pa.nulls(2, pa.string()), 'l': pa.array([[None], None], pa.list_(pa.timestamp('us', 'UTC'))),
                  's': pa.array([{'n': None}, None], pa.struct([('n', pa.decimal128(9, 2))]))})])

lists = pa.table({
    'large': pa.array([[1, None], [], None], pa.large_list(pa.int32())),
    'fixed': pa.array([[1, 2], [3, None], None], pa.list_(pa.int32(), 2)),
    'dictionary': pa.array(['a', None, 'a']).dictionary_encode(),
})
list_read = lists.set_column(0, 'large', pa.array([[1, None], [], None], pa.list_(pa.int32())))
list_read = list_read.set_column(1, 'fixed', pa.array([[1, 2], [3, None], None], pa.list_(pa.int32())))
mapped('lists', fields_of(large=['int'], fixed=['int'], dictionary='string'), [(lists, {})], [list_read])

# Layouts: rows with nulls at every depth, in pages of every codec and encoding.

rng = random.Random(20261126)


def maybe(make):
    return None if rng.random() < 0.2 else make()


def some(make):
    return [make(i) for i in range(rng.choice([0, 1, 2, 3, 9]))]


def deep_rows(count):
    return pa.table({
        'id': pa.array(range(count), pa.int64()),
        's': pa.array([maybe(lambda: {'a': maybe(lambda: rng.randrange(9)), 'b': maybe(lambda: {'c': maybe(lambda: some(lambda i: maybe(lambda: 'x' * i)))})}) for _ in range(count)],
                      pa.struct([('a', pa.int32()), ('b', pa.struct([('c', pa.list_(pa.string()))]))])),
        'l': pa.array([maybe(lambda: some(lambda i: maybe(lambda: some(lambda j: maybe(lambda: rng.random()))))) for _ in range(count)], pa.list_(pa.list_(pa.float64()))),
        'm': pa.array([maybe(lambda: some(lambda i: (f'k{i}', maybe(lambda: some(lambda j: (j, maybe(lambda: {'v': maybe(lambda: rng.randrange(100))}))))))) for _ in range(count)],
                      pa.map_(pa.string(), pa.map_(pa.int64(), pa.struct([('v', pa.int64())])))),
        'city': [rng.choice(['Ulm', 'Bonn', 'Łódź', None]) for _ in range(count)],
        'n': pa.array([maybe(lambda: rng.randrange(-2**31, 2**31)) for _ in range(count)], pa.int32()),
        'f': pa.array([maybe(lambda: rng.choice([0.5, -0.0, float('nan'), float('inf'), rng.random()])) for _ in range(count)], pa.float32()),
        'ok': [maybe(lambda: rng.random() < 0.5) for _ in range(count)],
        'on': pa.array([maybe(lambda: datetime.date(1969, 6, 1) + datetime.timedelta(rng.randrange(500))) for _ in range(count)], pa.date32()),
    })


deep = fields_of(id='long', s={'a': 'int', 'b': {'c': ['string']}}, l=[['double']], m=('string', ('long', {'v': 'long'})),
                 city='string', n='int', f='float', ok='boolean', on='date')
tiny = {'data_page_size': 500, 'write_batch_size': 16, 'row_group_size': 700, 'write_page_index': True}
for codec in ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4']:
    for version in ['1.0', '2.0']:
        mapped(f'deep_{codec}_v{version[0]}', deep, [(deep_rows(1500), {'compression': codec, 'data_page_version': version, **tiny})])
mapped('dictionaries_that_overflow', deep, [(deep_rows(3000), {'dictionary_pagesize_limit': 200, 'data_page_size': 300, 'write_batch_size': 32})])
mapped('without_dictionaries', deep, [(deep_rows(1500), {'use_dictionary': False, 'data_page_version': '2.0'})])
encodings = {
    'id': 'DELTA_BINARY_PACKED', 'n': 'BYTE_STREAM_SPLIT', 'f': 'BYTE_STREAM_SPLIT', 'ok': 'RLE', 'city': 'DELTA_BYTE_ARRAY',
    'on': 'DELTA_BINARY_PACKED', 's.b.c.list.element': 'DELTA_LENGTH_BYTE_ARRAY', 'l.list.element.list.element': 'BYTE_STREAM_SPLIT',
    'm.key_value.key': 'DELTA_BYTE_ARRAY', 'm.key_value.value.key_value.key': 'DELTA_BINARY_PACKED',
}
mapped('encodings', deep, [(deep_rows(1500), {'use_dictionary': False, 'column_encoding': encodings, **tiny, 'data_page_version': version}) for version in ('1.0', '2.0')])
mapped('no_rows', deep, [(deep_rows(0), {}), (deep_rows(3), {})])
mapped('rows_of_nulls', fields_of(a='int', l=['string'], s={'x': {'y': 'int'}}),
       [(pa.table({'a': pa.nulls(300, pa.int32()), 'l': pa.nulls(300, pa.list_(pa.string())), 's': pa.nulls(300, pa.struct([('x', pa.struct([('y', pa.int32())]))]))}), {})])

# DuckDB.

duck = duckdb.connect()
duck.execute("set timezone = 'UTC'")
query = """select i::bigint as id, (i % 7)::tinyint as small, (i * 77777)::integer as wide, i::hugeint::decimal(38, 4) as big, (i / 8)::decimal(4, 1) as little,
  case when i % 3 = 0 then null else 'duck ' || i end as s, ('x' || (i % 3))::enum('x0', 'x1', 'x2') as e, (i / 3)::float as f,
  timestamp '1969-12-31 23:00:00' + to_microseconds(i * 1000000007) as at, (timestamptz '1969-12-31 23:00:00Z' + to_minutes(i)) as atz,
  date '1969-12-01' + i::integer as d, uuidv5(uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8', i::varchar) as u,
  encode('b' || i) as b, case when i % 4 = 0 then null else [i, null, -i] end as l, {'a': i, 'b': case when i % 2 = 0 then ['n' || i] end} as st,
  map {'k' || i: i::integer, 'n': null} as m, [[i::double], [], null] as ll from range(2500) r(i)""".replace(
    "uuidv5(uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8', i::varchar)", "md5(i::varchar)::uuid")
ducks = fields_of(id='long', small='int', wide='long', big='decimal(38, 4)', little='decimal(4, 1)', s='string', e='string', f='float', at='timestamp', atz='timestamptz',
                  d='date', u='uuid', b='binary', l=['long'], st={'a': 'long', 'b': ['string']}, m=('string', 'int'), ll=[['double']])


def duckdb_case(name, fields, query, options):
    answer = duck.execute(query)
    answer = answer.to_arrow_table() if hasattr(answer, 'to_arrow_table') else answer.fetch_arrow_table()
    duck.execute(f"copy ({query}) to '{folder}/{name}.parquet' (format parquet, {options})")
    add(name, fields, [f'{name}.parquet'], lines_of(answer.combine_chunks(), fields), mapping_of(fields))


duckdb_case('duckdb_times', fields_of(t='time', ns='timestamp_ns', s='timestamp', ms='timestamp'),
            """select time '00:00:00.000001' + to_seconds(i * 60) as t, (timestamp '1969-12-31 23:59:58.999999' + to_seconds(i))::timestamp_ns as ns,
            (timestamp '1969-12-31 23:59:58' + to_seconds(i))::timestamp_s as s, (timestamp '1969-12-31 23:59:58.999' + to_seconds(i))::timestamp_ms as ms from range(5) r(i)""", 'codec zstd')
for codec in ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw']:
    for version in ['V1', 'V2']:
        duckdb_case(f'duckdb_{codec}_{version.lower()}', ducks, query, f"codec '{codec}', parquet_version {version}, row_group_size 2048")

json.dump(cases, open(f'{folder}/cases.json', 'w', encoding='utf-8'), ensure_ascii=False)
