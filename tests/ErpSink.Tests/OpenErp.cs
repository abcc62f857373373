using System.Globalization;
using System.Text.Json;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>An ERP in memory that takes whatever is posted, the same document twice too, and in which people can edit, delete and move.</summary>
sealed class OpenErp : IErpConnector
{
    public sealed record Record(string Id, string Key, string Currency, string Party, ExactDecimal Total, DateOnly Date, bool Posted, string Kind, string Entity);

    readonly Lock _lock = new();
    readonly List<Record> _records = [];
    readonly List<object> _journal = [];
    int _posts, _lookUps;

    public string Erp => "open";

    public string Account => "OPEN";

    public ErpBatching Batching { get; init; } = new(10);

    public int Posts => Volatile.Read(ref _posts);

    public int LookUps => Volatile.Read(ref _lookUps);

    /// <summary>What an answer is replaced by, as long as it is not null.</summary>
    public ErpAnswer? Silence { get; set; }

    public IReadOnlyList<Record> Records
    {
        get
        {
            lock (_lock) return [.. _records];
        }
    }

    /// <summary>The journal's lines, as the simulators write them.</summary>
    public string Journal()
    {
        lock (_lock) return string.Concat(_journal.Select(l => JsonSerializer.Serialize(l) + "\n"));
    }

    public ErpAnswer? Preflight(ErpDocument document) => null;

    public string Describe(ErpDocument document) => document.DocumentKey;

    public Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        lock (_lock)
        {
            Interlocked.Add(ref _posts, batch.Count);
            return Task.FromResult<IReadOnlyList<ErpAnswer>>([.. batch.Select(d => new ErpAnswer(ErpOutcome.Created, 200, ErpId: Make(d)))]);
        }
    }

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        lock (_lock)
        {
            Interlocked.Add(ref _lookUps, items.Count);
            return Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => Silence ?? Find(i.Document))]);
        }
    }

    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => new ErpAnswer(ErpOutcome.Created, ErpId: i.ErpId))]);

    /// <summary>What a person does to a record.</summary>
    public void Edit(string key, Func<Record, Record?> change)
    {
        lock (_lock)
        {
            var at = _records.FindIndex(r => r.Key == key);
            var changed = change(_records[at]);
            Write(changed is null ? "deleted" : "edited", changed ?? _records[at]);
            if (changed is null) _records.RemoveAt(at);
            else _records[at] = changed;
        }
    }

    public string Make(ErpDocument d)
    {
        lock (_lock)
        {
            var record = new Record((1001 + _journal.Count).ToString(CultureInfo.InvariantCulture), d.DocumentKey, d.Currency, d.CustomerId, d.Total, d.DocumentDate, true, DocumentRules.KindName(d.Kind), d.LegalEntity);
            _records.Add(record);
            Write("created", record);
            return record.Id;
        }
    }

    ErpAnswer Find(ErpDocument d)
    {
        var found = _records.Where(r => r.Key == d.DocumentKey).ToList();
        if (found.Count == 0) return new ErpAnswer(ErpOutcome.Absent, 200);
        if (found.Count > 1) return new ErpAnswer(ErpOutcome.Different, 200, "FOUND_TWICE", $"{found.Count} records", found[0].Id);
        var r = found[0];
        if (r.Total != d.Total || r.Currency != d.Currency || r.Party != d.CustomerId) return new ErpAnswer(ErpOutcome.Different, 200, "ERP_CONFLICT", $"total is {r.Total}, expected {d.Total}", r.Id);
        return new ErpAnswer(r.Posted ? ErpOutcome.Found : ErpOutcome.Unposted, 200, ErpId: r.Id) { PostedOn = r.Date };
    }

    void Write(string @event, Record r) => _journal.Add(new
    {
        seq = _journal.Count + 1, at = "2026-02-01T00:00:00Z", @event, by = @event == "created" ? "integration" : "operator", id = r.Id, type = "invoice", kind = r.Kind, key = r.Key,
        company = r.Entity, party = r.Party, currency = r.Currency, amount = r.Total.ToString(), date = r.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), posted = r.Posted,
    });
}
