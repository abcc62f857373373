namespace Streams.Simulators;

/// <summary>One request as the fault schedule sees it: <paramref name="Nth"/> counts this key's requests of this method from 1.</summary>
public sealed record SimulatedRequest(string Method, string RecordType, string Key, int Nth);

/// <summary>Which values of a kind of master data exist: those listed, and those that match the pattern.</summary>
public sealed record KnownValues(IReadOnlySet<string>? Listed = null, string? Pattern = null)
{
    /// <summary>Whether the value exists. A pattern is given a tenth of a second.</summary>
    public bool Has(string value) =>
        (Listed?.Contains(value) ?? false) ||
        (Pattern is not null && System.Text.RegularExpressions.Regex.IsMatch(value, Pattern, System.Text.RegularExpressions.RegexOptions.CultureInvariant, TimeSpan.FromSeconds(0.1)));
}

/// <summary>How a simulated account behaves, whatever the ERP.</summary>
public sealed record SimulatorOptions
{
    /// <summary>Stands in <see cref="ConcurrencyLimit"/> for what the vendor states: NetSuite 5, Business Central 5 and 95 queued, the others without limit.</summary>
    public const int VendorDefault = 0;

    /// <summary>Port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The append-only journal of what was committed: the truth. Read back at a restart.</summary>
    public required string JournalFile { get; init; }

    /// <summary>The integration: OAuth client, or communication user.</summary>
    public string ClientId { get; init; } = "streams-integration";

    /// <summary>Its secret or password (all but NetSuite).</summary>
    public string ClientSecret { get; init; } = "simulated-secret";

    /// <summary>NetSuite: certificate id → public key (SubjectPublicKeyInfo in PEM; RSA, P-256, P-384 or P-521).</summary>
    public IReadOnlyDictionary<string, string> Certificates { get; init; } = new Dictionary<string, string>();

    /// <summary>Requests at a time. Null: whatever comes.</summary>
    public int? ConcurrencyLimit { get; init; } = VendorDefault;

    /// <summary>Slots of the pool that other integrations of the account hold; can be changed at run time.</summary>
    public int TakenSlots { get; init; }

    /// <summary>Requests within <see cref="Window"/>, in any position of that window. Null: what the vendor states, if it states any.</summary>
    public int? Requests { get; init; }

    /// <summary>Length of the sliding window for <see cref="Requests"/> and for the statistics. Null: the vendor's (300 s where there is one), else a second.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>Time that every request takes.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(2);

    public TimeSpan SlowDelay { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan ApplyDelay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Customers whose documents are refused as invalid.</summary>
    public IReadOnlySet<string> RefusedEntities { get; init; } = new HashSet<string>();

    /// <summary>What exists, by table: customers, accounts, items, companies, currencies. A table that is not named has everything.</summary>
    public IReadOnlyDictionary<string, KnownValues> MasterData { get; init; } = new Dictionary<string, KnownValues>();

    /// <summary>Months (yyyy-MM of the accounting date) that are closed at the start.</summary>
    public IReadOnlySet<string> ClosedPeriods { get; init; } = new HashSet<string>();

    /// <summary>Share of first postings that meet a fault of the usual kinds, in per mille, drawn from <see cref="Seed"/> and the key alone.</summary>
    public int FaultPerMille { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>Faults that are armed from the start.</summary>
    public IReadOnlyList<FaultRule> Faults { get; init; } = [];

    /// <summary>Decides on each request instead of the rules.</summary>
    public Func<SimulatedRequest, SimulatorFault>? Fault { get; init; }
}
