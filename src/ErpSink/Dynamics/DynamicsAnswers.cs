using System.Text.Json;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>
/// What F&amp;O's answers mean. All business meaning stands in the Infolog inside the error body, which comes with 400 and 500 alike.
/// Whatever is not certain is unknown.
/// </summary>
sealed class DynamicsAnswers(DynamicsOptions options, TimeProvider time)
{
    readonly TextPatterns _closedPeriod = new(nameof(options.ClosedPeriodPatterns), options.ClosedPeriodPatterns);
    readonly TextPatterns _duplicate = new(nameof(options.DuplicatePatterns), options.DuplicatePatterns);
    readonly TextPatterns _conflict = new(nameof(options.ConflictPatterns), options.ConflictPatterns);
    readonly TextPatterns _parallelImport = new(nameof(options.ParallelImportPatterns), options.ParallelImportPatterns);

    /// <summary>The outcome of an answer that is no success.</summary>
    public ErpAnswer OfError(ErpResponse response) => OfError(response.Status, response.Body) with { RetryAfter = Throttle(response.Status) ? response.RetryAfter(time.GetUtcNow()) : null };

    /// <summary>The outcome of one change set of a batch.</summary>
    /// <returns>Null when each of its operations succeeded.</returns>
    public ErpAnswer? OfChangeSet(IReadOnlyList<BatchPart> parts, int operations)
    {
        if (parts.FirstOrDefault(p => p.Status is < 200 or >= 300) is { } failed)
            return OfError(failed.Status, failed.Body) with { RetryAfter = Throttle(failed.Status) ? RetryAfterText.Parse(failed.RetryAfter, time.GetUtcNow()) : null };
        if (parts.Count != operations) return new(ErpOutcome.Unknown, 200, "ANSWER_MISSING", "the batch's answer says nothing, or not everything, of this document");
        return parts.Any(p => p.Body.Length > 0 && JsonReading.Success(p.Body) is null)
            ? new(ErpOutcome.Unknown, parts[0].Status, "ANSWER_UNREADABLE", "a success whose body is none") : null;
    }

    /// <summary>Whether an import was refused only because another one uses the data project.</summary>
    public bool IsParallelImport(ErpAnswer answer) => _parallelImport.Match(answer.Detail ?? "");

    /// <summary>What an import's own words about a document mean.</summary>
    public ErpAnswer OfImportError(string text, string job) => (OfInfolog(200, "IMPORT_REFUSED", text) is { Outcome: not ErpOutcome.Unknown } known
        ? known : new ErpAnswer(ErpOutcome.Validation, 200, "IMPORT_REFUSED", text)) with { Job = job };

    ErpAnswer OfError(int status, string body)
    {
        var error = ODataError.Parse(body);
        var code = string.IsNullOrEmpty(error?.Code) ? null : error.Code;
        if (Throttle(status)) return new(ErpOutcome.Throttled, status, code ?? (status == 429 ? "TOO_MANY_REQUESTS" : "UNAVAILABLE"), error?.Text);
        if (status is 401 or 403) return new(ErpOutcome.Unauthorized, status, code ?? "UNAUTHORIZED", error?.Text);
        // A proxy's page is not F&O's word; a redirect is never followed.
        if (error is null || status is < 400 or 408 or 409 or 412 or 502 or 504) return new(ErpOutcome.Unknown, status, code ?? $"HTTP_{status}", error?.Text);
        if (status >= 500 && !error.Text.Contains("Infolog", StringComparison.OrdinalIgnoreCase)) return new(ErpOutcome.Unknown, status, code ?? $"HTTP_{status}", error.Text);
        return OfInfolog(status, code ?? "INFOLOG", error.Text);
    }

    ErpAnswer OfInfolog(int status, string code, string text)
    {
        if (_conflict.Match(text)) return new(ErpOutcome.Unknown, status, "UPDATE_CONFLICT", text);
        if (_duplicate.Match(text)) return new(ErpOutcome.Duplicate, status, "DUPLICATE", text);
        return _closedPeriod.Match(text) ? new(ErpOutcome.PeriodClosed, status, "PERIOD_CLOSED", text) : new(ErpOutcome.Validation, status, code, text);
    }

