using System.Text;
using System.Xml.Linq;
using Streams.ErpSink.Posting;
using Streams.ErpSink.S4Hana;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using static Streams.ErpSink.Tests.S4HanaSamples;

namespace Streams.ErpSink.Tests;

/// <summary>What is sent to SAP, to the element and its order; what is found before anything is sent.</summary>
public sealed class S4HanaMessageTests
{
    [Fact]
    public async Task A_message_holds_many_entries_with_their_elements_in_the_schemas_order()
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "1000.00", "0.05");
        var taxed = Documents.Hashed(invoice with
        {
            Lines = [.. invoice.Lines, invoice.Lines[0] with { Line = 3, Product = "tax", Meter = "api.requests9", Amount = ExactDecimal.Parse("80"), RatedAmount = ExactDecimal.Parse("80") }],
            Total = ExactDecimal.Parse("1080.05"),
        });
        var receipt = Kinds.Receipt(2, ("DJ6VKWABMY4Z6QQ1", "5.10"));
        var script = new WireScript(Xml(Message(Posted(receipt.DocumentKey, "0100000009"), Posted(taxed.DocumentKey))));
        using var connector = Connector(script);
        var answers = await connector.PostAsync([taxed, receipt], "call-1", CancellationToken.None);

        Assert.Equal([(ErpOutcome.Created, "1710/0100000008/2026"), (ErpOutcome.Created, "1710/0100000009/2026")], answers.Select(a => (a.Outcome, a.ErpId!)));
        var sent = Assert.Single(script.Sent);
        Assert.Equal(("POST", $"{Host}/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"), (sent.Method, sent.Uri.ToString()));
        Assert.Equal("text/xml; charset=utf-8", sent.Headers["Content-Type"]);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("STREAMS:pass:word")), sent.Headers["Authorization"]);
        Assert.StartsWith("\"http://sap.com/xi/SAPSCORE/SFIN/", sent.Headers["SOAPAction"]);
        Assert.Equal(Expected(taxed.DocumentKey, receipt.DocumentKey), Text(XDocument.Parse(sent.Body).Root!.Elements().Single(e => e.Name.LocalName == "Body").Elements().Single()));
        Assert.Equal("{http://sap.com/xi/SAPSCORE/SFIN}JournalEntryBulkCreateRequest", XDocument.Parse(sent.Body).Root!.Elements().Last().Elements().Single().Name.ToString());
    }

    static string Expected(string invoice, string receipt) => $"""
        JournalEntryBulkCreateRequest
        .MessageHeader
        ..ID=call-1
        ..UUID={CallUuid.Create("call-1")}
        ..CreationDateTime=2026-08-01T00:10:00Z
        .JournalEntryCreateRequest
        ..MessageHeader
        ...ID={invoice}
        ...UUID={CallUuid.Create("call-1/" + invoice)}
        ...CreationDateTime=2026-08-01T00:10:00Z
        ..JournalEntry
        ...OriginalReferenceDocumentType=BKPFF
        ...OriginalReferenceDocument={invoice[..10]}
        ...OriginalReferenceDocumentLogicalSystem=USAGEPIPE
        ...BusinessTransactionType=RFBU
        ...AccountingDocumentType=DR
        ...DocumentReferenceID={invoice}
        ...DocumentHeaderText=Usage 2026-07 r1
        ...CreatedByUser=CC0000000001
        ...CompanyCode=1710
        ...DocumentDate=2026-07-31
        ...PostingDate=2026-07-31
        ...Item
        ....ReferenceDocumentItem=1
        ....GLAccount=0041000000
        ....AmountInTransactionCurrency(USD)=-1000.00
        ....DebitCreditCode=H
        ....DocumentItemText=api api.requests1 2026-07: 1000
        ....Tax
        .....TaxCode=O1
        ....AccountAssignment
        .....ProfitCenter=YB110
        ...Item
        ....ReferenceDocumentItem=2
        ....GLAccount=0041000000
        ....AmountInTransactionCurrency(USD)=-0.05
        ....DebitCreditCode=H
        ....DocumentItemText=api api.requests2 2026-07: 1000
        ....Tax
        .....TaxCode=O1
        ...DebtorItem
        ....ReferenceDocumentItem=3
        ....Debtor=17100001
        ....AmountInTransactionCurrency(USD)=1080.05
        ....DebitCreditCode=S
        ....DocumentItemText=cust-1 2026-07 r1
        ...ProductTaxItem
        ....TaxCode=O1
        ....AmountInTransactionCurrency(USD)=-80.00
        ....TaxBaseAmountInTransCrcy(USD)=-1000.05
        ....ConditionType=MWAS
        .JournalEntryCreateRequest
        ..MessageHeader
        ...ID={receipt}
        ...UUID={CallUuid.Create("call-1/" + receipt)}
        ...CreationDateTime=2026-08-01T00:10:00Z
        ..JournalEntry
        ...OriginalReferenceDocumentType=BKPFF
        ...OriginalReferenceDocument={receipt[..10]}
        ...OriginalReferenceDocumentLogicalSystem=USAGEPIPE
        ...BusinessTransactionType=RFBU
        ...AccountingDocumentType=DZ
        ...DocumentReferenceID={receipt}
        ...DocumentHeaderText=Usage 2026-07 r1
        ...CreatedByUser=CC0000000001
        ...CompanyCode=1710
        ...DocumentDate=2026-07-31
        ...PostingDate=2026-07-31
        ...Item
        ....ReferenceDocumentItem=1
        ....GLAccount=0011001010
        ....AmountInTransactionCurrency(USD)=5.10
        ....DebitCreditCode=S
        ....DocumentItemText=cust-2 2026-07 r1
        ...DebtorItem
        ....ReferenceDocumentItem=2
        ....Debtor=17100002
        ....AmountInTransactionCurrency(USD)=-5.10
        ....DebitCreditCode=H
        ....DocumentItemText=cust-2 2026-07 r1
        ....AssignmentReference=DJ6VKWABMY4Z6QQ1

        """.ReplaceLineEndings("\n");

    [Theory]
    [InlineData(DocumentKind.ArInvoice, "DR", "I-100.00H I0.01S D99.99S T0.00/-99.99")]
    [InlineData(DocumentKind.CreditMemo, "DG", "I100.00S I-0.01H D-99.99H T0.00/99.99")]
    [InlineData(DocumentKind.GlJournal, "SA", "I99.99S I-100.00H I0.01S")]
    public void Signs_sides_and_types_follow_the_kind_and_every_entry_balances(DocumentKind kind, string type, string expected)
    {
        var entry = Entry(Kinds.Of(kind, 1, "100.00", "-0.01", "0"));
        Assert.Equal(type, entry.Element("AccountingDocumentType")!.Value);
        Assert.Equal(expected, string.Join(' ', entry.Elements().Where(e => e.Name.LocalName.EndsWith("Item", StringComparison.Ordinal)).Select(e =>
            $"{e.Name.LocalName switch { "Item" => 'I', "DebtorItem" => 'D', _ => 'T' }}{Amount(e)}{e.Element("DebitCreditCode")?.Value}{(e.Element("TaxBaseAmountInTransCrcy") is { } tax ? $"/{tax.Value}" : "")}")));
        Assert.Equal(ExactDecimal.Zero, entry.Elements().Where(e => e.Element("AmountInTransactionCurrency") is not null).Aggregate(ExactDecimal.Zero, (sum, e) => sum + ExactDecimal.Parse(Amount(e))));
    }

    [Theory]
    [InlineData("JPY", "108", "108")]
    [InlineData("BHD", "1.5", "1.500")]
    [InlineData("USD", "9999999999999999999", "9999999999999999999.00")]
    public void Amounts_have_their_currencys_decimals_to_the_last_digit(string currency, string amount, string expected) =>
        Assert.Equal(expected, Amount(Entry(Kinds.Of(DocumentKind.ArInvoice, 1, amount) with { Currency = currency }).Element("DebtorItem")!));

    [Fact]
    public void Long_texts_are_cut_and_the_reference_has_at_most_sixteen_characters()
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "1");
        var entry = Entry(invoice with { Period = new string('p', 60), Lines = [invoice.Lines[0] with { Meter = new string('m', 45) + "😀😀\uFFFE" }] });
        Assert.Equal(25, entry.Element("DocumentHeaderText")!.Value.Length);
        Assert.Equal("api " + new string('m', 45), entry.Element("Item")!.Element("DocumentItemText")!.Value);
        Assert.Equal((10, 16), (entry.Element("OriginalReferenceDocument")!.Value.Length, entry.Element("DocumentReferenceID")!.Value.Length));
    }

    [Fact]
    public void What_the_mapping_or_SAP_lacks_is_found_without_a_call()
    {
        using var connector = Connector(new WireScript(), Options() with { MaxItems = 4 });
        Assert.Null(connector.Preflight(Kinds.Of(DocumentKind.GlJournal, 7, "1")));
        Refused("tables.companyCodes", Kinds.Of(DocumentKind.ArInvoice, 1, "1") with { LegalEntity = "DE01" });
        Refused("tables.customers", Kinds.Of(DocumentKind.ArInvoice, 7, "1"));
        Refused("tables.revenueAccounts", Kinds.Of(DocumentKind.GlJournal, 1, "1") with { Lines = [Kinds.Of(DocumentKind.GlJournal, 1, "1").Lines[0] with { Product = "x" }] });
        Refused("tables.paymentAccounts", Kinds.Of(DocumentKind.Receipt, 1, "1"));
        Refused("all are zero", Kinds.Of(DocumentKind.ArInvoice, 1, "0"));
        Refused("5 items", Kinds.Of(DocumentKind.ArInvoice, 1, "1", "2", "3"));
        Refused("needs a credit memo", Kinds.Of(DocumentKind.ArInvoice, 1, "-1"));
        Refused("tax of the code O1", Kinds.Of(DocumentKind.ArInvoice, 1, "1") with { Lines = [Kinds.Of(DocumentKind.ArInvoice, 1, "1").Lines[0] with { Meter = "api.requests9" }] });

        void Refused(string part, ErpDocument document)
        {
            var refusal = connector.Preflight(document);
            Assert.Equal(ErpOutcome.Validation, refusal?.Outcome);
            Assert.Contains(part, refusal!.Detail);
        }
    }

    [Fact]
    public void What_would_be_sent_can_be_read_and_shows_no_secret()
    {
        using var connector = Connector(new WireScript());
        Assert.Contains("<DocumentReferenceID>", connector.Describe(Kinds.Of(DocumentKind.ArInvoice, 1, "1")));
        Assert.DoesNotContain("pass:word", connector.Describe(Kinds.Of(DocumentKind.ArInvoice, 1, "1")) + Options() + Options().Login, StringComparison.Ordinal);
    }

    static XElement Entry(ErpDocument document) => XDocument.Parse(Encoding.UTF8.GetString(JournalEntryMessage.Write([document], "c", DateTimeOffset.UnixEpoch, Options().Mapping)))
        .Descendants("JournalEntry").Single();

    static string Amount(XElement item) => item.Element("AmountInTransactionCurrency")!.Value;

    static string Text(XElement element, int depth = 0)
    {
        var name = new string('.', depth) + element.Name.LocalName + (element.Attribute("currencyCode") is { } currency ? $"({currency.Value})" : "");
        return element.HasElements ? $"{name}\n{string.Concat(element.Elements().Select(e => Text(e, depth + 1)))}" : $"{name}={element.Value}\n";
    }
}
