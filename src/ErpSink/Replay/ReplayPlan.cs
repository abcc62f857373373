using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Streams.Schemas;

namespace Streams.ErpSink.Replay;

/// <summary>A partition's share: reading has come to <paramref name="Current"/>, is repeated from <paramref name="New"/> up to <paramref name="End"/> (exclusive).</summary>
public sealed record ReplayPartition(int Partition, long Current, long New, long End, long Records);

/// <summary>Documents and their money in one currency.</summary>
public sealed record ReplayMoney(string Currency, long Documents, ExactDecimal Total);

/// <summary>What the documents to be posted cost an account.</summary>
/// <param name="Requests">By the calls of the past, and two for each document where there are none.</param>
/// <param name="Seconds">At the account's quota; null where it has none and no call was made yet.</param>
public sealed record ReplayCost(string Account, long Documents, long Requests, long? Seconds);

/// <summary>What a replay would do. <see cref="Hash"/> stands for all that it rests on: it is executed only if it still holds.</summary>
public sealed record ReplayPlan(
    string Topic, ReplayScope Scope, IReadOnlyList<ReplayPartition> Partitions, IReadOnlyList<ReplayMoney> Affected, IReadOnlyList<ReplayMoney> ToBePosted,
    long AlreadyConfirmed, long UnderWayOrListed, long Conflicts, long Rejected, long IntoSignedOff, string DocumentsHash, IReadOnlyList<ReplayCost> Costs)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Stays as it is, whatever is replayed.</summary>
    public static IReadOnlyList<string> NotTouched { get; } = ["committed offsets and positions", "the topics of usage", "documents that are confirmed, compared or written off", "periods that are signed off"];

    /// <summary>SHA-256 in hex over everything that the plan rests on; estimates do not count.</summary>
    public string Hash
    {
        get
        {
            var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Topic}|{Scope.ToJson()}|{AlreadyConfirmed}|{UnderWayOrListed}|{Conflicts}|{Rejected}|{IntoSignedOff}|{DocumentsHash}");
            foreach (var p in Partitions) text.Append(CultureInfo.InvariantCulture, $"|{p}");
            foreach (var m in ToBePosted) text.Append(CultureInfo.InvariantCulture, $"|{m}");
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>A plan as the ledger has it, and what became of it.</summary>
public sealed record ReplayRun(
    long Id, string PlanHash, string State, string Scope, string PlannedBy, DateTime PlannedAt, string? ExecutedBy, DateTime? StartedAt, string? AbortedBy, DateTime? FinishedAt,
    long Records, long Planned, long Compared, long Conflicts, long Rejected, long Left);

/// <summary>A safety check refuses the replay (exit code 3); the message says which.</summary>
public sealed class ReplayRefusedException(string message) : Exception(message);
