using System.Text.RegularExpressions;
using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>ListTransactions (key 66) 0–2, with filters by state, producer id, age in milliseconds (1) and pattern of the whole transactional id (2).</summary>
internal static class ListTransactions
{
    public static readonly ApiDefinition Definition = new(ApiKey.ListTransactions, 0, 2, 0, Handle);

    // States that Kafka has for a moment; no id is in one here, and a filter may name them.
    private static readonly HashSet<string> StateNames = [.. Enum.GetNames<TransactionState>(), "Dead", "PrepareEpochFence"];

    private sealed record Filter(string[] States, HashSet<long> Producers, long Duration, string? Pattern);

    private static Task Handle(Request request)
    {
        var filter = Parse(request);
        var error = TryPattern(filter.Pattern, out var pattern) ? ErrorCode.None : ErrorCode.InvalidRegularExpression;
        var unknown = filter.States.Where(s => !StateNames.Contains(s)).ToList();
        var found = error == ErrorCode.None ? Find(request.Node, filter, pattern) : [];
        var response = request.Response;
        response.WriteInt32(0);
        response.WriteError(error);
        response.WriteArrayLength(unknown.Count);
        foreach (var state in unknown) response.WriteString(state);
        response.WriteArrayLength(found.Count);
        foreach (var (id, producerId, state) in found)
        {
            response.WriteString(id);
            response.WriteInt64(producerId);
            response.WriteString(state);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static Filter Parse(Request request)
    {
        var reader = request.Read();
        var states = reader.ReadNullableStringArray() ?? [];
        var producers = new HashSet<long>();
        for (var p = reader.ReadArrayLength(8); p > 0; p--) producers.Add(reader.ReadInt64());
        return new Filter(states, producers, request.Version >= 1 ? reader.ReadInt64() : -1, request.Version >= 2 ? reader.ReadNullableString() : null);
    }

    // Without backtracking, a pattern cannot keep the broker busy.
    private static bool TryPattern(string? text, out Regex? pattern)
    {
        pattern = null;
        try
        {
            if (!string.IsNullOrEmpty(text)) pattern = new Regex($"^(?:{text})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static List<(string Id, long ProducerId, string State)> Find(Node node, Filter filter, Regex? pattern)
    {
        var found = new List<(string, long, string)>();
        foreach (var id in node.Transactions.Ids)
        {
            lock (id.Gate)
            {
                var state = id.State.ToString();
                if (filter.States.Length > 0 && !filter.States.Contains(state)) continue;
                if (filter.Producers.Count > 0 && !filter.Producers.Contains(id.ProducerId)) continue;
                if (filter.Duration >= 0 && node.Now - id.StartedAt <= filter.Duration) continue;
                if (pattern is null || pattern.IsMatch(id.Name)) found.Add((id.Name, id.ProducerId, state));
            }
        }
        return found;
    }
}
