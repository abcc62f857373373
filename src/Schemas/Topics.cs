namespace Streams.Schemas;

/// <summary>The topics that the rooms talk through. Values are Avro in Confluent's wire format unless said otherwise; subjects are "&lt;topic&gt;-value".</summary>
public static class Topics
{
    /// <summary>Usage events (<c>UsageEvent</c>), key = customer_id, partitioned by murmur2.</summary>
    public const string UsageEvents = "usage.events";

    /// <summary>Rated windows (<c>RatedUsage</c>), key = customer_id.</summary>
    public const string UsageRated = "usage.rated";

    /// <summary>Events behind their window's grace: the original record and headers saying where it stood and why.</summary>
    public const string UsageLate = "usage.late";

    /// <summary>Events that cannot be rated yet (no contract in force): the original record and headers with place, code and reason.</summary>
    public const string UsageParked = "usage.parked";

    /// <summary>Records that nobody can read or that break a rule: the original bytes and headers with place, code and reason.</summary>
    public const string UsageDeadLetters = "usage.events.dlq";

    /// <summary>What became of each input position (<c>Dispositions</c>): one record per partition and commit.</summary>
    public const string UsageDispositions = "usage.dispositions";

    /// <summary>Customers, meters, plans and contracts (<c>ContractEntry</c>), compacted, key = "kind/id" in UTF-8.</summary>
    public const string Contracts = "contracts";

    /// <summary>Documents for the ERPs (<c>ErpDocument</c>), key = customer_id.</summary>
    public const string ErpDocuments = "erp.documents";

    /// <summary>What the ERPs made of them (<c>ErpReceipt</c>), key = document key.</summary>
    public const string ErpReceipts = "erp.receipts";

    /// <summary>The ERP sink's dead letters.</summary>
    public const string ErpDeadLetters = "erp.documents.dlq";

    /// <summary>The registry subject of a topic's values.</summary>
    public static string Subject(string topic) => topic + "-value";
}
