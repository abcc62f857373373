namespace Streams.Simulators;

/// <summary>What the import does with a group whose debits and credits differ.</summary>
public enum UnbalancedJournals
{
    /// <summary>EU02: suspense posting is not allowed, the group is rejected.</summary>
    Reject,

    /// <summary>WU01: imported with a warning, the difference on the suspense account.</summary>
    Suspense,

    /// <summary>Imported without a word and never posted.</summary>
    ImportUnposted,
}

/// <summary>Settings of a simulated Oracle Fusion Cloud ERP pod. Texts that Oracle does not document can be set.</summary>
public sealed record OracleSetup
{
    /// <summary>Receivables in a closed period get a date in the next open one (Adjust) instead of being refused (Reject).</summary>
    public bool AdjustClosedPeriods { get; init; }

    /// <summary>A transaction number is used once within its source.</summary>
    public bool UniqueTransactionNumbers { get; init; } = true;

    public UnbalancedJournals Unbalanced { get; init; } = UnbalancedJournals.Reject;

    /// <summary>Segments of the accounting flexfield; the account is the one at <see cref="AccountSegment"/>, from 0.</summary>
    public int Segments { get; init; } = 6;

    public int AccountSegment { get; init; } = 2;

    /// <summary>How long a job of the scheduler runs.</summary>
    public TimeSpan JobTime { get; init; } = TimeSpan.Zero;

    /// <summary>The automatic posting job runs behind every import; else journals stay unposted until it is run.</summary>
    public bool AutoPost { get; init; } = true;

    /// <summary>Some refusals come as plain text of a few words.</summary>
    public bool TerseErrors { get; init; }

    public string DuplicateNumberText { get; init; } = "The transaction number already exists for this transaction source. Enter a unique transaction number.";

    public string DuplicateFlexfieldText { get; init; } = "The line transaction flexfield is not unique: a line with the same values exists already.";

    /// <summary>AutoInvoice's word for a line whose transaction flexfield is there already.</summary>
    public string DuplicateLineText { get; init; } = "Each line must have a unique combination of INTERFACE_LINE_CONTEXT and INTERFACE_LINE_ATTRIBUTE values for the transaction flexfield.";

    /// <summary>Transaction types of credit memos, to AutoInvoice.</summary>
    public IReadOnlyList<string> CreditMemoTypes { get; init; } = ["Credit Memo"];

    /// <summary>REST's names of the line transaction flexfield's segments, in the order of the attributes that AutoInvoice has for them.</summary>
    public IReadOnlyList<string> LineSegments { get; init; } = ["runKey"];

    /// <summary>Transaction sources that AutoInvoice may run for; null: any. Another ends its job.</summary>
    public IReadOnlyList<string>? TransactionSources { get; init; }

    /// <summary>Contexts of the line transaction flexfield; null: any. A line with another ends AutoInvoice's job.</summary>
    public IReadOnlyList<string>? LineContexts { get; init; }

    /// <summary>Names of business units and the ids by which AutoInvoice can be started for them.</summary>
    public IReadOnlyDictionary<string, string> BusinessUnitIds { get; init; } = new Dictionary<string, string>();

    public string ClosedPeriodText { get; init; } = "The accounting date is not in an open or future enterable period.";

    /// <summary>What a throttled caller is told to wait, in seconds; null: not said.</summary>
    public string? RetryAfter { get; init; }
}
