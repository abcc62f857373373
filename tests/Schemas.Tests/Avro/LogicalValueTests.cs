using System.Numerics;
using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

public class LogicalValueTests
{
    static AvroSchema Schema(string type, string logical, string more = "") => AvroSchema.Parse($$"""{"type":"{{type}}","logicalType":"{{logical}}"{{more}}}""");

    public static TheoryData<AvroSchema, object> Values() => new()
    {
        { Schema("bytes", "decimal", ",\"precision\":9,\"scale\":2"), new AvroDecimal(-12345, 2) },
        { Schema("fixed", "decimal", ",\"name\":\"F\",\"size\":10,\"precision\":9,\"scale\":2"), new AvroDecimal(-1, 2) },
        { Schema("int", "date"), new DateOnly(1969, 12, 31) },
        { Schema("int", "time-millis"), new TimeOnly(23, 59, 59, 999) },
        { Schema("long", "time-micros"), new TimeOnly(23, 59, 59, 999, 999) },
        { Schema("long", "timestamp-millis"), Timestamp.FromMillis(-1) },
        { Schema("long", "timestamp-micros"), new Timestamp(-1) },
        { Schema("long", "local-timestamp-millis"), new DateTime(1969, 12, 31, 23, 59, 59, 999) },
        { Schema("long", "local-timestamp-micros"), new DateTime(2026, 1, 1).AddTicks(10) },
        { Schema("string", "uuid"), new Guid("00112233-4455-6677-8899-aabbccddeeff") },
        { Schema("fixed", "uuid", ",\"name\":\"F\",\"size\":16"), new Guid("00112233-4455-6677-8899-aabbccddeeff") },
        { Schema("fixed", "duration", ",\"name\":\"F\",\"size\":12"), new AvroDuration(1, uint.MaxValue, 3) },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Round_trips_through_the_binary(AvroSchema schema, object value)
    {
        var bytes = DatumWriter.ToBytes(schema, LogicalValue.ToDatum(schema, value));
        Assert.Equal(value, LogicalValue.FromDatum(schema, new DatumReader(schema).Read(bytes)));
    }

    [Fact]
    public void Layouts_are_the_specifications()
    {
        var uuid = Schema("fixed", "uuid", ",\"name\":\"F\",\"size\":16");
        Assert.Equal("00112233445566778899AABBCCDDEEFF", Convert.ToHexString(DatumWriter.ToBytes(uuid, LogicalValue.ToDatum(uuid, new Guid("00112233-4455-6677-8899-aabbccddeeff")))));
        var duration = Schema("fixed", "duration", ",\"name\":\"F\",\"size\":12");
        Assert.Equal("010000000200000003000000", Convert.ToHexString(DatumWriter.ToBytes(duration, LogicalValue.ToDatum(duration, new AvroDuration(1, 2, 3)))));
        var number = Schema("fixed", "decimal", ",\"name\":\"F\",\"size\":4,\"precision\":5");
        Assert.Equal("FFFFFFFE", Convert.ToHexString(DatumWriter.ToBytes(number, LogicalValue.ToDatum(number, new AvroDecimal(-2, 0)))));
    }

    [Fact]
    public void What_cannot_be_told_exactly_is_refused()
    {
        var number = Schema("bytes", "decimal", ",\"precision\":3,\"scale\":1");
        Assert.Throws<AvroException>(() => LogicalValue.ToDatum(number, new AvroDecimal(1, 2)));
        Assert.Throws<AvroException>(() => LogicalValue.ToDatum(number, new AvroDecimal(1000, 1)));
        Assert.Equal(new AvroDecimal(999, 1), LogicalValue.FromDatum(number, LogicalValue.ToDatum(number, new AvroDecimal(999, 1))));
        Assert.Throws<AvroException>(() => LogicalValue.FromDatum(number, new BigInteger(1000).ToByteArray(isBigEndian: true)));
        Assert.Throws<AvroException>(() => LogicalValue.FromDatum(number, Array.Empty<byte>()));
        Assert.Throws<AvroException>(() => LogicalValue.FromDatum(Schema("int", "date"), int.MaxValue));
        Assert.Throws<AvroException>(() => LogicalValue.FromDatum(Schema("int", "time-millis"), 86_400_000));
        Assert.Throws<AvroException>(() => LogicalValue.FromDatum(Schema("long", "local-timestamp-micros"), long.MaxValue));
        Assert.Throws<AvroException>(() => LogicalValue.FromDatum(Schema("string", "uuid"), "nobody"));
        Assert.Throws<AvroException>(() => LogicalValue.ToDatum(Schema("long", "timestamp-millis"), new Timestamp(1)));
    }
}
