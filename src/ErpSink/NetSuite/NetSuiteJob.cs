using System.Globalization;
using System.Text.Json;

namespace Streams.ErpSink.NetSuite;

/// <summary>A document's place, from 1, in an asynchronous job; as text "job:place".</summary>
public sealed record NetSuiteJob(string Id, int Place)
{
    /// <summary>Null for a text that names no job.</summary>
    public static NetSuiteJob? Parse(string? text)
    {
        var colon = text?.LastIndexOf(':') ?? -1;
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? new NetSuiteJob(text![..colon], place) : null;
    }

    /// <summary>Whether the job's state says that it has come to an end; null when it cannot be read.</summary>
    public static bool? Completed(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.GetProperty("completed").GetBoolean();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The tasks of a job in order, from the list's items or their links.</summary>
    public static IReadOnlyList<string> Tasks(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return [.. json.RootElement.GetProperty("items").EnumerateArray().Select(TaskId)];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [];
        }
    }

    /// <summary>The error of one record in a task's result: the result itself, or the item at the place where one task made all; null when there is none.</summary>
    /// <param name="isOfAll">One task made all, and its error is not about any one of them.</param>
    public NetSuiteError? ErrorIn(string body, bool oneTask, out bool isOfAll)
    {
        isOfAll = false;
        try
        {
            using var json = JsonDocument.Parse(body);
            var result = json.RootElement;
            if (result.ValueKind == JsonValueKind.Object && result.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array)
                return oneTask && Place <= items.GetArrayLength() ? NetSuiteError.Read(items[Place - 1]) : null;
            isOfAll = oneTask;
            return NetSuiteError.Read(result);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}:{Place}");

    static string TaskId(JsonElement item)
    {
        if (item.TryGetProperty("id", out var id)) return id.ValueKind == JsonValueKind.String ? id.GetString()! : id.GetRawText();
        return item.GetProperty("links")[0].GetProperty("href").GetString()!.TrimEnd('/').Split('/')[^1];
    }
}
