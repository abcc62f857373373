using System.Globalization;
using System.Text.Json;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>Compares what NetSuite has with a document: key, currency, party, amount; and whether it is approved.</summary>
public static class NetSuiteComparison
{
    /// <summary>By the whole record, as a GET answers it.</summary>
    public static ErpAnswer OfRecord(string body, ErpDocument document, ErpMapping mapping) => Read(() =>
    {
        using var json = JsonDocument.Parse(body);
        var record = json.RootElement;
        var pending = Text(record, "approvalStatus") is "1" || Flag(record, "approved") is false;
        return Answer(Text(record, "id"), Difference(record, document, mapping), pending, Text(record, "tranDate"));
    });

    /// <summary>
    /// By a row of a query for id, externalid, entity, currency, foreigntotal, approvalstatus and posting. A row does not have a journal's sides:
    /// null says that the record itself must be read.
    /// </summary>
    public static ErpAnswer? OfRow(JsonElement row, ErpDocument document, ErpMapping mapping)
    {
        if (document.Kind == DocumentKind.GlJournal) return null;
        return Read(() =>
        {
            var pending = Text(row, "approvalstatus") is "1" || Flag(row, "posting") is false;
            return Answer(Text(row, "id"), RowDifference(row, document, mapping), pending, null);
        });
    }

    static ErpAnswer Answer(string? id, string? difference, bool pending, string? date)
    {
        if (id is null) return NetSuiteAnswers.Unknown(200, "ANSWER_UNREADABLE", "the record has no id");
        if (difference is not null) return new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"record {id} in NetSuite differs: {difference}", id);
        if (pending) return new(ErpOutcome.Unposted, 200, "PENDING_APPROVAL", $"record {id} waits for approval in NetSuite", id);
        return new(ErpOutcome.Found, 200, ErpId: id)
            { PostedOn = DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null };
    }

    static string? Difference(JsonElement record, ErpDocument document, ErpMapping mapping)
    {
        if (Text(record, "externalId") is var key && key != document.DocumentKey) return $"externalId is {key}";
        if (Text(record, "currency") is var currency && currency != mapping.Find("currencies", document.Currency)) return $"currency is {currency}";
        if (document.Kind == DocumentKind.GlJournal) return SidesDifference(record, document);
        var party = document.Kind == DocumentKind.Receipt ? "customer" : "entity";
        if (Text(record, party) is var entity && entity != mapping.Find("customers", document.CustomerId)) return $"{party} is {entity}";
        var total = Number(record.GetProperty(document.Kind == DocumentKind.Receipt ? "payment" : "total"));
        return total != document.Total ? $"total is {total}, expected {document.Total}" : null;
    }

    static string? SidesDifference(JsonElement record, ErpDocument document)
    {
        var debits = Sum(record, "debit");
        var credits = Sum(record, "credit");
        var expected = document.Lines.Aggregate(Positive(document.Total), (sum, line) => sum + Positive(-line.Amount));
        return debits != expected || credits != expected ? $"debits are {debits} and credits {credits}, expected {expected}" : null;
    }

    static string? RowDifference(JsonElement row, ErpDocument document, ErpMapping mapping)
    {
        if (Text(row, "currency") is var currency && currency != mapping.Find("currencies", document.Currency)) return $"currency is {currency}";
        if (Text(row, "entity") is var entity && entity != mapping.Find("customers", document.CustomerId)) return $"entity is {entity}";
        var total = Number(row.GetProperty("foreigntotal"));
        // Queries show what reduces the receivable with a minus.
        if (document.Kind is DocumentKind.CreditMemo or DocumentKind.Receipt && total < ExactDecimal.Zero) total = -total;
        return total != document.Total ? $"total is {total}, expected {document.Total}" : null;
    }

    static ErpAnswer Read(Func<ErpAnswer> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            return NetSuiteAnswers.Unknown(200, "ANSWER_UNREADABLE", e.Message);
        }
    }

    static ExactDecimal Sum(JsonElement record, string side)
    {
        var sum = ExactDecimal.Zero;
        foreach (var entry in record.GetProperty("line").GetProperty("items").EnumerateArray())
        {
            if (entry.TryGetProperty(side, out var amount)) sum += Number(amount);
        }
        return sum;
    }

    static ExactDecimal Positive(ExactDecimal amount) => amount > ExactDecimal.Zero ? amount : ExactDecimal.Zero;

    // Queries answer numbers as text.
    static ExactDecimal Number(JsonElement element) => ExactDecimal.Parse(element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText());

    /// <summary>A text, a number as text, or the id of a reference; null where there is none.</summary>
    static string? Text(JsonElement element, string name) => !element.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Object => Text(value, "id"),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };

    static bool? Flag(JsonElement element, string name) => !element.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString() switch { "T" => true, "F" => false, _ => null },
        _ => null,
    };
}
