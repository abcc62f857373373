using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Streams.Cli.Commands;

/// <summary><c>streams work list|show|assign|note|retry|release|write-off|reverse|document</c>: exceptions that wait for a person, and what people do with documents.</summary>
static class WorkCommand
{
    static readonly PeopleOptionSet People = PeopleOptionSet.Create();

    public static Command Create() => new("work", """
        Business exceptions: what the ERP or a rule would not have, whose it is and until when.

        EXAMPLES
          streams work list --overdue
          streams work retry --code TAX_CODE_MISSING --period 2026-01 --reason "tax codes are mapped"
        """) { List(), Show(), Assign(), Note(), Retry(), Release(), WriteOff(), Reverse(), Document() };

    sealed record Filter(Option<string?> Code, Option<string?> Owner, Option<string?> Account, Option<string?> Period, Option<string?> Entity, Option<string?> Customer)
    {
        public static Filter On(Command command)
        {
            var filter = new Filter(new("--code") { Description = "Items of this code" }, new("--owner") { Description = "Of this owner" }, new("--account") { Description = "Of this ERP account" },
                new("--period") { Description = "Of this billing period", HelpName = "YYYY-MM" }, new("--entity") { Description = "Of this legal entity" }, new("--customer") { Description = "Of this customer" });
            foreach (var option in new Option[] { filter.Code, filter.Owner, filter.Account, filter.Period, filter.Entity, filter.Customer }) command.Add(option);
            return filter;
        }

        public IReadOnlyList<(string Name, string? Value)> Values(ParseResult parsed) =>
            [("code", parsed.GetValue(Code)), ("owner", parsed.GetValue(Owner)), ("account", parsed.GetValue(Account)), ("period", parsed.GetValue(Period)), ("legalEntity", parsed.GetValue(Entity)), ("customer", parsed.GetValue(Customer))];
    }

