using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.S4Hana;

/// <summary>
/// Documents as one SOAP message of Journal Entry – Post. The schema fixes the order of the elements. A message of the same name is the same message to SAP:
/// within its window a repeat is answered with the first answer.
/// </summary>
public static class JournalEntryMessage
{
    static readonly XNamespace Soap = "http://schemas.xmlsoap.org/soap/envelope/";
    static readonly XNamespace Finance = "http://sap.com/xi/SAPSCORE/SFIN";
    const int HeaderTextLength = 25;
    const int ItemTextLength = 50;

    public static byte[] Write(IReadOnlyList<ErpDocument> documents, string call, DateTimeOffset now, ErpMapping mapping)
    {
        using var buffer = new MemoryStream();
        using (var writer = XmlWriter.Create(buffer, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true })) Envelope(documents, call, now, mapping).Save(writer);
        return buffer.ToArray();
    }

    static XDocument Envelope(IReadOnlyList<ErpDocument> documents, string call, DateTimeOffset now, ErpMapping mapping) => new(
        new XElement(Soap + "Envelope", new XAttribute(XNamespace.Xmlns + "soapenv", Soap.NamespaceName), new XAttribute(XNamespace.Xmlns + "sfin", Finance.NamespaceName),
            new XElement(Soap + "Header"),
            new XElement(Soap + "Body",
                new XElement(Finance + "JournalEntryBulkCreateRequest",
                    Header(call, call, now),
                    documents.Select(d => new XElement("JournalEntryCreateRequest", Header(d.DocumentKey, $"{call}/{d.DocumentKey}", now), Entry(d, mapping)))))));

    static XElement Header(string id, string name, DateTimeOffset now) => new("MessageHeader",
        new XElement("ID", id),
        new XElement("UUID", CallUuid.Create(name).ToString()),
        new XElement("CreationDateTime", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));

    static XElement Entry(ErpDocument document, ErpMapping mapping)
    {
        var lines = JournalEntryLines.Of(document, mapping);
        var date = document.DocumentDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var item = 0;
        return new XElement("JournalEntry",
            new XElement("OriginalReferenceDocumentType", "BKPFF"),
            // Ten characters, as the reference document of the ledger has; the whole key stands in DocumentReferenceID.
            new XElement("OriginalReferenceDocument", document.DocumentKey[..10]),
            new XElement("OriginalReferenceDocumentLogicalSystem", mapping.Setting("logicalSystem")),
            new XElement("BusinessTransactionType", "RFBU"),
            new XElement("AccountingDocumentType", JournalEntryLines.DocumentType(document.Kind, mapping)),
            new XElement("DocumentReferenceID", document.DocumentKey),
            new XElement("DocumentHeaderText", Cut($"Usage {document.Period} r{document.Revision}", HeaderTextLength)),
            new XElement("CreatedByUser", mapping.Setting("user")),
            new XElement("CompanyCode", mapping.Find("companyCodes", document.LegalEntity)),
            new XElement("DocumentDate", date),
            new XElement("PostingDate", date),
            lines.Accounts.Select(a => Account(a, ++item, document.Currency)).ToList(),
            lines.Customers.Select(c => Customer(c, ++item, document.Currency)).ToList(),
            lines.Taxes.Select(t => Tax(t, document.Currency, mapping)));
    }

    static XElement Account(AccountItem item, int number, string currency) => new("Item",
        new XElement("ReferenceDocumentItem", number),
        new XElement("GLAccount", item.Account),
        Amount("AmountInTransactionCurrency", item.Amount, currency),
        Side(item.Amount),
        new XElement("DocumentItemText", Cut(item.Text, ItemTextLength)),
        item.TaxCode is null ? null : new XElement("Tax", new XElement("TaxCode", item.TaxCode)),
        item.ProfitCenter is null ? null : new XElement("AccountAssignment", new XElement("ProfitCenter", item.ProfitCenter)));

    static XElement Customer(CustomerItem item, int number, string currency) => new("DebtorItem",
        new XElement("ReferenceDocumentItem", number),
        new XElement("Debtor", item.Debtor),
        Amount("AmountInTransactionCurrency", item.Amount, currency),
        Side(item.Amount),
        new XElement("DocumentItemText", Cut(item.Text, ItemTextLength)),
        item.Assignment is null ? null : new XElement("AssignmentReference", item.Assignment));

    static XElement Tax(TaxItem item, string currency, ErpMapping mapping) => new("ProductTaxItem",
        new XElement("TaxCode", item.Code),
        Amount("AmountInTransactionCurrency", item.Amount, currency),
        Amount("TaxBaseAmountInTransCrcy", item.Base, currency),
        new XElement("ConditionType", mapping.Setting("taxConditionType") ?? "MWAS"));

    static XElement Amount(string name, ExactDecimal amount, string currency) => new(name, new XAttribute("currencyCode", currency), PlainDecimal.Text(amount, currency));

    // S: debit (Soll), H: credit (Haben).
    static XElement Side(ExactDecimal amount) => new("DebitCreditCode", amount < ExactDecimal.Zero ? "H" : "S");

    // No half of a surrogate pair at the end, and nothing that XML cannot hold.
    static string Cut(string text, int length)
    {
        if (text.Length > length) text = text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
        return string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : ' '));
    }
}
