using System.Buffers.Binary;
using System.Text;

namespace Streams.Streaming.State.Local;

/// <summary>What a local log belongs to: a task's stores in their order, each with the id of its changelog topic. A log of anything else is of no use.</summary>
internal sealed class LogIdentity
{
    /// <summary>An entry names its store in one byte.</summary>
    public const int MaxStores = 255;

    public LogIdentity(string task, IReadOnlyList<(string Store, UInt128 Topic)> stores)
    {
        if (stores.Count > MaxStores)
            throw new TopologyException($"task {task} has {stores.Count} stores; local state holds at most {MaxStores}");
        (Task, StoreCount) = (task, stores.Count);
        Bytes = Encode(task, stores);
    }

    public string Task { get; }

    public int StoreCount { get; }

    /// <summary>As it stands in the head of each segment.</summary>
    public byte[] Bytes { get; }

    private static byte[] Encode(string task, IReadOnlyList<(string Store, UInt128 Topic)> stores)
    {
        using var bytes = new MemoryStream();
        Span<byte> id = stackalloc byte[16];
        Text(bytes, task);
        foreach (var (store, topic) in stores)
        {
            Text(bytes, store);
            BinaryPrimitives.WriteUInt128LittleEndian(id, topic);
            bytes.Write(id);
        }
        return bytes.ToArray();
    }

    private static void Text(MemoryStream into, string text)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, Encoding.UTF8.GetByteCount(text));
        into.Write(length);
        into.Write(Encoding.UTF8.GetBytes(text));
    }
}
