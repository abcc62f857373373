using System.Buffers.Binary;
using System.Numerics;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>The pieces of stored states, in Avro's primitive encodings. Counts are checked before anything is allocated for them.</summary>
static class StateFormat
{
    /// <summary>Identity, time and an empty decimal.</summary>
    public const int MinSampleBytes = 16 + 1 + 2;

    public static MeterException Malformed(string reason) => new(MeterCodes.StateMalformed, $"The state is malformed: {reason}");

    /// <summary>An exact quotient of whole numbers.</summary>
    public static Exact Quotient(BigInteger dividend, BigInteger divisor) =>
        divisor == ExactDecimal.One && dividend.GetBitLength() < 126 ? Exact.FromMantissa((Int128)dividend, ExactDecimal.Scale) : Exact.From(new(dividend, divisor));

    public static long ReadEvents(ref AvroReader reader)
    {
        var events = reader.ReadLong();
        return events >= 0 ? events : throw Malformed($"{events} events");
    }

    public static int ReadCount(ref AvroReader reader, int limit, int minimumBytes)
    {
        var count = reader.ReadInt();
        if (count < 0 || count > limit) throw Malformed($"{count} entries, {limit} are allowed");
        return (long)count * minimumBytes <= reader.Remaining ? count : throw Malformed($"{count} entries do not fit the {reader.Remaining} bytes left");
    }

    public static void WriteFingerprint(AvroWriter writer, ulong fingerprint)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, fingerprint);
        writer.WriteFixed(bytes);
    }

    public static ulong ReadFingerprint(ref AvroReader reader) => BinaryPrimitives.ReadUInt64BigEndian(reader.ReadFixed(8));

    public static void WriteId(AvroWriter writer, UInt128 id)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        writer.WriteFixed(bytes);
    }

    public static UInt128 ReadId(ref AvroReader reader) => BinaryPrimitives.ReadUInt128BigEndian(reader.ReadFixed(16));

    public static ExactDecimal ReadDecimal(ref AvroReader reader) => ExactDecimal.FromAvro(reader.ReadBytes());

    public static void WriteSample(AvroWriter writer, in Sample sample, bool keyed)
    {
        WriteId(writer, sample.Id);
        writer.WriteLong(sample.Time.Micros);
        writer.WriteDecimal(sample.Value);
        if (keyed) WriteId(writer, sample.Key);
    }

    public static Sample ReadSample(ref AvroReader reader, bool keyed) =>
        new(ReadId(ref reader), new(reader.ReadLong()), ReadDecimal(ref reader), keyed ? ReadId(ref reader) : default);
}
