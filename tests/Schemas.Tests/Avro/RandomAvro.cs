using System.Numerics;
using System.Text.Json.Nodes;
using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

/// <summary>Schemas and data at random, the same for the same seed. Branches of a union differ in their Python type, so that either side picks the same one.</summary>
sealed class RandomAvro(int seed)
{
    static readonly string[] Words = ["", "a", "usage", "Ä", "日本", "😀", "line\nbreak", "nul\0"];

    readonly Random _random = new(seed);
    int _names;

    public JsonNode Schema(int depth = 3, bool inUnion = false)
    {
        var kind = _random.Next(depth <= 0 ? 13 : 18);
        return kind switch
        {
            0 => "null",
            1 => "boolean",
            2 => "int",
            3 => "long",
            4 => "float",
            5 => "double",
            6 => "bytes",
            7 => "string",
            8 => Named("fixed", ("size", _random.Next(0, 20))),
            9 => Enum(),
            10 or 11 or 12 => inUnion ? "string" : Logical(),
            13 => new JsonObject { ["type"] = "array", ["items"] = Schema(depth - 1) },
            14 => new JsonObject { ["type"] = "map", ["values"] = Schema(depth - 1) },
            15 when !inUnion => Union(depth),
            _ => Record(depth),
        };
    }

    JsonObject Enum()
    {
        var symbols = new JsonArray(Enumerable.Range(0, _random.Next(1, 6)).Select(i => (JsonNode)$"S{i}").ToArray());
        return Named("enum", ("symbols", symbols));
    }

    JsonObject Record(int depth)
    {
        var record = Named("record");
        record["fields"] = new JsonArray(Enumerable.Range(0, _random.Next(0, 6)).Select(i => (JsonNode)new JsonObject { ["name"] = $"f{i}", ["type"] = Schema(depth - 1) }).ToArray());
        return record;
    }

    JsonNode Union(int depth)
    {
        var chosen = new List<JsonNode>();
        if (_random.Next(2) == 0) chosen.Add("null");
        chosen.Add(_random.Next(2) == 0 ? "string" : Enum());
        if (_random.Next(2) == 0) chosen.Add(((string[])["boolean", "int", "long", "float", "double"])[_random.Next(5)]);
        if (_random.Next(2) == 0) chosen.Add(_random.Next(2) == 0 ? "bytes" : Named("fixed", ("size", 3)));
        if (_random.Next(3) == 0) chosen.Add(new JsonObject { ["type"] = "array", ["items"] = Schema(depth - 1) });
        if (_random.Next(3) == 0) chosen.Add(_random.Next(2) == 0 ? Record(depth) : new JsonObject { ["type"] = "map", ["values"] = Schema(depth - 1) });
        return new JsonArray(chosen.ToArray());
    }

    JsonNode Logical()
    {
        var (type, logical) = ((string, string)[])[("int", "date"), ("int", "time-millis"), ("long", "time-micros"), ("long", "timestamp-millis"),
            ("long", "timestamp-micros"), ("long", "local-timestamp-micros"), ("bytes", "decimal"), ("fixed", "decimal")] is var all ? all[_random.Next(all.Length)] : default;
        var schema = type == "fixed" ? Named("fixed", ("size", 8)) : new JsonObject { ["type"] = type };
        schema["logicalType"] = logical;
        if (logical == "decimal")
        {
            schema["precision"] = 18;
            schema["scale"] = _random.Next(0, 18);
        }
        return schema;
    }

    JsonObject Named(string type, params (string Name, JsonNode Value)[] more)
    {
        var schema = new JsonObject { ["type"] = type, ["name"] = $"N{_names++}" };
        if (_random.Next(3) == 0) schema["namespace"] = "space.n" + _random.Next(3);
        foreach (var (name, value) in more) schema[name] = value;
        return schema;
    }

    public object? Datum(AvroSchema schema) => schema switch
    {
        UnionSchema union => Datum(union.Branches[_random.Next(union.Branches.Count)]),
        RecordSchema record => new GenericRecord(record, record.Fields.Select(f => Datum(f.Type)).ToArray()),
        ArraySchema array => Enumerable.Range(0, _random.Next(0, 4)).Select(_ => Datum(array.Items)).ToList(),
        MapSchema map => Enumerable.Range(0, _random.Next(0, 4)).ToDictionary(i => $"k{i}{Words[1 + i]}", _ => Datum(map.Values), StringComparer.Ordinal),
        EnumSchema @enum => new GenericEnum(@enum, @enum.Symbols[_random.Next(@enum.Symbols.Count)]),
        { Logical: { } logical } => LogicalValue.ToDatum(schema, Meaning(logical)),
        FixedSchema @fixed => new GenericFixed(@fixed, Bytes(@fixed.Size)),
        _ => Primitive(schema.Kind),
    };

    object Meaning(LogicalType logical) => logical.Kind switch
    {
        LogicalKind.Decimal => new AvroDecimal(new BigInteger(_random.NextInt64(-999_999_999_999_999_999, 999_999_999_999_999_999)), logical.Scale),
        LogicalKind.Date => DateOnly.FromDayNumber(_random.Next(1, DateOnly.MaxValue.DayNumber)),
        LogicalKind.TimeMillis => new TimeOnly(_random.Next(0, 86_400_000) * TimeSpan.TicksPerMillisecond),
        LogicalKind.TimeMicros => new TimeOnly(_random.NextInt64(0, 86_400_000_000) * TimeSpan.TicksPerMicrosecond),
        LogicalKind.TimestampMillis => Timestamp.FromMillis(_random.NextInt64(-60_000_000_000_000, 250_000_000_000_000)),
        LogicalKind.TimestampMicros => new Timestamp(_random.NextInt64(-60_000_000_000_000_000, 250_000_000_000_000_000)),
        _ => new DateTime(2026, 1, 1).AddTicks(_random.NextInt64(0, 1_000_000_000_000) * 10),
    };

    object? Primitive(SchemaKind kind) => kind switch
    {
        SchemaKind.Null => null,
        SchemaKind.Boolean => _random.Next(2) == 0,
        SchemaKind.Int => unchecked((int)Long()),
        SchemaKind.Long => Long(),
        SchemaKind.Float => (float)(_random.NextDouble() * 2000 - 1000),
        SchemaKind.Double => _random.Next(10) == 0 ? double.PositiveInfinity : _random.NextDouble() * 1e18,
        SchemaKind.Bytes => Bytes(_random.Next(0, 9)),
        _ => Words[_random.Next(Words.Length)],
    };

    long Long() => unchecked(_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(0, 64));

    byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}
