using System.Text.Json;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>Finds documents by their keys: transactions and receipts by their number, journals by the name of their batch; imports are asked for first.</summary>
sealed class FusionLookUp(SignedHttp http, FusionAnswers answers, FusionImports imports, FusionOptions options)
{
    const int Limit = 500;

    readonly FusionReadBack _fields = options.ReadBack;

    public async Task<IReadOnlyList<ErpAnswer>> RunAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        var known = new Dictionary<string, ErpAnswer>(StringComparer.Ordinal);
        var ended = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var job in items.GroupBy(i => ImportJob.Parse(i.Job)).Where(g => g.Key is not null))
        {
            var (open, status) = await imports.StatusAsync(job.Key!, deadline);
            ended[job.Key!.ToString()] = status;
            if (open is not null) foreach (var item in job) known[item.Document.DocumentKey] = open;
        }
        var rest = items.Where(i => !known.ContainsKey(i.Document.DocumentKey)).ToList();
        foreach (var kind in rest.Select(i => i.Document).GroupBy(d => d.Kind))
        {
            foreach (var chunk in kind.Chunk(_fields.KeysPerRequest)) await ReadAsync(kind.Key, chunk, known, deadline);
        }
        foreach (var job in rest.Where(i => known[i.Document.DocumentKey].Outcome == ErpOutcome.Absent).GroupBy(i => ImportJob.Parse(i.Job)).Where(g => g.Key is not null))
        {
            var absent = job.Select(i => i.Document).ToList();
            var why = await imports.ExplainAsync(job.Key!, ended[job.Key!.ToString()], absent, deadline);
            foreach (var (document, answer) in absent.Zip(why)) known[document.DocumentKey] = answer;
        }
        return [.. items.Select(i => known[i.Document.DocumentKey])];
    }

    async Task ReadAsync(DocumentKind kind, ErpDocument[] documents, Dictionary<string, ErpAnswer> known, CancellationToken deadline)
    {
        var (response, failure) = await http.SendAsync(() => FusionConnector.Request(HttpMethod.Get, Path(kind, documents), null), deadline);
        var fault = failure ?? (response!.Status == 200 ? null : answers.OfQuestion(response));
        IReadOnlyList<JsonElement>? rows = null;
        if (fault is null && (rows = Rows(response!.Body)) is null) fault = FusionAnswers.Unknown(200, "ANSWER_UNREADABLE", "the records cannot be read, or are too many");
        foreach (var document in documents) known[document.DocumentKey] = fault ?? Compare(document, [.. rows!.Where(r => IsOf(r, document))]);
    }

    // Keys are Crockford's base 32: nothing in them needs escaping. The import adds to the batch's name.
    string Path(DocumentKind kind, ErpDocument[] documents)
    {
        var conditions = documents.Select(d =>
            kind == DocumentKind.GlJournal && !_fields.ExactBatchNames ? $"{KeyField(kind)} LIKE '{d.DocumentKey}%'" : $"{KeyField(kind)}='{d.DocumentKey}'");
        var expand = kind == DocumentKind.GlJournal ? "&expand=journalHeaders" : "";
        return $"{options.ResourcePath}/{FusionBodies.Resource(kind)}?q={Uri.EscapeDataString(string.Join(" or ", conditions))}{expand}&onlyData=true&limit={Limit}";
    }

    string KeyField(DocumentKind kind) => kind switch
    {
        DocumentKind.GlJournal => _fields.BatchNameField,
        DocumentKind.Receipt => "ReceiptNumber",
        _ => "TransactionNumber",
    };

    bool IsOf(JsonElement row, ErpDocument document) => FusionAnswers.Text(row, KeyField(document.Kind)) is { } key &&
        (document.Kind == DocumentKind.GlJournal ? key.StartsWith(document.DocumentKey, StringComparison.Ordinal) : key == document.DocumentKey);

    static IReadOnlyList<JsonElement>? Rows(string body) => FusionAnswers.Object(body) is { } page && page.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array &&
        !(page.TryGetProperty("hasMore", out var more) && more.ValueKind == JsonValueKind.True) ? [.. items.EnumerateArray().Where(i => i.ValueKind == JsonValueKind.Object)] : null;

    ErpAnswer Compare(ErpDocument document, IReadOnlyList<JsonElement> rows)
    {
        if (rows.Count == 0) return new(ErpOutcome.Absent, 200, "NO_RECORD", "no record has the key");
        var row = rows[0];
        var id = Id(row, document.Kind);
        if (id is null) return FusionAnswers.Unknown(200, "ANSWER_UNREADABLE", "the record has no id");
        if (rows.Count > 1) return new(ErpOutcome.Different, 200, "ERP_DUPLICATE", $"the records {string.Join(", ", rows.Select(r => Id(r, document.Kind)))} have the key", id);
        try
        {
            if (Difference(document, row) is { } difference) return new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"record {id} in Oracle differs: {difference}", id);
            if (Pending(document.Kind, row) is { } pending) return new(ErpOutcome.Unposted, 200, "UNPOSTED", $"record {id} is {pending}", id);
            return new(ErpOutcome.Found, 200, ErpId: id) { PostedOn = FusionAnswers.Date(AccountingDate(document.Kind, row)) };
        }
        catch (Exception e) when (e is FormatException or OverflowException or KeyNotFoundException)
        {
            return FusionAnswers.Unknown(200, "ANSWER_UNREADABLE", e.Message);
        }
    }

    static string? Id(JsonElement row, DocumentKind kind) => FusionAnswers.Text(row, FusionConnector.IdField(kind));

    string? Difference(ErpDocument document, JsonElement row)
    {
        var currency = Currency(document.Kind, row);
        if (currency != document.Currency) return $"currency is {currency}";
        if (document.Kind != DocumentKind.GlJournal)
        {
            var party = Required(row, document.Kind == DocumentKind.Receipt ? "CustomerAccountNumber" : "BillToCustomerNumber");
            if (party != options.Mapping.Find("customers", document.CustomerId)) return $"customer is {party}";
        }
        var amount = ExactDecimal.Parse(Required(row, document.Kind switch
            { DocumentKind.GlJournal => _fields.BatchAmountField, DocumentKind.Receipt => "Amount", _ => _fields.TransactionAmountField }));
        var expected = document.Kind switch { DocumentKind.GlJournal => GlInterface.Debits(document), DocumentKind.CreditMemo => -document.Total, _ => document.Total };
        return amount == expected ? null : $"amount is {amount}, expected {expected}";
    }

    string Currency(DocumentKind kind, JsonElement row) => kind switch
    {
        DocumentKind.ArInvoice => Required(row, "InvoiceCurrencyCode"),
        DocumentKind.CreditMemo => Required(row, "CreditMemoCurrency"),
        DocumentKind.Receipt => Required(row, "Currency"),
        _ => FusionAnswers.Text(row, _fields.BatchCurrencyField) ?? Required(Header(row), _fields.BatchCurrencyField),
    };

    /// <summary>The first journal of a batch, as a list or as a page.</summary>
    static JsonElement Header(JsonElement batch)
    {
        var headers = batch.GetProperty("journalHeaders");
        if (headers.ValueKind == JsonValueKind.Object) headers = headers.GetProperty("items");
        return headers.ValueKind == JsonValueKind.Array && headers.GetArrayLength() > 0 ? headers[0] : throw new KeyNotFoundException("the batch has no journals");
    }

    // Not the day on which the posting job ran.
    string? AccountingDate(DocumentKind kind, JsonElement row) => kind != DocumentKind.GlJournal ? FusionAnswers.Text(row, "AccountingDate")
        : row.TryGetProperty("journalHeaders", out _) ? FusionAnswers.Text(Header(row), _fields.BatchDateField) : null;

    string? Pending(DocumentKind kind, JsonElement row)
    {
        if (kind == DocumentKind.Receipt) return null;
        if (kind == DocumentKind.GlJournal) return Required(row, _fields.BatchStatusField) is var status && _fields.PostedStatuses.Contains(status) ? null : $"not posted ({status})";
        var state = FusionAnswers.Text(row, kind == DocumentKind.ArInvoice ? "InvoiceStatus" : "CreditMemoStatus");
        return state == _fields.IncompleteStatus ? state : null;
    }

    static string Required(JsonElement row, string name) => FusionAnswers.Text(row, name) ?? throw new KeyNotFoundException($"the record has no {name}");
}
