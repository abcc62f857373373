namespace Streams.Simulators;

/// <summary>Settings of a simulated SAP S/4HANA Cloud tenant. The vendor publishes no limits; those of the options are the account's.</summary>
public sealed record SapSetup
{
    /// <summary>Own logical system, as it stands in the notes of postings.</summary>
    public string LogicalSystem { get; init; } = "0M4SMVI";

    /// <summary>How long the answer to a message UUID is repeated instead of posting again.</summary>
    public TimeSpan RepeatWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>G/L accounts that the subledgers post to: nobody else may.</summary>
    public IReadOnlySet<string> ReconciliationAccounts { get; init; } = new HashSet<string> { "0012100000", "12100000", "0021100000", "21100000" };

    /// <summary>The receivables account that debtor items fall on.</summary>
    public string ReceivablesAccount { get; init; } = "0012100000";

    public string ChartOfAccounts { get; init; } = "YCOA";

    /// <summary>Where confirmations of asynchronous messages are sent to. Null: they can only be read with the monitor.</summary>
    public Uri? ConfirmationAddress { get; init; }

    /// <summary>How long an asynchronous message waits before it is worked on.</summary>
    public TimeSpan ProcessingTime { get; init; } = TimeSpan.Zero;

    /// <summary>What a throttled caller is told to wait, in seconds; null: not said.</summary>
    public string? RetryAfter { get; init; }
}
