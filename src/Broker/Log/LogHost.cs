using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>What a log needs of the process around it.</summary>
/// <param name="Disk">Where its files are.</param>
/// <param name="Time">The clock of LogAppendTime and of idle producers.</param>
/// <param name="Fatal">Ends the process: called when an fsync failed, after which nothing may be acknowledged.</param>
internal sealed record LogHost(IDisk Disk, TimeProvider Time, Action<string, Exception> Fatal)
{
    /// <summary>Milliseconds since 1970, as records carry them.</summary>
    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();
}
