using System.Globalization;
using System.Xml.Linq;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>Reads one JournalEntry of a request, in the schema's element order, into the journal's shape.</summary>
static class SapJournalEntry
{
    static readonly string[] HeaderOrder =
    [
        "OriginalReferenceDocumentType", "OriginalReferenceDocument", "OriginalReferenceDocumentLogicalSystem", "BusinessTransactionType", "AccountingDocumentType",
        "DocumentReferenceID", "DocumentHeaderText", "CreatedByUser", "CompanyCode", "DocumentDate", "PostingDate", "TaxDeterminationDate", "TaxReportingDate",
        "TaxFulfillmentDate", "InvoiceReceiptDate", "ExchangeRate", "Item", "DebtorItem", "CreditorItem", "ProductTaxItem", "WithholdingTaxItem",
    ];

    static readonly string[] Required = ["BusinessTransactionType", "AccountingDocumentType", "CreatedByUser", "CompanyCode", "DocumentDate", "PostingDate"];

    /// <summary>What the schema does not allow, or null: such a message is answered with a fault.</summary>
    public static string? SchemaError(XElement entry)
    {
        var place = -1;
        foreach (var element in entry.Elements())
        {
            var index = Array.IndexOf(HeaderOrder, element.Name.LocalName);
            if (index < 0) return $"Element '{element.Name.LocalName}' is not expected";
            if (index < place) return $"Element '{element.Name.LocalName}' is not expected after '{HeaderOrder[place]}'";
            place = index;
        }
        if (Required.FirstOrDefault(name => entry.Value(name) is null) is { } missing) return $"Element '{missing}' is missing";
        if (entry.Value("DocumentReferenceID") is { Length: > 16 }) return "DocumentReferenceID: maximum length is 16";
        if (entry.Value("DocumentHeaderText") is { Length: > 25 }) return "DocumentHeaderText: maximum length is 25";
        if (entry.Value("OriginalReferenceDocument") is { Length: > 10 }) return "OriginalReferenceDocument: maximum length is 10";
        return null;
    }

    public static SimulatedRecord Read(XElement entry)
    {
        var lines = new List<SimulatedLine>();
        foreach (var item in entry.Children("Item")) lines.Add(Line(item, item.Value("GLAccount") ?? "", null));
        foreach (var item in entry.Children("DebtorItem")) lines.Add(Line(item, $"D:{item.Value("Debtor")}", item.Value("Debtor")));
        foreach (var item in entry.Children("CreditorItem")) lines.Add(Line(item, $"K:{item.Value("Creditor")}", item.Value("Creditor")));
        foreach (var item in entry.Children("ProductTaxItem")) lines.Add(Line(item, $"tax:{item.Value("TaxCode")}", null));
        var party = entry.Children("DebtorItem").Select(i => i.Value("Debtor")).FirstOrDefault();
        var debits = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit));
        var kind = Kind(entry, party);
        return new SimulatedRecord
        {
            Id = "", Type = "JournalEntry", Kind = kind, Key = entry.Value("DocumentReferenceID"), Company = entry.Value("CompanyCode"), Party = party,
            Currency = entry.Descendants().Where(e => e.Name.LocalName == "AmountInTransactionCurrency").Select(e => e.Attribute("currencyCode")?.Value).FirstOrDefault(),
            Amount = (kind == RecordKind.GlJournal ? debits : DebtorTotal(entry)).ToString(), Date = entry.Value("PostingDate"), Posted = true, Lines = lines, Fields = Fields(entry),
        };
    }

    /// <summary>Why the signs or amounts of an item cannot be, or null.</summary>
    public static string? AmountError(XElement item)
    {
        if (Amount(item) is not { } amount) return "Enter an amount";
        return item.Value("DebitCreditCode") switch
        {
            "S" when amount < ExactDecimal.Zero => "Amount with debit/credit indicator S must not be negative",
            "H" when amount > ExactDecimal.Zero => "Amount with debit/credit indicator H must not be positive",
            null or "S" or "H" => null,
            var other => $"Debit/credit indicator {other} is not defined",
        };
    }

    static ExactDecimal? Amount(XElement item) => item.Value("AmountInTransactionCurrency") is { } text ? ExactDecimal.Parse(text) : null;

    static ExactDecimal DebtorTotal(XElement entry)
    {
        var total = entry.Children("DebtorItem").Aggregate(ExactDecimal.Zero, (sum, i) => sum + (Amount(i) ?? ExactDecimal.Zero));
        return total < ExactDecimal.Zero ? -total : total;
    }

    static SimulatedLine Line(XElement item, string account, string? party)
    {
        var amount = Amount(item) ?? ExactDecimal.Zero;
        var applies = item.Value("AssignmentReference") ?? item.Value("InvoiceReference");
        return amount < ExactDecimal.Zero
            ? new(account, "0", (-amount).ToString(), item.Value("DocumentItemText"), applies, party)
            : new(account, amount.ToString(), "0", item.Value("DocumentItemText"), applies, party);
    }

    static string Kind(XElement entry, string? party) => entry.Value("AccountingDocumentType") switch
    {
        _ when party is null => RecordKind.GlJournal,
        "DZ" => RecordKind.Receipt,
        "DG" => RecordKind.CreditMemo,
        _ => RecordKind.Invoice,
    };

    static Dictionary<string, string> Fields(XElement entry)
    {
        var fields = new Dictionary<string, string> { ["fiscalYear"] = entry.Value("PostingDate")![..4] };
        foreach (var (name, element) in new[] { ("documentType", "AccountingDocumentType"), ("headerText", "DocumentHeaderText"), ("referenceDocument", "OriginalReferenceDocument"),
            ("referenceSystem", "OriginalReferenceDocumentLogicalSystem"), ("documentDate", "DocumentDate"), ("user", "CreatedByUser") })
        {
            if (entry.Value(element) is { } value) fields[name] = value;
        }
        return fields;
    }

    public static bool IsDate(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}
