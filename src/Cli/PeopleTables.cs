using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Streams.Cli;

/// <summary>Work items, requests and what belongs to them, for the terminal.</summary>
static class PeopleTables
{
    public static void Work(JsonNode page)
    {
        var table = new Table().AddColumns("id", "code", "owner", "due", "amount", "customer", "document", "request");
        foreach (var w in Items(page))
            table.AddRow(Cells(Text(w, "id"), Text(w, "code"), Text(w, "owner"), Due(w), Money(w), Text(w, "customerId"), Text(w, "documentKey"), Text(w, "openRequest")));
        AnsiConsole.Write(table);
        Next(page);
    }

    public static void WorkItem(JsonNode detail)
    {
        var w = detail["item"]!;
        foreach (var (name, value) in new[]
        {
            ("work item", Text(w, "id")), ("code", Text(w, "code")), ("reason", Text(w, "reason")), ("detail", Text(w, "detail")), ("owner", Text(w, "owner")), ("due", Due(w)), ("amount", Money(w)),
            ("document", $"{Text(w, "documentKey")} in {Text(w, "account")}, {Text(w, "state")}"), ("customer", $"{Text(w, "customerId")}, {Text(w, "legalEntity")}, {Text(w, "period")}"), ("opened", Time(w, "openedAt")),
            ("resolved", w["resolution"] is null ? "" : $"{Text(w, "resolution")} {Time(w, "resolvedAt")}, {Text(w, "resolvedBy")} / {Text(w, "approvedBy")}"), ("open request", Text(w, "openRequest")),
        })
        {
            if (value.Length > 0) Console.WriteLine($"{name,-13} {value}");
        }
        foreach (var n in detail["notes"]!.AsArray()) Console.WriteLine($"{"note",-13} {Time(n!, "at")} {Text(n!, "actor")}: {Text(n!, "text")}");
    }

    public static void Approvals(JsonNode page)
    {
        var table = new Table().AddColumns("id", "action", "status", "by", "documents", "total", "approved", "rule", "expires", "reason");
        foreach (var r in Items(page))
            table.AddRow(Cells(Text(r, "id"), Text(r, "action"), Text(r, "status"), Text(r, "requestedBy"), Text(r, "documents"), Totals(r), $"{Text(r, "approved")} of {Text(r, "approvers")}", Text(r, "rule"), Time(r, "expiresAt"), Text(r, "reason")));
        AnsiConsole.Write(table);
        Next(page);
    }

    public static void Request(JsonNode detail)
    {
        var r = detail["request"]!;
        Console.WriteLine($"request {Text(r, "id")}: {Text(r, "action")}{(r["postingDate"] is null ? "" : $" at {Text(r, "postingDate")}")}, {Text(r, "status")}, {Text(r, "documents")} documents, {Totals(r)}");
        Console.WriteLine($"asked by {Text(r, "requestedBy")}, {Time(r, "requestedAt")}{(Text(r, "reason") is { Length: > 0 } why ? $": {why}" : "")}{(Text(r, "rule") is { Length: > 0 } rule ? $" (rule: {rule})" : "")}");
        foreach (var a in detail["approvals"]!.AsArray()) Console.WriteLine($"{Text(a!, "verdict")} by {Text(a!, "actor")}, {Time(a!, "at")} {Text(a!, "reason")}".TrimEnd());
        var table = new Table().AddColumns("document", "account", "kind", "customer", "amount", "state", "code");
        foreach (var d in detail["documents"]!.AsArray()) table.AddRow(Cells(Text(d!, "documentKey"), Text(d!, "account"), Text(d!, "kind"), Text(d!, "customerId"), Money(d!), Text(d!, "state"), Text(d!, "code")));
        AnsiConsole.Write(table);
        if (detail["reversal"] is { } reversal) Reversal(reversal);
        if (Text(r, "status") == "open") Console.WriteLine($"needs {Text(r, "approvers")} other(s), has {Text(r, "approved")}. next: streams approvals approve {Text(r, "id")} --hash {Text(r, "hash")}");
    }

    static void Reversal(JsonNode r)
    {
        Console.WriteLine($"{Text(r, "reverses")} is reversed by {Text(r, "kind")} {Text(r, "documentKey")}, {Money(r)}");
        if (Text(r, "mappingThen") is { Length: > 0 } then && Text(r, "mappingNow") is { Length: > 0 } now && then != now)
            Console.WriteLine($"careful: it was posted by mapping {then}, and mapping {now} is in force: the counter-document goes by that one");
    }

    public static void Postings(JsonNode page)
    {
        var table = new Table().AddColumns("document", "account", "state", "kind", "customer", "amount", "ERP id", "reversal");
        foreach (var p in Items(page))
            table.AddRow(Cells(Text(p, "documentKey"), Text(p, "account"), Text(p, "state"), Text(p, "kind"), Text(p, "customerId"), Money(p), Text(p, "erpId"), Link(p)));
        AnsiConsole.Write(table);
    }

    static string Link(JsonNode posting) => posting switch
    {
        _ when Text(posting, "reverses") is { Length: > 0 } original => $"of {original}",
        _ when Text(posting, "reversedBy") is { Length: > 0 } counter => $"by {counter}",
        _ => "",
    };

    public static void Set(JsonNode set)
    {
        Console.WriteLine($"{Text(set, "documents")} documents wait for approval, {Totals(set)}");
        Console.WriteLine($"next: streams approvals approve --set {string.Concat(set["filter"]!.AsObject().Select(f => $"--{Option(f.Key)} {f.Value} "))}--hash {Text(set, "hash")}");
    }

    public static string Text(JsonNode node, string name) => node[name]?.ToString() ?? "";

    static string Option(string name) => name == "legalEntity" ? "entity" : name;

    static IEnumerable<JsonNode> Items(JsonNode page) => page["items"]!.AsArray().Select(i => i!);

    static string Due(JsonNode w) => Time(w, "dueAt") + (w["overdue"]?.GetValue<bool>() == true ? " overdue" : "");

    static string Money(JsonNode node) => Padded($"{Text(node, "amount")} {Text(node, "currency")}".Trim());

    static string Totals(JsonNode node) => string.Join(", ", Text(node, "totals").Split(", ").Select(Padded));

    /// <summary>"842.1 USD" with the currency's decimals; what is finer than that stays.</summary>
    static string Padded(string money)
    {
        var parts = money.Split(' ');
        if (parts.Length != 2 || parts[0].Length == 0) return money;
        var (whole, fraction) = parts[0].Split('.') is [var w, var f] ? (w, f) : (parts[0], "");
        fraction = fraction.PadRight(Schemas.Money.MinorUnits(parts[1]), '0');
        return fraction.Length == 0 ? $"{whole} {parts[1]}" : $"{whole}.{fraction} {parts[1]}";
    }

    static string Time(JsonNode node, string name) => node[name] is { } value ? value.GetValue<DateTimeOffset>().UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) : "";

    static string[] Cells(params string[] cells) => [.. cells.Select(Markup.Escape)];

    static void Next(JsonNode page)
    {
        if (Text(page, "next") is { Length: > 0 } next) Console.WriteLine($"more: --after {next}");
    }
}
