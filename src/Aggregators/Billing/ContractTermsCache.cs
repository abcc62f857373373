using Streams.Aggregators.Rating;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Aggregators.Billing;

/// <summary>What an edition of the book says of one contract: the agreement, and for which windows its meters' figures are needed. For one thread.</summary>
sealed class KnownContract(Agreement agreement)
{
    readonly Dictionary<(int Ordinal, string Meter), MeterNeeds> _needs = [];

    public Agreement Agreement => agreement;

    /// <summary>The hash under which its edition is on record; null: nobody has asked yet.</summary>
    public string? Edition { get; set; }

    public MeterNeeds Needs(int ordinal, Meter meter, long windowSize)
    {
        if (_needs.TryGetValue((ordinal, meter.Id), out var known)) return known;
        var windows = agreement.Windows(ordinal, meter.Id);
        var kind = agreement.Grain(ordinal, meter.Id) == UsageItems.Events ? SliceKind.Events
            : WindowPrice.SumsAll(meter.Definition) && meter.Definition.GroupBy.Count == 0 ? SliceKind.Sum
            : SliceKind.State;
        var aligned = windows.All(w => w.Start.Micros % windowSize == 0 && w.End.Micros % windowSize == 0);
        return _needs[(ordinal, meter.Id)] = new(windows, kind, kind == SliceKind.Sum && aligned);
    }
}

/// <summary>What invoicing needs of a meter in a period.</summary>
/// <param name="Windows">Figures for each of these.</param>
/// <param name="Kind">What is kept in them.</param>
/// <param name="ByWindow">Whether closed minutes of the metering are fine enough: the plain sum, cut at whole minutes only.</param>
sealed record MeterNeeds(IReadOnlyList<TimeWindow> Windows, SliceKind Kind, bool ByWindow)
{
    public TimeWindow At(Timestamp time)
    {
        var (low, high) = (0, Windows.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Windows[middle].Start <= time) low = middle;
            else high = middle - 1;
        }
        return Windows[low];
    }
}

/// <summary>Contracts of one edition of the book, each made ready when it is asked for first: while a record is judged, the edition stays the same. For one thread.</summary>
sealed class ContractTermsCache
{
    /// <summary>Contracts that are remembered at once.</summary>
    const int Most = 65_536;

    readonly ITermsSource _source;
    readonly Dictionary<string, KnownContract> _known = new(StringComparer.Ordinal);

    public ContractTermsCache(ITermsSource source) => (_source, Book) = (source, source.Book!);

    public ContractBook Book { get; private set; }

    /// <summary>Takes the edition of now.</summary>
    public void Refresh()
    {
        if (ReferenceEquals(Book, _source.Book)) return;
        Book = _source.Book!;
        _known.Clear();
    }

    /// <summary>Lets go of what was made ready of a contract.</summary>
    public void Forget(string contract) => _known.Remove(contract);

    /// <summary>Null: the book has no such contract.</summary>
    public KnownContract? Find(string contract)
    {
        if (_known.TryGetValue(contract, out var known)) return known;
        if (!Book.Contracts.TryGetValue(contract, out var found)) return null;
        if (_known.Count >= Most) _known.Clear();
        return _known[contract] = new(Agreement.Of(Book, found));
    }
}
