"""Reads Iceberg tables with one engine and writes their rows in one canonical text, a JSON object a line.

usage: judge.py pyiceberg|duckdb|spark|pyarrow

Requests come as JSON lines on stdin, answers as JSON lines on stdout:
  {"op": "read", "metadata": FILE, "location": TABLE, "out": FILE}  -> {"rows": N} or {"error": TEXT}
      "where": TEXT     only the rows that match: SQL, or for PyIceberg a Python expression
      "plain": true     Spark: row by row instead of in vectors
      "source": TEXT    Spark: another of its tables, whose rows are read as rows of this one
      "s3": {...}       the table is in S3, reached by these properties, under Iceberg's names; "metadata" is a URI then,
                        and "schema" a copy of that file on this machine
      "ref": TEXT, "snapshot": TEXT   a branch or tag, and the id of its snapshot, by which DuckDB knows it
      PyIceberg answers {"files": N} too, the data files that it planned to read.
      "file": FILE      pyarrow, DuckDB: a Parquet file to read instead, or for pyarrow a stream of Arrow batches (.arrows);
                        of "metadata" only the schema is taken, whose columns are read by their names.
  {"op": "write", "s3": {...}, "warehouse": URI, "rows": N}         -> {"metadata": URI}   (PyIceberg only)
      Makes a partitioned table of N rows in two appends.
  {"op": "sql", "warehouse": FOLDER, "statements": [TEXT, ...]}     -> {} or {"error": TEXT}   (Spark only)
  {"op": "query", "warehouse": FOLDER, "query": TEXT}               -> {"rows": [[TEXT or null, ...], ...]}   (Spark only)

Encoding of values: boolean and int as JSON; long as a string; float and double as a JSON number, with "NaN",
"Infinity", "-Infinity" and "-0" as strings; decimal as a string with its scale; date as YYYY-MM-DD; time and timestamps
as units since midnight or the epoch, as strings; uuid dashed; fixed and binary as hex; list an array; map an array of
pairs sorted by their text; struct an object; null null.
"""

import datetime
import decimal
import glob
import gzip
import json
import math
import os
import sys
import uuid

import pyarrow as pa


def main():
    engine = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    judge = {"pyiceberg": PyIceberg, "duckdb": DuckDb, "spark": Spark, "pyarrow": PyArrow}[engine]()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = read(judge, request) if request["op"] == "read" else getattr(judge, request["op"])(request)
        except BaseException as error:  # noqa: BLE001 - the message is the answer
            answer = {"error": words(error)[:2000]}
        print(json.dumps(answer), file=answers, flush=True)


def words(error):
    """What the engine said; of a Java exception the first cause, without the stack."""
    cause = next((vars(error)[name] for name in ("java_exception", "_origin") if vars(error).get(name)), None)
    if cause is None:
        return f"{type(error).__name__}: {error}"
    while cause.getCause() is not None:
        cause = cause.getCause()
    return cause.toString()


def read(judge, request):
    schema = current_schema(request.get("schema", request["metadata"]))
    table, facts = judge.read(request)
    lines = lines_of(table, schema["fields"])
    with open(request["out"], "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)
    return {"rows": len(lines), **facts}


def lines_of(table, fields):
    """The rows of an Arrow table that has columns of these fields."""
    names = [field["name"] for field in fields]
    columns = []
    for field in fields:
        index = [i for i, name in enumerate(table.schema.names) if name == field["name"]]
        if len(index) != 1:
            raise ValueError(f"column {field['name']} is not in the answer: {table.schema.names}")
        chunks = table.column(index[0])
        columns.append([encode(field["type"], value) for chunk in chunks.chunks for value in values(chunk)])
    return [text(list(zip(names, row))) for row in zip(*columns)]


def current_schema(path):
    raw = open(path, "rb").read()
    metadata = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    if "schemas" not in metadata:
        return metadata["schema"]
    return next(s for s in metadata["schemas"] if s["schema-id"] == metadata["current-schema-id"])


def values(array):
    """Python values that lose nothing: times and timestamps as ints, maps as pairs."""
    kind = array.type
    if isinstance(kind, pa.ExtensionType):
        return values(array.storage)
    if isinstance(kind, pa.DictionaryType):
        return values(array.dictionary_decode())
    if pa.types.is_temporal(kind):
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        scale = {"s": 10**6, "ms": 1000}.get(getattr(kind, "unit", None), 1)
        # Tables have dates in days, and no times in nanoseconds.
        divisor = {pa.time64("ns"): 1000, pa.date64(): 86_400_000}.get(kind, 1)
        return [None if v is None else v * scale // divisor for v in array.view(width).to_pylist()]
    if pa.types.is_struct(kind):
        children = [values(array.field(i)) for i in range(kind.num_fields)]
        names = [kind.field(i).name for i in range(kind.num_fields)]
        valid = array.is_valid().to_pylist()
        # field() ignores the parent's offset only for sliced arrays; chunks here are whole.
        return [list(zip(names, row)) if ok else None for ok, row in zip(valid, zip(*children))] if children else []
    if pa.types.is_map(kind):
        keys, items = values(array.keys), values(array.items)
        return nest(array, list(zip(keys, items)))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return nest(array, values(array.values))
    return array.to_pylist()


def nest(array, flat):
    offsets = array.offsets.to_pylist()
    valid = array.is_valid().to_pylist()
    return [flat[offsets[i] : offsets[i + 1]] if ok else None for i, ok in enumerate(valid)]


def encode(kind, value):
    if value is None:
        return None
    if isinstance(kind, dict):
        return encode_nested(kind, value)
    if kind in ("boolean", "int", "string"):
        return value
    if kind in ("float", "double"):
        return encode_float(value)
    if kind.startswith("decimal"):
        scale = int(kind[8:-1].split(",")[1])
        with decimal.localcontext() as context:
            context.prec = 60
            return format(decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-scale)), "f")
    if kind == "date":
        return date_text(value)
    if kind == "uuid":
        return str(uuid.UUID(bytes=value)) if isinstance(value, bytes) else str(value)
    if kind.startswith(("binary", "fixed", "geometry", "geography")):
        return bytes(value).hex()
    return str(value)


