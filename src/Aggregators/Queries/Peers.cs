using Confluent.Kafka;
using Microsoft.AspNetCore.Http;
using Streams.Streaming;

namespace Streams.Aggregators.Queries;

/// <summary>
/// Questions about a customer whose partition another instance has: that one is asked, once. A question that came from a peer goes no further.
/// </summary>
/// <param name="owners">Who has what.</param>
/// <param name="self">"host:port" under which this instance is known to the others; null: it is not.</param>
sealed class Peers(IStateOwners owners, string? self, HttpClient http)
{
    /// <summary>Says that a peer asks.</summary>
    public const string Forwarded = "Streams-Forwarded";

    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Answers with what the owner answers, or says why not.</summary>
    /// <returns>Null: it is answered.</returns>
    public async Task<Refusal?> AskAsync(HttpContext context, string customer, int partition)
    {
        if (context.Request.Headers.ContainsKey(Forwarded)) return Misdirected(partition, "It may have moved: ask again");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Timeout);
        try
        {
            var host = await owners.HostOfAsync(customer, patience.Token).ConfigureAwait(false);
            if (host is null) return Misdirected(partition, "No instance that has told its address (advertisedAddress) has it now: ask the others, or ask again");
            if (host == self) return new(StatusCodes.Status503ServiceUnavailable, "RESTORING", $"Partition {partition} is being restored here: ask again") { Partition = partition };
            using var answer = await http.SendAsync(Question(context.Request, host), HttpCompletionOption.ResponseContentRead, patience.Token).ConfigureAwait(false);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await answer.Content.CopyToAsync(context.Response.Body, patience.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or KafkaException or InvalidStateStoreException || (e is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            return new(StatusCodes.Status503ServiceUnavailable, "PEER_SILENT", $"The instance that has partition {partition} did not answer: ask again") { Partition = partition };
        }
    }

    static HttpRequestMessage Question(HttpRequest request, string host)
    {
        var question = new HttpRequestMessage(HttpMethod.Get, $"http://{host}{request.PathBase}{request.Path}{request.QueryString}");
        question.Headers.Add(Forwarded, "1");
        if (request.Headers.Authorization is [{ } key]) question.Headers.TryAddWithoutValidation("Authorization", key);
        return question;
    }

    static Refusal Misdirected(int partition, string what) =>
        new(StatusCodes.Status421MisdirectedRequest, "PARTITION_ELSEWHERE", $"The customer's partition {partition} is not on this instance. {what}") { Partition = partition };
}
