namespace Streams.Aggregators.Replay;

/// <summary>
/// Brings documents and events of a replay together: a document is looked at when the record with which it was made has been judged, and sees the events that counted
/// then.
/// </summary>
/// <param name="wanted">Which records' events are kept.</param>
/// <param name="seen">Called with each document, and the events that count when it is made.</param>
/// <param name="most">How many events are kept at once.</param>
public sealed class LineageReader(LineageReader.RecordFilter wanted, Action<ReplayedDocument, UsageTrail> seen, int most = LineageReader.MostEvents)
{
    public const int MostEvents = 5_000_000;

    readonly UsageTrail _trail = new(most);
    readonly List<ReplayedDocument> _made = [];

    /// <summary>Looks at a record.</summary>
    public delegate bool RecordFilter(in Streams.Streaming.Record record);

    public void Made(ReplayedDocument document) => _made.Add(document);

    /// <exception cref="ReplayException">More events are asked for than are kept.</exception>
    public void Judged(in Streams.Streaming.Record record, Disposition disposition, string? code)
    {
        if (disposition == Disposition.Accepted && wanted(record)) _trail.Add(record);
        foreach (var document in _made) seen(document, _trail);
        _made.Clear();
    }
}
