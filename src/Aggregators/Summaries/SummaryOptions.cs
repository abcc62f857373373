using Streams.Schemas;

namespace Streams.Aggregators.Summaries;

/// <summary>What one journal sums up.</summary>
public enum SummaryPer
{
    /// <summary>A legal entity's documents of one date and currency.</summary>
    Day,

    /// <summary>A legal entity's documents of one calendar month and currency.</summary>
    Period,

    /// <summary>A customer's documents of one calendar month and currency.</summary>
    Customer,
}

/// <summary>Which documents are summed up. What is left out holds for all; of the rest each must fit.</summary>
public sealed record SummaryRule
{
    /// <summary>Stands in the journals in place of customer and contract: 1 to 64 letters, digits, '.', '_', '-'. Journals of another name are another series.</summary>
    public required string Name { get; init; }

    public SummaryPer Per { get; init; } = SummaryPer.Day;

    public IReadOnlyList<string>? LegalEntities { get; init; }

    public IReadOnlyList<string>? Customers { get; init; }

    public IReadOnlyList<string>? Currencies { get; init; }

    public bool Fits(ErpDocument document) =>
        document.Kind is DocumentKind.ArInvoice or DocumentKind.CreditMemo
        && (LegalEntities is null || LegalEntities.Contains(document.LegalEntity))
        && (Customers is null || Customers.Contains(document.CustomerId))
        && (Currencies is null || Currencies.Contains(document.Currency));
}

/// <summary>Which documents reach the ERPs as summary journals instead of one by one.</summary>
public sealed record SummaryOptions
{
    static readonly TimeSpan LongestWait = TimeSpan.FromDays(31);

    /// <summary>The first that fits a document is taken; a document that none fits goes on as it is.</summary>
    public IReadOnlyList<SummaryRule> Rules { get; init; } = [];

    /// <summary>How long a journal waits for more from its first document on; it waits at least until its day or month is over (UTC). What comes later makes the next revision.</summary>
    public TimeSpan CloseAfter { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Documents in one journal; with more it is closed at once.</summary>
    public int MaxDocuments { get; init; } = 1000;

    /// <summary>Lines of one journal, below what ERPs take (S/4HANA: 999 items).</summary>
    public int MaxLines { get; init; } = 900;

    public SummaryRule? RuleOf(ErpDocument document) => Rules.FirstOrDefault(r => r.Fits(document));

    /// <exception cref="ArgumentException">Names the setting that makes no sense.</exception>
    public void Validate()
    {
        if (CloseAfter < TimeSpan.Zero || CloseAfter > LongestWait) throw new ArgumentException($"summaries.closeAfter: {CloseAfter} is not between nothing and {LongestWait}");
        if (MaxDocuments is < 1 or > 10_000) throw new ArgumentException($"summaries.maxDocuments: {MaxDocuments} is not 1 to 10000");
        if (MaxLines is < 10 or > 10_000) throw new ArgumentException($"summaries.maxLines: {MaxLines} is not 10 to 10000");
        foreach (var (rule, i) in Rules.Select((r, i) => (r, i)))
        {
            if (rule.Name.Length is 0 or > 64 || !rule.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')) throw new ArgumentException($"summaries.rules[{i}].name: '{rule.Name}' is not 1 to 64 letters, digits, '.', '_', '-'");
            if (Rules.Take(i).Any(r => r.Name == rule.Name)) throw new ArgumentException($"summaries.rules[{i}].name: '{rule.Name}' is there twice");
        }
    }
}