    static Command List()
    {
        var command = People.On(new Command("list", "List open items, oldest first. Exit code 4 when there is none.\n\nEXAMPLES\n  streams work list --owner ar-team\n  streams work list --overdue --output json | jq '.items[].id'"));
        var filter = Filter.On(command);
        var overdue = new Option<bool>("--overdue") { Description = "Only items behind their deadline" };
        var resolved = new Option<bool>("--resolved") { Description = "Resolved items instead of open ones" };
        var (after, limit) = (new Option<string?>("--after") { Description = "Go on behind this id" }, new Option<int>("--limit") { Description = "At most so many", DefaultValueFactory = _ => 100 });
        foreach (var option in new Option[] { overdue, resolved, after, limit }) command.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            var answer = await client.GetAsync("/v1/work-items", [.. filter.Values(parsed), ("overdue", parsed.GetValue(overdue) ? "true" : null), ("resolved", parsed.GetValue(resolved) ? "true" : null),
                ("after", parsed.GetValue(after)), ("limit", parsed.GetValue(limit).ToString(CultureInfo.InvariantCulture))], cancel);
            return People.Print(parsed, answer, PeopleTables.Work);
        });
        return command;
    }

    static Command Show()
    {
        var id = new Argument<long>("ID");
        var command = People.On(new Command("show", "Show one item with its notes.\n\nEXAMPLE\n  streams work show 17") { id });
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            return People.Print(parsed, await client.GetAsync($"/v1/work-items/{parsed.GetValue(id)}", [], cancel), PeopleTables.WorkItem);
        });
        return command;
    }

    static Command Assign()
    {
        var (id, owner) = (new Argument<long>("ID"), new Argument<string>("OWNER"));
        var due = new Option<DateTimeOffset?>("--due") { Description = "A new deadline (ISO 8601)" };
        var command = People.On(new Command("assign", "Hand an item to somebody.\n\nEXAMPLE\n  streams work assign 17 bob --due 2026-02-05T16:00:00Z") { id, owner, due });
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            var body = new JsonObject { ["owner"] = parsed.GetValue(owner) };
            if (parsed.GetValue(due) is { } at) body["dueAt"] = at.ToString("o", CultureInfo.InvariantCulture);
            return People.Print(parsed, await client.PostAsync($"/v1/work-items/{parsed.GetValue(id)}/assign", body, cancel), PeopleTables.WorkItem);
        });
        return command;
    }

    static Command Note()
    {
        var (id, text) = (new Argument<long>("ID"), new Argument<string>("TEXT"));
        var command = People.On(new Command("note", "Write something down about an item. Notes stay.\n\nEXAMPLE\n  streams work note 17 \"asked the customer for the tax code\"") { id, text });
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            return People.Print(parsed, await client.PostAsync($"/v1/work-items/{parsed.GetValue(id)}/notes", new JsonObject { ["text"] = parsed.GetValue(text) }, cancel), PeopleTables.WorkItem);
        });
        return command;
    }

    static Command Retry() => Ask(
        new Command("retry", "Post again what was held or refused, after its cause was put right. What rules want approved waits for it.\n\nEXAMPLES\n  streams work retry 17 18 --reason \"customer is mapped\"\n  streams work retry --code TAX_CODE_MISSING --account 1234567 --period 2026-01 --reason \"tax codes are mapped\""),
        "retry", null);

    static Command Release()
    {
        var date = new Option<DateOnly>("--to-date") { Description = "The posting date, in an open period", Required = true, HelpName = "YYYY-MM-DD" };
        return Ask(new Command("release", "Post at another date what was held for a closed period. The service period stays.\n\nEXAMPLE\n  streams work release --code PERIOD_CLOSED --period 2026-01 --to-date 2026-02-01 --reason \"January is closed\"") { date }, "release", date);
    }

    static Command WriteOff() => Ask(new Command("write-off", "Give up what will never be posted. Another person has to approve.\n\nEXAMPLE\n  streams work write-off 17 --reason \"customer was merged, billed by hand as 4711\""), "write_off", null);

    static Command Reverse()
    {
        var key = new Argument<string>("KEY") { Description = "The document" };
        var reason = new Option<string>("--reason") { Description = "Why; kept in the audit trail", Required = true };
        var command = People.On(new Command("reverse", """
            Take back a document that is confirmed in the ERP, by a counter-document of the same lines: an invoice by a credit memo, a credit memo by an invoice, a journal by the opposite one.
            Another person has to approve. Each document once; receipts and reversals never.

            EXAMPLE
              streams work reverse 7M4QK2XW9D3HRT01 --reason "posted to the wrong customer"
            """) { key, reason });
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            return People.Print(parsed, await client.PostAsync($"/v1/postings/{Uri.EscapeDataString(parsed.GetValue(key)!)}/reversal", new JsonObject { ["reason"] = parsed.GetValue(reason) }, cancel), PeopleTables.Request);
        });
        return command;
    }

    static Command Document()
    {
        var key = new Argument<string>("KEY") { Description = "The document" };
        var command = People.On(new Command("document", "Show where a document stands in each account, what it reverses and what reverses it.\n\nEXAMPLE\n  streams work document 7M4QK2XW9D3HRT01") { key });
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            return People.Print(parsed, await client.GetAsync($"/v1/postings/{Uri.EscapeDataString(parsed.GetValue(key)!)}", [], cancel), PeopleTables.Postings);
        });
        return command;
    }

    static Command Ask(Command command, string action, Option<DateOnly>? date)
    {
        var items = new Argument<long[]>("ID") { Description = "Work items; or all that the options fit", Arity = ArgumentArity.ZeroOrMore };
        var reason = new Option<string>("--reason") { Description = "Why; kept in the audit trail", Required = true };
        command.Add(items);
        command.Add(reason);
        var filter = Filter.On(People.On(command));
        command.SetAction(async (parsed, cancel) =>
        {
            var body = new JsonObject { ["action"] = action, ["reason"] = parsed.GetValue(reason) };
            var values = filter.Values(parsed).Where(v => v.Value is not null).ToList();
            var ids = parsed.GetValue(items)!;
            if (ids.Length > 0 == values.Count > 0) throw new CommandException(ExitCodes.WrongUsage, "Name either items or what they have in common (--code, --account, --period, ...)");
            if (ids.Length > 0) body["items"] = new JsonArray([.. ids.Select(i => JsonValue.Create(i))]);
            else body["filter"] = new JsonObject(values.Select(v => KeyValuePair.Create(v.Name, (JsonNode?)v.Value)));
            if (date is not null) body["postingDate"] = parsed.GetValue(date).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            using var client = People.Open(parsed);
            return People.Print(parsed, await client.PostAsync("/v1/work-items/requests", body, cancel), PeopleTables.Request);
        });
        return command;
    }
}
