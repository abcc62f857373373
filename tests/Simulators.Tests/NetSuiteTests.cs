using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Streams.Simulators.Tests;

public sealed class NetSuiteTests
{
    const string Records = "/services/rest/record/v1/", TokenPath = "/services/rest/auth/oauth2/v1/token";
    static readonly ECDsa Signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    internal static string Invoice(string key, string amount = "1204.55", string entity = "145", string date = "2026-07-31") =>
        $$$"""{"externalId":"{{{key}}}","entity":{"id":"{{{entity}}}"},"subsidiary":{"id":"1"},"tranDate":"{{{date}}}","terms":{"id":"4"},"currency":{"id":"1"},"item":{"items":[{"item":{"id":"77"},"quantity":1,"rate":{{{amount}}},"amount":{{{amount}}},"description":"API calls 2026-07"}]}}""";

    static string Journal(string key, string debit = "300", string credit = "300", string account = "6") =>
        $$$"""{"externalId":"{{{key}}}","subsidiary":{"id":"1"},"tranDate":"2026-07-31","currency":{"id":"1"},"line":{"items":[{"account":{"id":"{{{account}}}"},"debit":{{{debit}}}},{"account":{"id":"10"},"credit":{{{credit}}}}]}}""";

    internal static async Task<Host> StartAsync(Func<SimulatorOptions, SimulatorOptions>? change = null, NetSuiteSetup? account = null, TimeProvider? time = null)
    {
        var host = Host.New();
        var options = host.Options with { Certificates = new Dictionary<string, string> { ["kid"] = Signer.ExportSubjectPublicKeyInfoPem() } };
        host.Erp = await NetSuiteSimulator.StartAsync(change?.Invoke(options) ?? options, account, time);
        Assert.Equal(200, (await TokenAsync(host, "ES256", time)).Status);
        return host;
    }

