namespace Streams.Testing;

/// <summary>The managed heap of the process: who measures it runs alone.</summary>
public static class Heap
{
    /// <summary>Bytes in use, once what other tests left behind is collected, of finalizers and timers last.</summary>
    public static long Settled()
    {
        var (bytes, last) = (GC.GetTotalMemory(forceFullCollection: true), long.MaxValue);
        for (var round = 0; round < 10 && bytes < last; round++)
        {
            GC.WaitForPendingFinalizers();
            (last, bytes) = (bytes, GC.GetTotalMemory(forceFullCollection: true));
        }
        return bytes;
    }
}
