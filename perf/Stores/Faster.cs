#if FASTER
using FASTER.core;

namespace Streams.Perf.StateStores;

/// <summary>
/// FASTER with keys and values of fixed size, its newest log in memory. It has no commit here: what a transaction would have to add (which keys changed, and
/// that an abort forgets them) is not counted against it.
/// </summary>
internal sealed class Faster : ISubject
{
    private readonly IDevice device;
    private readonly FasterKV<long, Value> store;
    private readonly ClientSession<long, Value, Value, Value, Empty, IFunctions<long, Value, Value, Value, Empty>> session;

    public Faster(string directory, long keys, int memoryBits)
    {
        device = Devices.CreateLogDevice(Path.Combine(directory, "faster.log"), deleteOnClose: true);
        var settings = new LogSettings { LogDevice = device, MemorySizeBits = memoryBits, PageSizeBits = 22, SegmentSizeBits = 28 };
        store = new(Math.Max(1 << 10, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)keys) / 4), settings);
        session = store.NewSession(new SimpleFunctions<long, Value>());
    }

    public bool TryGet(long key, out Value value)
    {
        value = default;
        var status = session.Read(ref key, ref value);
        if (!status.IsPending)
            return status.Found;
        session.CompletePendingWithOutputs(out var outputs, wait: true);
        using (outputs)
        {
            outputs.Next();
            value = outputs.Current.Output;
            return outputs.Current.Status.Found;
        }
    }

    public void Put(long key, Value value) => session.Upsert(ref key, ref value);

    public void Commit() => session.CompletePending(wait: true);

    public void Dispose()
    {
        session.Dispose();
        store.Dispose();
        device.Dispose();
    }
}
#endif
