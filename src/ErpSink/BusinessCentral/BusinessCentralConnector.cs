using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>
/// Business Central by its API v2.0: a draft, and then Microsoft.NAV.post. What is refused when it is posted leaves no draft behind: a person might post it
/// after all.
/// </summary>
public sealed class BusinessCentralConnector : IErpConnector, IDisposable
{
    const string PostAction = "Microsoft.NAV.post";
    const string DraftLeft = "DRAFT_LEFT";

    static readonly string[] PostedTexts = ["nothing to post", "already posted", "has been posted"];
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    static readonly IReadOnlyDictionary<string, string> NoInvoices = new Dictionary<string, string>();

    readonly BusinessCentralOptions _options;
    readonly BusinessCentralMapping _mapping;
    readonly BusinessCentralRecord _records;
    readonly EntraHttp _http;
    readonly BusinessCentralBatches _batches;
    readonly BusinessCentralLookUp _lookUp;

    /// <exception cref="ArgumentException">The mapping has holes, or a pattern is no regular expression.</exception>
    public BusinessCentralConnector(BusinessCentralOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        BusinessCentralMapping.Shape.Check(options.Mapping);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KeysPerQuery, 1);
        _options = options;
        _mapping = new BusinessCentralMapping(options.Mapping);
        _records = new BusinessCentralRecord(_mapping, options.NegativePayments);
        var answers = new BusinessCentralAnswers(options, time);
        _http = new EntraHttp(options.Address, options.Credentials, "https://api.businesscentral.dynamics.com/.default", handler, time);
        _batches = new BusinessCentralBatches(_http, answers);
        _lookUp = new BusinessCentralLookUp(new ODataQuery(_http, answers.OfError), _batches, options, _mapping, _records);
        Batching = new ErpBatching(options.BatchSize, SameKind: true);
    }

    public string Erp => "businesscentral";

    public string Account => _options.Account;

    public ErpBatching Batching { get; }

    public ErpAnswer? Preflight(ErpDocument document) => _mapping.Preflight(document);

    public string Describe(ErpDocument document) => (BusinessCentralRecord.IsSales(document)
        ? new JsonObject { [BusinessCentralRecord.Set(document)] = _records.Sales(document) }
        : new JsonObject
        {
            [BusinessCentralRecord.Set(document)] = _records.Journal(document),
            [BusinessCentralRecord.LineSet(document)] = new JsonArray([.. _records.JournalLines(document, NoInvoices)]),
        }).ToJsonString(Indented);

    public async Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        var answers = new ErpAnswer?[batch.Count];
        var invoices = await AppliedInvoices.FindAsync(batch, answers, _mapping.Company, (company, keys) => _lookUp.InvoiceNumbersAsync(company, keys, deadline));
        var ids = new string?[batch.Count];
        var open = Open(answers);
        var made = await _batches.SendAsync([.. open.Select(i => _records.Create(batch[i]))], deadline);
        for (var i = 0; i < open.Count; i++) answers[open[i]] = TakeId(batch[open[i]], made[i], out ids[open[i]]);

        foreach (var i in Open(answers).Where(i => !BusinessCentralRecord.IsSales(batch[i])))
            answers[i] = (await _batches.SendTogetherAsync(_records.CreateLines(batch[i], ids[i]!, invoices), deadline)) is { } failure ? failure with { ErpId = ids[i] } : null;

        var drafts = Open(answers);
        var posted = await FinishAsync([.. drafts.Select(i => new ErpItem(batch[i], ids[i]))], deadline);
        for (var i = 0; i < drafts.Count; i++) answers[drafts[i]] = IsRefused(posted[i]) || posted[i].Outcome == ErpOutcome.Created || posted[i].Code == DraftLeft
            ? posted[i] : new ErpAnswer(ErpOutcome.Created, posted[i].HttpStatus, "NOT_POSTED_YET", $"made, and not known to be posted: {posted[i].Code} {posted[i].Detail}", ids[drafts[i]]);
        await DeleteDraftsAsync(batch, answers!, [.. Enumerable.Range(0, batch.Count).Where(i => ids[i] is not null && answers[i]!.ErpId is not null && !drafts.Contains(i) && answers[i]!.Outcome != ErpOutcome.Unknown)], deadline);
        return answers!;
    }

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) => _lookUp.FindAsync([.. items.Select(i => i.Document)], deadline);

    public async Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        var answers = items.Select(OfUnfinishable).ToArray();
        var open = Open(answers);
        var results = await _batches.SendAsync([.. open.Select(i => _records.Post(items[i].Document, items[i].ErpId!, ActionOf(items[i].Document)!))], deadline);
        for (var i = 0; i < open.Count; i++) answers[open[i]] = OfPosting(results[i].Failure, items[open[i]].ErpId!);
        await DeleteDraftsAsync([.. items.Select(i => i.Document)], answers!, [.. open.Where(i => IsRefused(answers[i]!))], deadline);
        return answers!;
    }

    public void Dispose() => _http.Dispose();

    string? ActionOf(ErpDocument document) => document.Kind == DocumentKind.Receipt ? _options.PaymentPostAction : PostAction;

    ErpAnswer? OfUnfinishable(ErpItem item)
    {
        if (ActionOf(item.Document) is null) return new(ErpOutcome.Created, Detail: "payments are posted in Business Central", ErpId: item.ErpId);
        return item.ErpId is null ? new(ErpOutcome.Unknown, Code: "NO_ID", Detail: "the draft's id is not known; it has to be looked up") : null;
    }

    // A draft that is not there any more, or has nothing left to post, may have been posted by an earlier call: the look-up knows.
    static ErpAnswer OfPosting(ErpAnswer? failure, string id)
    {
        if (failure is null) return new(ErpOutcome.Created, 204, ErpId: id);
        var gone = failure.HttpStatus == 404 || failure.Outcome == ErpOutcome.Duplicate ||
            PostedTexts.Any(t => failure.Detail?.Contains(t, StringComparison.OrdinalIgnoreCase) == true);
        return failure with { Outcome = gone ? ErpOutcome.Unknown : failure.Outcome, ErpId = id };
    }

    static List<int> Open(ErpAnswer?[] answers) => [.. Enumerable.Range(0, answers.Length).Where(i => answers[i] is null)];

    static ErpAnswer? TakeId(ErpDocument document, PartResult result, out string? id)
    {
        id = null;
        if (result.Failure is not null) return result.Failure;
        var body = JsonReading.Success(result.Body);
        id = body?.Identifier("id");
        if (id is null) return new ErpAnswer(ErpOutcome.Unknown, 201, "NO_ID", "a success without the new record's id");
        var (field, expected) = BusinessCentralRecord.IsSales(document) ? ("externalDocumentNumber", document.DocumentKey) : ("code", BusinessCentralRecord.JournalCode(document));
        if (body!.Value.Text(field) == expected) return null;
        // The answer of another document, whatever the reason, is none for this one.
        var other = id;
        id = null;
        return new ErpAnswer(ErpOutcome.Unknown, 201, "KEY_MISMATCH", $"the answer is that of another record: {other}");
    }

    async Task DeleteDraftsAsync(IReadOnlyList<ErpDocument> documents, ErpAnswer[] answers, IReadOnlyList<int> refused, CancellationToken deadline)
    {
        if (refused.Count == 0) return;
        var results = await _batches.SendAsync([.. refused.Select(i => _records.Delete(documents[i], answers[i].ErpId!))], deadline);
        for (var i = 0; i < refused.Count; i++)
        {
            var answer = answers[refused[i]];
            answers[refused[i]] = results[i].Failure is not { } failure ? answer with { ErpId = null, DraftDeleted = true }
                : answer with { Outcome = ErpOutcome.Unknown, Code = DraftLeft, Detail = $"{answer.Outcome}: {answer.Detail} (its draft could not be deleted: {failure.Code} {failure.Detail})" };
        }
    }

    static bool IsRefused(ErpAnswer answer) => answer.Outcome is ErpOutcome.Validation or ErpOutcome.PeriodClosed;
}
