using Streams.Testing;

namespace Streams.Streaming.Tests.State;

internal static class Allocation
{
    /// <summary>Bytes that the work allocates on this thread once it has run before; the least of a few runs, as the runtime itself allocates now and then.</summary>
    public static long Of(Action work)
    {
        work();
        var least = long.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }

    /// <summary>Bytes of the managed heap that stay in use after the work, by what it returns.</summary>
    public static (T Kept, long Bytes) Kept<T>(Func<T> work)
    {
        var before = Heap.Settled();
        var kept = work();
        return (kept, Heap.Settled() - before);
    }
}

/// <summary>Takes a store's changes and forgets them.</summary>
internal sealed class Sink : IChangelog
{
    public long Records { get; private set; }

    public long Bytes { get; private set; }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Records++;
        Bytes += key.Length + value.Length;
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        Records++;
        Bytes += key.Length;
    }
}

internal sealed class WithoutDeletes(IChangelog inner) : IChangelog
{
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => inner.Put(key, value);

    public void Delete(ReadOnlySpan<byte> key)
    {
    }
}

internal sealed class EverySecond(IChangelog inner) : IChangelog
{
    private int count;

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (count++ % 2 == 0)
            inner.Put(key, value);
    }

    public void Delete(ReadOnlySpan<byte> key) => inner.Delete(key);
}
