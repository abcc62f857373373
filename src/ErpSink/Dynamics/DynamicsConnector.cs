using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>
/// Dynamics 365 Finance &amp; Operations by OData $batch: first all headers, whose numbers F&amp;O chooses, then all lines, each document in a change set of its own.
/// Many journals at once go as a data package. F&amp;O posts by its own batch job: a record that was created is looked up until it is posted.
/// </summary>
public sealed class DynamicsConnector : IErpConnector, IDisposable
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    static readonly IReadOnlyDictionary<string, string> NoInvoices = new Dictionary<string, string>();

    readonly DynamicsOptions _options;
    readonly DynamicsMapping _mapping;
    readonly DynamicsRecord _records;
    readonly EntraHttp _http;
    readonly DynamicsAnswers _answers;
    readonly DynamicsBatches _batches;
    readonly DynamicsLookUp _lookUp;
    readonly DynamicsImport _import;
    readonly WaitingHeaders _waiting = new();

    /// <exception cref="ArgumentException">The mapping has holes, or a pattern is no regular expression.</exception>
    public DynamicsConnector(DynamicsOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        DynamicsMapping.Shape.Check(options.Mapping);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KeysPerQuery, 1);
        _options = options;
        _mapping = new DynamicsMapping(options.Mapping);
        _records = new DynamicsRecord(_mapping);
        _answers = new DynamicsAnswers(options, time);
        _http = new EntraHttp(options.Address, options.Credentials, $"{options.Address.GetLeftPart(UriPartial.Authority)}/.default", handler, time);
        _batches = new DynamicsBatches(_http, options, _answers);
        _lookUp = new DynamicsLookUp(new ODataQuery(_http, _answers.OfError), _batches, options, _mapping);
        _import = new DynamicsImport(_http, options, _answers, _records);
        Batching = new ErpBatching(options.BatchSize, SameKind: true);
    }

    public string Erp => "d365fo";

    public string Account => _options.Account;

    public ErpBatching Batching { get; }

    public ErpAnswer? Preflight(ErpDocument document) => _mapping.Preflight(document);

    public string Describe(ErpDocument document)
    {
        var set = DynamicsRecord.HeaderSet(document);
        return new JsonObject
        {
            [set] = _records.Header(document),
            [DynamicsRecord.LineSet(set)] = new JsonArray([.. _records.Lines(document, NoInvoices)]),
        }.ToJsonString(Indented);
    }

    public async Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        if (!IsPackage(batch)) return await PostByODataAsync(batch, call, deadline);
        var answer = await _import.PostAsync(batch, _mapping.Company(batch[0]), call, deadline);
        return [.. batch.Select(_ => answer)];
    }

    public async Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        foreach (var item in items) _waiting.Forget(item.Document);
        var jobs = new Dictionary<string, (ImportState State, ErpAnswer? Failure)>(StringComparer.Ordinal);
        foreach (var job in items.Select(i => i.Job).OfType<string>().Distinct(StringComparer.Ordinal)) jobs[job] = await _import.StateAsync(job, deadline);
        var answers = items.Select(i => i.Job is { } job ? OfRunning(job, jobs[job]) : null).ToArray();
        var open = Enumerable.Range(0, items.Count).Where(i => answers[i] is null).ToList();
        var found = await _lookUp.FindAsync([.. open.Select(i => items[i].Document)], deadline);
        for (var i = 0; i < open.Count; i++) answers[open[i]] = found[i];
        foreach (var job in jobs.Where(j => j.Value is { Failure: null, State: ImportState.Succeeded or ImportState.WithErrors }))
            await ExplainAbsenceAsync(job.Key, job.Value.State, items, answers!, deadline);
        return answers!;
    }

    /// <summary>F&amp;O posts by itself.</summary>
    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => new ErpAnswer(ErpOutcome.Created, ErpId: i.ErpId) { Job = i.Job })]);

    public void Dispose()
    {
        _import.Dispose();
        _http.Dispose();
    }

    bool IsPackage(IReadOnlyList<ErpDocument> batch) =>
        batch.All(d => d.Kind == DocumentKind.GlJournal) && batch.Select(_mapping.Company).Distinct(StringComparer.Ordinal).Count() == 1 &&
        (batch.Count > _options.PackageAbove || batch.Any(d => d.Lines.Count >= DynamicsMapping.MaxOperations));

    async Task<IReadOnlyList<ErpAnswer>> PostByODataAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        var answers = new ErpAnswer?[batch.Count];
        var invoices = await AppliedInvoices.FindAsync(batch, answers, _mapping.Company, (company, keys) => _lookUp.InvoiceNumbersAsync(company, keys, deadline));
        var numbers = Enumerable.Range(0, batch.Count).Select(i => answers[i] is null ? _waiting.Take(batch[i], _records.Header(batch[i])) : null).ToArray();
        var reused = numbers.Select(n => n is not null).ToArray();
        var open = Open(answers).Where(i => !reused[i]).ToList();
        var headers = await _batches.SendAsync([.. open.Select(i => (IReadOnlyList<BatchOperation>)[_records.Create(batch[i])])], $"{call}_h", deadline);
        for (var i = 0; i < open.Count; i++) answers[open[i]] = TakeNumber(batch[open[i]], headers[i], out numbers[open[i]]);

        open = Open(answers);
        var lines = await _batches.SendAsync([.. open.Select(i => _records.CreateLines(batch[i], numbers[i]!, invoices))], $"{call}_l", deadline);
        for (var i = 0; i < open.Count; i++)
        {
            var number = numbers[open[i]]!;
            answers[open[i]] = lines[i].Failure is { } failure ? OfLines(failure, batch[open[i]], number, reused[open[i]]) : new ErpAnswer(ErpOutcome.Created, 201, ErpId: number);
        }
        await DeleteHeadersAsync(batch, [.. open.Where(i => IsRefused(answers[i]!))], answers!, call, deadline);
        return answers!;
    }

    ErpAnswer OfLines(ErpAnswer failure, ErpDocument document, string number, bool reused)
    {
        if (failure.Outcome is ErpOutcome.Throttled or ErpOutcome.Unauthorized or ErpOutcome.NotSent)
        {
            _waiting.Keep(document, number, _records.Header(document));
            return failure;
        }
        // Of a header that waited, the refusal may only mean that somebody deleted it: the look-up begins anew.
        return failure with { Outcome = reused && IsRefused(failure) ? ErpOutcome.Unknown : failure.Outcome, ErpId = number };
    }

    static List<int> Open(ErpAnswer?[] answers) => [.. Enumerable.Range(0, answers.Length).Where(i => answers[i] is null)];

    static ErpAnswer? TakeNumber(ErpDocument document, ChangeSetResult result, out string? number)
    {
        number = null;
        if (result.Failure is not null) return result.Failure;
        var set = DynamicsRecord.HeaderSet(document);
        var body = JsonReading.Success(result.Parts[0].Body);
        number = body is { } header ? DynamicsRecord.NumberOf(set, header) : null;
        if (number is null) return new ErpAnswer(ErpOutcome.Unknown, result.Parts[0].Status, "NO_NUMBER", "a success without the new record's number");
        // The answer of another document, whatever the reason, is none for this one.
        return DynamicsRecord.KeyText(set, body!.Value)?.Contains(document.DocumentKey, StringComparison.Ordinal) == true
            ? null : new ErpAnswer(ErpOutcome.Unknown, result.Parts[0].Status, "KEY_MISMATCH", $"the answer is that of another record: {number}");
    }

    // The lines certainly do not exist: a header without them is litter. If it stays it does no harm: it cannot be posted, and a look-up deletes it.
    async Task DeleteHeadersAsync(IReadOnlyList<ErpDocument> batch, IReadOnlyList<int> refused, ErpAnswer[] answers, string call, CancellationToken deadline)
    {
        if (refused.Count == 0) return;
        var results = await _batches.SendAsync(
            [.. refused.Select(i => (IReadOnlyList<BatchOperation>)[DynamicsRecord.Delete(DynamicsRecord.HeaderSet(batch[i]), _mapping.Company(batch[i]), answers[i].ErpId!)])], $"{call}_d", deadline);
        for (var i = 0; i < refused.Count; i++)
        {
            var answer = answers[refused[i]];
            answers[refused[i]] = answer with
            {
                ErpId = null,
                Detail = results[i].Failure is null ? answer.Detail : $"{answer.Detail} (the header {answer.ErpId} without lines could not be deleted)",
            };
        }
    }

    static bool IsRefused(ErpAnswer answer) => answer.Outcome is ErpOutcome.Validation or ErpOutcome.PeriodClosed;

    static ErpAnswer? OfRunning(string job, (ImportState State, ErpAnswer? Failure) import)
    {
        if (import.Failure is { } failure) return (failure.Outcome == ErpOutcome.Validation ? failure with { Outcome = ErpOutcome.Unknown } : failure) with { Job = job };
        return import.State == ImportState.Running ? new ErpAnswer(ErpOutcome.Accepted, 200) { Job = job } : null;
    }

    async Task ExplainAbsenceAsync(string job, ImportState state, IReadOnlyList<ErpItem> items, ErpAnswer[] answers, CancellationToken deadline)
    {
        var absent = Enumerable.Range(0, items.Count).Where(i => items[i].Job == job && answers[i].Outcome == ErpOutcome.Absent).ToList();
        if (absent.Count == 0) return;
        var (lines, failure) = state == ImportState.WithErrors ? await _import.ErrorsAsync(job, deadline) : ([], null);
        foreach (var i in absent)
        {
            var said = lines.Where(l => l.Contains(items[i].Document.DocumentKey, StringComparison.Ordinal)).ToList();
            if (said.Count > 0) answers[i] = _answers.OfImportError(string.Join(" | ", said.Take(5)), job);
            else if (failure is not null) answers[i] = failure.Outcome == ErpOutcome.Validation ? failure with { Outcome = ErpOutcome.Unknown, Job = job } : failure with { Job = job };
            else answers[i] = answers[i] with { Code = "NOT_IMPORTED", Detail = $"import {job} has ended; it names no error of this document, and no journal is there", Job = job };
        }
    }
}
