using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>
/// Oracle Fusion Cloud ERP: receivables by REST, one request per document, or many invoices and credit memos by AutoInvoice; journals by file import, many in a call, imported and then posted by jobs.
/// </summary>
public sealed class FusionConnector : IErpConnector, IDisposable
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    readonly FusionOptions _options;
    readonly SignedHttp _http;
    readonly FusionAnswers _answers;
    readonly FusionImports _imports;
    readonly FusionLookUp _lookUp;

    /// <param name="handler">Sends, and counts each request against the account's quota.</param>
    /// <exception cref="ArgumentException">The mapping has holes, or an option makes no sense.</exception>
    public FusionConnector(FusionOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        options.Validate();
        _options = options;
        _http = new SignedHttp(options.Address, handler, options.Login.Credentials(handler, time));
        _answers = new FusionAnswers(options, time);
        _imports = new FusionImports(_http, _answers, options, time);
        _lookUp = new FusionLookUp(_http, _answers, _imports, options);
        // Journals of a call are imported or refused together; AutoInvoice refuses single transactions later, and what has a request of its own has an outcome of its own.
        Batching = new ErpBatching(options.BatchSize, AllOrNothing: true, SameKind: true);
    }

    public string Erp => "fusion";

    public string Account => _options.Account;

    public ErpBatching Batching { get; }

    public ErpAnswer? Preflight(ErpDocument document) => FusionPreflight.Check(document, _options.Mapping);

    public string Describe(ErpDocument document)
    {
        if (!IsImported(document, 1))
            return $"POST {Path(document.Kind)}\n{JsonNode.Parse(FusionBodies.Body(document, _options.Mapping))!.ToJsonString(Indented)}";
        var day = new DateTimeOffset(document.DocumentDate, TimeOnly.MinValue, TimeSpan.Zero);
        var load = FusionLoads.Of([document], document.DocumentKey, day, _options.Mapping);
        var request = load.Request(day);
        request["DocumentContent"] = $"the zip of {load.File}";
        return $"POST {_options.ResourcePath}/erpintegrations\n{request.ToJsonString(Indented)}\n\n{load.File}\n{load.Text}";
    }

    public async Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        var known = new Dictionary<string, ErpAnswer>(StringComparer.Ordinal);
        foreach (var kind in batch.GroupBy(d => d.Kind))
        {
            var many = kind.Count(d => AutoInvoiceLines.Takes(d, _options.Mapping));
            var ways = kind.ToLookup(d => IsImported(d, many));
            if (ways.Contains(true)) Note(ways[true], await _imports.ImportAsync([.. ways[true]], call, deadline));
            if (ways.Contains(false)) Note(ways[false], await OneByOne.RunAsync([.. ways[false]], d => PostAsync(d, deadline)));
        }
        return [.. batch.Select(d => known[d.DocumentKey])];

        void Note(IEnumerable<ErpDocument> documents, IReadOnlyList<ErpAnswer> answers)
        {
            foreach (var (document, answer) in documents.Zip(answers)) known[document.DocumentKey] = answer;
        }
    }

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) => _lookUp.RunAsync(items, deadline);

    /// <summary>Starts Oracle's posting for journals, once for all of them; what is created in receivables is complete.</summary>
    public async Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        var journals = items.Any(i => i.Document.Kind == DocumentKind.GlJournal) ? await _imports.PostImportedAsync(deadline) : null;
        return [.. items.Select(i => i.Document.Kind == DocumentKind.GlJournal ? journals! with { ErpId = i.ErpId } : new ErpAnswer(ErpOutcome.Created, ErpId: i.ErpId))];
    }

    public void Dispose() => _http.Dispose();

    internal static string IdField(DocumentKind kind) => kind switch
    {
        DocumentKind.GlJournal => "JeBatchId",
        DocumentKind.Receipt => "StandardReceiptId",
        _ => "CustomerTransactionId",
    };

    internal static HttpRequestMessage Request(HttpMethod method, string path, byte[]? body)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("REST-Framework-Version", "4");
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/vnd.oracle.adf.resourceitem+json") } };
        return request;
    }

    /// <param name="many">The documents of the same call and kind that a file can hold.</param>
    bool IsImported(ErpDocument document, int many) => document.Kind == DocumentKind.GlJournal || many > _options.ImportAbove && AutoInvoiceLines.Takes(document, _options.Mapping);

    string Path(DocumentKind kind) => $"{_options.ResourcePath}/{FusionBodies.Resource(kind)}";

    async Task<ErpAnswer> PostAsync(ErpDocument document, CancellationToken deadline)
    {
        var body = FusionBodies.Body(document, _options.Mapping);
        var (response, failure) = await _http.SendAsync(() => Request(HttpMethod.Post, Path(document.Kind), body), deadline);
        return failure ?? _answers.OfPost(response!, IdField(document.Kind));
    }
}
