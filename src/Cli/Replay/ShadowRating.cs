using Streams.Aggregators.Replay;
using Streams.Rating.Contracts;
using Streams.Rating.Numbers;
using Streams.Schemas;

namespace Streams.Cli.Replay;

/// <summary>What a contract's documents ask for, before what one carries to another: as billed, and under other definitions.</summary>
sealed record ShadowRow(string Customer, string Contract, string Currency)
{
    public Exact Now { get; set; }

    public Exact Then { get; set; }

    public Exact Difference => Then - Now;

    /// <summary>In percent of what it is now, to two places; null where that is nothing.</summary>
    public string? Percent => Now.IsZero ? null : (Difference * (Exact)ExactDecimal.FromInteger(100) / Now).Round(2, RoundingMode.HalfUp).ToString();
}

/// <summary>Periods as they were billed and as they would have been, from one reading of the events. Late and duplicate events are what they are on the stream.</summary>
sealed class ShadowRating(UsageReplays replays, IReadOnlyList<ContractEntry> instead, Func<ReplayedDocument, bool> wanted)
{
    readonly SortedDictionary<(string, string, string), ShadowRow> _rows = new(Order.Instance);

    /// <summary>By customer, contract and currency.</summary>
    public IReadOnlyCollection<ShadowRow> Rows => _rows.Values;

    public ReplayFigures Run(Action<double, string> report, CancellationToken cancel)
    {
        var figures = default(ReplayFigures);
        foreach (var partition in replays.Partitions.Where(p => replays.History.Of(Topics.UsageEvents, p).Count > 0))
        {
            var now = replays.Of(partition, made => Add(made, (row, due) => row.Now += due));
            var then = replays.Of(partition, made => Add(made, (row, due) => row.Then += due), instead: instead);
            figures += replays.Run(partition, null, report, cancel, now, then);
        }
        return figures;
    }

    void Add(ReplayedDocument made, Action<ShadowRow, Exact> book)
    {
        if (!wanted(made)) return;
        var document = made.Document;
        var key = (document.Customer, document.Contract, document.Currency);
        if (!_rows.TryGetValue(key, out var row)) _rows.Add(key, row = new(document.Customer, document.Contract, document.Currency));
        book(row, document.Net + document.Tax - document.Credit);
    }

    sealed class Order : IComparer<(string, string, string)>
    {
        public static readonly Order Instance = new();

        public int Compare((string, string, string) a, (string, string, string) b)
        {
            var order = string.CompareOrdinal(a.Item1, b.Item1);
            if (order == 0) order = string.CompareOrdinal(a.Item2, b.Item2);
            return order == 0 ? string.CompareOrdinal(a.Item3, b.Item3) : order;
        }
    }
}
