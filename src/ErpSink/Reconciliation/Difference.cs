using Streams.Schemas;

namespace Streams.ErpSink.Reconciliation;

/// <summary>What kinds of differences there are, and who sees to them.</summary>
public static class DifferenceClass
{
    /// <summary>A record of usage.events that the positions of usage.dispositions have passed by.</summary>
    public const string UsageWithoutDisposition = "usage_without_disposition";

    /// <summary>A range of usage.events that two dispositions claim.</summary>
    public const string DispositionTwice = "disposition_twice";

    /// <summary>What was billed for the ERPs is not what the ledger holds. While documents are on their way between the topics this is so for a moment.</summary>
    public const string BilledNotInLedger = "billed_not_in_ledger";

    /// <summary>Billed, and neither in the ledger by itself nor within a summary journal, long after the journal's time.</summary>
    public const string EntryWithoutJournal = "entry_without_journal";

    /// <summary>Planned is not confirmed + listed + under way.</summary>
    public const string LedgerSum = "ledger_sum";

    /// <summary>A document that goes nowhere.</summary>
    public const string WithoutPosting = "without_posting";

    /// <summary>Refused or held, and on no list.</summary>
    public const string NotListed = "not_listed";

    /// <summary>Under way for longer than is normal.</summary>
    public const string Stuck = "stuck";

    /// <summary>Only compared with another system's posting, and not the same there.</summary>
    public const string ParallelRun = "parallel_run";

    /// <summary>The topic of receipts remembers it as confirmed, the ledger has no such document.</summary>
    public const string ReceiptWithoutDocument = "receipt_without_document";

    /// <summary>Confirmed once, and its content in the ERP is another one now.</summary>
    public const string Edited = "edited";

    /// <summary>Confirmed once, and the ERP does not find it any more.</summary>
    public const string Deleted = "deleted";

    /// <summary>The ERP holds it more than once.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>Confirmed once, and not in the ERP's ledger any more: a draft, or reversed.</summary>
    public const string Unposted = "unposted";

    /// <summary>Under another id than it was confirmed by: deleted and made again.</summary>
    public const string Replaced = "replaced";

    /// <summary>Posted at another day of the same month.</summary>
    public const string DateMoved = "date_moved";

    /// <summary>Posted in another month.</summary>
    public const string PeriodMoved = "period_moved";

    /// <summary>What a read-back can find.</summary>
    public static IReadOnlyList<string> OfReadBack { get; } = [Edited, Deleted, Duplicate, Unposted, Replaced, DateMoved, PeriodMoved];

    /// <summary>What the ledger finds in itself.</summary>
    public static IReadOnlyList<string> OfLedger { get; } = [LedgerSum, WithoutPosting, NotListed, Stuck, ParallelRun, ReceiptWithoutDocument, BilledNotInLedger, EntryWithoutJournal];

    public static IReadOnlyList<string> OfUsage { get; } = [UsageWithoutDisposition, DispositionTwice];

    public static IEnumerable<string> All => [.. OfUsage, .. OfLedger, .. OfReadBack];

    /// <summary>Who sees to it: those who keep the ERP's books, or those who run the pipeline.</summary>
    public static string Owner(string difference) => OfReadBack.Contains(difference) || difference == ParallelRun ? "accounting" : "operations";
}

/// <summary>Something that two sources do not agree in, as it is seen now.</summary>
/// <param name="Subject">A document key, a place in a topic, or what a sum is over.</param>
/// <param name="Amount">What is at stake, in <paramref name="Currency"/>.</param>
public sealed record Difference(string Class, string Subject, string Account, string Cause, string Evidence)
{
    public string? Period { get; init; }

    public string? LegalEntity { get; init; }

    public string? DocumentKey { get; init; }

    public string? Currency { get; init; }

    public ExactDecimal? Amount { get; init; }
}

/// <summary>A difference as the ledger keeps it.</summary>
public sealed record KnownDifference(
    long Id, string Class, string Subject, string Account, string? Period, string? LegalEntity, string? DocumentKey, string? Currency, ExactDecimal? Amount,
    string Owner, string Cause, string Evidence, DateTime FirstSeenAt, DateTime LastSeenAt, long AgeSeconds, string? AcceptedBy, string? AcceptedNote);
