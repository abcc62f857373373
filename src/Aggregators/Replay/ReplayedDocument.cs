using Streams.Aggregators.Billing;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Periods;

namespace Streams.Aggregators.Replay;

/// <summary>The usage that a line bills: which of the meter's events, by the windows that they lie in, and how many.</summary>
/// <param name="Number">The line, from 1 on.</param>
public sealed record LineUsage(int Number, string Line, Meter Meter, IReadOnlyList<TimeWindow> Windows, long Events)
{
    /// <summary>Whether the line bills an event of its customer and meter.</summary>
    public bool Holds(IMeterEvent usage) => Windows.Any(w => w.Contains(usage.Time)) && Meter.Usage.Matches(usage);
}

/// <summary>A document that a replay made.</summary>
public sealed class ReplayedDocument
{
    readonly BilledDocument _billed;

    internal ReplayedDocument(BilledDocument billed, long through, byte[] value, string sha256, string edition)
    {
        (_billed, Through, Value, Sha256, Edition) = (billed, through, value, sha256, edition);
        Usage = [.. Document.Lines.Select((line, i) => UsageOf(i + 1, line)).OfType<LineUsage>()];
    }

    /// <summary>With steps.</summary>
    public InvoiceDocument Document => _billed.Document;

    /// <summary>The canonical bytes.</summary>
    public byte[] Value { get; }

    public string Sha256 { get; }

    /// <summary>The hash of the contract's edition.</summary>
    public string Edition { get; }

    /// <summary>The offset of the record with which it was made.</summary>
    public long Through { get; }

    /// <summary>What its lines of usage bill, as it stood when the document was made.</summary>
    public IReadOnlyList<LineUsage> Usage { get; }

    LineUsage? UsageOf(int number, InvoiceLine line)
    {
        var slices = UsageLineage.SlicesOf(_billed.Account, _billed.Ordinal, line);
        return slices.Count == 0 ? null : new(number, line.Key, slices[0].Meter, [.. slices.Select(s => s.Key.Window)], slices.Sum(s => s.Count));
    }
}
