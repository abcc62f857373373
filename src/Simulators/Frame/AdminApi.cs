using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>
/// The simulator's own interface under /simulator/: truth (journal, statistics), faults, periods, master data, and what an operator or a neighbour does.
/// Not counted, not throttled, not authenticated: the host listens on loopback only.
/// </summary>
sealed class AdminApi(SimulatedErp erp)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    sealed record PeriodChange(string Period, PeriodState State, string AccountType = "");

    sealed record Neighbour(int Taken);

    public async Task<Answer> ServeAsync(Call call)
    {
        try
        {
            return await RouteAsync(call, call.Path["/simulator/".Length..].TrimEnd('/'));
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            return Answer.Of(400, new JsonObject { ["error"] = e.Message });
        }
    }

    async Task<Answer> RouteAsync(Call call, string path) => (call.Method, path) switch
    {
        ("GET", "statistics") => Ok(erp.Figures),
        ("GET", "journal") => Journal(call),
        ("GET", "faults") => Ok(erp.Faults.Rules.Select(r => new { id = r.Id, hits = r.Hits, rule = r.Rule })),
        ("POST", "faults") => Ok(new { id = erp.Faults.Add(Read<FaultRule>(call)) }),
        ("DELETE", "faults") => Ok(new { removed = erp.Faults.Remove(null) }),
        ("DELETE", _) when path.StartsWith("faults/", StringComparison.Ordinal) => Ok(new { removed = erp.Faults.Remove(int.Parse(path["faults/".Length..], CultureInfo.InvariantCulture)) }),
        ("POST", "periods") => Period(Read<PeriodChange>(call)),
        ("POST", "masterdata") => MasterData(Read<Dictionary<string, KnownValues>>(call)),
        ("POST", "neighbour") => Done(() => erp.Quota.Taken = Read<Neighbour>(call).Taken),
        ("POST", "quota/reset") => Done(erp.Quota.Reset),
        ("POST", "tokens/revoke") => Done(erp.Tokens.RevokeAll),
        ("POST", "posting") => Ok(new { posted = await erp.RunPostingAsync(), left = erp.Journal.UnpostedCount }),
        ("PATCH", _) when path.StartsWith("records/", StringComparison.Ordinal) => await erp.AloneAsync(() => Edit(path["records/".Length..], call.Json())),
        ("DELETE", _) when path.StartsWith("records/", StringComparison.Ordinal) => await erp.AloneAsync(() => Delete(path["records/".Length..])),
        _ => Answer.Of(404, new JsonObject { ["error"] = $"no {call.Method} /simulator/{path}" }),
    };

    Answer Journal(Call call)
    {
        var from = long.Parse(call.Argument("from") ?? "1", CultureInfo.InvariantCulture);
        var entries = erp.Journal.Page(from, int.Parse(call.Argument("limit") ?? "1000", CultureInfo.InvariantCulture));
        return Ok(new { entries, next = entries.Count == 0 ? (long?)null : entries[^1].Seq + 1 });
    }

    Answer Period(PeriodChange change)
    {
        if (!Regex.IsMatch(change.Period, "^[0-9]{4}-[0-9]{2}$")) throw new ArgumentException("period: yyyy-MM");
        erp.Periods.Set(change.Period, change.AccountType, change.State);
        return Ok(change);
    }

    Answer MasterData(Dictionary<string, KnownValues> tables)
    {
        foreach (var (table, values) in tables)
        {
            if (values.Pattern is not null) _ = new Regex(values.Pattern);
            erp.Master.Set(table, values);
        }
        return Ok(tables);
    }

    // Someone at a screen of the ERP: no rule of the API holds him back.
    Answer Edit(string name, JsonElement change)
    {
        var record = Named(name);
        if (change.Number("amount") is { } amount) record = record with { Amount = amount.ToString() };
        record = record with
        {
            Event = RecordEvent.Edited, By = RecordEvent.Operator,
            Key = change.Str("key") ?? record.Key, Party = change.Str("party") ?? record.Party, Currency = change.Str("currency") ?? record.Currency,
            Date = change.Str("date") ?? record.Date, Posted = change.Member("posted") is { ValueKind: JsonValueKind.True or JsonValueKind.False } posted ? posted.GetBoolean() : record.Posted,
            Lines = change.Member("lines") is { ValueKind: JsonValueKind.Array } lines ? lines.Deserialize<List<SimulatedLine>>(Json)! : record.Lines,
        };
        return Ok(erp.Journal.Append(record));
    }

    Answer Delete(string name) => Ok(erp.Journal.Append(Named(name) with { Event = RecordEvent.Deleted, By = RecordEvent.Operator }));

    SimulatedRecord Named(string name)
    {
        if (!name.StartsWith("key:", StringComparison.Ordinal)) return erp.Journal.Get(name) ?? throw new KeyNotFoundException($"no record {name}");
        var key = name["key:".Length..];
        return erp.Journal.Records.FirstOrDefault(r => r.Key == key) ?? throw new KeyNotFoundException($"no record with key {key}");
    }

    static T Read<T>(Call call)
    {
        using var json = StrictJson.Parse(call.Body);
        return json.RootElement.Deserialize<T>(Json) ?? throw new JsonException("the body is null");
    }

    static Answer Ok<T>(T value) => new(200, JsonSerializer.SerializeToUtf8Bytes(value, Json), "application/json");

    static Answer Done(Action action)
    {
        action();
        return new Answer(204);
    }
}
