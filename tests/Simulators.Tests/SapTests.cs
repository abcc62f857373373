using System.Xml.Linq;

namespace Streams.Simulators.Tests;

public sealed class SapTests
{
    static async Task<Host> StartAsync(Func<SimulatorOptions, SimulatorOptions>? change = null, SapSetup? account = null, TimeProvider? time = null)
    {
        var host = Host.New();
        host.Erp = await SapSimulator.StartAsync(change?.Invoke(host.Options) ?? host.Options, account, time);
        host.Authorization = Host.Basic;
        return host;
    }

    static string Entry(string key, string type = "DR", string amount = "1080.00", string account = "0041000000", string? debtor = "17100001", string date = "2026-07-31", string extra = "") => $"""
        <JournalEntryCreateRequest><MessageHeader><ID>{key}</ID><CreationDateTime>2026-08-01T00:10:00Z</CreationDateTime></MessageHeader>
        <JournalEntry><OriginalReferenceDocumentType>BKPFF</OriginalReferenceDocumentType><OriginalReferenceDocument>{key[..10]}</OriginalReferenceDocument>
        <BusinessTransactionType>RFBU</BusinessTransactionType><AccountingDocumentType>{type}</AccountingDocumentType><DocumentReferenceID>{key}</DocumentReferenceID>
        <DocumentHeaderText>Usage 2026-07</DocumentHeaderText><CreatedByUser>CC0000000001</CreatedByUser><CompanyCode>1710</CompanyCode><DocumentDate>{date}</DocumentDate><PostingDate>{date}</PostingDate>{extra}
        <Item><ReferenceDocumentItem>1</ReferenceDocumentItem><GLAccount>{account}</GLAccount><AmountInTransactionCurrency currencyCode="USD">{(amount.StartsWith('-') ? amount[1..] : "-" + amount)}</AmountInTransactionCurrency><DebitCreditCode>{(amount.StartsWith('-') ? "S" : "H")}</DebitCreditCode></Item>
        {(debtor is null ? $"<Item><ReferenceDocumentItem>2</ReferenceDocumentItem><GLAccount>0011000000</GLAccount><AmountInTransactionCurrency currencyCode=\"USD\">{amount}</AmountInTransactionCurrency><DebitCreditCode>S</DebitCreditCode></Item>"
            : $"<DebtorItem><ReferenceDocumentItem>2</ReferenceDocumentItem><Debtor>{debtor}</Debtor><AmountInTransactionCurrency currencyCode=\"USD\">{amount}</AmountInTransactionCurrency></DebtorItem>")}
        </JournalEntry></JournalEntryCreateRequest>
        """;

    static string Message(string id, string? uuid, params string[] entries) => $"""
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sfin="http://sap.com/xi/SAPSCORE/SFIN"><soapenv:Body><sfin:JournalEntryBulkCreateRequest>
        <MessageHeader><ID>{id}</ID>{(uuid is null ? "" : $"<UUID>{uuid}</UUID>")}<CreationDateTime>2026-08-01T00:10:00Z</CreationDateTime></MessageHeader>{string.Concat(entries)}</sfin:JournalEntryBulkCreateRequest></soapenv:Body></soapenv:Envelope>
        """;

    static Task<Reply> PostAsync(Host host, params string[] entries) => host.SendAsync("POST", SapSimulator.SoapPath, Message("M1", null, entries), "text/xml; charset=utf-8");

    static List<(string? Reference, string Document, string Severity, string Notes)> Confirmations(Reply reply) =>
    [
        .. XElement.Parse(reply.Body).Descendants().Where(e => e.Name.LocalName == "JournalEntryCreateConfirmation" && e.Elements().Any(c => c.Name.LocalName == "Log")).Select(e => (
            (string?)e.Descendants("ReferenceID").First().Value, e.Descendants("AccountingDocument").First().Value, e.Descendants("MaximumLogItemSeverityCode").First().Value,
            string.Join('|', e.Descendants("Item").Select(i => $"{i.Element("TypeID")!.Value} {i.Element("Note")!.Value}")))),
    ];

