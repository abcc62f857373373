using System.Text;
using System.Text.Json;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.NetSuite;

/// <summary>Looks transactions up by their external ids with SuiteQL.</summary>
sealed class NetSuiteQuery(SignedHttp http, NetSuiteAnswers answers)
{
    /// <summary>Documents that are looked up at once: those of several jobs are found by one request, and their rows fit on a page.</summary>
    public const int Most = 300;

    const int PageSize = 1000;

    /// <summary>Far more pages than the rows for a batch of keys can fill.</summary>
    const int MaxPages = 10;

    /// <summary>The rows for the keys, or why there are none: a fault concerns all of them.</summary>
    public async Task<(IReadOnlyList<JsonElement> Rows, ErpAnswer? Fault)> RowsAsync(IEnumerable<string> keys, CancellationToken deadline)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { q = Text(keys) });
        var rows = new List<JsonElement>();
        for (var page = 0; page < MaxPages; page++)
        {
            var offset = page * PageSize;
            var (response, failure) = await http.SendAsync(() => Request(body, offset), deadline);
            if (failure is not null) return ([], failure);
            if (response!.Status != 200) return ([], answers.OfQuestion(response, absence: false));
            if (Read(response.Body, rows) is not { } more) return ([], NetSuiteAnswers.Unknown(200, "ANSWER_UNREADABLE", "the query's answer cannot be read"));
            if (!more) return (rows, null);
        }
        return ([], NetSuiteAnswers.Unknown(200, "TOO_MANY_ROWS", $"the query has more than {MaxPages * PageSize} rows"));
    }

    // Keys are Crockford's base 32: nothing in them needs escaping. The order keeps pages from repeating rows.
    static string Text(IEnumerable<string> keys) =>
        "SELECT id, externalid, recordtype, entity, currency, foreigntotal, approvalstatus, posting FROM transaction " +
        $"WHERE externalid IN ({string.Join(", ", keys.Select(k => $"'{k}'"))}) ORDER BY id";

    static HttpRequestMessage Request(byte[] body, int offset)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/services/rest/query/v1/suiteql?limit={PageSize}&offset={offset}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add("Prefer", "transient");
        return request;
    }

    /// <summary>Adds a page's rows; whether there are more, or null when the page cannot be read.</summary>
    static bool? Read(string body, List<JsonElement> rows)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var page = json.RootElement.Clone();
            foreach (var row in page.GetProperty("items").EnumerateArray())
            {
                // What was asked for stands in each row: without it nobody knows whose row it is.
                if (row.GetProperty("externalid").ValueKind != JsonValueKind.String) return null;
                rows.Add(row);
            }
            return page.TryGetProperty("hasMore", out var more) && more.GetBoolean();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
