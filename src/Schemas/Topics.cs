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

    /// <summary>Billing documents of all kinds as canonical JSON (docs/invoicing.md), key = customer_id; headers <c>streams.sha256</c>, <c>streams.lineage</c> and <c>streams.contract</c>.</summary>
    public const string BillingDocuments = "billing.documents";

    /// <summary>Corrections of usage, documents that cannot be made or posted, each with its reason: JSON, key = customer_id.</summary>
    public const string BillingJournal = "billing.journal";

    /// <summary>Thresholds and limits of metered features that were reached, and their resets: JSON (docs/entitlements.md), key = customer_id.</summary>
    public const string EntitlementAlerts = "entitlements.alerts";

    /// <summary>
    /// Definitions by the SHA-256 of what they say, the editions of contracts made of them, and from which position of usage.events on they held: JSON, compacted, see
    /// docs/lineage.md.
    /// </summary>
    public const string ContractEditions = "contracts.editions";

    /// <summary>Documents as billing makes them (<c>ErpDocument</c>), where some of them are summed up on their way to the ERPs; key = customer_id.</summary>
    public const string ErpEntries = "erp.entries";

    /// <summary>Documents for the ERPs (<c>ErpDocument</c>), key = customer_id; what takes another one back has the header of <see cref="DocumentHeaders"/>.</summary>
    public const string ErpDocuments = "erp.documents";

    /// <summary>What the ERPs made of them (<c>ErpReceipt</c>), key = document key.</summary>
    public const string ErpReceipts = "erp.receipts";

    /// <summary>The ERP sink's dead letters.</summary>
    public const string ErpDeadLetters = "erp.documents.dlq";

    /// <summary>Heads of the ledgers' audit trails, as JSON (ledger, sequence, hash), key = ledger: what was signed off cannot be rewritten unseen.</summary>
    public const string ErpAuditHeads = "erp.audit.heads";

    /// <summary>The registry subject of a topic's values.</summary>
    public static string Subject(string topic) => topic + "-value";
}