    [Fact]
    public async Task Entries_of_a_message_succeed_and_fail_apart_and_the_status_is_200()
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["customers"] = new(Pattern: "^1710"), ["accounts"] = new(Pattern: "^00[14]") } });
        var reply = await PostAsync(host, Entry(Host.Key), Entry(Host.OtherKey, debtor: "2"), Entry(Host.ThirdKey, "SA", debtor: null), Entry("DJ6VKWABMY4Z6QQ4", account: "0099000000"));

        var confirmed = Confirmations(reply);
        Assert.Equal((200, 4), (reply.Status, confirmed.Count));
        Assert.Equal(["1", "3", "1", "3"], confirmed.Select(c => c.Severity));
        Assert.Equal((Host.Key, "0100000001"), (confirmed[0].Reference, confirmed[0].Document));
        Assert.Contains("605(RW) Document posted successfully: BKPFF 010000000117102026 0M4SMVI", confirmed[0].Notes);
        Assert.Equal("0000000000", confirmed[1].Document);
        Assert.Contains("609(RW) Error in document: BKPFF $", confirmed[1].Notes);
        Assert.Contains("102(F5) Customer 2 is not defined in company code 1710", confirmed[1].Notes);
        Assert.Contains("507(F5) G/L account 0099000000 is not defined in chart of accounts YCOA", confirmed[3].Notes);
        host.AssertBalanced();
    }

    [Fact]
    public async Task Every_kind_is_posted_at_once_and_read_back_by_its_reference()
    {
        await using var host = await StartAsync();
        await PostAsync(host, Entry(Host.Key), Entry(Host.OtherKey, "DG", "-20.00"), Entry(Host.ThirdKey, "DZ", "-1060.00", "0011000010"), Entry("DJ6VKWABMY4Z6QQ4", "SA", debtor: null));
        Assert.Equal(["AR_INVOICE", "CREDIT_MEMO", "RECEIPT", "GL_JOURNAL"], host.Erp.Journal.Records.Select(r => r.Kind));
        Assert.Equal(["1080", "20", "1060", "1080"], host.Erp.Journal.Records.Select(r => r.Amount));
        Assert.All(host.Erp.Journal.Records, r => Assert.True(r.Posted));

        var read = await host.GetAsync($"{SapSimulator.ItemsPath}?$format=json&$filter=" + Uri.EscapeDataString($"DocumentReferenceID eq '{Host.Key}' or DocumentReferenceID eq '{Host.OtherKey}'"));
        var rows = read.Json.GetProperty("d").GetProperty("results").EnumerateArray().ToList();
        Assert.Equal(4, rows.Count);
        Assert.Equal("17100001", rows[1].GetProperty("Customer").GetString());
        Assert.Equal("-1080", rows[0].GetProperty("AmountInTransactionCurrency").GetString());
    }

    [Theory]
    [InlineData("S", "is not open for account type S")]
    [InlineData("D", "Posting period 007 2026 is not open for account type D")]
    public async Task Account_types_have_period_switches_of_their_own(string type, string text)
    {
        await using var host = await StartAsync();
        await host.PostAsync("/simulator/periods", $$$"""{"period":"2026-07","state":"closed","accountType":"{{{type}}}"}""");
        var confirmed = Confirmations(await PostAsync(host, Entry(Host.Key), Entry(Host.OtherKey, "SA", debtor: null)));

        Assert.Contains(text, confirmed[0].Notes);
        Assert.Equal(type == "S" ? "3" : "1", confirmed[1].Severity);
        await host.PostAsync("/simulator/periods", $$$"""{"period":"2026-07","state":"open","accountType":"{{{type}}}"}""");
        Assert.Equal("1", Confirmations(await PostAsync(host, Entry(Host.Key)))[0].Severity);
    }

    [Fact]
    public async Task A_reference_may_be_posted_twice_but_a_message_UUID_repeats_its_answer_within_the_window()
    {
        var clock = new TestClock();
        await using var host = await StartAsync(account: new SapSetup { RepeatWindow = TimeSpan.FromMinutes(10) }, time: clock);
        var message = Message("M1", "0f0e0d0c-0b0a-0908-0706-050403020100", Entry(Host.Key));
        var first = await host.SendAsync("POST", SapSimulator.SoapPath, message, "text/xml");
        var repeated = await host.SendAsync("POST", SapSimulator.SoapPath, message, "text/xml");
        Assert.Equal(first.Body, repeated.Body);
        Assert.Equal(1, host.Erp.Journal.Count);

        clock.Advance(TimeSpan.FromMinutes(11));
        await host.SendAsync("POST", SapSimulator.SoapPath, message, "text/xml");
        await PostAsync(host, Entry(Host.Key));
        Assert.Equal(3, host.Erp.Journal.Count);
    }

    [Fact]
    public async Task Unbalanced_entries_reconciliation_accounts_and_wrong_order_are_refused()
    {
        await using var host = await StartAsync();
        var confirmed = Confirmations(await PostAsync(host, Entry(Host.Key).Replace("\">1080.00", "\">1081.00"), Entry(Host.OtherKey, account: "0012100000")));
        Assert.Contains("Balance in transaction currency", confirmed[0].Notes);
        Assert.Contains("cannot be directly posted to", confirmed[1].Notes);

        var wrong = await PostAsync(host, Entry(Host.Key, extra: "<CompanyCode>1710</CompanyCode>"));
        Assert.Equal(500, wrong.Status);
        Assert.Contains("Fault", wrong.Body);
        host.Authorization = "Basic eDp5";
        Assert.Equal((401, "text/html"), ((await PostAsync(host, Entry(Host.Key))).Status, (await PostAsync(host, Entry(Host.Key))).ContentType));
    }

    [Fact]
    public async Task Asynchronous_messages_are_taken_once_and_confirmed_later_or_never()
    {
        await using var host = await StartAsync();
        var message = Message("M1", "11111111-0b0a-0908-0706-050403020100", Entry(Host.Key));
        Assert.Equal(202, (await host.SendAsync("POST", SapSimulator.BulkPath, message, "text/xml")).Status);
        Assert.Equal(202, (await host.SendAsync("POST", SapSimulator.BulkPath, message, "text/xml")).Status);
        Assert.Equal(1, host.Erp.Journal.Count);
        Assert.Contains("605(RW)", (await host.GetAsync("/simulated/sap/messages/11111111-0b0a-0908-0706-050403020100")).Body);

        await host.ArmAsync("""{"kind":"pending-forever"}""");
        Assert.Equal(202, (await host.SendAsync("POST", SapSimulator.BulkPath, Message("M2", null, Entry(Host.OtherKey)), "text/xml")).Status);
        Assert.Equal(202, (await host.GetAsync("/simulated/sap/messages/M2")).Status);
        Assert.Equal(1, host.Erp.Journal.Count);
    }

    [Fact]
    public async Task Writes_by_OData_need_token_and_cookie_together()
    {
        await using var host = await StartAsync();
        var fetched = await host.GetAsync("/sap/opu/odata/sap/API_JOURNALENTRYITEMBASIC_SRV/", ("X-CSRF-Token", "Fetch"));
        var token = fetched.Headers.GetValues("x-csrf-token").Single();
        var cookie = fetched.Headers.GetValues("set-cookie").Single().Split(';')[0];
        var path = SapSimulator.ItemsPath;

        var without = await host.PostAsync(path, "{}", ("X-CSRF-Token", token));
        Assert.Equal((403, "CSRF token validation failed"), (without.Status, without.Body));
        Assert.Equal(405, (await host.PostAsync(path, "{}", ("X-CSRF-Token", token), ("Cookie", cookie))).Status);
    }
}
