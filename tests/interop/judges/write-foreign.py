"""Writes random rows of every type as Parquet with pyarrow and DuckDB, with every way of encoding that they have.

usage: write-foreign.py FOLDER SEED COUNT

Three of four are pyarrow's. The n-th file of each has the n-th combination of codec, version of data pages and dictionary
or none; the rest is random.
"""
import decimal
import itertools
import random
import struct
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)

TEXTS = ['', 'a', 'ab', 'é', '\uffff', '𝄞', 'A' * 300, '\0', 'null']


def int_of(bits, signed=True):
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return lambda: rng.choice([low, high, 0, rng.randint(low, high), rng.randint(0, 9)])


def float_of(code):
    def value():
        special = rng.random()
        if special < 0.2:
            return rng.choice([float('nan'), float('inf'), float('-inf'), -0.0, 0.0])
        number = struct.unpack(code, rng.randbytes(struct.calcsize(code)))[0]
        return number if number == number else 1.5
    return value


def decimal_of(precision, scale):
    most = 10**precision - 1
    def value():
        unscaled = rng.choice([most, -most, 0, rng.randint(-most, most), rng.randint(-9, 9)])
        with decimal.localcontext() as context:
            context.prec = 80
            return decimal.Decimal(unscaled).scaleb(-scale)
    return value


def text():
    return rng.choice(TEXTS) if rng.random() < 0.5 else 'text %d' % rng.randrange(10**6)


def some_bytes():
    return rng.randbytes(rng.choice([0, 1, 2, 40]))


def within(most, step=1):
    return lambda: rng.choice([0, -step, most * step, -most * step, rng.randint(-most, most) * step])


def of_day(units):
    return lambda: rng.choice([0, units - 1, rng.randrange(units)])


# By name: the Arrow type and a maker of values. Unsigned integers of 64 bits stay where a long holds them.
SCALARS = {
    'bool': (pa.bool_(), lambda: rng.random() < 0.5),
    'int8': (pa.int8(), int_of(8)),
    'int16': (pa.int16(), int_of(16)),
    'int32': (pa.int32(), int_of(32)),
    'int64': (pa.int64(), int_of(64)),
    'uint8': (pa.uint8(), int_of(8, False)),
    'uint16': (pa.uint16(), int_of(16, False)),
    'uint32': (pa.uint32(), int_of(32, False)),
    'uint64': (pa.uint64(), int_of(63, False)),
    'float16': (pa.float16(), float_of('<e')),
    'float32': (pa.float32(), float_of('<f')),
    'float64': (pa.float64(), float_of('<d')),
    'decimal32': (pa.decimal32(7, 3), decimal_of(7, 3)),
    'decimal64': (pa.decimal64(18, 0), decimal_of(18, 0)),
    'decimal128': (pa.decimal128(38, 10), decimal_of(38, 10)),
    'decimal_digit': (pa.decimal128(1, 0), decimal_of(1, 0)),
    'decimal256': (pa.decimal256(21, 5), decimal_of(21, 5)),
    'decimal_wide': (pa.decimal256(60, 5), decimal_of(60, 5)),
    'date32': (pa.date32(), within(10**6)),
    'date64': (pa.date64(), within(10**6, 86_400_000)),
    'time32_s': (pa.time32('s'), of_day(86_400)),
    'time32_ms': (pa.time32('ms'), of_day(86_400_000)),
    'time64_us': (pa.time64('us'), of_day(86_400_000_000)),
    'time64_ns': (pa.time64('ns'), of_day(86_400_000_000_000)),
    'timestamp_s': (pa.timestamp('s'), within(10**11)),
    'timestamp_ms': (pa.timestamp('ms'), within(10**14)),
    'timestamp_us': (pa.timestamp('us'), within(2**62)),
    'timestamp_ns': (pa.timestamp('ns'), within(2**62)),
    'timestamp_us_utc': (pa.timestamp('us', 'UTC'), within(2**62)),
    'timestamp_ns_zone': (pa.timestamp('ns', 'Europe/Berlin'), within(2**62)),
    'string': (pa.string(), text),
    'large_string': (pa.large_string(), text),
    'categories': (pa.dictionary(pa.int16(), pa.string()), lambda: rng.choice(TEXTS)),
    'binary': (pa.binary(), some_bytes),
    'large_binary': (pa.large_binary(), some_bytes),
    'fixed': (pa.binary(5), lambda: rng.randbytes(5)),
    'uuid': (pa.uuid(), lambda: rng.randbytes(16)),
    'json': (pa.json_(), lambda: '{"a": %d}' % rng.randrange(9)),
    'nothing': (pa.null(), lambda: None),
}
# Inside of others pyarrow makes no arrays of extension types, and cannot read what it writes of nulls there; DuckDB
# crashes on dictionaries there.
NEVER_NESTED = ['uuid', 'json', 'nothing', 'categories']
KEYS = ['string', 'int32', 'int64', 'date32', 'binary', 'decimal128', 'timestamp_us']


def scalar(names):
    return SCALARS[rng.choice(names)]


def any_type(names, depth):
    """A type with a maker of its values, at most `depth` levels of nesting."""
    kind = rng.choice(['scalar', 'list', 'large_list', 'fixed_list', 'struct', 'map']) if depth > 0 else 'scalar'
    if kind == 'scalar':
        return scalar(names)
    names = [name for name in names if name not in NEVER_NESTED]
    if kind == 'struct':
        fields = {f'f{i}': any_type(names, depth - 1) for i in range(rng.randint(1, 3))}
        makers = {name: sometimes(make) for name, (_, make) in fields.items()}
        return pa.struct([(name, kind) for name, (kind, _) in fields.items()]), lambda: {n: m() for n, m in makers.items()}
    inner, make = any_type(names, depth - 1)
    make = sometimes(make)
    if kind == 'fixed_list':
        return pa.list_(inner, 2), lambda: [make(), make()]
    if kind == 'map':
        key, make_key = scalar([name for name in KEYS if name in names])
        return pa.map_(key, inner), lambda: [(k, make()) for k in dict.fromkeys(make_key() for _ in range(rng.randrange(4)))]
    wrap = pa.list_ if kind == 'list' else pa.large_list
    return wrap(inner), lambda: [make() for _ in range(rng.choice([0, 0, 1, 2, 9]))]


