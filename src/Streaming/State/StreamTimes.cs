using System.Buffers.Binary;

namespace Streams.Streaming.State;

/// <summary>
/// A store's two times and their changelog record: what its operator has seen, and the latest time that was put, by which entries expire. The record's key is no
/// key of any store: as a window's key it would have a negative start, and a plain key that equals it is refused.
/// </summary>
internal sealed class StreamTimes
{
    private const int Size = 2 * sizeof(long);
    private static readonly byte[] Key = [.. "streams:stream-time"u8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255];
    private long observed = -1, latestPut = -1;
    private bool changed;

    public long Observed
    {
        get => observed;
        set
        {
            if (value > observed)
                (observed, changed) = (value, true);
        }
    }

    public long LatestPut
    {
        get => latestPut;
        set
        {
            if (value > latestPut)
                (latestPut, changed) = (value, true);
        }
    }


    public static bool IsKey(ReadOnlySpan<byte> key) => key.SequenceEqual(Key);

    /// <summary>An entry that comes back was put once, so its time counts even where the times' own record is missing.</summary>
    public void RestoreLatestPut(long time) => latestPut = Math.Max(latestPut, time);

    public void Flush(IChangelog changelog)
    {
        if (!changed)
            return;
        Span<byte> value = stackalloc byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(value, observed);
        BinaryPrimitives.WriteInt64BigEndian(value[sizeof(long)..], latestPut);
        changelog.Put(Key, value);
        changed = false;
    }

    /// <summary>Takes the times' record back; false if the record is another.</summary>
    public bool Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (!IsKey(key))
            return false;
        if (deleted)
            return true;
        if (value.Length != Size)
            throw new FormatException($"the stream times' record has {value.Length} bytes instead of {Size}");
        observed = Math.Max(observed, BinaryPrimitives.ReadInt64BigEndian(value));
        latestPut = Math.Max(latestPut, BinaryPrimitives.ReadInt64BigEndian(value[sizeof(long)..]));
        return true;
    }
}