def date_text(days):
    """ISO 8601 in the proleptic Gregorian calendar; Python's dates end at the years 1 and 9999."""
    cycle, day = divmod(days, DAYS_OF_400_YEARS)
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
    year = date.year + 400 * cycle
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04}-{date.month:02}-{date.day:02}"


DAYS_OF_400_YEARS = 146097


def encode_nested(kind, value):
    if kind["type"] == "struct":
        found = dict(value)
        return Pairs([(f["name"], encode(f["type"], found[f["name"]])) for f in kind["fields"]])
    if kind["type"] == "list":
        return [encode(kind["element"], item) for item in value]
    pairs = [[encode(kind["key"], k), encode(kind["value"], v)] for k, v in value]
    return sorted(pairs, key=text)


class Pairs(list):
    """A struct: names and values in order; a dict would take `__proto__` too, but not say that it is one."""


def encode_float(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return Float(value)


class Float(float):
    """Written as JavaScript writes the same double."""


def text(value):
    if isinstance(value, Pairs) or (isinstance(value, list) and value and isinstance(value[0], tuple)):
        return "{" + ",".join(f"{quoted(k)}:{text(v)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text(v) for v in value) + "]"
    if isinstance(value, Float):
        return float_text(value)
    if isinstance(value, str):
        return quoted(value)
    return json.dumps(value)


def quoted(value):
    return json.dumps(value, ensure_ascii=False)


def float_text(value):
    """The digits of ECMAScript's Number::toString; both sides give the shortest that round-trips."""
    sign, digits, exponent = decimal.Decimal(repr(float(value))).as_tuple()
    digits = "".join(map(str, digits)).rstrip("0") or "0"
    if digits == "0":
        return "0"
    point = len(str(int("".join(map(str, decimal.Decimal(repr(float(value))).as_tuple().digits))))) + exponent
    prefix = "-" if sign else ""
    count = len(digits)
    if count <= point <= 21:
        return prefix + digits + "0" * (point - count)
    if 0 < point <= 21:
        return prefix + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return prefix + "0." + "0" * -point + digits
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return prefix + digits[0] + ("." + digits[1:] if count > 1 else "") + power


class PyIceberg:
    def read(self, request):
        import pyiceberg.expressions
        from pyiceberg.table import StaticTable

        row_filter = eval(request.get("where", "AlwaysTrue()"), vars(pyiceberg.expressions))
        table = StaticTable.from_metadata(request["metadata"], properties=request.get("s3", {}))
        scan = table.scan(row_filter=row_filter)
        if "ref" in request:
            scan = scan.use_ref(request["ref"])
        return scan.to_arrow(), {"files": sum(1 for _ in scan.plan_files())}

    def write(self, request):
        from pyiceberg.catalog.sql import SqlCatalog
        from pyiceberg.transforms import IdentityTransform

        catalog = SqlCatalog("writer", uri="sqlite:///:memory:", warehouse=request["warehouse"], **request["s3"])
        catalog.create_namespace("db")
        count = request["rows"]
        rows = pa.table(
            {
                "id": pa.array(range(count), pa.int64()),
                "part": pa.array([["a b", "ü/ö", "50%", "="][i % 4] for i in range(count)], pa.string()),
                "price": pa.array([decimal.Decimal(i) / 100 if i % 3 else None for i in range(count)], pa.decimal128(9, 2)),
                "at": pa.array([i * 1_000_003 for i in range(count)], pa.timestamp("us", "UTC")),
                "tags": pa.array([[str(i), None] for i in range(count)], pa.list_(pa.string())),
            }
        )
        table = catalog.create_table("db.written", rows.schema)
        with table.update_spec() as update:
            update.add_field("part", IdentityTransform(), "part_is")
        table.append(rows.slice(0, count // 2))
        table.append(rows.slice(count // 2))
        return {"metadata": table.metadata_location}


class PyArrow:
    def read(self, request):
        import pyarrow.parquet as pq

        if request["file"].endswith(".arrows"):
            return pa.ipc.open_stream(request["file"]).read_all(), {}
        names = [field["name"] for field in current_schema(request["metadata"])["fields"]]
        file = pq.ParquetFile(request["file"], coerce_int96_timestamp_unit="us", page_checksum_verification=True)
        return file.read(columns=names), {}


class DuckDb:
    def __init__(self):
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")
        folders = [p for p in sys.path if os.path.isdir(p)]
        for name in ("avro", "httpfs", "iceberg"):
            found = [f for p in folders for f in glob.glob(f"{p}/duckdb_extension_{name}/extensions/*/{name}.duckdb_extension")]
            self.connection.execute(f"LOAD '{found[0]}'")

    def read(self, request):
        path = request.get("file", request["metadata"]).replace("'", "''")
        scan = "read_parquet" if "file" in request else "iceberg_scan"
        where = request.get("where", "true")
        if "s3" in request:
            self.reach(request["s3"])
        at = f", snapshot_from_id = {int(request['snapshot'])}" if "snapshot" in request else ""
        answer = self.connection.execute(f"select * from {scan}('{path}'{at}) where {where}")
        return answer.to_arrow_table() if hasattr(answer, "to_arrow_table") else answer.fetch_arrow_table(), {}

    def reach(self, s3):
        scheme, endpoint = s3["s3.endpoint"].split("://")
        self.connection.execute(
            f"create or replace secret (type s3, key_id '{s3['s3.access-key-id']}', secret '{s3['s3.secret-access-key']}', "
            f"region '{s3['client.region']}', endpoint '{endpoint}', url_style 'path', use_ssl {scheme == 'https'})"
        )


class Spark:
    def __init__(self):
        from pyspark.sql import SparkSession

        iceberg = "org.apache.iceberg.spark"
        catalog = "spark.sql.catalog"
        settings = {
            "spark.sql.extensions": f"{iceberg}.extensions.IcebergSparkSessionExtensions",
            f"{catalog}.spark_catalog": f"{iceberg}.SparkSessionCatalog",
            f"{catalog}.spark_catalog.type": "hadoop",
            f"{catalog}.spark_catalog.warehouse": "file:///nowhere",
            f"{catalog}.spark_catalog.cache-enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "2",
        }
        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")

    def read(self, request):
        reader = self.spark.read.format("iceberg")
        if request.get("plain"):
            reader = reader.option("vectorization-enabled", "false")
        if "ref" in request:
            reader = reader.option("versionAsOf", request["ref"])
        if "source" in request:
            frame = self.spark.table(request["source"])
        else:
            frame = self.in_bucket(request) if "s3" in request else reader.load("file://" + request["location"])
        if "where" in request:
            frame = frame.filter(request["where"])
        # DataFrame.toArrow() casts, and fails over a required field in a struct that is null.
        return pa.Table.from_batches(frame._collect_as_arrow(empty_list_if_zero_records=False)), {}

    def in_bucket(self, request):
        """A table in S3 by its metadata alone: Hadoop's file systems, and so the usual way, know no S3 here."""
        from pyspark.sql import DataFrame

        jvm = self.spark._jvm
        io = jvm.org.apache.iceberg.aws.s3.S3FileIO()
        io.initialize(request["s3"])
        operations = jvm.org.apache.iceberg.StaticTableOperations(request["metadata"], io)
        table = jvm.org.apache.iceberg.BaseTable(operations, request["location"])
        none = jvm.scala.Option.empty()
        source = jvm.org.apache.iceberg.spark.source.SparkTable(table)
        relation = jvm.org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation.create(source, none, none)
        return DataFrame(jvm.org.apache.spark.sql.classic.Dataset.ofRows(self.spark._jsparkSession, relation), self.spark)

    def sql(self, request):
        self.connect(request["warehouse"])
        for statement in request["statements"]:
            self.spark.sql(statement)
        return {}

    def query(self, request):
        self.connect(request["warehouse"])
        rows = self.spark.sql(request["query"]).collect()
        return {"rows": [[None if value is None else str(value) for value in row] for row in rows]}

    def connect(self, warehouse):
        """The catalog `lake`; Spark keeps the first warehouse that it was given, so a process serves one."""
        catalog = "spark.sql.catalog.lake"
        self.spark.conf.set(catalog, "org.apache.iceberg.spark.SparkCatalog")
        self.spark.conf.set(f"{catalog}.type", "hadoop")
        self.spark.conf.set(f"{catalog}.cache-enabled", "false")
        self.spark.conf.set(f"{catalog}.warehouse", "file://" + warehouse)


if __name__ == "__main__":
    main()
