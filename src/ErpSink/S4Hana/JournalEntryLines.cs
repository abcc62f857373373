using Streams.ErpSink.Consuming;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.S4Hana;

/// <summary>An item on a G/L account. Debits are positive, credits negative, here and below.</summary>
public sealed record AccountItem(string Account, ExactDecimal Amount, string Text, string? TaxCode = null, string? ProfitCenter = null);

/// <summary>An item of a customer; <paramref name="Assignment"/> is the key of the document that it settles.</summary>
public sealed record CustomerItem(string Debtor, ExactDecimal Amount, string Text, string? Assignment = null);

/// <summary>The tax of one code, and what it is computed from.</summary>
public sealed record TaxItem(string Code, ExactDecimal Amount, ExactDecimal Base);

/// <summary>
/// A document as a balanced journal entry: AR_INVOICE debits the customer and credits revenue, CREDIT_MEMO the other way round, GL_JOURNAL debits the journal's account,
/// RECEIPT debits the bank and credits the customer.
/// </summary>
public sealed record JournalEntryLines(IReadOnlyList<AccountItem> Accounts, IReadOnlyList<CustomerItem> Customers, IReadOnlyList<TaxItem> Taxes)
{
    /// <summary>
    /// Accounts, tax codes and profit centres are looked for as "product/meter", then by product, then by meter; lines that stand in taxLines are the tax of the code given there.
    /// </summary>
    public static MappingShape Shape { get; } = new("s4hana")
    {
        Tables = ["companyCodes", "customers", "revenueAccounts"],
        OptionalTables = ["paymentAccounts", "taxCodes", "taxLines", "profitCenters", "documentTypes"],
        Settings = ["logicalSystem", "user", "journalDebitAccount"],
        OptionalSettings = ["taxConditionType"],
    };

    public int Count => Accounts.Count + Customers.Count + Taxes.Count;

    /// <summary>The document must have passed the preflight.</summary>
    public static JournalEntryLines Of(ErpDocument document, ErpMapping mapping) => document.Kind switch
    {
        DocumentKind.ArInvoice => Sale(document, mapping, credit: false),
        DocumentKind.CreditMemo => Sale(document, mapping, credit: true),
        DocumentKind.GlJournal => Journal(document, mapping),
        DocumentKind.Receipt => Receipt(document, mapping),
        _ => throw new ArgumentOutOfRangeException(nameof(document), document.Kind, null),
    };

    /// <summary>The accounting document type: customer invoice, customer credit memo, G/L, customer payment, unless the mapping says otherwise.</summary>
    public static string DocumentType(DocumentKind kind, ErpMapping mapping) => mapping.Find("documentTypes", DocumentRules.KindName(kind)) ?? kind switch
    {
        DocumentKind.ArInvoice => "DR",
        DocumentKind.CreditMemo => "DG",
        DocumentKind.GlJournal => "SA",
        _ => "DZ",
    };

    /// <summary>The tax code of a line that is tax itself, or null.</summary>
    public static string? TaxLineCode(ErpMapping mapping, ErpDocumentLine line) => Value(mapping, "taxLines", line);

    /// <summary>What the line's amount is taxed by, or null.</summary>
    public static string? TaxCode(ErpMapping mapping, ErpDocumentLine line) => Value(mapping, "taxCodes", line);

    static JournalEntryLines Sale(ErpDocument document, ErpMapping mapping, bool credit)
    {
        var customer = new CustomerItem(mapping.Find("customers", document.CustomerId)!, credit ? -document.Total : document.Total, Header(document));
        var net = document.Lines.Where(l => TaxLineCode(mapping, l) is null);
        return new(Revenue(net, document, mapping, credit, taxed: true), [customer], Tax(document, mapping, credit));
    }

    static JournalEntryLines Journal(ErpDocument document, ErpMapping mapping)
    {
        var revenue = Revenue(document.Lines, document, mapping, credit: false, taxed: false);
        if (document.Total == ExactDecimal.Zero) return new(revenue, [], []);
        return new([new AccountItem(mapping.Setting("journalDebitAccount")!, document.Total, Header(document)), .. revenue], [], []);
    }

    static JournalEntryLines Receipt(ErpDocument document, ErpMapping mapping)
    {
        var debtor = mapping.Find("customers", document.CustomerId)!;
        var bank = new AccountItem(mapping.Find("paymentAccounts", document.Lines[0].Product)!, document.Total, Header(document));
        return new([bank], [.. document.Lines.Select(l => new CustomerItem(debtor, -l.Amount, Header(document), l.Meter))], []);
    }

    // SAP takes no item without an amount.
    static IReadOnlyList<AccountItem> Revenue(IEnumerable<ErpDocumentLine> lines, ErpDocument document, ErpMapping mapping, bool credit, bool taxed) =>
        [.. lines.Where(l => l.Amount != ExactDecimal.Zero).Select(l => new AccountItem(Value(mapping, "revenueAccounts", l)!, credit ? l.Amount : -l.Amount,
            $"{l.Product} {l.Meter} {document.Period}: {l.Quantity}", taxed ? TaxCode(mapping, l) : null, Value(mapping, "profitCenters", l)))];

    static IReadOnlyList<TaxItem> Tax(ErpDocument document, ErpMapping mapping, bool credit)
    {
        var taxes = new SortedDictionary<string, (ExactDecimal Amount, ExactDecimal Base)>(StringComparer.Ordinal);
        foreach (var line in document.Lines)
        {
            var amount = credit ? line.Amount : -line.Amount;
            if (TaxLineCode(mapping, line) is { } own) taxes[own] = (Of(own).Amount + amount, Of(own).Base);
            else if (TaxCode(mapping, line) is { } code) taxes[code] = (Of(code).Amount, Of(code).Base + amount);
        }
        return [.. taxes.Select(t => new TaxItem(t.Key, t.Value.Amount, t.Value.Base))];

        (ExactDecimal Amount, ExactDecimal Base) Of(string code) => taxes.GetValueOrDefault(code);
    }

    static string Header(ErpDocument document) => $"{document.CustomerId} {document.Period} r{document.Revision}";

    static string? Value(ErpMapping mapping, string table, ErpDocumentLine line) => mapping.Find(table, $"{line.Product}/{line.Meter}", line.Product, line.Meter);
}
