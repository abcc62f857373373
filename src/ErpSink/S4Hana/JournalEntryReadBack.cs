using System.Globalization;
using System.Text.Json;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.S4Hana;

/// <summary>Looks journal entries up by the document reference. SAP itself checks no reference: a key may stand in several entries, which is for people to see.</summary>
sealed class JournalEntryReadBack(SignedHttp http, S4HanaOptions options, TimeProvider time)
{
    const int MaxPages = 100;

    readonly S4HanaReadBack _fields = options.ReadBack;

    public async Task<IReadOnlyList<ErpAnswer>> RunAsync(IReadOnlyList<ErpDocument> documents, CancellationToken deadline)
    {
        var answers = new List<ErpAnswer>(documents.Count);
        foreach (var chunk in documents.Chunk(_fields.KeysPerRequest))
        {
            var (items, fault) = await ItemsAsync(chunk, deadline);
            answers.AddRange(chunk.Select(d => fault ?? Compare(d, items[d.DocumentKey].ToList())));
        }
        return answers;
    }

    async Task<(ILookup<string, JsonElement> Items, ErpAnswer? Fault)> ItemsAsync(ErpDocument[] documents, CancellationToken deadline)
    {
        var items = new List<JsonElement>();
        var path = FirstPath(documents);
        for (var page = 0; page < MaxPages; page++)
        {
            var address = path;
            var (response, failure) = await http.SendAsync(() => Request(address), deadline);
            if (failure is not null) return (None(), failure);
            if (JournalEntryAnswers.OfStatus(response!.Status, response.Body, response.RetryAfter(time.GetUtcNow())) is { } refused) return (None(), refused);
            if (!TryRead(response.Body, items, out var next)) return (None(), Unreadable("the items cannot be read"));
            if (next is null) return (items.ToLookup(i => Text(i, _fields.KeyField)), null);
            if (Continuation(address, next) is not { } following) return (None(), Unreadable("the next page lies at another host"));
            path = following;
        }
        return (None(), Unreadable($"there are more than {MaxPages} pages"));

        static ILookup<string, JsonElement> None() => Array.Empty<JsonElement>().ToLookup(_ => "");
    }

    // Keys are Crockford's base 32: nothing in them needs escaping in the filter.
    string FirstPath(ErpDocument[] documents)
    {
        var keys = string.Join(" or ", documents.Select(d => $"{_fields.KeyField} eq '{d.DocumentKey}'"));
        var filter = $"({keys}) and {_fields.LedgerField} eq '{_fields.Ledger}'";
        return $"{_fields.Path}?$filter={Uri.EscapeDataString(filter)}&$select={string.Join(',', _fields.Fields)}&$format=json";
    }

    static HttpRequestMessage Request(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("application/json");
        return request;
    }

    /// <summary>The next page's path at the same host, or null.</summary>
    string? Continuation(string path, string next) =>
        Uri.TryCreate(new Uri(options.Address, path), next, out var uri) && uri.GetLeftPart(UriPartial.Authority) == options.Address.GetLeftPart(UriPartial.Authority) ? uri.PathAndQuery : null;

    /// <summary>Version 2 has d.results and __next, version 4 value and @odata.nextLink.</summary>
    static bool TryRead(string body, List<JsonElement> items, out string? next)
    {
        next = null;
        try
        {
            using var json = JsonDocument.Parse(body);
            var second = json.RootElement.TryGetProperty("d", out var root);
            if (!second) root = json.RootElement;
            items.AddRange(root.GetProperty(second ? "results" : "value").EnumerateArray().Select(i => i.Clone()));
            if (root.TryGetProperty(second ? "__next" : "@odata.nextLink", out var link)) next = link.GetString();
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    ErpAnswer Compare(ErpDocument document, List<JsonElement> items)
    {
        if (items.Count == 0) return new(ErpOutcome.Absent, 200, "NO_ITEM", "no journal entry has the reference");
        try
        {
            var entries = items.Select(Id).Distinct().Order(StringComparer.Ordinal).ToList();
            if (entries.Count > 1) return new(ErpOutcome.Different, 200, "ERP_DUPLICATE", $"the journal entries {string.Join(", ", entries)} have the reference", entries[0]);
            if (Difference(document, items) is { } difference) return new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"journal entry {entries[0]} differs: {difference}", entries[0]);
            return new(ErpOutcome.Found, 200, ErpId: entries[0]) { PostedOn = Date(Text(items[0], _fields.DateField)) };
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            return Unreadable(e.Message);
        }
    }

    string? Difference(ErpDocument document, List<JsonElement> items)
    {
        var company = options.Mapping.Find("companyCodes", document.LegalEntity);
        if (items.Find(i => Text(i, _fields.CompanyField) != company) is { ValueKind: JsonValueKind.Object } other) return $"company code is {Text(other, _fields.CompanyField)}";
        if (items.Find(i => Text(i, _fields.CurrencyField) != document.Currency) is { ValueKind: JsonValueKind.Object } foreign) return $"currency is {Text(foreign, _fields.CurrencyField)}";
        if (document.Kind == DocumentKind.GlJournal) return JournalDifference(document, items);
        var debtor = options.Mapping.Find("customers", document.CustomerId)!;
        var parties = items.Where(i => Text(i, _fields.AccountTypeField) == "D").ToList();
        if (parties.Find(i => !SameNumber(Text(i, _fields.CustomerField), debtor)) is { ValueKind: JsonValueKind.Object } party) return $"customer is {Text(party, _fields.CustomerField)}";
        return AmountDifference(Sum(parties), document.Kind == DocumentKind.ArInvoice ? document.Total : -document.Total);
    }

    string? JournalDifference(ErpDocument document, List<JsonElement> items)
    {
        var account = options.Mapping.Setting("journalDebitAccount")!;
        return AmountDifference(Sum(items.Where(i => SameNumber(Text(i, _fields.AccountField), account))), document.Total);
    }

    static string? AmountDifference(ExactDecimal found, ExactDecimal expected) => found == expected ? null : $"amount is {found}, expected {expected}";

    ExactDecimal Sum(IEnumerable<JsonElement> items) => items.Aggregate(ExactDecimal.Zero, (sum, i) => sum + ExactDecimal.Parse(Text(i, _fields.AmountField)));

    string Id(JsonElement item) => $"{Text(item, _fields.CompanyField)}/{Text(item, _fields.DocumentField)}/{Text(item, _fields.YearField)}";

    // SAP fills numbers up with zeros on the left, not everywhere.
    static bool SameNumber(string a, string b) => a.TrimStart('0') == b.TrimStart('0');

    static DateOnly? Date(string text)
    {
        if (text.StartsWith("/Date(", StringComparison.Ordinal) && long.TryParse(text[6..].TrimEnd('/', ')'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds))
            return DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime);
        return text.Length >= 10 && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
    }

    static string Text(JsonElement item, string name) => !item.TryGetProperty(name, out var value) ? "" : value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    static ErpAnswer Unreadable(string detail) => new(ErpOutcome.Unknown, 200, "ANSWER_UNREADABLE", detail);
}
