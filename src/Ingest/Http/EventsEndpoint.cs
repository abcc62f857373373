using Microsoft.AspNetCore.Http;
using Streams.Ingest.Events;

namespace Streams.Ingest.Http;

/// <summary>POST /v1/events. The statuses are listed in the room's README.</summary>
sealed class EventsEndpoint(IngestOptions options, RequestGuard guard, ApiKeyRing keys, EventIntake intake, IContractCatalogue contracts)
{
    readonly InFlightGate _events = new(options.MaxEventsInFlight, Telemetry.EventsInFlight);

    public Task HandleAsync(HttpContext http) => guard.RunAsync(http, "events", ApiKey.UsageWrite, TakeAsync);

    async Task TakeAsync(HttpContext http, ApiKey key, ReadOnlyMemory<byte> body)
    {
        if (!contracts.IsReady) throw new RequestRefusedException(503, "CONTRACTS_NOT_READ", "The contracts are not read yet");
        var request = EventRequest.Read(http.Request, body, options.MaxBatchEvents);
        var count = request.Events.Count;
        if (!keys.TryTake(key, count)) throw new RequestRefusedException(429, "RATE_LIMITED", "The key's allowance of events per second is used up");
        if (!_events.TryEnter(count)) throw new RequestRefusedException(429, "TOO_MANY_IN_FLIGHT", "Too many events wait for the broker");
        try
        {
            await AnswerAsync(http, request, await intake.TakeAsync(key, request.Events));
        }
        finally
        {
            _events.Leave(count);
        }
    }

    static Task AnswerAsync(HttpContext http, EventRequest request, IReadOnlyList<EventOutcome> outcomes)
    {
        var accepted = Count(outcomes, EventOutcome.Accepted);
        var conflicts = Count(outcomes, EventOutcome.Conflict);
        var rejected = Count(outcomes, EventOutcome.Rejected);
        if (accepted + conflicts + rejected < outcomes.Count)
        {
            throw new RequestRefusedException(503, "NOT_ACKNOWLEDGED", "The broker did not acknowledge every event; send those again with the same ids", outcomes: outcomes);
        }
        if (accepted == 0 && outcomes.Count > 0) throw Refused(request, outcomes, conflicts);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        return http.Response.WriteAsJsonAsync(new EventsAnswer(accepted, conflicts, rejected, outcomes), ApiJson.Options);
    }

    static RequestRefusedException Refused(EventRequest request, IReadOnlyList<EventOutcome> outcomes, int conflicts)
    {
        var status = conflicts == outcomes.Count ? 409 : 400;
        return request.IsBatch
            ? new(status, "BATCH_REJECTED", "No event of the batch was accepted", outcomes: outcomes)
            : new(status, outcomes[0].Code!, $"{outcomes[0].Field} {outcomes[0].Reason}", outcomes[0].Field);
    }

    static int Count(IReadOnlyList<EventOutcome> outcomes, string outcome) => outcomes.Count(o => o.Outcome == outcome);
}
