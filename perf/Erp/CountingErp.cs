using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.Perf.Erp;

/// <summary>Counts what the ERP was found to have, so that nobody has to ask the ledger how far it is.</summary>
sealed class CountingErp(IErpConnector inner) : IErpConnector, IDisposable
{
    long _found;

    public long Found => Interlocked.Read(ref _found);

    public string Erp => inner.Erp;

    public string Account => inner.Account;

    public ErpBatching Batching => inner.Batching;

    public ErpAnswer? Preflight(ErpDocument document) => inner.Preflight(document);

    public string Describe(ErpDocument document) => inner.Describe(document);

    public Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline) => inner.PostAsync(batch, call, deadline);

    public async Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        var answers = await inner.LookUpAsync(items, deadline);
        Interlocked.Add(ref _found, answers.Count(a => a.Outcome == ErpOutcome.Found));
        return answers;
    }

    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) => inner.FinishAsync(items, deadline);

    public void Dispose() => (inner as IDisposable)?.Dispose();
}
