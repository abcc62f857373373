using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.ErpSink.S4Hana;
using Streams.ErpSink.Tests.Wire;

namespace Streams.ErpSink.Tests;

/// <summary>An account and the shapes of SAP's answers.</summary>
static class S4HanaSamples
{
    public const string Host = "https://my300000-api.s4hana.cloud.sap";

    public static S4HanaOptions Options() => new()
    {
        Account = "my300000",
        Login = new ErpLogin.Basic("STREAMS", "pass:word"),
        Mapping = ErpMapping.Parse("""
            {"erp":"s4hana","version":"t","settings":{"logicalSystem":"USAGEPIPE","user":"CC0000000001","journalDebitAccount":"0012600000"},
             "tables":{"companyCodes":{"US01":"1710"},"customers":{"cust-1":"17100001","cust-2":"17100002","cust-3":"17100003"},"revenueAccounts":{"api":"0041000000"},
             "paymentAccounts":{"wire":"0011001010"},"taxCodes":{"api":"O1"},"taxLines":{"api.requests9":"O1"},"profitCenters":{"api.requests1":"YB110"}}}
            """, JournalEntryLines.Shape),
    };

    public static S4HanaConnector Connector(WireScript script, S4HanaOptions? options = null) => new(options ?? Options(), script, new FixedTime());

    public static Reply Xml(string body, int status = 200) => new(status, body, "text/xml");

    public static string Message(params string[] confirmations) =>
        "<soap-env:Envelope xmlns:soap-env=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap-env:Header/><soap-env:Body>" +
        "<n0:JournalEntryBulkCreateConfirmation xmlns:n0=\"http://sap.com/xi/SAPSCORE/SFIN\"><MessageHeader><CreationDateTime>2026-08-01T00:10:02Z</CreationDateTime></MessageHeader>" +
        string.Concat(confirmations) + "<Log/></n0:JournalEntryBulkCreateConfirmation></soap-env:Body></soap-env:Envelope>";

    public static string Posted(string key, string number = "0100000008", int severity = 1) => Confirmation(key, number, "1710", "2026", severity,
        (severity == 1 ? "605(RW)" : "205(F5)", severity, $"Document posted successfully: BKPFF {number}17102026 0M4SMVI"));

    public static string Failed(string key, params (string Type, string Note)[] causes) => Confirmation(key, "0000000000", "", "0000", 3,
        [("609(RW)", 3, "Error in document: BKPFF $ 0M32TI1"), .. causes.Select(c => (c.Type, 3, c.Note))]);

    public static string Confirmation(string key, string number, string company, string year, int severity, params (string Type, int Severity, string Note)[] items) =>
        $"<JournalEntryCreateConfirmation><MessageHeader><ReferenceID>{key}</ReferenceID><CreationDateTime>2026-08-01T00:10:02Z</CreationDateTime></MessageHeader>" +
        $"<JournalEntryCreateConfirmation><AccountingDocument>{number}</AccountingDocument><CompanyCode>{company}</CompanyCode><FiscalYear>{year}</FiscalYear></JournalEntryCreateConfirmation>" +
        $"<Log><BusinessDocumentProcessingResultCode>{(severity < 3 ? 3 : 5)}</BusinessDocumentProcessingResultCode><MaximumLogItemSeverityCode>{severity}</MaximumLogItemSeverityCode>" +
        string.Concat(items.Select(i => $"<Item><TypeID>{i.Type}</TypeID><SeverityCode>{i.Severity}</SeverityCode><Note>{i.Note}</Note></Item>")) + "</Log></JournalEntryCreateConfirmation>";

    public static string Item(string key, string amount, string type = "S", string account = "41000000", string customer = "", string number = "0100000008", string currency = "USD", string company = "1710") =>
        $$"""{"DocumentReferenceID":"{{key}}","CompanyCode":"{{company}}","FiscalYear":"2026","AccountingDocument":"{{number}}","AmountInTransactionCurrency":"{{amount}}","TransactionCurrency":"{{currency}}","GLAccount":"{{account}}","Customer":"{{customer}}","FinancialAccountType":"{{type}}","PostingDate":"/Date(1785456000000)/"}""";

    sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 8, 1, 0, 10, 0, TimeSpan.Zero);
    }
}
