namespace Streams.Simulators;

/// <summary>How F&amp;O protects itself.</summary>
public enum FinanceThrottling
{
    /// <summary>By the load of the machine: no figures; 429 with a Retry-After that grows for callers who do not keep it.</summary>
    ResourceBased,

    /// <summary>Up to version 10.0.35: 6000 requests in 300 s, 52 at a time, for a user and application.</summary>
    UserBased,
}

/// <summary>Settings of a simulated Dynamics 365 Finance environment.</summary>
public sealed record FinanceSetup
{
    /// <summary>The company that a query without cross-company sees.</summary>
    public string DefaultCompany { get; init; } = "dat";

    public FinanceThrottling Throttling { get; init; } = FinanceThrottling.ResourceBased;

    /// <summary>Whether the Entra application is registered and mapped to a user; else its valid token is refused.</summary>
    public bool IsMapped { get; init; } = true;

    /// <summary>How often the batch job posts what is complete; null: only when it is run.</summary>
    public TimeSpan? PostingInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a package import runs.</summary>
    public TimeSpan ImportTime { get; init; } = TimeSpan.Zero;

    /// <summary>Dates in a closed period are refused at creation already, and not left to the posting job.</summary>
    public bool ChecksPeriodAtCreation { get; init; }

    /// <summary>The first Retry-After in seconds; it doubles for calls that come too early.</summary>
    public int FirstRetryAfter { get; init; } = 2;

    public int LargestRetryAfter { get; init; } = 300;

    /// <summary>Operations of a batch at most.</summary>
    public int BatchLimit { get; init; } = 5000;

    public int PageLimit { get; init; } = 10_000;

    /// <summary>The Infolog of a date that is not open; {0} is the date as MM/dd/yyyy.</summary>
    public string ClosedPeriodText { get; init; } = "Period for {0} is not open.";

    public string DuplicateLineText { get; init; } = "Cannot create a record in Journal lines. The record already exists.";

    public string ParallelImportText { get; init; } = "An import of the definition group is in progress.";
}
