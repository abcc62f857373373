using Streams.ErpSink.Mapping;
using Streams.ErpSink.OData;

namespace Streams.ErpSink.Dynamics;

/// <summary>An environment of Dynamics 365 Finance &amp; Operations, and the application's credentials for it.</summary>
public sealed record DynamicsOptions
{
    /// <summary>The environment's name, e.g. contoso for contoso.operations.dynamics.com.</summary>
    public required string Account { get; init; }

    /// <summary>Where the environment answers; null: its address at Microsoft.</summary>
    public Uri? BaseAddress { get; init; }

    public required EntraCredentials Credentials { get; init; }

    public ErpMapping Mapping { get; init; } = ErpMapping.BuiltIn(DynamicsMapping.Shape);

    /// <summary>Documents in one call at most.</summary>
    public int BatchSize { get; init; } = 200;

    /// <summary>A call with more journals than this goes as a data package instead of OData.</summary>
    public int PackageAbove { get; init; } = 100;

    /// <summary>Operations in one $batch at most, as long as one document does not need more. F&amp;O takes 5000.</summary>
    public int BatchOperations { get; init; } = 1000;

    /// <summary>Documents asked for in one query: limited by the length of an address.</summary>
    public int KeysPerQuery { get; init; } = 30;

    /// <summary>The data project that packages are imported by. One import at a time uses it.</summary>
    public string DefinitionGroup { get; init; } = "StreamsUsage";

    /// <summary>The journal entity's name in data management.</summary>
    public string JournalEntity { get; init; } = "General journal";

    /// <summary>What the Infolog says of a closed period, as regular expressions. It speaks the language of the application's user.</summary>
    public IReadOnlyList<string> ClosedPeriodPatterns { get; init; } = ["period .*(is not open|is closed|on hold)", "(closed|no open) (fiscal |ledger |accounting )?period", "fiscal period .*closed"];

    /// <summary>What the Infolog says of a record that is there already.</summary>
    public IReadOnlyList<string> DuplicatePatterns { get; init; } = ["already exists", "duplicate key"];

    /// <summary>What the Infolog says when somebody else was quicker: it may pass.</summary>
    public IReadOnlyList<string> ConflictPatterns { get; init; } = ["update conflict", "deadlock"];

    /// <summary>What the import says when another one uses the data project.</summary>
    public IReadOnlyList<string> ParallelImportPatterns { get; init; } = ["(import|execution|job|group).*(is|already|currently|being) (being )?(running|executing|executed|in progress)", "in parallel"];

    internal Uri Address => BaseAddress is { } own ? new Uri(own, "/") : new Uri($"https://{Account.ToLowerInvariant()}.operations.dynamics.com/");

    /// <summary>Keeps the credentials out of logs.</summary>
    public override string ToString() => $"Dynamics 365 F&O environment {Account}";
}
