using System.Text.Json;
using System.Text.Json.Serialization;

namespace Streams.Ingest.Http;

/// <summary>
/// What became of one event of a request: accepted, conflict, rejected, not_published or unknown (both: send it again with the same id).
/// </summary>
sealed record EventOutcome(int Index, string? Id, string Outcome)
{
    public const string Accepted = "accepted", Conflict = "conflict", Rejected = "rejected", NotPublished = "not_published", Unknown = "unknown";

    public string? CorrelationId { get; init; }

    public string? Code { get; init; }

    public string? Field { get; init; }

    public string? Reason { get; init; }
}

/// <summary>The answer 202.</summary>
sealed record EventsAnswer(int Accepted, int Conflicts, int Rejected, IReadOnlyList<EventOutcome> Events);

static class ApiJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
