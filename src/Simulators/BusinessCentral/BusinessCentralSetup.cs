namespace Streams.Simulators;

/// <summary>Settings of a simulated Business Central environment.</summary>
public sealed record BusinessCentralSetup
{
    /// <summary>Companies by id; null: any id is a company.</summary>
    public IReadOnlyDictionary<string, string>? Companies { get; init; }

    /// <summary>The currency of every company; documents in it show an empty code, as there.</summary>
    public string LocalCurrency { get; init; } = "USD";

    public string ClosedPeriodText { get; init; } = "Posting Date is not within your range of allowed posting dates.";

    /// <summary>Connections that may wait beside those that run; more get 429.</summary>
    public int Queue { get; init; } = 95;

    public TimeSpan QueueTime { get; init; } = TimeSpan.FromMinutes(8);

    /// <summary>An operation that runs longer is ended with 408.</summary>
    public TimeSpan RunLimit { get; init; } = TimeSpan.FromMinutes(8);

    /// <summary>Entities of a page at most; a larger $top gets 413.</summary>
    public int PageLimit { get; init; } = 20_000;

    /// <summary>Operations of a batch at most.</summary>
    public int BatchLimit { get; init; } = 100;
}
