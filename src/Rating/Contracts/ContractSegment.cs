using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>A span of time in which neither the contract's version nor the price book's changes, and the charges that hold in it.</summary>
public sealed record ContractSegment(TimeWindow Window, ContractVersion Version, PriceBookVersion? Prices, IReadOnlyList<ChargeDefinition> Charges)
{
    /// <summary>
    /// The parts of a period, in order. Time without a version, and time before its price book's first version, is in no part.
    /// </summary>
    /// <param name="contract">The contract.</param>
    /// <param name="books">Its price books by id; one that is missing has no charges.</param>
    /// <param name="period">The span to cut.</param>
    public static IReadOnlyList<ContractSegment> Cut(Contract contract, IReadOnlyDictionary<string, PriceBook> books, TimeWindow period)
    {
        var segments = new List<ContractSegment>();
        foreach (var version in contract.Versions)
        {
            var span = period.Intersect(new(version.From, version.To ?? new(long.MaxValue)));
            if (span.IsEmpty) continue;
            var book = version.PriceBook is { } id ? books.GetValueOrDefault(id) : null;
            foreach (var (window, prices) in Parts(version, book, span)) segments.Add(new(window, version, prices, version.ChargesWith(prices)));
        }
        return segments;
    }

    static IEnumerable<(TimeWindow, PriceBookVersion?)> Parts(ContractVersion version, PriceBook? book, TimeWindow span)
    {
        if (book is null) return [(span, null)];
        if (version.PriceBookVersion is { } pinned) return [(span, book.Numbered(pinned))];
        return book.Versions
            .Select((v, i) => (Window: span.Intersect(new(v.From, i + 1 < book.Versions.Count ? book.Versions[i + 1].From : new Timestamp(long.MaxValue))), (PriceBookVersion?)v))
            .Where(s => !s.Window.IsEmpty);
    }
}
