using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Streams.Cli.Commands;

/// <summary><c>streams approvals list|show|approve|refuse</c>: what waits for another person's word.</summary>
static class ApprovalsCommand
{
    static readonly PeopleOptionSet People = PeopleOptionSet.Create();

    public static Command Create() => new("approvals", """
        Requests that wait for approval: documents before they are posted, retries, releases, write-offs and reversals. Nobody decides on the own request.

        EXAMPLES
          streams approvals list
          streams approvals list --set --period 2026-01
          streams approvals approve 12 --hash 5f0c…
        """) { List(), Show(), Decide(approve: true), Decide(approve: false) };

    /// <summary>All documents that wait and have something in common.</summary>
    sealed record SetOptions(Option<bool> Set, Option<string?> Account, Option<string?> Entity, Option<string?> Customer, Option<string?> Kind, Option<string?> Currency, Option<string?> Period)
    {
        public static SetOptions On(Command command)
        {
            var options = new SetOptions(new("--set") { Description = "All documents that wait and that the options below fit, as one" }, new("--account") { Description = "Of this ERP account" },
                new("--entity") { Description = "Of this legal entity" }, new("--customer") { Description = "Of this customer" }, new("--kind") { Description = "AR_INVOICE, GL_JOURNAL, CREDIT_MEMO or RECEIPT" },
                new("--currency") { Description = "In this currency" }, new("--period") { Description = "Of this billing period", HelpName = "YYYY-MM" });
            foreach (var option in new Option[] { options.Set, options.Account, options.Entity, options.Customer, options.Kind, options.Currency, options.Period }) command.Add(option);
            return options;
        }

        public IReadOnlyList<(string Name, string? Value)> Values(ParseResult parsed)
        {
            List<(string Name, string? Value)> values = [("account", parsed.GetValue(Account)), ("legalEntity", parsed.GetValue(Entity)), ("customer", parsed.GetValue(Customer)), ("kind", parsed.GetValue(Kind)), ("currency", parsed.GetValue(Currency)), ("period", parsed.GetValue(Period))];
            if (!parsed.GetValue(Set) && values.Exists(v => v.Value is not null)) throw new CommandException(ExitCodes.WrongUsage, "--account, --entity, --customer, --kind, --currency and --period go with --set");
            return values;
        }
    }

    static Command List()
    {
        var status = new Option<string>("--status") { Description = "open, executed, refused, expired, void or all", DefaultValueFactory = _ => "open" };
        status.AcceptOnlyFromAmong("open", "executed", "refused", "expired", "void", "all");
        var action = new Option<string?>("--action") { Description = "post, retry, release, write_off or reverse" };
        var after = new Option<string?>("--after") { Description = "Go on behind this id" };
        var command = People.On(new Command("list", "List requests, oldest first; with --set what waits as a whole, and its hash. Exit code 4 when there is none.\n\nEXAMPLES\n  streams approvals list --action write_off\n  streams approvals list --set --period 2026-01 --entity US01") { status, action, after });
        var set = SetOptions.On(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            var values = set.Values(parsed);
            if (parsed.GetValue(set.Set)) return People.Print(parsed, await client.GetAsync("/v1/approval-sets", values, cancel), PeopleTables.Set);
            var wanted = parsed.GetValue(status) is "all" ? null : parsed.GetValue(status);
            return People.Print(parsed, await client.GetAsync("/v1/approvals", [("status", wanted), ("action", parsed.GetValue(action)), ("after", parsed.GetValue(after))], cancel), PeopleTables.Approvals);
        });
        return command;
    }

    static Command Show()
    {
        var id = new Argument<long>("ID");
        var command = People.On(new Command("show", "Show a request: what exactly will be done, its hash, and who has said what.\n\nEXAMPLE\n  streams approvals show 12") { id });
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = People.Open(parsed);
            return People.Print(parsed, await client.GetAsync($"/v1/approvals/{parsed.GetValue(id)}", [], cancel), PeopleTables.Request);
        });
        return command;
    }

    static Command Decide(bool approve)
    {
        var verb = approve ? "approve" : "refuse";
        var id = new Argument<long?>("ID") { Description = "The request; or --set", Arity = ArgumentArity.ZeroOrOne };
        var hash = new Option<string>("--hash") { Description = "The hash that show or list --set printed: the verdict is on exactly that", Required = true };
        var reason = new Option<string?>("--reason") { Description = "Why; kept in the audit trail", Required = !approve };
        var command = People.On(new Command(verb, approve
            ? "Approve what show or list --set showed. Refused when it has changed since.\n\nEXAMPLES\n  streams approvals approve 12 --hash 5f0c…\n  streams approvals approve --set --period 2026-01 --hash 77aa…"
            : "Refuse a request; a document that waited goes to the work list.\n\nEXAMPLE\n  streams approvals refuse 12 --hash 5f0c… --reason \"contract has ended\"") { id, hash, reason });
        var set = SetOptions.On(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var values = set.Values(parsed);
            if (parsed.GetValue(id).HasValue == parsed.GetValue(set.Set)) throw new CommandException(ExitCodes.WrongUsage, "Name either a request or --set");
            var body = new JsonObject { ["hash"] = parsed.GetValue(hash) };
            if (parsed.GetValue(reason) is { } why) body["reason"] = why;
            using var client = People.Open(parsed);
            if (parsed.GetValue(id) is { } one) return People.Print(parsed, await client.PostAsync($"/v1/approvals/{one.ToString(CultureInfo.InvariantCulture)}/{verb}", body, cancel), PeopleTables.Request);
            body["filter"] = new JsonObject(values.Where(v => v.Value is not null).Select(v => KeyValuePair.Create(v.Name, (JsonNode?)v.Value)));
            return People.Print(parsed, await client.PostAsync($"/v1/approval-sets/{verb}", body, cancel), a => Console.WriteLine($"{PeopleTables.Text(a, "documents")} documents {PeopleTables.Text(a, "status")}"));
        });
        return command;
    }
}
