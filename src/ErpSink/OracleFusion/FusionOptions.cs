using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.OracleFusion;

/// <summary>An Oracle Fusion Cloud pod and the integration user's login for it.</summary>
public sealed record FusionOptions
{
    /// <summary>
    /// From the product's names to Oracle's. Accounts, memo lines and tax codes are looked for as "product/meter", then by product, then by meter; receipt methods and bank accounts
    /// by the way of payment. Accounts are code combinations, their segments joined by a dash.
    /// </summary>
    public static MappingShape Shape { get; } = new("fusion")
    {
        Tables = ["businessUnits", "customers"],
        OptionalTables = ["ledgers", "ledgerCurrencies", "revenueAccounts", "receiptMethods", "bankAccounts", "memoLines", "taxCodes", "periodNames", "businessUnitIds"],
        Settings = ["transactionSource", "invoiceType", "creditMemoType", "flexContext", "dataAccessSet", "journalSource", "journalCategory", "journalDebitAccount"],
        OptionalSettings = ["flexKey", "paymentTerms", "conversionRateType", "autoPostParameters", "flexAttribute", "autoInvoiceJob", "autoInvoiceParameters"],
    };

    /// <summary>The pod with its data centre, e.g. abcd.us2.</summary>
    public required string Account { get; init; }

    /// <summary>Where the pod answers; null: its address at Oracle.</summary>
    public Uri? BaseAddress { get; init; }

    /// <summary>Basic, or OAuth 2.0 client credentials.</summary>
    public required ErpLogin Login { get; init; }

    /// <summary>How documents become transactions; see Mapping/fusion.json.</summary>
    public ErpMapping Mapping { get; init; } = ErpMapping.BuiltIn(Shape);

    /// <summary>Documents in one call: journals in one import, others by a request each within the call's time.</summary>
    public int BatchSize { get; init; } = 20;

    /// <summary>
    /// Invoices and credit memos of a call, of one kind, go as a file to AutoInvoice when they are more than this; fewer have a request each. A file is answered later, so it is worth it for many;
    /// <see cref="BatchSize"/> must be larger for it to come to that.
    /// </summary>
    public int ImportAbove { get; init; } = 100;

    public string ResourcePath { get; init; } = "/fscmRestApi/resources/11.13.18.05";

    public FusionReadBack ReadBack { get; init; } = new();

    /// <summary>Parts of error texts that say that the transaction exists. Oracle documents none for receivables.</summary>
    public IReadOnlyList<string> DuplicateTexts { get; init; } = ["already exists", "must be unique", "not unique", "unique combination", "duplicate"];

    /// <summary>Parts of error texts that say that the period is closed. Oracle documents none for receivables.</summary>
    public IReadOnlyList<string> ClosedPeriodTexts { get; init; } = ["not in an open", "period is not open", "period is closed", "closed period", "not in an open or future"];

    /// <summary>Statuses of import lines that say that the date lies in no open period.</summary>
    public IReadOnlyList<string> ClosedPeriodStatuses { get; init; } = ["EP01"];

    /// <summary>
    /// Parts of lines that say, together with a transaction's number, that AutoInvoice refused it; those of duplicates and closed periods say so too. How its reports are laid out Oracle does not document.
    /// </summary>
    public IReadOnlyList<string> RejectionTexts { get; init; } = ["you must", "must have", "not valid", "isn't valid", "invalid", "does not", "doesn't", "cannot", "can't", "couldn't", "rejected"];

    internal Uri Address => BaseAddress ?? new Uri($"https://{Pod}.oraclecloud.com");

    string Pod => Account.Contains('.') ? Account.Insert(Account.IndexOf('.'), ".fa") : $"{Account}.fa";

    /// <exception cref="ArgumentException">Names what makes no sense.</exception>
    internal void Validate()
    {
        Shape.Check(Mapping);
        if (BatchSize is < 1 or > 1000) throw new ArgumentException($"Oracle Fusion: BatchSize {BatchSize} is not within 1 to 1000");
        if (ImportAbove < 0) throw new ArgumentException($"Oracle Fusion: ImportAbove {ImportAbove} is negative");
        AutoInvoiceLines.FlexAttribute(Mapping);
        if (ImportAbove < BatchSize && FusionLoads.ParameterFault(Mapping) is { } fault) throw new ArgumentException($"mapping for fusion: {fault}");
    }

    /// <summary>Keeps the login's secrets out of logs.</summary>
    public override string ToString() => $"Oracle Fusion pod {Account}";
}

/// <summary>Where documents are read back, and by which fields; releases and customers' security differ.</summary>
public sealed record FusionReadBack
{
    public string BatchNameField { get; init; } = "BatchName";

    /// <summary>The import adds to the names of batches, so they are looked for by how they begin. True: the pod's names are the keys alone.</summary>
    public bool ExactBatchNames { get; init; }

    /// <summary>The status of a journal batch.</summary>
    public string BatchStatusField { get; init; } = "Status";

    public IReadOnlyList<string> PostedStatuses { get; init; } = ["P", "Posted"];

    /// <summary>The debits of a journal batch.</summary>
    public string BatchAmountField { get; init; } = "RunningTotalDr";

    /// <summary>In the batch, or in the first of its journals.</summary>
    public string BatchCurrencyField { get; init; } = "CurrencyCode";

    /// <summary>The accounting date, in the first of the batch's journals.</summary>
    public string BatchDateField { get; init; } = "DefaultEffectiveDate";

    public string TransactionAmountField { get; init; } = "EnteredAmount";

    /// <summary>Transactions with this status are in no ledger yet.</summary>
    public string IncompleteStatus { get; init; } = "Incomplete";

    /// <summary>Documents asked for in one request; the address must not grow too long.</summary>
    public int KeysPerRequest { get; init; } = 20;
}