    static bool Throttle(int status) => status is 429 or 503;
}

/// <summary>What a record found in F&amp;O has to do with a document.</summary>
static class DynamicsComparison
{
    /// <summary>Found, unposted or different.</summary>
    public static ErpAnswer Compare(ErpDocument document, string headerSet, JsonElement header, IReadOnlyList<JsonElement> lines, DynamicsMapping mapping)
    {
        var number = DynamicsRecord.NumberOf(headerSet, header);
        try
        {
            if (Difference(document, headerSet, header, lines, mapping) is { } difference)
                return new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"{headerSet} {number} in F&O differs: {difference}", number);
            if (header.Text("IsPosted") is not ("Yes" or "No")) return Unreadable("IsPosted is neither Yes nor No");
            var posted = header.Text("IsPosted") == "Yes";
            return new(posted ? ErpOutcome.Found : ErpOutcome.Unposted, 200, Detail: header.Text("FreeTextNumber"), ErpId: number)
            {
                PostedOn = posted ? Date(DynamicsRecord.IsInvoice(headerSet) ? header.Text("InvoiceDate") : lines[0].Text("TransDate") ?? lines[0].Text("TransactionDate")) : null,
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException)
        {
            return Unreadable(e.Message);
        }
    }

    static string? Difference(ErpDocument document, string headerSet, JsonElement header, IReadOnlyList<JsonElement> lines, DynamicsMapping mapping)
    {
        var currency = mapping.Currency(document);
        if (DynamicsRecord.IsInvoice(headerSet))
        {
            if (header.Text("CustomerAccount") is var customer && customer != mapping.Customer(document)) return $"CustomerAccount is {customer}";
            if (header.Text("CurrencyCode") is var code && code != currency) return $"CurrencyCode is {code}";
            var expected = document.Kind == DocumentKind.CreditMemo ? -document.Total : document.Total;
            var total = lines.Aggregate(ExactDecimal.Zero, (sum, line) => sum + Amount(line));
            return total == expected ? null : $"the lines add up to {total}, expected {expected}";
        }
        if (lines.Select(l => l.Text("CurrencyCode")).FirstOrDefault(c => c != currency) is { } other) return $"CurrencyCode is {other}";
        var debits = lines.Aggregate(ExactDecimal.Zero, (sum, line) => sum + line.Number("DebitAmount"));
        var credits = lines.Aggregate(ExactDecimal.Zero, (sum, line) => sum + line.Number("CreditAmount"));
        if (document.Kind == DocumentKind.Receipt)
        {
            if (lines.Select(l => l.Text("AccountDisplayValue")).FirstOrDefault(a => a != mapping.CustomerAccount(document)) is { } account) return $"AccountDisplayValue is {account}";
            return debits != ExactDecimal.Zero || credits != document.Total ? $"debits are {debits} and credits {credits}, expected 0 and {document.Total}" : null;
        }
        var turnover = Figures.Turnover(document);
        return debits != turnover || credits != turnover ? $"debits are {debits} and credits {credits}, expected {turnover}" : null;
    }

    static ExactDecimal Amount(JsonElement line)
    {
        var (price, quantity) = (line.Number("UnitPrice"), line.Number("Quantity"));
        var product = price.Unscaled * quantity.Unscaled;
        return product % ExactDecimal.One == 0 ? new ExactDecimal(product / ExactDecimal.One) : throw new FormatException($"{price} times {quantity} has more than nine decimals");
    }

    static DateOnly? Date(string? text) => text is { Length: >= 10 } && DateOnly.TryParseExact(text.AsSpan(0, 10), "yyyy-MM-dd", out var date) ? date : null;

    static ErpAnswer Unreadable(string detail) => new(ErpOutcome.Unknown, 200, "ANSWER_UNREADABLE", detail);
}
