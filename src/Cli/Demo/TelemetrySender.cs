using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>A producer of telemetry: posts batches of CloudEvents and counts the answers. A batch that is not acknowledged is sent again with the same ids.</summary>
sealed class TelemetrySender(HttpClient http, string key)
{
    const int BatchSize = 1000;
    const int MaxTries = 20;

    public const string Source = "demo/telemetry";

    public EntranceCounts Counts { get; private set; } = new(0, 0, 0, 0);

    public async Task SendAsync(IEnumerable<GeneratedEvent> events, int expected, Action<double, string> progress, CancellationToken cancel)
    {
        foreach (var batch in events.Select(ToCloudEvent).Chunk(BatchSize))
        {
            await SendAsync(batch, cancel);
            progress(Math.Min(1, (double)Counts.Sent / expected), $"{Counts.Sent:N0} events");
        }
    }

    /// <summary>One batch of CloudEvents, until it is answered.</summary>
    public async Task SendAsync(IReadOnlyCollection<JsonObject> batch, CancellationToken cancel)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new JsonArray([.. batch]));
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await PostAsync("/v1/events", body, "application/cloudevents-batch+json", cancel);
            if (answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests && attempt < MaxTries)
            {
                await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), cancel);
                continue;
            }
            Count(batch.Count, JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel))!.AsObject(), answer.StatusCode);
            return;
        }
    }

    /// <summary>Posts a contract file.</summary>
    public async Task SendContractsAsync(JsonObject file, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await PostAsync("/v1/contracts", JsonSerializer.SerializeToUtf8Bytes(file), "application/json", cancel);
            if (answer.StatusCode == HttpStatusCode.Accepted) return;
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == MaxTries)
                throw new CommandException(ExitCodes.Failed, $"The contracts were refused: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancel)}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
        }
    }

    async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string type, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await http.SendAsync(request, cancel);
    }

    void Count(int sent, JsonObject answer, HttpStatusCode status)
    {
        if (answer["events"] is not JsonArray outcomes) throw new CommandException(ExitCodes.Failed, $"The entrance answered {(int)status}: {answer.ToJsonString()}");
        int Of(string outcome) => outcomes.Count(o => (string?)o!["outcome"] == outcome);
        Counts = new(Counts.Sent + sent, Counts.Accepted + Of("accepted"), Counts.Conflicts + Of("conflict"), Counts.Rejected + Of("rejected"));
    }

    /// <summary>The event as it comes to stand in usage.events.</summary>
    public static UsageEvent ToUsageEvent(GeneratedEvent e) => new()
    {
        Id = e.Id, Source = Source, CustomerId = e.Customer, Meter = e.Meter, OccurredAt = e.Time, Quantity = e.Quantity, Dimensions = new Dictionary<string, string> { ["region"] = e.Region },
    };

    static JsonObject ToCloudEvent(GeneratedEvent e) => new()
    {
        ["specversion"] = "1.0", ["id"] = e.Id, ["source"] = Source, ["type"] = e.Meter, ["subject"] = e.Customer, ["time"] = e.Time.ToString(),
        ["data"] = new JsonObject { ["quantity"] = e.Quantity.ToString(), ["dimensions"] = new JsonObject { ["region"] = e.Region } },
    };
}
