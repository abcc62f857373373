using Streams.ErpSink.Posting;
using Streams.ErpSink.Reconciliation;
using Streams.ErpSink.Routing;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.ErpSink;

/// <summary>How the sink is run: where Kafka, the ledger and the ERP are, and how patient it is.</summary>
public sealed record ErpSinkOptions
{
    /// <summary>Kafka's bootstrap servers; null runs the posting alone, without consuming or publishing.</summary>
    public string? BootstrapServers { get; init; }

    /// <summary>Further client settings in librdkafka's names, e.g. security.protocol.</summary>
    public IReadOnlyDictionary<string, string> KafkaSettings { get; init; } = new Dictionary<string, string>();

    public string Group { get; init; } = "streams-erp-sink";

    public string DocumentsTopic { get; init; } = Topics.ErpDocuments;

    public string ReceiptsTopic { get; init; } = Topics.ErpReceipts;

    public string DeadLettersTopic { get; init; } = Topics.ErpDeadLetters;

    public required ISchemaRegistry Registry { get; init; }

    /// <summary>Npgsql connection string of the ledger's database.</summary>
    public required string Postgres { get; init; }

    /// <summary>The ERP accounts that documents go to; at least one.</summary>
    public required IReadOnlyList<ErpAccountOptions> Accounts { get; init; }

    /// <summary>Which document goes to which account; null: all to the only account.</summary>
    public RouteTable? Routes { get; init; }

    /// <summary>
    /// Names this process in claims, attempts and permits. Must differ between processes; the same name over a restart lets a crashed
    /// process take its claims back at once instead of when they run out.
    /// </summary>
    public string Instance { get; init; } = $"{Environment.MachineName}-{Guid.NewGuid():N}";

    /// <summary>Static membership in the group, for a name that survives restarts: a killed process that comes back has its partitions at once. Null: none.</summary>
    public string? GroupInstanceId { get; init; }

    public PostingOptions Posting { get; init; } = new();

    public ReconciliationOptions Reconciliation { get; init; } = new();

    /// <summary>Keys and rules of the people who look after exceptions and approvals.</summary>
    public People.PeopleOptions People { get; init; } = new();

    /// <summary>The routes, or the one to the only account.</summary>
    /// <exception cref="ArgumentException">There are several accounts and no routes, or routes to accounts that are not there.</exception>
    public RouteTable EffectiveRoutes => (Routes ?? RouteTable.ToOnly(Accounts)).For(Accounts.Select(a => a.Name));

    /// <summary>Keeps passwords and keys out of logs.</summary>
    public override string ToString() => $"ERP sink {Instance}, group {Group}, accounts {string.Join(", ", Accounts.Select(a => a.Name))}";
}

/// <summary>What becomes of a document whose accounting period is closed in the ERP.</summary>
public enum ClosedPeriodPolicy
{
    /// <summary>It waits on the work list until somebody opens the period or decides.</summary>
    Hold,

    /// <summary>It is posted at the first day of the first open month; its service period stays.</summary>
    Move,

    /// <summary>It is refused, on the work list.</summary>
    Refuse,
}

/// <summary>The posting loop's bounds. The defaults suit a production NetSuite account.</summary>
public sealed record PostingOptions
{
    /// <summary>Longest wait for an answer. NetSuite's own commits can take minutes; a time-out only makes the outcome unknown.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Wait before the first look-up of an unknown outcome, and how much longer a permit is kept when a call was not answered:
    /// the server may still be at work.</summary>
    public TimeSpan SettleDelay { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>Look-ups in a row that must find nothing before the same document is sent again.</summary>
    public int AbsenceLookups { get; init; } = 2;

    /// <summary>Wait between look-ups.</summary>
    public TimeSpan LookupSpacing { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Postings of one document before it goes to the work list; throttled ones do not count.</summary>
    public int MaxAttempts { get; init; } = 8;

    /// <summary>First pause after a refusal for throttling; doubled by each further refusal in a row.</summary>
    public TimeSpan ThrottlePause { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan ThrottlePauseMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Seed of the pauses' jitter.</summary>
    public int JitterSeed { get; init; } = 1;

    /// <summary>Wait before looking for due documents again when there were none.</summary>
    public TimeSpan IdleDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Wait before asking again for a job of the ERP; once the job has been at work for long, a tenth of its time.</summary>
    public TimeSpan JobSpacing { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a job of the ERP is asked for. Then what it was to make is looked for by its key; what is not there goes to the work list, for the job may still run.</summary>
    public TimeSpan JobPatience { get; init; } = TimeSpan.FromHours(12);

    public ClosedPeriodPolicy ClosedPeriod { get; init; } = ClosedPeriodPolicy.Hold;

    /// <summary>Calls within <see cref="BreakSampling"/>, most of them failed as a whole, after which the ERP is left alone for <see cref="BreakDuration"/>.</summary>
    public int BreakAfterCalls { get; init; } = 20;

    public TimeSpan BreakSampling { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest that a permit can be in use: the call and what the server may do after it.</summary>
    public TimeSpan PermitLease => CallTimeout + SettleDelay;

    /// <summary>A claim outlives everything its owner may do with it: a posting, look-ups and what brings a draft into the ledger.</summary>
    public TimeSpan ClaimLease => CallTimeout * 4 + TimeSpan.FromSeconds(5);

    /// <exception cref="ArgumentException">Names the setting that makes no sense.</exception>
    public void Validate()
    {
        if (CallTimeout <= TimeSpan.Zero || CallTimeout > TimeSpan.FromHours(1)) throw new ArgumentException($"CallTimeout {CallTimeout} is not within an hour");
        if (SettleDelay < TimeSpan.Zero) throw new ArgumentException("SettleDelay is negative");
        if (AbsenceLookups < 1) throw new ArgumentException("AbsenceLookups must be at least 1: nothing is sent again without a look-up");
        if (JobPatience <= TimeSpan.Zero) throw new ArgumentException($"JobPatience {JobPatience} is not above zero");
        if (MaxAttempts < 1) throw new ArgumentException("MaxAttempts must be at least 1");
        if (BreakAfterCalls < 2) throw new ArgumentException("BreakAfterCalls must be at least 2");
        if (BreakSampling < TimeSpan.FromMilliseconds(500) || BreakDuration < TimeSpan.FromMilliseconds(500)) throw new ArgumentException("BreakSampling and BreakDuration must be half a second at least");
        if (ThrottlePause <= TimeSpan.Zero || ThrottlePauseMax < ThrottlePause) throw new ArgumentException("ThrottlePause must lie between zero and ThrottlePauseMax");
    }
}
