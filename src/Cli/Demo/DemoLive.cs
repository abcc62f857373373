using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>What the running aggregators say of one customer: an entitlement, how many alerts there were and the first of them, and what the open period comes to so far.</summary>
sealed record DemoLive(JsonNode Entitlement, long Alerts, JsonNode? FirstAlert, string OpenPeriod, string Total, string AsOf)
{
    /// <summary>Null where the customer has no contract.</summary>
    public static async Task<DemoLive?> AskAsync(DemoPlant plant, string customer, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = new Uri(plant.Host.Urls.First()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", plant.ApiKey);
        using var answer = await http.GetAsync($"/v1/entitlements/{customer}/{DemoContracts.Feature}", cancel);
        if (!answer.IsSuccessStatusCode) return null;
        var entitlement = await ReadAsync(answer, cancel);
        using var previewed = await http.GetAsync($"/v1/customers/{customer}/preview", cancel);
        previewed.EnsureSuccessStatusCode();
        var preview = await ReadAsync(previewed, cancel);
        var document = preview["documents"]![0]!["document"]!;
        var alerts = TopicReader.ReadAll(plant.Kafka.ToClientConfig(), Topics.EntitlementAlerts).Select(r => JsonNode.Parse(Encoding.UTF8.GetString(r.Message.Value))!).ToList();
        return new(entitlement, alerts.Count, alerts.FirstOrDefault(a => (string?)a["customer"] == customer), (string)document["id"]!, $"{document["total"]} {document["currency"]}", (string)preview["asOf"]!);
    }

    static async Task<JsonNode> ReadAsync(HttpResponseMessage answer, CancellationToken cancel) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel)) ?? throw new JsonException("The answer is null");
}