    static async Task<Reply> TokenAsync(Host host, string algorithm, TimeProvider? time = null)
    {
        var now = (time ?? TimeProvider.System).GetUtcNow().ToUnixTimeSeconds();
        var text = $"{Part(new { typ = "JWT", alg = algorithm, kid = "kid" })}.{Part(new { iss = "streams-integration", scope = "rest_webservices", aud = new Uri(host.Erp.Address, TokenPath).ToString(), iat = now, exp = now + 300 })}";
        var signature = algorithm == "ES256" ? Signer.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256) : RandomNumberGenerator.GetBytes(256);
        var reply = await host.SendAsync("POST", TokenPath, $"grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={text}.{Base64Url.EncodeToString(signature)}", "application/x-www-form-urlencoded");
        if (reply.Status == 200) host.Authorization = $"Bearer {reply.Json.GetProperty("access_token").GetString()}";
        return reply;
        static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
    }

    [Fact]
    public async Task Every_kind_is_made_found_and_balanced()
    {
        await using var host = await StartAsync();
        var invoice = await host.PostAsync(Records + "invoice", Invoice(Host.Key));
        Assert.Equal(204, invoice.Status);
        var id = invoice.Location!.Split('/')[^1];
        Assert.Equal(204, (await host.PostAsync(Records + "journalEntry", Journal(Host.Key))).Status);
        Assert.Equal(204, (await host.PostAsync(Records + "creditMemo", Invoice(Host.OtherKey, "4.55")[..^1] + $$$""","apply":{"items":[{"doc":{"id":"{{{id}}}"},"apply":true,"amount":4.55}]}}""")).Status);
        Assert.Equal(204, (await host.PostAsync(Records + "customerPayment", $$$"""{"externalId":"{{{Host.ThirdKey}}}","customer":{"id":"145"},"account":{"id":"1"},"currency":{"id":"1"},"tranDate":"2026-07-31","payment":1200.00,"apply":{"items":[{"doc":{"id":"{{{id}}}"},"apply":true,"amount":1200.00,"line":0}]}}""")).Status);

        var seen = (await host.GetAsync($"{Records}invoice/eid:{Host.Key}")).Json;
        Assert.Equal((id, "145", "1", "1204.55"), (seen.GetProperty("id").GetString(), seen.GetProperty("entity").GetProperty("id").GetString(), seen.GetProperty("currency").GetProperty("id").GetString(), seen.GetProperty("total").GetRawText()));
        Assert.Equal(404, (await host.GetAsync($"{Records}invoice/eid:NOBODY")).Status);
        Assert.Equal(["AR_INVOICE", "GL_JOURNAL", "CREDIT_MEMO", "RECEIPT"], SimulatorJournal.Read(host.Options.JournalFile).Select(r => r.Kind));
        Assert.Equal(["1204.55", "300", "4.55", "1200"], SimulatorJournal.Read(host.Options.JournalFile).Select(r => r.Amount));
        host.AssertBalanced();
    }

    [Theory]
    [InlineData("invoice", "{\"entity\":{\"id\":\"bad\"}}", "entity", "You have entered an Invalid Field Value bad for the following field: entity.")]
    [InlineData("invoice", "closed", "postingPeriod", "period is closed")]
    [InlineData("journalEntry", "unbalanced", "line", "do not balance")]
    [InlineData("journalEntry", "account", "line.items[0]", "Invalid Field Value 666")]
    [InlineData("invoice", "large", "item.items[0]", "Invalid number")]
    public async Task What_NetSuite_refuses_is_refused_with_its_words(string type, string fault, string path, string text)
    {
        await using var host = await StartAsync(o => o with
        {
            ClosedPeriods = new HashSet<string> { "2026-06" }, MasterData = new Dictionary<string, KnownValues> { ["customers"] = new(Pattern: "^1"), ["accounts"] = new(new HashSet<string> { "6", "10" }) },
        });
        var body = fault switch
        {
            "closed" => Invoice(Host.Key, date: "2026-06-30"), "unbalanced" => Journal(Host.Key, "301"), "account" => Journal(Host.Key, account: "666"), "large" => Invoice(Host.Key, "10000000000"), _ => Invoice(Host.Key, entity: "bad"),
        };
        var reply = await host.PostAsync(Records + type, body);

        var error = reply.Json.GetProperty("o:errorDetails")[0];
        Assert.Equal((400, "USER_ERROR", path), (reply.Status, error.GetProperty("o:errorCode").GetString(), error.GetProperty("o:errorPath").GetString()));
        Assert.Contains(text, error.GetProperty("detail").GetString());
        Assert.Empty(host.Erp.Journal.Records);
    }

    [Fact]
    public async Task A_second_record_of_an_external_id_is_refused_per_type()
    {
        await using var host = await StartAsync();
        await host.PostAsync(Records + "invoice", Invoice(Host.Key));
        var again = await host.PostAsync(Records + "invoice", Invoice(Host.Key));

        Assert.Equal(400, again.Status);
        Assert.Contains("This entity already exists.", again.Body);
        Assert.Equal(204, (await host.PostAsync(Records + "creditMemo", Invoice(Host.Key))).Status);
        Assert.Equal(1, (await host.StatisticsAsync()).GetProperty("duplicatesRefused").GetInt32());
    }

    [Fact]
    public async Task A_batch_is_a_job_with_a_result_for_each_record_and_an_idempotency_key()
    {
        await using var host = await StartAsync();
        var batch = $$$"""{"items":[{{{Invoice(Host.Key)}}},{{{Invoice(Host.OtherKey, date: "never")}}},{{{Invoice(Host.ThirdKey)}}}]}""";
        (string, string)[] headers = [("Prefer", "respond-async"), ("X-NetSuite-idempotency-key", "4b0a8dbe-4a3c-4a51-9c9c-0a52a0dd9d33")];
        var accepted = await host.SendAsync("POST", Records + "invoice", batch, "application/vnd.oracle.resource+json; type=collection", headers);
        Assert.Equal((202, "respond-async"), (accepted.Status, accepted.Headers.GetValues("Preference-Applied").Single()));

        var job = (await host.GetAsync(accepted.Location!)).Json;
        Assert.True(job.GetProperty("completed").GetBoolean());
        var tasks = (await host.GetAsync(accepted.Location + "/task")).Json.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("links")[0].GetProperty("href").GetString()!).ToList();
        var results = new List<int>();
        foreach (var task in tasks) results.Add((await host.GetAsync(task + "/result")).Status);
        Assert.Equal([204, 400, 204], results);

        var again = await host.SendAsync("POST", Records + "invoice", batch, "application/vnd.oracle.resource+json; type=collection", headers);
        Assert.Equal((400, "Conflict", "IDEMPOTENCY_ERROR", accepted.Location), (again.Status, again.Json.GetProperty("title").GetString(), again.Json.GetProperty("o:errorDetails")[0].GetProperty("o:errorCode").GetString(), again.Location));
        Assert.Equal(2, host.Erp.Journal.Count);
    }

    [Fact]
    public async Task SuiteQL_finds_by_external_ids_page_by_page()
    {
        await using var host = await StartAsync();
        foreach (var key in new[] { Host.Key, Host.OtherKey, Host.ThirdKey }) await host.PostAsync(Records + "invoice", Invoice(key));
        var query = $$$"""{"q":"SELECT id, externalid, foreigntotal, posting FROM transaction WHERE externalid IN ('{{{Host.Key}}}','{{{Host.OtherKey}}}','{{{Host.ThirdKey}}}','NONE') ORDER BY id"}""";
        Assert.Equal(400, (await host.PostAsync("/services/rest/query/v1/suiteql", query)).Status);

        var first = (await host.PostAsync("/services/rest/query/v1/suiteql?limit=2", query, ("Prefer", "transient"))).Json;
        var second = (await host.PostAsync("/services/rest/query/v1/suiteql?limit=2&offset=2", query, ("Prefer", "transient"))).Json;
        Assert.Equal((2, true, 3), (first.GetProperty("count").GetInt32(), first.GetProperty("hasMore").GetBoolean(), first.GetProperty("totalResults").GetInt32()));
        Assert.Equal((Host.ThirdKey, "1204.55", "T"), (second.GetProperty("items")[0].GetProperty("externalid").GetString(), second.GetProperty("items")[0].GetProperty("foreigntotal").GetString(), second.GetProperty("items")[0].GetProperty("posting").GetString()));
    }

    [Fact]
    public async Task More_at_once_than_the_pool_leaves_are_refused_without_a_Retry_After()
    {
        await using var host = await StartAsync(o => o with { Latency = TimeSpan.FromSeconds(2), TakenSlots = 3 });
        var since = Stopwatch.GetTimestamp();
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => host.PostAsync(Records + "invoice", Invoice($"{Host.Key[..14]}{n:00}"))));

        // Two slots are left, and each lets one in every two seconds (100 ms for timers that are early), however long a busy machine takes to send them all.
        var most = 2 * (int)((Stopwatch.GetElapsedTime(since) + TimeSpan.FromMilliseconds(100)) / TimeSpan.FromSeconds(2));
        Assert.InRange(replies.Count(r => r.Status == 204), 2, most);
        Assert.All(replies.Where(r => r.Status != 204), r => Assert.Equal(429, r.Status));
        var refused = replies.First(r => r.Status == 429);
        Assert.Null(refused.Headers.RetryAfter);
        Assert.Contains("CONCURRENCY_LIMIT_EXCEEDED", refused.Body);
        Assert.Equal(replies.Count(r => r.Status == 204), host.Erp.Journal.Count);
        Assert.Equal(replies.Count(r => r.Status == 429), host.Erp.Figures.Throttled);
    }

    [Fact]
    public async Task RS256_is_refused_and_tokens_end()
    {
        var clock = new TestClock();
        await using var host = await StartAsync(time: clock);
        Assert.Equal(401, (await TokenAsync(host, "RS256", clock)).Status);
        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(204, (await host.PostAsync(Records + "invoice", Invoice(Host.Key))).Status);
        clock.Advance(TimeSpan.FromMinutes(2));
        var late = await host.PostAsync(Records + "invoice", Invoice(Host.OtherKey));
        Assert.Equal(401, late.Status);
        Assert.Contains("INVALID_LOGIN_ATTEMPT", late.Body);
    }

    [Fact]
    public void Token_based_signatures_are_those_of_the_published_vector()
    {
        var auth = new TokenBasedAuth("1234567", new TokenBasedKeys("ck_test", "cs_test", "tk_test", "ts_test"), TimeProvider.System);
        var text = TokenBasedAuth.BaseText(new Dictionary<string, string>
        {
            ["oauth_consumer_key"] = "ck_test", ["oauth_token"] = "tk_test", ["oauth_nonce"] = "abcdefghij0123456789", ["oauth_timestamp"] = "1700000000", ["oauth_signature_method"] = "HMAC-SHA256", ["oauth_version"] = "1.0",
        }, "POST", new Uri("https://1234567.suitetalk.api.netsuite.com/services/rest/record/v1/journalEntry"));
        Assert.Equal("QdAUFGGu1rV8RSRu2LqvDgE1NWMDr1DTwZrEhyvlsU0=", auth.Sign(text));
    }

    [Fact]
    public async Task Voiding_follows_the_accounts_preference()
    {
        foreach (var reversal in new[] { true, false })
        {
            await using var host = await StartAsync(account: new NetSuiteSetup { VoidByReversal = reversal });
            await host.PostAsync(Records + "invoice", Invoice(Host.Key));
            await ((NetSuiteSimulator)host.Erp).VoidAsync("1001");
            Assert.Equal(reversal ? ["1204.55", "1204.55"] : ["0"], host.Erp.Journal.Records.Select(r => r.Amount));
            host.AssertBalanced();
        }
    }
}
