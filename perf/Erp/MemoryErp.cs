using System.Collections.Concurrent;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.Perf.Erp;

/// <summary>An ERP that costs nothing: what is measured is the sink and its ledger.</summary>
sealed class MemoryErp(int batch) : IErpConnector
{
    readonly ConcurrentDictionary<string, byte> _records = new();

    public string Erp => "memory";

    public string Account => "memory";

    public ErpBatching Batching => new(batch);

    public ErpAnswer? Preflight(ErpDocument document) => null;

    public string Describe(ErpDocument document) => document.DocumentKey;

    public Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> documents, string call, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. documents.Select(d => _records.TryAdd(d.DocumentKey, 0) ? new ErpAnswer(ErpOutcome.Created, 201, ErpId: d.DocumentKey) : throw new InvalidOperationException($"{d.DocumentKey} was posted twice"))]);

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => new ErpAnswer(_records.ContainsKey(i.Document.DocumentKey) ? ErpOutcome.Found : ErpOutcome.Absent, 200, ErpId: i.Document.DocumentKey))]);

    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => new ErpAnswer(ErpOutcome.Created, ErpId: i.ErpId))]);
}
