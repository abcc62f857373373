using System.Buffers.Binary;
using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Keeps time moving where no records come. When a task has had no record for the idle timeout of one of its sources, it writes a time marker into the source's
/// topic, in its transaction: a record without key and value, with the time in a header. Reading it moves stream time for what is below the source. Because the
/// marker stands in the log, a replay does the same at the same offset, and no clock decides anything.
/// </summary>
internal sealed class TimeMarkers
{
    /// <summary>Eight bytes of time, big-endian, milliseconds since the epoch.</summary>
    public const string Header = "streams.stream-time";

    private readonly StreamTask task;
    private readonly NodeSpec source;
    private readonly long timeoutMs;
    private long seenActivity;
    private long quietSince;
    private long quietFrom = -1;
    private long lastMarker = -1;

    public TimeMarkers(StreamTask task, NodeSpec source)
    {
        (this.task, this.source) = (task, source);
        timeoutMs = (long)(source.IdleTimeout ?? TimeSpan.Zero).TotalMilliseconds;
        AreRead = source.TimeHorizonMs is not null;
    }

    /// <summary>Whether markers mean something here. Elsewhere they are passed over: they may be another application's.</summary>
    public bool AreRead { get; }

    /// <summary>Looks at the headers only of records that have nothing else.</summary>
    public static bool IsMarker(in Record record) => !record.HasKey && !record.HasValue && record.Headers is { } headers && headers.TryGetLastBytes(Header, out var time) && time.Length == sizeof(long);

    public void Init()
    {
        if (!AreRead)
            return;
        quietSince = task.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        task.Schedule(TimeSpan.FromMilliseconds(Math.Max(1, timeoutMs / 4)), PunctuationType.WallClockTime, Look);
    }

    public void Read(in Record marker)
    {
        if (AreRead)
            task.AdvanceStreamTime(source, BinaryPrimitives.ReadInt64BigEndian(marker.Headers!.GetLastBytes(Header)));
    }

    private void Look(long now)
    {
        if (task.Activity != seenActivity)
        {
            (seenActivity, quietSince, quietFrom, lastMarker) = (task.Activity, now, -1, -1);
            return;
        }
        var time = now - timeoutMs;
        if (now - quietSince < timeoutMs || time <= task.StreamTime || (lastMarker >= 0 && time < lastMarker + timeoutMs))
            return;
        // When everything that could wait for time is done, an idle partition's log stops growing.
        if (lastMarker >= 0 && lastMarker >= quietFrom + source.TimeHorizonMs)
            return;
        if (quietFrom < 0)
            quietFrom = task.StreamTime < 0 ? time : task.StreamTime;
        lastMarker = time;
        Write(time);
    }

    private void Write(long time)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, time);
        var topic = task.Collector.Register(source.Topics[0].Of(task.ApplicationId));
        task.Collector.Send(topic, task.Partition, default, default, time, new Headers { { Header, bytes } });
        task.CommitRequested = true;
    }
}
