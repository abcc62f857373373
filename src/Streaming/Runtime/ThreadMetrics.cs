using System.Diagnostics;

namespace Streams.Streaming.Runtime;

/// <summary>A thread's measurements: counted for a run of records, never for one.</summary>
internal sealed class ThreadMetrics(string applicationId, string thread)
{
    private readonly KeyValuePair<string, object?> client = new("client-id", applicationId);
    private readonly KeyValuePair<string, object?> id = new("thread-id", thread);

    public void Polled(TimeSpan elapsed) => Telemetry.PollLatency.Record(elapsed.TotalSeconds, client, id);

    public void Processed(ActiveTask task, int records, TimeSpan elapsed, long latenessMs)
    {
        if (records == 0)
            return;
        Telemetry.Process.Add(records, client, id, task.Tag);
        Telemetry.RecordLateness.Record(latenessMs / 1000.0, client, id, task.Tag);
        Telemetry.ProcessLatency.Record(elapsed.TotalSeconds / records, client, id);
    }

    public void Committed(TimeSpan elapsed) => Telemetry.CommitLatency.Record(elapsed.TotalSeconds, client, id);

    public void Punctuated(TimeSpan elapsed) => Telemetry.PunctuateLatency.Record(elapsed.TotalSeconds, client, id);

    public void TasksCreated(int count) => Telemetry.TasksCreated.Add(count, client, id);
}
