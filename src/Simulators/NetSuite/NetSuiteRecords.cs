using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>NetSuite's records: from the bodies that create them to the journal's shape, and back to the bodies that show them.</summary>
static class NetSuiteRecords
{
    static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["invoice"] = RecordKind.Invoice, ["journalEntry"] = RecordKind.GlJournal, ["creditMemo"] = RecordKind.CreditMemo, ["customerPayment"] = RecordKind.Receipt, ["customer"] = RecordKind.Other,
    };

    public static IEnumerable<string> Types => Kinds.Keys;

    public static bool IsType(string type) => Kinds.ContainsKey(type);

    public static string? Reference(JsonElement body, string name) => body.Member(name) is { ValueKind: JsonValueKind.Object } reference ? reference.Scalar("id") : body.Scalar(name);

    /// <summary>The record as its body says, not yet numbered.</summary>
    public static SimulatedRecord Read(string type, JsonElement body)
    {
        var lines = type switch
        {
            "invoice" => Items(body, credit: true),
            "creditMemo" => Items(body, credit: false),
            "journalEntry" => [.. body.Member("line").Items("items").Select(Entry)],
            "customerPayment" => Payment(body),
            _ => [],
        };
        var fields = new Dictionary<string, string>();
        if (body.Str("tranId") is { } number) fields["tranId"] = number;
        if (body.Str("memo") is { } memo) fields["memo"] = memo;
        if (Reference(body, "postingPeriod") is { } period) fields["postingPeriod"] = period;
        return new SimulatedRecord
        {
            Id = "", Type = type, Kind = Kinds[type], Key = body.Str("externalId"), Company = Reference(body, "subsidiary"), Party = Reference(body, type == "customerPayment" ? "customer" : "entity"),
            Currency = Reference(body, "currency"), Amount = Total(type, body, lines).ToString(), Date = body.Str("tranDate"), Posted = true, Number = body.Str("tranId"), Lines = lines, Fields = fields,
        };
    }

    /// <summary>The record as GET shows it.</summary>
    public static JsonObject Show(SimulatedRecord record, string self)
    {
        var body = NetSuiteWords.Link(self);
        body["id"] = record.Id;
        body["externalId"] = record.Key;
        body["tranDate"] = record.Date;
        body["tranId"] = record.Number;
        body["memo"] = record.Field("memo");
        if (record.Company is not null) body["subsidiary"] = new JsonObject { ["id"] = record.Company };
        if (record.Currency is not null) body["currency"] = new JsonObject { ["id"] = record.Currency };
        if (record.Party is not null) body[record.Type == "customerPayment" ? "customer" : "entity"] = new JsonObject { ["id"] = record.Party };
        if (record.Type == "customerPayment") body["payment"] = Answer.Number(record.Amount);
        if (record.Type == "journalEntry") body["approved"] = record.Posted;
        body["total"] = Answer.Number(record.Amount);
        body["approvalStatus"] = new JsonObject { ["id"] = record.Posted ? "2" : "1", ["refName"] = record.Posted ? "Approved" : "Pending Approval" };
        ShowLines(body, record);
        foreach (var empty in body.Where(p => p.Value is null).Select(p => p.Key).ToList()) body.Remove(empty);
        return body;
    }

    static void ShowLines(JsonObject body, SimulatedRecord record)
    {
        var lines = new JsonArray();
        var number = 0;
        foreach (var line in record.Lines)
        {
            if (line.Account.StartsWith("item:", StringComparison.Ordinal))
            {
                var amount = line.Credit == "0" ? line.Debit : line.Credit;
                if (IsReversed(record, line)) amount = "-" + amount;
                lines.Add(new JsonObject { ["line"] = ++number, ["item"] = new JsonObject { ["id"] = line.Account["item:".Length..] }, ["amount"] = Answer.Number(amount), ["description"] = line.Text });
            }
            else if (record.Type == "journalEntry")
            {
                lines.Add(new JsonObject
                {
                    ["line"] = number++, ["account"] = new JsonObject { ["id"] = line.Account },
                    [line.Credit == "0" ? "debit" : "credit"] = Answer.Number(line.Credit == "0" ? line.Debit : line.Credit), ["memo"] = line.Text,
                });
            }
            else if (line.AppliesTo is not null)
                lines.Add(new JsonObject { ["line"] = number++, ["doc"] = new JsonObject { ["id"] = line.AppliesTo }, ["apply"] = true, ["amount"] = Answer.Number(line.Credit) });
        }
        var list = record.Type switch { "journalEntry" => "line", "customerPayment" => "apply", _ => "item" };
        if (record.Kind != RecordKind.Other) body[list] = new JsonObject { ["items"] = lines, ["totalResults"] = lines.Count };
    }

    static bool IsReversed(SimulatedRecord record, SimulatedLine line) => record.Type == "invoice" ? line.Credit == "0" && line.Debit != "0" : line.Debit == "0" && line.Credit != "0";

    static ExactDecimal Total(string type, JsonElement body, IReadOnlyList<SimulatedLine> lines) => type switch
    {
        "invoice" or "creditMemo" => Sum(body.Member("item").Items("items"), "amount"),
        "journalEntry" => lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit)),
        "customerPayment" => body.Number("payment") ?? ExactDecimal.Zero,
        _ => ExactDecimal.Zero,
    };

    public static ExactDecimal Sum(IEnumerable<JsonElement> lines, string name) => lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + (l.Number(name) ?? ExactDecimal.Zero));

    static SimulatedLine Entry(JsonElement line) =>
        new(Reference(line, "account") ?? "", (line.Number("debit") ?? ExactDecimal.Zero).ToString(), (line.Number("credit") ?? ExactDecimal.Zero).ToString(), line.Str("memo"), Party: Reference(line, "entity"));

    // The other side is the account's receivable account, which the caller does not name.
    static List<SimulatedLine> Items(JsonElement body, bool credit)
    {
        var items = body.Member("item").Items("items").ToList();
        var lines = new List<SimulatedLine> { Side("receivable", credit ? Sum(items, "amount") : -Sum(items, "amount"), null) };
        foreach (var item in items)
        {
            var amount = item.Number("amount") ?? ExactDecimal.Zero;
            lines.Add(Side($"item:{Reference(item, "item")}", credit ? -amount : amount, item.Str("description")));
        }
        foreach (var apply in body.Member("apply").Items("items")) lines.Add(new("applied", "0", "0", null, $"{Document(apply)}"));
        return lines;
    }

    static List<SimulatedLine> Payment(JsonElement body)
    {
        var paid = body.Number("payment") ?? ExactDecimal.Zero;
        var lines = new List<SimulatedLine> { Side(Reference(body, "account") ?? "undeposited", paid, null) };
        var rest = paid;
        foreach (var apply in body.Member("apply").Items("items"))
        {
            var amount = apply.Number("amount") ?? ExactDecimal.Zero;
            lines.Add(Side("receivable", -amount, null) with { AppliesTo = Document(apply) });
            rest -= amount;
        }
        if (rest != ExactDecimal.Zero) lines.Add(Side("receivable", -rest, "unapplied"));
        return lines;
    }

    /// <summary>The document that an apply line names, by id or as eid:KEY.</summary>
    public static string? Document(JsonElement apply) =>
        Reference(apply, "doc") ?? (apply.Member("doc").Str("externalId") is { } key ? $"eid:{key}" : null);

    static SimulatedLine Side(string account, ExactDecimal debit, string? text) =>
        debit < ExactDecimal.Zero ? new(account, "0", (-debit).ToString(), text) : new(account, debit.ToString(), "0", text);

    public static bool IsDate(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}
