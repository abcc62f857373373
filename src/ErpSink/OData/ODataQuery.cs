using System.Text.Json;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.OData;

/// <summary>Reads all pages of a query.</summary>
sealed class ODataQuery(EntraHttp http, Func<ErpResponse, ErpAnswer> classify)
{
    const int MaxPages = 500;

    /// <summary>The records, or why they are not known: in part is not at all.</summary>
    public async Task<(IReadOnlyList<JsonElement> Records, ErpAnswer? Failure)> AllAsync(string url, CancellationToken deadline)
    {
        var records = new List<JsonElement>();
        for (var page = 0; page < MaxPages; page++)
        {
            var address = url;
            var (response, failure) = await http.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, address), deadline);
            if (failure is not null) return ([], failure);
            if (response!.Status != 200) return ([], Uncertain(classify(response)));
            if (JsonReading.Success(response.Body) is not { } body || !body.TryGetProperty("value", out var value) || value.ValueKind != JsonValueKind.Array)
                return ([], new ErpAnswer(ErpOutcome.Unknown, 200, "ANSWER_UNREADABLE", "the answer to a query holds no list"));
            records.AddRange(value.EnumerateArray());
            if (body.Text("@odata.nextLink") is not { } next) return (records, null);
            if (!Uri.TryCreate(next, UriKind.Absolute, out var link) || !http.IsOwn(link))
                return ([], new ErpAnswer(ErpOutcome.Unknown, 200, "NEXT_LINK_ELSEWHERE", "the answer's next page lies at another host"));
            url = link.AbsoluteUri;
        }
        return ([], new ErpAnswer(ErpOutcome.Unknown, 200, "TOO_MANY_PAGES", $"the answer has more than {MaxPages} pages"));
    }

    /// <summary>A filter: one field equal to any of the values.</summary>
    public static string AnyOf(string field, IEnumerable<string> values) => string.Join(" or ", values.Select(v => $"{field} eq {Quote(v)}"));

    public static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    // A refused question says nothing about the record that was asked for.
    static ErpAnswer Uncertain(ErpAnswer answer) => answer.Outcome is ErpOutcome.Throttled or ErpOutcome.Unauthorized or ErpOutcome.Unknown
        ? answer : answer with { Outcome = ErpOutcome.Unknown };
}
