using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.S4Hana;

/// <summary>An SAP S/4HANA Cloud tenant and the communication user's login for it.</summary>
public sealed record S4HanaOptions
{
    /// <summary>The tenant, as the host name begins, e.g. my300000.</summary>
    public required string Account { get; init; }

    /// <summary>Where the tenant's API answers; null: its address at SAP.</summary>
    public Uri? BaseAddress { get; init; }

    /// <summary>Basic, OAuth 2.0 client credentials, or a client certificate.</summary>
    public required ErpLogin Login { get; init; }

    /// <summary>How documents become journal entries; see Mapping/s4hana.json.</summary>
    public ErpMapping Mapping { get; init; } = ErpMapping.BuiltIn(JournalEntryLines.Shape);

    /// <summary>Journal entries in one message.</summary>
    public int BatchSize { get; init; } = 50;

    /// <summary>Items in one journal entry; accounting documents have three-digit item numbers.</summary>
    public int MaxItems { get; init; } = 999;

    /// <summary>The synchronous service Journal Entry – Post (SAP_COM_0002).</summary>
    public string PostPath { get; init; } = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi";

    public string SoapAction { get; init; } = "http://sap.com/xi/SAPSCORE/SFIN/JournalEntryCreateRequestConfirmation_In/JournalEntryCreateRequestConfirmation_InRequest";

    public S4HanaReadBack ReadBack { get; init; } = new();

    /// <summary>Parts of log texts that say that the period is closed: for G/L accounts (S), customers (D) or vendors (K), which are opened apart.</summary>
    public IReadOnlyList<string> ClosedPeriodTexts { get; init; } = ["is not open for account type", "period is closed"];

    /// <summary>Parts of log texts that say that the document exists.</summary>
    public IReadOnlyList<string> DuplicateTexts { get; init; } = ["already been posted", "already exists", "already been entered"];

    /// <summary>Parts of log texts that say that somebody holds a lock: worth another try.</summary>
    public IReadOnlyList<string> LockTexts { get; init; } = ["locked by", "blocked by user", "being processed by"];

    internal Uri Address => BaseAddress ?? new Uri($"https://{Account}-api.s4hana.cloud.sap");

    /// <exception cref="ArgumentException">Names what makes no sense.</exception>
    internal void Validate()
    {
        JournalEntryLines.Shape.Check(Mapping);
        if (BatchSize is < 1 or > 1000) throw new ArgumentException($"S/4HANA: BatchSize {BatchSize} is not within 1 to 1000");
        if (Mapping.Setting("logicalSystem")!.Length > 10) throw new ArgumentException("mapping for s4hana: settings.logicalSystem has more than 10 characters");
    }

    /// <summary>Keeps the login's secrets out of logs.</summary>
    public override string ToString() => $"S/4HANA tenant {Account}";
}

/// <summary>
/// The OData service (version 2 or 4) that journal entry items are read by, and its fields' names: SAP's Journal Entry Item service, or one of the customer's own
/// over I_JournalEntryItem. It must offer the field that holds the document reference.
/// </summary>
public sealed record S4HanaReadBack
{
    public string Path { get; init; } = "/sap/opu/odata/sap/API_JOURNALENTRYITEMBASIC_SRV/A_JournalEntryItemBasic";

    public string KeyField { get; init; } = "DocumentReferenceID";

    public string CompanyField { get; init; } = "CompanyCode";

    public string YearField { get; init; } = "FiscalYear";

    public string DocumentField { get; init; } = "AccountingDocument";

    public string AmountField { get; init; } = "AmountInTransactionCurrency";

    public string CurrencyField { get; init; } = "TransactionCurrency";

    public string AccountField { get; init; } = "GLAccount";

    public string CustomerField { get; init; } = "Customer";

    /// <summary>D on items of customers.</summary>
    public string AccountTypeField { get; init; } = "FinancialAccountType";

    public string DateField { get; init; } = "PostingDate";

    public string LedgerField { get; init; } = "Ledger";

    /// <summary>The ledger that is read: items stand in each ledger once.</summary>
    public string Ledger { get; init; } = "0L";

    /// <summary>Documents asked for in one request; the address must not grow too long.</summary>
    public int KeysPerRequest { get; init; } = 20;

    internal IEnumerable<string> Fields =>
        [KeyField, CompanyField, YearField, DocumentField, AmountField, CurrencyField, AccountField, CustomerField, AccountTypeField, DateField];
}
