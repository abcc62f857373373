using System.Buffers;

namespace Streams.Streaming.SerDes;

/// <summary>
/// Turns keys or values into bytes and back (Streamiz' ISerDes, over spans). Called from one thread a task; an instance shared between tasks must be
/// safe for that. Missing keys and values (tombstones) never reach it.
/// </summary>
public interface ISerDes<T>
{
    /// <summary>Appends the bytes of a value that is there.</summary>
    void Serialize(T value, IBufferWriter<byte> writer);

    /// <summary>Reads a value back. The span is valid during the call only. Throws whatever says best why the bytes are none: the record's exit is the deserialization handler.</summary>
    T Deserialize(ReadOnlySpan<byte> data);
}
