using Streams.ErpSink.Mapping;
using Streams.ErpSink.OData;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>An environment of Business Central, and the application's credentials for it.</summary>
public sealed record BusinessCentralOptions
{
    /// <summary>The environment's name, e.g. Production.</summary>
    public required string Account { get; init; }

    /// <summary>The host that answers; null: Microsoft's.</summary>
    public Uri? BaseAddress { get; init; }

    public required EntraCredentials Credentials { get; init; }

    public ErpMapping Mapping { get; init; } = ErpMapping.BuiltIn(BusinessCentralMapping.Shape);

    /// <summary>Documents in one call at most; Business Central takes 100 operations in a $batch.</summary>
    public int BatchSize { get; init; } = 50;

    /// <summary>Documents asked for in one query: limited by the length of an address.</summary>
    public int KeysPerQuery { get; init; } = 40;

    /// <summary>
    /// The bound action that posts a customer payment journal, where an extension offers one. Null: the standard API has none; payments wait for a person or a
    /// job queue of Business Central.
    /// </summary>
    public string? PaymentPostAction { get; init; }

    /// <summary>
    /// Whether what a customer pays is sent as a negative amount, as a journal has it. The vendor's samples show both.
    /// </summary>
    public bool NegativePayments { get; init; } = true;

    /// <summary>What Business Central says of a date outside the open periods, as regular expressions.</summary>
    public IReadOnlyList<string> ClosedPeriodPatterns { get; init; } = ["not within your range of allowed posting dates", "(accounting|fiscal) (period|year).*closed", "posting date.*closed"];

    /// <summary>What Business Central says of a record that is there already, besides its code.</summary>
    public IReadOnlyList<string> DuplicatePatterns { get; init; } = ["already exists"];

    /// <summary>A sales document's states before it is posted.</summary>
    public IReadOnlyList<string> UnpostedStatuses { get; init; } = ["Draft", "In Review", " ", ""];

    internal Uri Address => new(BaseAddress ?? new Uri("https://api.businesscentral.dynamics.com"),
        $"/v2.0/{Uri.EscapeDataString(Credentials.TenantId)}/{Uri.EscapeDataString(Account)}/api/v2.0/");

    /// <summary>Keeps the credentials out of logs.</summary>
    public override string ToString() => $"Business Central environment {Account}";
}
