using System.CommandLine;
using Npgsql;
using Streams.ErpSink.Reconciliation;

namespace Streams.Cli.Commands.Erp;

/// <summary><c>streams erp</c>: reconciliation, sign-offs, and a look at calls and quotas.</summary>
static class ErpCommand
{
    public static Command Create() => new("erp", "The posting ledger and the ERPs.")
    {
        ErpMapCommand.Create(), ErpReconcileCommand.Create(), Accept(), SignOff(), ErpFiguresCommand.Batches(), ErpFiguresCommand.Quota(), ErpFiguresCommand.Entries(),
    };

    internal static NpgsqlDataSource Ledger(ParseResult parsed, Option<string?> postgres) => parsed.GetValue(postgres) is { Length: > 0 } connection
        ? NpgsqlDataSource.Create(connection) : throw new CommandException(ExitCodes.WrongUsage, "--postgres is needed: where is the ledger?");

    internal static Option<string> By() => new("--by") { Description = "Who does it", DefaultValueFactory = _ => Environment.UserName };

    static Command Accept()
    {
        var id = new Argument<long>("difference") { Description = "Its number in the list of differences" };
        var note = new Option<string>("--note") { Description = "Why it may stay as it is", Required = true };
        var (by, postgres) = (By(), SharedOptions.Postgres());
        var accept = new Command("accept", "Accept a difference as it is. Should it change, it is open again.\n\nEXAMPLE\n  streams erp accept 12 --by ann --note \"agreed with the customer\"") { id, note, by, postgres };
        accept.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = Ledger(parsed, postgres);
            try
            {
                await new DifferenceStore(ledger).AcceptAsync(parsed.GetValue(id), parsed.GetValue(by)!, parsed.GetValue(note)!, cancel);
                return ExitCodes.Done;
            }
            catch (ArgumentException e)
            {
                throw new CommandException(ExitCodes.NothingMatched, e.Message);
            }
        });
        return accept;
    }

    static Command SignOff()
    {
        var period = new Option<string?>("--period") { Description = "Billing period; without it the sign-offs are listed", HelpName = "YYYY-MM" };
        var entity = new Option<string?>("--entity") { Description = "Legal entity" };
        var note = new Option<string?>("--note") { Description = "Said with the signature" };
        var reason = new Option<string?>("--void") { Description = "Void the sign-off, for this reason", HelpName = "REASON" };
        var (by, postgres) = (By(), SharedOptions.Postgres());
        var command = new Command("sign-off", "Sign a period of an entity off: refused while anything is under way, different, unexplained or not read back. Later differences void it.\n\nEXAMPLE\n  streams erp sign-off --period 2026-01 --entity US01 --by ann")
            { period, entity, note, reason, by, postgres };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = Ledger(parsed, postgres);
            var store = new SignOffStore(ledger);
            if (parsed.GetValue(period) is not { } month)
            {
                foreach (var s in await store.ListAsync(cancel: cancel)) Print(s);
                return ExitCodes.Done;
            }
            var of = parsed.GetValue(entity) ?? throw new CommandException(ExitCodes.WrongUsage, "--entity is needed: whose period?");
            try
            {
                if (parsed.GetValue(reason) is { } why) await store.VoidAsync(month, of, parsed.GetValue(by)!, why, cancel);
                else Print(await store.SignAsync(month, of, parsed.GetValue(by)!, parsed.GetValue(note), cancel));
                return ExitCodes.Done;
            }
            catch (SignOffRefusedException e)
            {
                throw new CommandException(ExitCodes.RefusedBySafetyCheck, e.Message);
            }
        });
        return command;
    }

    static void Print(SignOff s) => Console.WriteLine(
        $"{s.Period} {s.LegalEntity}: signed by {s.SignedBy} at {s.SignedAt:yyyy-MM-ddTHH:mm:ssZ}, figures {s.FiguresHash[..16]}{(s.VoidedAt is { } at ? $"; void since {at:yyyy-MM-ddTHH:mm:ssZ} by {s.VoidedBy}: {s.VoidReason}" : "")}");
}
