using System.Globalization;
using System.Text;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>
/// The file RaInterfaceLinesAll.csv of AutoInvoice: no header, 371 columns by position and END. A line's transaction number is the document's key, by which AutoInvoice
/// groups lines into transactions; its line transaction flexfield is the one that the REST resources get. Accounts are AutoAccounting's, as they are there: no distributions are sent.
/// </summary>
public static class AutoInvoiceLines
{
    public const string FileName = "RaInterfaceLinesAll.csv";

    /// <summary>Values of a line before its END.</summary>
    public const int Columns = 371;

    const int Source = 1;
    const int Type = 2;
    const int Terms = 3;
    const int TransactionDate = 4;
    const int AccountingDate = 5;
    const int Number = 6;
    const int BillToAccount = 18;
    const int LineType = 25;
    const int Description = 26;
    const int Currency = 27;
    const int ConversionType = 28;
    const int ConversionDate = 29;
    const int ConversionRate = 30;
    const int Amount = 31;
    const int Quantity = 32;
    const int UnitPrice = 34;
    const int FlexContext = 36;
    const int TaxCode = 53;
    const int MemoLine = 110;
    const int BusinessUnit = 286;

    /// <summary>
    /// Whether the file can state the document's conversion: AutoInvoice wants a conversion type in every line, and another one for the ledger's own currency.
    /// Over REST Oracle finds that out by itself.
    /// </summary>
    public static bool Takes(ErpDocument document, ErpMapping mapping) => document.Kind is DocumentKind.ArInvoice or DocumentKind.CreditMemo &&
        mapping.Find("ledgerCurrencies", document.LegalEntity) is { } own && (own == document.Currency || mapping.Setting("conversionRateType") is not null);

    public static string Csv(IReadOnlyList<ErpDocument> documents, ErpMapping mapping)
    {
        var text = new StringBuilder();
        foreach (var document in documents)
            foreach (var line in document.Lines) ImportFile.Append(text, Row(document, line, mapping));
        return text.ToString();
    }

    static string[] Row(ErpDocument document, ErpDocumentLine line, ErpMapping mapping)
    {
        var invoice = document.Kind == DocumentKind.ArInvoice;
        var row = ImportFile.Row(Columns + 1);
        row[Source] = mapping.Setting("transactionSource")!;
        row[Type] = mapping.Setting(invoice ? "invoiceType" : "creditMemoType")!;
        row[Terms] = invoice ? mapping.Setting("paymentTerms") ?? "" : "";
        row[TransactionDate] = row[AccountingDate] = ImportFile.Date(document.DocumentDate);
        row[Number] = document.DocumentKey;
        row[BillToAccount] = mapping.Find("customers", document.CustomerId)!;
        row[LineType] = "LINE";
        row[Description] = FusionBodies.Describe(document, line);
        row[Currency] = document.Currency;
        WriteConversion(row, document, mapping);
        // Quantity 1 and price = amount; what a credit memo credits is negative.
        row[Amount] = row[UnitPrice] = PlainDecimal.Text(invoice ? line.Amount : -line.Amount, document.Currency);
        row[Quantity] = "1";
        row[FlexContext] = mapping.Setting("flexContext")!;
        row[FlexContext + FlexAttribute(mapping)] = FusionBodies.FlexValue(document, line);
        row[TaxCode] = FusionBodies.Of(mapping, "taxCodes", line) ?? "";
        row[MemoLine] = FusionBodies.Of(mapping, "memoLines", line) ?? "";
        row[BusinessUnit] = mapping.Find("businessUnits", document.LegalEntity)!;
        row[Columns] = "END";
        return row;
    }

    // Of the ledger's own currency Oracle takes nothing but the rate 1 of type User.
    static void WriteConversion(string[] row, ErpDocument document, ErpMapping mapping)
    {
        var own = mapping.Find("ledgerCurrencies", document.LegalEntity) == document.Currency;
        row[ConversionType] = own ? "User" : mapping.Setting("conversionRateType")!;
        row[own ? ConversionRate : ConversionDate] = own ? "1" : ImportFile.Date(document.DocumentDate);
    }

    /// <summary>Which of the attributes 1 to 15 the flexfield's segment of the mapping's flexKey is kept in.</summary>
    /// <exception cref="ArgumentException">The setting is no such number.</exception>
    public static int FlexAttribute(ErpMapping mapping) =>
        !int.TryParse(mapping.Setting("flexAttribute") ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 15
            ? throw new ArgumentException($"mapping for fusion: settings.flexAttribute: '{mapping.Setting("flexAttribute")}' is not within 1 to 15") : number;
}
