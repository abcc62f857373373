"""Reads and writes with the avro package what SchemaInteropTests asks for: one JSON object a line in and out."""
import datetime
import decimal
import io
import json
import struct
import sys

import avro.datafile
import avro.io
import avro.schema

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICRO = datetime.timedelta(microseconds=1)


def logical(schema):
    return getattr(schema, "logical_type", None) or schema.other_props.get("logicalType") if hasattr(schema, "other_props") else None


def branch(union, value, show):
    kinds = {type(None): ("null",), bool: ("boolean",), int: ("int", "long"), float: ("float", "double"), bytes: ("bytes", "fixed"),
             list: ("array",), dict: ("map", "record"), str: ("string", "enum")}
    for schema in union.schemas:
        if show and schema.type in kinds[type(value)]:
            return schema
        if not show and schema.type == value["branch"]:
            return schema
    raise ValueError(f"no branch for {value!r} in {union}")


def ticks(time):
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 1000000 + time.microsecond


def show(schema, value):
    kind = schema.type
    if kind == "union":
        chosen = branch(schema, value, True)
        return {"branch": chosen.type, "value": show(chosen, value)}
    if isinstance(value, decimal.Decimal):
        return str(int(value.scaleb(schema.scale, decimal.Context(prec=100))))
    if isinstance(value, datetime.datetime):
        return str((value - EPOCH) // MICRO)
    if isinstance(value, datetime.date):
        return str((value - datetime.date(1970, 1, 1)).days)
    if isinstance(value, datetime.time):
        return str(ticks(value))
    if kind == "record":
        return [show(f.type, value[f.name]) for f in schema.fields]
    if kind == "array":
        return [show(schema.items, v) for v in value]
    if kind == "map":
        return {k: show(schema.values, v) for k, v in value.items()}
    if kind in ("bytes", "fixed"):
        return value.hex().upper()
    if kind in ("int", "long"):
        return str(value)
    if kind == "float":
        return struct.pack(">f", value).hex().upper()
    if kind == "double":
        return struct.pack(">d", value).hex().upper()
    return value


def build(schema, shown):
    kind = schema.type
    if kind == "union":
        chosen = branch(schema, shown, False)
        return build(chosen, shown["value"])
    name = logical(schema)
    if kind in ("bytes", "fixed"):
        if name == "decimal":
            return decimal.Decimal(int(shown)).scaleb(-schema.scale, decimal.Context(prec=100))
        return bytes.fromhex(shown)
    if kind in ("int", "long"):
        number = int(shown)
        if name == "date":
            return datetime.date(1970, 1, 1) + datetime.timedelta(days=number)
        if name in ("time-millis", "time-micros"):
            return (datetime.datetime.min + datetime.timedelta(microseconds=number)).time()
        if name in ("timestamp-millis", "timestamp-micros"):
            return EPOCH + datetime.timedelta(microseconds=number)
        return number
    if kind == "record":
        return {f.name: build(f.type, v) for f, v in zip(schema.fields, shown)}
    if kind == "array":
        return [build(schema.items, v) for v in shown]
    if kind == "map":
        return {k: build(schema.values, v) for k, v in shown.items()}
    if kind == "float":
        return struct.unpack(">f", bytes.fromhex(shown))[0]
    if kind == "double":
        return struct.unpack(">d", bytes.fromhex(shown))[0]
    return shown


def encode(schema, value):
    out = io.BytesIO()
    avro.io.DatumWriter(schema).write(value, avro.io.BinaryEncoder(out))
    return out.getvalue().hex().upper()


def main():
    for line in sys.stdin:
        ask = json.loads(line)
        schema = avro.schema.parse(ask["schema"])
        answer = {"read": [], "written": []}
        for case in ask["cases"]:
            source = io.BytesIO(bytes.fromhex(case["hex"]))
            answer["read"].append(show(schema, avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(source))))
            if source.read(1):
                raise ValueError("bytes are left")
            answer["written"].append(encode(schema, build(schema, case["value"])))
        if "file_in" in ask:
            with avro.datafile.DataFileReader(open(ask["file_in"], "rb"), avro.io.DatumReader()) as reader:
                answer["file"] = [show(schema, v) for v in reader]
            with avro.datafile.DataFileWriter(open(ask["file_out"], "wb"), avro.io.DatumWriter(), schema, codec=ask["codec"]) as writer:
                for case in ask["cases"]:
                    writer.append(build(schema, case["value"]))
        print(json.dumps(answer))


main()
