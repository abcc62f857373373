using System.Text;

namespace Streams.Broker.Crash.Tests.Wire;

/// <summary>The records inside a batch.</summary>
internal static class BatchRecords
{
    public static void Write(WireWriter batch, int offsetDelta, string? key, byte[] value)
    {
        var record = new WireWriter().Int8(0).Varint(0).Varint(offsetDelta);
        if (key is null) record.Varint(-1);
        else record.Varint(key.Length).Raw(Encoding.UTF8.GetBytes(key));
        var bytes = record.Varint(value.Length).Raw(value).Varint(0).ToArray();
        batch.Varint(bytes.Length).Raw(bytes);
    }

    public static List<(int Delta, string? Key, byte[] Value)> Read(ReadOnlySpan<byte> bytes, int count)
    {
        var records = new List<(int, string?, byte[])>();
        for (var i = 0; i < count; i++)
        {
            var end = Varint(ref bytes);
            var record = bytes[1..(int)end];
            Varint(ref record);
            var delta = (int)Varint(ref record);
            var key = Part(ref record);
            records.Add((delta, key is null ? null : Encoding.UTF8.GetString(key), Part(ref record) ?? []));
            bytes = bytes[(int)end..];
        }
        return records;
    }

    private static byte[]? Part(ref ReadOnlySpan<byte> bytes)
    {
        var length = (int)Varint(ref bytes);
        if (length < 0) return null;
        var part = bytes[..length].ToArray();
        bytes = bytes[length..];
        return part;
    }

    private static long Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return unchecked((long)(value >> 1) ^ -(long)(value & 1));
        }
    }
}
