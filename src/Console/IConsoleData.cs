using Streams.ErpSink.Status;
using Streams.Schemas;

namespace Streams.ConsolePages;

/// <summary>What the pages show. The namespace is not Streams.Console, which would hide <see cref="System.Console"/> from every other room.</summary>
public interface IConsoleData
{
    /// <summary>The ledger as a whole.</summary>
    Task<LedgerOverview> OverviewAsync(CancellationToken cancel);

    /// <summary>Documents in the order of their keys, behind <paramref name="after"/>; of one state when it is given.</summary>
    Task<IReadOnlyList<DocumentSummary>> DocumentsAsync(string? state, string? after, int most, CancellationToken cancel);

    /// <summary>One document with all that happened to it, or null.</summary>
    Task<DocumentDetail?> DocumentAsync(string key, CancellationToken cancel);

    /// <summary>What waits for a person, oldest first.</summary>
    Task<IReadOnlyList<WorkItem>> WorkListAsync(int most, CancellationToken cancel);
}

public sealed record LedgerOverview(
    IReadOnlyList<StateTotal> States, IReadOnlyList<Reconciliation> Reconciliations, Intake Intake, IReadOnlyList<(string Call, string Outcome, long Calls)> Calls);

public sealed record DocumentSummary(
    string Key, string State, string? Reason, string Customer, string Contract, string Period, int Revision, Money Total, string? ErpId, int Attempts);

public sealed record DocumentDetail(
    DocumentSummary Summary, string Kind, string LegalEntity, string ContentHash, string SourceTopic, int SourcePartition, long SourceOffset,
    IReadOnlyList<DocumentLine> Lines, IReadOnlyList<Attempt> Attempts, IReadOnlyList<Lineage> Lineage)
{
    /// <summary>The document that this one takes back.</summary>
    public string? Reverses { get; init; }

    /// <summary>The document that takes this one back.</summary>
    public string? ReversedBy { get; init; }
}

public sealed record DocumentLine(int Line, string Product, string Meter, ExactDecimal Quantity, ExactDecimal RatedAmount, ExactDecimal Amount, long Windows, long Events);
