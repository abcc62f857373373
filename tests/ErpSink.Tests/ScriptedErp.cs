using System.Collections.Concurrent;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>An ERP in memory that behaves as it is told: batches, drafts, jobs, closed periods, outcomes that nobody hears of.</summary>
sealed class ScriptedErp(string account) : IErpConnector
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Job, string Key), int> _polls = [];
    readonly ConcurrentDictionary<(string Job, string Key), ErpAnswer> _refusedByJobs = new();
    int _underWay, _finishes;

    public string Erp => "scripted";

    public string Account => account;

    public ErpBatching Batching { get; init; } = new(10);

    /// <summary>Records are drafts until they are finished.</summary>
    public bool Drafts { get; init; }

    /// <summary>Records are made by a job, one for each call, that needs so many polls; 0: at once. It is the job then that refuses.</summary>
    public int Polls { get; set; }

    public Func<ErpDocument, ErpAnswer?> Refusal { get; set; } = _ => null;

    /// <summary>A draft of it cannot be finished; it is taken back.</summary>
    public Func<ErpDocument, ErpAnswer?> Unfinishable { get; set; } = _ => null;

    /// <summary>Decides of the nth posting call what is heard of it; null: all of it.</summary>
    public Func<int, ErpAnswer?> Heard { get; set; } = _ => null;

    /// <summary>Whether the nth posting call reaches it; of one that does not nobody hears anything.</summary>
    public Func<int, bool> Reaches { get; set; } = _ => true;

    /// <summary>Whether the nth look-up finds what was made by then.</summary>
    public Func<int, bool> Sees { get; set; } = _ => true;

    /// <summary>What it has, by key, with the number of times that it was made.</summary>
    public ConcurrentDictionary<string, (ErpDocument Document, bool Posted, int Times)> Records { get; } = new();

    public List<IReadOnlyList<string>> Posts { get; } = [];

    public List<IReadOnlyList<string>> LookUps { get; } = [];

    public List<string> CallNames { get; } = [];

    public int Finishes => _finishes;

    public int LargestConcurrency { get; private set; }

    public ErpAnswer? Preflight(ErpDocument document) => null;

    public string Describe(ErpDocument document) => document.DocumentKey;

    public async Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        int nth;
        lock (_lock)
        {
            Posts.Add([.. batch.Select(d => d.DocumentKey)]);
            CallNames.Add(call);
            nth = Posts.Count;
            LargestConcurrency = Math.Max(LargestConcurrency, ++_underWay);
        }
        await Task.Yield();
        lock (_lock) _underWay--;
        if (!Reaches(nth)) return [.. batch.Select(_ => new ErpAnswer(ErpOutcome.Unknown, Code: "TIMEOUT"))];
        var answers = Polls > 0 ? ByJob(batch, $"job-{nth}") : [.. batch.Select(Judge)];
        if (Batching.AllOrNothing && answers.FirstOrDefault(a => a.Outcome is ErpOutcome.Validation) is { } culprit) return [.. batch.Select(_ => culprit)];
        foreach (var (document, answer) in batch.Zip(answers))
        {
            if (answer.Outcome == ErpOutcome.Created || (answer.Job is { } job && !_refusedByJobs.ContainsKey((job, document.DocumentKey)))) Records.AddOrUpdate(document.DocumentKey, (document, !Drafts, 1), (_, r) => r with { Times = r.Times + 1 });
        }
        return Heard(nth) is { } heard ? [.. batch.Select(_ => heard)] : answers;
    }

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        lock (_lock) LookUps.Add([.. items.Select(i => i.Document.DocumentKey)]);
        return Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(Find)]);
    }

    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        Interlocked.Increment(ref _finishes);
        return Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(Finish)]);
    }

    ErpAnswer Finish(ErpItem item)
    {
        var key = item.Document.DocumentKey;
        if (Unfinishable(item.Document) is { } refusal)
        {
            Records.TryRemove(key, out _);
            return refusal;
        }
        Records.AddOrUpdate(key, _ => throw new InvalidOperationException("finished before it was made"), (_, r) => r with { Posted = true });
        return new(ErpOutcome.Created, ErpId: item.ErpId);
    }

    ErpAnswer Judge(ErpDocument document) => Refusal(document)
        ?? (Records.ContainsKey(document.DocumentKey) ? new(ErpOutcome.Duplicate, 400, "DUPLICATE") : new(ErpOutcome.Created, 201, ErpId: $"id-{document.DocumentKey}"));

    List<ErpAnswer> ByJob(IReadOnlyList<ErpDocument> batch, string job)
    {
        lock (_lock)
        {
            var refusals = batch.Select(Refusal).ToList();
            var whole = Batching.AllOrNothing && batch.Count > 1 ? refusals.FirstOrDefault(r => r is not null) : null;
            foreach (var (document, refusal) in batch.Zip(refusals))
            {
                if ((whole is null ? refusal : whole with { Outcome = ErpOutcome.Validation, RefusedTogether = batch.Count }) is { } said) _refusedByJobs[(job, document.DocumentKey)] = said with { Job = job };
            }
        }
        return [.. batch.Select(_ => new ErpAnswer(ErpOutcome.Accepted, 202) { Job = job })];
    }

    ErpAnswer Find(ErpItem item)
    {
        var key = item.Document.DocumentKey;
        lock (_lock)
        {
            if (item.Job is { } job && (_polls[(job, key)] = _polls.GetValueOrDefault((job, key)) + 1) < Polls) return new(ErpOutcome.Accepted, 200) { Job = job };
            if (!Records.TryGetValue(key, out var record) || !Sees(LookUps.Count)) return item.Job is { } ended && _refusedByJobs.TryGetValue((ended, key), out var refusal) ? refusal : new(ErpOutcome.Absent, 404);
            return new(record.Posted ? ErpOutcome.Found : ErpOutcome.Unposted, 200, ErpId: $"id-{key}") { PostedOn = record.Document.DocumentDate };
        }
    }
}
