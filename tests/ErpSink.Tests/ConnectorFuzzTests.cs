using System.Net.Http.Headers;
using System.Text;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.BusinessCentral;
using Streams.ErpSink.Tests.Dynamics;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>Whatever comes back, mutilated at random: connectors answer, for each document, and never throw.</summary>
public sealed class ConnectorFuzzTests
{
    const int Seeds = 60;

    static readonly string[] Bodies =
    [
        """{"value":[{"dataAreaId":"dat","JournalBatchNumber":"DAT-000029","Description":"Usage 2026-01 KEY","IsPosted":"No","InvoiceIdentifier":77,"ExternalInvoiceId":"KEY","CustomerAccount":"DAT-000004","CurrencyCode":"USD"}]}""",
        """{"value":[{"JournalBatchNumber":"DAT-000029","ParentRecId":77,"CurrencyCode":"USD","DebitAmount":10,"CreditAmount":0,"Quantity":1,"UnitPrice":10}]}""",
        """{"value":[{"id":"x","number":"1","code":"KEY","externalDocumentNumber":"KEY","documentNumber":"KEY","status":"Open","customerNumber":"10400","currencyCode":"USD","totalAmountExcludingTax":10,"amount":10,"debitAmount":10,"creditAmount":10}]}""",
        """{"value":"{\"BlobUrl\":\"https://storage.example/x\"}"}""",
        """{"value":"PartiallySucceeded"}""",
        """{"value":true}""",
        """{"responses":[{"id":"1","status":201,"headers":{"Retry-After":"5"},"body":{"id":"x","externalDocumentNumber":"KEY","code":"KEY"}},{"id":"2","status":400,"body":{"error":{"code":"Application_DialogException","message":"no"}}}]}""",
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nHTTP/1.1 201 Created\r\nRetry-After: 7\r\n\r\n{\"JournalBatchNumber\":\"D-1\",\"Description\":\"KEY\",\"InvoiceIdentifier\":\"77\",\"ExternalInvoiceId\":\"KEY\"}\r\n--c--\r\n--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 500 X\r\n\r\n{\"error\":{\"code\":\"\",\"message\":\"Infolog: Error: x\"}}\r\n--b--\r\n",
        "<html><body>sign in</body></html>",
        "",
    ];

    public static TheoryData<int> Runs => [.. Enumerable.Range(1, Seeds)];

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task No_answer_makes_a_connector_throw_or_forget_a_document(int seed)
    {
        foreach (var kind in new[] { DocumentKind.ArInvoice, DocumentKind.GlJournal, DocumentKind.CreditMemo, DocumentKind.Receipt })
        {
            ErpDocument[] finance = [DynamicsHarness.Document(kind, "10"), DynamicsHarness.Document(kind, "3", "4")];
            ErpDocument[] central = [BusinessCentralHarness.Document(kind, "10"), BusinessCentralHarness.Document(kind, "3", "4")];
            using var f = DynamicsHarness.Connector(Handler(seed, finance), DynamicsHarness.Options() with { PackageAbove = seed % 2 });
            using var b = BusinessCentralHarness.Connector(Handler(seed, central));
            foreach (var (connector, documents) in new (IErpConnector, ErpDocument[])[] { (f, finance), (b, central) })
            {
                ErpItem[] items = [new(documents[0], "77", seed % 3 == 0 ? "job" : null), new(documents[1])];
                Assert.Equal(2, (await connector.PostAsync(documents, $"call{seed}", CancellationToken.None)).Count(a => a is not null));
                Assert.Equal(2, (await connector.LookUpAsync(items, CancellationToken.None)).Count(a => a is not null));
                Assert.Equal(2, (await connector.FinishAsync(items, CancellationToken.None)).Count(a => a is not null));
            }
        }
    }

    [Fact]
    public async Task An_answer_in_a_character_set_that_does_not_exist_is_unknown()
    {
        var handler = new ScriptedHandler().Answer(_ =>
        {
            var response = ScriptedHandler.Response(200, "x");
            response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("text/plain; charset=klingon");
            return response;
        });
        using var connector = BusinessCentralHarness.Connector(handler);

        Assert.Equal(ErpOutcome.Unknown, (await connector.PostAsync([BusinessCentralHarness.Document(DocumentKind.ArInvoice, "1")], "call", CancellationToken.None)).Single().Outcome);
    }

    static ScriptedHandler Handler(int seed, ErpDocument[] documents)
    {
        var random = new Random(seed);
        var handler = new ScriptedHandler();
        int[] statuses = [200, 200, 200, 200, 200, 201, 204, 302, 400, 401, 404, 429, 500, 503];
        for (var i = 0; i < 100; i++)
        {
            handler.Answer(_ =>
            {
                var body = Bodies[random.Next(Bodies.Length)].Replace("KEY", documents[random.Next(documents.Length)].DocumentKey, StringComparison.Ordinal);
                return ScriptedHandler.Response(statuses[random.Next(statuses.Length)], random.Next(3) == 0 ? Mutilate(body, random) : body, ("Retry-After", $"{random.Next(-5, 100)}"));
            });
        }
        return handler;
    }

    static string Mutilate(string body, Random random)
    {
        var text = new StringBuilder(body);
        for (var n = random.Next(1, 4); n > 0 && text.Length > 0; n--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(4))
            {
                case 0: text.Length = at; break;
                case 1: text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at)); break;
                case 2: text.Insert(at, body[random.Next(body.Length)..]); break;
                default: text[at] = "{}[]\":,0-e\0\r\n"[random.Next(13)]; break;
            }
        }
        return text.ToString();
    }
}
