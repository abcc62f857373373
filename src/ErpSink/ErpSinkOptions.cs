using Streams.ErpSink.NetSuite;
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

    public required NetSuiteOptions NetSuite { get; init; }

    /// <summary>
    /// Names this process in claims, attempts and permits. Must differ between processes; the same name over a restart lets a crashed
    /// process take its claims back at once instead of when they run out.
    /// </summary>
    public string Instance { get; init; } = $"{Environment.MachineName}-{Guid.NewGuid():N}";

    /// <summary>Static membership in the group, for a name that survives restarts: a killed process that comes back has its partitions at once. Null: none.</summary>
    public string? GroupInstanceId { get; init; }

    public PostingOptions Posting { get; init; } = new();

    /// <summary>Keeps passwords and keys out of logs.</summary>
    public override string ToString() => $"ERP sink {Instance}, group {Group}, {NetSuite}";
}

/// <summary>The posting loop's bounds. The defaults suit a production NetSuite account.</summary>
public sealed record PostingOptions
{
    /// <summary>Calls in flight at a time over all instances. NetSuite's pool is shared with other integrations and people: 3 of the standard 5.</summary>
    public int ConcurrencyLimit { get; init; } = 3;

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

    /// <summary>Documents claimed at a time.</summary>
    public int ClaimBatch { get; init; } = 32;

    /// <summary>Longest that a permit can be in use: the call and what the server may do after it.</summary>
    public TimeSpan PermitLease => CallTimeout + SettleDelay;

    /// <summary>A claim outlives everything its owner may do with it: the wait for a permit, a posting and a look-up.</summary>
    public TimeSpan ClaimLease => CallTimeout * 4 + TimeSpan.FromSeconds(5);

    /// <exception cref="ArgumentException">Names the setting that makes no sense.</exception>
    public void Validate()
    {
        if (ConcurrencyLimit is < 1 or > 1000) throw new ArgumentException($"ConcurrencyLimit {ConcurrencyLimit} is not within 1 to 1000");
        if (CallTimeout <= TimeSpan.Zero || CallTimeout > TimeSpan.FromHours(1)) throw new ArgumentException($"CallTimeout {CallTimeout} is not within an hour");
        if (SettleDelay < TimeSpan.Zero) throw new ArgumentException("SettleDelay is negative");
        if (AbsenceLookups < 1) throw new ArgumentException("AbsenceLookups must be at least 1: nothing is sent again without a look-up");
        if (MaxAttempts < 1) throw new ArgumentException("MaxAttempts must be at least 1");
        if (ClaimBatch is < 1 or > 1000) throw new ArgumentException($"ClaimBatch {ClaimBatch} is not within 1 to 1000");
        if (ThrottlePause <= TimeSpan.Zero || ThrottlePauseMax < ThrottlePause) throw new ArgumentException("ThrottlePause must lie between zero and ThrottlePauseMax");
    }
}
