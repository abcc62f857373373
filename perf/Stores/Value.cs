using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Streams.Streaming.SerDes;

namespace Streams.Perf.StateStores;

/// <summary>A value of 96 bytes, as both stores like it best: no object, copied whole.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Value
{
    public long Count;
    public Rest Others;

    [InlineArray(11)]
    public struct Rest
    {
        private long first;
    }
}

internal sealed class ValueSerDes : ISerDes<Value>
{
    public void Serialize(Value value, IBufferWriter<byte> writer)
    {
        MemoryMarshal.Write(writer.GetSpan(Unsafe.SizeOf<Value>()), in value);
        writer.Advance(Unsafe.SizeOf<Value>());
    }

    public Value Deserialize(ReadOnlySpan<byte> data) => MemoryMarshal.Read<Value>(data);
}