def sometimes(make):
    share = rng.choice([0, 0.1, 0.5, 0.99, 1]) if rng.random() < 0.6 else 0.1
    return lambda: None if rng.random() < share else make()


def random_table(number, names):
    """Some rows of two scalar columns that take turns with the number, and of random ones."""
    rows = rng.choice([0, 1, 3, 100, 100, 400])
    columns = {}
    for i in range(7):
        kind, make = SCALARS[names[(2 * number + i) % len(names)]] if i < 2 else any_type(names, i // 2)
        if rng.random() < 0.2 and kind != pa.null():
            columns[f'c{i}'] = (pa.field(f'c{i}', kind, nullable=False), make)
        else:
            columns[f'c{i}'] = (pa.field(f'c{i}', kind), sometimes(make))
    repeats = rng.random() < 0.5
    arrays = []
    for field, make in columns.values():
        values = [make() for _ in range(rows)]
        # Runs and a few values again and again, which dictionaries and run lengths are for.
        if repeats and rows > 0:
            values = [values[i // 7 % 5 % rows] for i in range(rows)]
        arrays.append(pa.array(values, field.type))
    return pa.table(arrays, schema=pa.schema([field for field, _ in columns.values()]))


PHYSICAL_ENCODINGS = {
    'bool': ['PLAIN', 'RLE'],
    'int': ['PLAIN', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'],
    'float': ['PLAIN', 'BYTE_STREAM_SPLIT'],
    'fixed': ['PLAIN', 'BYTE_STREAM_SPLIT', 'DELTA_BYTE_ARRAY'],
    'bytes': ['PLAIN', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'],
}
PHYSICAL = {
    'BOOLEAN': 'bool', 'INT32': 'int', 'INT64': 'int', 'FLOAT': 'float', 'DOUBLE': 'float',
    'FIXED_LEN_BYTE_ARRAY': 'fixed', 'BYTE_ARRAY': 'bytes',
}


def with_pyarrow(path, number, codec, page_version, dictionary):
    table = random_table(number, list(SCALARS))
    options = {
        'compression': codec,
        'data_page_version': page_version,
        'use_dictionary': dictionary,
        'data_page_size': rng.choice([100, 1000, 1 << 20]),
        'write_batch_size': rng.choice([1, 16, 1024]),
        'dictionary_pagesize_limit': rng.choice([1, 100, 1 << 20]),
        'row_group_size': rng.choice([7, 64, 1 << 20]),
        'write_page_index': rng.random() < 0.5,
        'write_page_checksum': rng.random() < 0.5,
        'write_statistics': rng.random() < 0.8,
        # pyarrow cannot read each Arrow type that it writes down there.
        'store_schema': False,
        'store_decimal_as_integer': rng.random() < 0.5,
        'use_compliant_nested_type': rng.random() < 0.8,
    }
    if not dictionary:
        sink = pa.BufferOutputStream()
        pq.write_table(table.slice(0, 0), sink, **options)
        leaves = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
        options['column_encoding'] = {
            leaves.column(i).path: rng.choice(PHYSICAL_ENCODINGS[PHYSICAL[leaves.column(i).physical_type]])
            for i in range(len(leaves))
        }
    pq.write_table(table, path, **options)


DUCKDB_NAMES = [
    'bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64', 'decimal128',
    'date32', 'time64_us', 'timestamp_s', 'timestamp_ms', 'timestamp_us', 'timestamp_ns', 'timestamp_us_utc', 'string',
    'large_string', 'categories', 'binary', 'uuid',
]


def with_duckdb(path, number, codec, page_version, dictionary):
    rows = random_table(number, DUCKDB_NAMES)  # noqa: F841 - the query names it
    settings = {
        'FORMAT': 'parquet',
        'COMPRESSION': {'none': 'uncompressed', 'lz4': 'lz4_raw'}.get(codec, codec),
        'PARQUET_VERSION': 'v1' if page_version == '1.0' else 'v2',
        'ROW_GROUP_SIZE': rng.choice([2048, 122_880]),
        'STRING_DICTIONARY_PAGE_SIZE_LIMIT': rng.choice([16, 1 << 20]),
    }
    if not dictionary:
        settings['DICTIONARY_SIZE_LIMIT'] = 0
    duckdb.execute(f"copy (from rows) to '{path}' ({', '.join(f'{name} {value}' for name, value in settings.items())})")


CODECS = ['none', 'snappy', 'gzip', 'brotli', 'lz4', 'zstd']
COMBINATIONS = list(itertools.product(CODECS, ['1.0', '2.0'], [True, False]))
for write, share in ((with_pyarrow, count * 3 // 4), (with_duckdb, count - count * 3 // 4)):
    for number in range(share):
        codec, page_version, dictionary = COMBINATIONS[number % len(COMBINATIONS)]
        encoding = 'dictionary' if dictionary else 'plain'
        name = f'{write.__name__[5:]}-{number:03}-{codec}-v{page_version[0]}-{encoding}.parquet'
        write(f'{folder}/{name}', number, codec, page_version, dictionary)
