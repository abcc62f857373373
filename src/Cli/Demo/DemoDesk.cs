using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;
using Streams.ErpSink.People;

namespace Streams.Cli.Demo;

/// <summary>A command as a person types it, and what it said; <see cref="ExitCode"/> and <see cref="Output"/> are null where it was left to the person.</summary>
sealed record DemoCommandLine(string Line, int? ExitCode = null, string? Output = null);

/// <summary>A document that the ERP refused, whose it is until when, and the commands that bring it in.</summary>
sealed record DemoException(long WorkItem, string Code, string Reason, string Detail, string Owner, DateTime? DueAt, string Amount, string Document, string Account, string Customer, IReadOnlyList<DemoCommandLine> Commands);

/// <summary>
/// The person who looks after exceptions: sees what was refused, has its cause put right in the ERP, retries it and reconciles. The streams commands run as processes of
/// their own, from the arguments that are printed.
/// </summary>
sealed class DemoDesk(DemoPlant plant)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>The oldest open exception, seen, fixed and retried until it is posted; null where there is none.</summary>
    /// <param name="byHand">Leaves all of it to the person: the commands are only named.</param>
    /// <exception cref="CommandException">A command did not do what it is for.</exception>
    public async Task<DemoException?> HandleAsync(bool byHand, CancellationToken cancel)
    {
        if (await OldestAsync(cancel) is not { } item) return null;
        var lines = new List<DemoCommandLine> { new($". {plant.Files.Shell}") };
        string[][] look = [["work", "list"], ["work", "show", Text(item.Id)]];
        string[] retry = ["work", "retry", Text(item.Id), "--reason", $"{item.CustomerId} was created in the ERP"];
        string[] reconcile = ["erp", "reconcile", "--read-back", "--config", plant.Files.Configuration, "--bootstrap-server", plant.Kafka.BootstrapServers];
        var fix = new Uri(plant.Erps.Single(e => e.Erp == "s4hana").Address, "/simulator/masterdata");
        if (byHand) return Of(item, [.. lines, .. look.Select(Printed), new(Curl(fix)), Printed(retry), Printed(reconcile)]);
        foreach (var command in look) lines.Add(await RunAsync(command, cancel));
        lines.Add(await FixAsync(fix, cancel));
        lines.Add(await RunAsync(retry, cancel));
        await PostedAsync(item, cancel);
        lines.Add(await RunAsync(reconcile, cancel));
        return Of(item, lines);
    }

    async Task<WorkEntry?> OldestAsync(CancellationToken cancel)
    {
        await using var connection = new NpgsqlConnection(plant.Postgres);
        await connection.OpenAsync(cancel);
        return (await WorkQueue.ListAsync(connection, new WorkFilter(), 0, 1)).SingleOrDefault();
    }

    static async Task<DemoCommandLine> FixAsync(Uri address, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = Patience };
        using var answer = await http.PostAsync(address, new StringContent(DemoErp.AllCustomers), cancel);
        var said = await answer.Content.ReadAsStringAsync(cancel);
        return answer.IsSuccessStatusCode ? new(Curl(address), 0, said) : throw new CommandException(ExitCodes.Failed, $"{address} answered {(int)answer.StatusCode}: {said}");
    }

    async Task<DemoCommandLine> RunAsync(string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        foreach (var argument in (string[])[typeof(DemoDesk).Assembly.Location, .. arguments]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in plant.Files.Environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Patience);
        try
        {
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            var line = Line(arguments);
            return process.ExitCode == ExitCodes.Done ? new(line, process.ExitCode, output.TrimEnd()) : throw new CommandException(ExitCodes.Failed, $"'{line}' ended with {process.ExitCode}: {await error}{output}");
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    /// <summary>Waits until the ledger says that the ERP has the document.</summary>
    async Task PostedAsync(WorkEntry item, CancellationToken cancel)
    {
        await using var connection = new NpgsqlConnection(plant.Postgres);
        await connection.OpenAsync(cancel);
        while (true)
        {
            var posting = (await WorkQueue.PostingsAsync(connection, null, item.Account, null, null, item.DocumentKey, ("", ""), 1)).Single();
            if (posting.State == "confirmed") return;
            if (posting.State is "refused" or "held") throw new CommandException(ExitCodes.Failed, $"{item.DocumentKey} was retried and is {posting.State}: {posting.Reason}");
            await Task.Delay(50, cancel);
        }
    }

    static DemoException Of(WorkEntry item, IReadOnlyList<DemoCommandLine> commands) =>
        new(item.Id, item.Code, item.Reason ?? "", item.Detail, item.Owner ?? "", item.DueAt, $"{item.Amount} {item.Currency}", item.DocumentKey ?? "", item.Account ?? "", item.CustomerId ?? "", commands);

    static DemoCommandLine Printed(string[] arguments) => new(Line(arguments));

    static string Line(string[] arguments) => $"./streams {string.Join(' ', arguments.Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"\"{a}\"" : a))}";

    static string Curl(Uri address) => $"curl -s -X POST {address} -d '{DemoErp.AllCustomers}'";

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
