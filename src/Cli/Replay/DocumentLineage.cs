using System.Text;
using Streams.Aggregators.Replay;
using Streams.Rating.Invoicing;
using Streams.Schemas;

namespace Streams.Cli.Replay;

/// <summary>A line of usage and its events, as a replay has them, beside the number on record.</summary>
sealed record LineEvents(int Number, string Line, string Meter, IReadOnlyList<TrailEvent> Events, string Sha256, long Recorded)
{
    public bool Agrees => Events.Count == Recorded;
}

/// <summary>A record of an event, and what became of it.</summary>
sealed record EventPlace(int Partition, long Offset, string Customer, string Meter, Timestamp Time, string Quantity, Disposition Disposition, string? Code);

/// <summary>A document's line that bills an event or, where it was taken back before, does without it.</summary>
sealed record EventLine(string Document, InvoiceKind Kind, int Number, string Line, bool Holds);

/// <summary>From documents to events and back.</summary>
sealed class DocumentLineage(UsageReplays replays)
{
    /// <summary>The events behind the lines of a document that bill usage.</summary>
    public IReadOnlyList<LineEvents> Of(RecordedDocument recorded, Action<double, string> report, CancellationToken cancel)
    {
        IReadOnlyList<LineEvents>? lines = null;
        var customer = Encoding.UTF8.GetBytes(recorded.Customer);
        var reader = new LineageReader((in Streams.Streaming.Record r) => r.Key.SequenceEqual(customer), (made, trail) =>
        {
            if (made.Document.Id == recorded.Id) lines = [.. made.Usage.Select(line => Line(line, trail.Of(recorded.Customer, line), recorded))];
        });
        replays.Run(recorded.Partition, recorded.Through, report, cancel, replays.Of(recorded.Partition, reader.Made, reader.Judged));
        return lines ?? throw new CommandException(ExitCodes.Failed, $"{recorded.Id}: the topics do not make this document; see streams rate verify");
    }

    static LineEvents Line(LineUsage line, IReadOnlyList<TrailEvent> events, RecordedDocument recorded) =>
        new(line.Number, line.Line, line.Meter.Id, events, UsageTrail.Hash(events), recorded.Lines.FirstOrDefault(l => l.Key == line.Line)?.Events ?? 0);

    /// <summary>Every record of an event, by "source/id", and the lines of documents that it went into.</summary>
    public (IReadOnlyList<EventPlace> Places, IReadOnlyList<EventLine> Lines) Of(string identity, Action<double, string> report, CancellationToken cancel)
    {
        var (places, lines) = (new List<EventPlace>(), new List<EventLine>());
        foreach (var partition in replays.Partitions.Where(p => replays.History.Of(Topics.UsageEvents, p).Count > 0))
        {
            var search = new EventSearch(partition, identity, places, lines);
            replays.Run(partition, null, report, cancel, replays.Of(partition, search.Reader.Made, search.Judged));
        }
        return (places, lines);
    }

    /// <summary>One event in one partition: its records as they come by, and the documents made afterwards.</summary>
    sealed class EventSearch
    {
        readonly int _partition;
        readonly string _identity;
        readonly byte[] _end;
        readonly List<EventPlace> _places;
        readonly List<EventLine> _lines;
        TrailEvent? _found;

        public EventSearch(int partition, string identity, List<EventPlace> places, List<EventLine> lines)
        {
            (_partition, _identity, _places, _lines) = (partition, identity, places, lines);
            // Whatever the id is, it ends like this; a correction names it, and a replaced event need not hold it.
            _end = Encoding.UTF8.GetBytes(identity[(identity.LastIndexOf('/') + 1)..]);
            Reader = new((in Streams.Streaming.Record r) => r.Value.IndexOf(_end) >= 0, Look);
        }

        public LineageReader Reader { get; }

        public void Judged(in Streams.Streaming.Record record, Disposition disposition, string? code)
        {
            if (record.Value.IndexOf(_end) >= 0 && UsageTrail.Read(record.Value) is { } usage && $"{usage.Source}/{usage.Id}" == _identity)
                _places.Add(new(_partition, record.Offset, usage.CustomerId, usage.Meter, usage.OccurredAt, usage.Quantity.ToString(), disposition, code));
            Reader.Judged(record, disposition, code);
        }

        void Look(ReplayedDocument made, UsageTrail trail)
        {
            var now = trail.Events.FirstOrDefault(e => $"{e.Source}/{e.Id}" == _identity);
            _found = now ?? _found;
            if (_found is not { } usage || made.Document.Customer != usage.Customer) return;
            foreach (var line in made.Usage.Where(l => l.Meter.Id == usage.Meter && l.Holds(usage.Usage))) _lines.Add(new(made.Document.Id, made.Document.Kind, line.Number, line.Line, now is not null));
        }
    }
}
