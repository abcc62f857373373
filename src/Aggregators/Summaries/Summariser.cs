using System.Buffers;
using System.Text;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Summaries;

/// <summary>Adds documents to the journals of their groups, and sends a journal on when its time has come or it is full. When that is goes by the clock; what was sent is on record.</summary>
sealed class Summariser(SummaryOptions options, string topic, int schemaId) : IProcessor<string, byte[], byte[], byte[]>
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    readonly HashSet<string> _rules = [.. options.Rules.Select(r => r.Name)];
    IProcessorContext<byte[], byte[]> _context = null!;
    SummaryStore _store = null!;

    public void Init(IProcessorContext<byte[], byte[]> context)
    {
        (_context, _store) = (context, context.GetStateStore<SummaryStore>(SummaryStore.Store));
        context.Schedule(Look, PunctuationType.WallClockTime, CloseDue);
    }

    public void Process(in Record<string, byte[]> record)
    {
        var part = SummaryPart.Read(record.Value);
        var summary = _store.Touch(SummaryGroup.Parse(record.Key));
        var now = _context.CurrentSystemTimeMs;
        if (summary.Documents > 0 && summary.LinesWith(part.Document) > options.MaxLines) Send(summary, now);
        summary.Add(part.Document, topic, part.Partition, part.Offset, now);
        if (summary.Documents >= options.MaxDocuments) Send(summary, now);
    }

    void CloseDue(long now)
    {
        foreach (var summary in _store.Open.Where(s => IsDue(s, now)).ToList()) Send(_store.Touch(summary.Group), now);
    }

    /// <summary>A rule that is there no more waits for nothing.</summary>
    bool IsDue(OpenSummary summary, long now) =>
        !_rules.Contains(summary.Group.Rule) || (now >= summary.Group.EndMs && now >= summary.OpenedMs + (long)options.CloseAfter.TotalMilliseconds);

    void Send(OpenSummary summary, long now)
    {
        if (!summary.IsWorthPosting) return;
        Telemetry.Summary(summary.Documents);
        var journal = summary.Close();
        var value = new ArrayBufferWriter<byte>(4096);
        WireFormat.WriteHeader(value, schemaId);
        journal.Write(value);
        _context.Forward(new Record<byte[], byte[]>(Encoding.UTF8.GetBytes(journal.CustomerId), value.WrittenSpan.ToArray(), now));
    }
}
