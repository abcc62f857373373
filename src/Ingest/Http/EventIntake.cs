using Streams.Ingest.Events;
using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Ingest.Http;

/// <summary>Takes the events of one request: checks each, publishes what passes, and tells each one's outcome once the broker has answered.</summary>
sealed class EventIntake(UsageEventRules rules, RecentEvents recent, IUsageEventPublisher publisher)
{
    public async Task<IReadOnlyList<EventOutcome>> TakeAsync(ApiKey key, IReadOnlyList<ReceivedEvent> events)
    {
        var checks = events.Select((received, index) => Check(key, received, index)).ToArray();
        await publisher.PrepareAsync();
        var outcomes = await Task.WhenAll(checks.Select(check => check.Refused is { } refused ? Task.FromResult(refused) : PublishAsync(check.Usage!, check.Index)));
        foreach (var group in outcomes.GroupBy(o => o.Outcome)) Telemetry.Count("http", group.Key, group.Count());
        return outcomes;
    }

    (int Index, UsageEvent? Usage, EventOutcome? Refused) Check(ApiKey key, ReceivedEvent received, int index)
    {
        try
        {
            var usage = received.Usage ?? throw received.Refusal!;
            if (!key.Allows(usage.Source)) throw new EventRefusedException(RefusalCodes.SourceNotAllowed, "source", "is not the API key's source, nor under it");
            rules.Check(usage);
            return recent.TryRemember(usage) ? (index, usage, null) : (index, null, Conflict(index, usage.Id));
        }
        catch (EventRefusedException e)
        {
            return (index, null, new(index, received.Id, EventOutcome.Rejected) { Code = e.Code, Field = e.Field, Reason = e.Reason });
        }
    }

    async Task<EventOutcome> PublishAsync(UsageEvent usage, int index)
    {
        var delivery = await publisher.PublishAsync(usage);
        switch (delivery.Outcome)
        {
            case DeliveryOutcome.Acknowledged:
                return new(index, usage.Id, EventOutcome.Accepted) { CorrelationId = usage.CorrelationId };
            case DeliveryOutcome.NotPublished:
                recent.Forget(usage);
                return new(index, usage.Id, EventOutcome.NotPublished) { Reason = "was not published; send it again with the same id" };
            default:
                return new(index, usage.Id, EventOutcome.Unknown) { Reason = "may have been published; sending it again with the same id is safe" };
        }
    }

    static EventOutcome Conflict(int index, string id) =>
        new(index, id, EventOutcome.Conflict) { Code = RefusalCodes.Conflict, Field = "id", Reason = "was used by the same source for another event" };
}
