using Dapper;
using Npgsql;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>
/// What is not the process's end: PostgreSQL or its connections go away, the clock jumps, or the process stands still while another takes over, and goes on.
/// STREAMS_MATRIX="clock an hour back" or another part of a name runs only these.
/// </summary>
[Collection("kill points")]
public sealed class InterruptionTests(ITestOutputHelper output)
{
    static readonly string[] Points =
        ["sink.after_permit", "sink.after_attempt_row", "sink.after_send", "sink.after_created", "sink.before_finish", "sink.after_finish", "sink.before_confirm", "sink.after_confirm"];

    [Fact]
    public async Task Each_document_is_once_in_the_ERP_or_listed_with_a_reason()
    {
        using var lanes = new MatrixLanes();
        await RunAsync(lanes, 12, "F-30 F-35",
            new("connections to PostgreSQL broken", (_, ledger, _) => Break(ledger)),
            new("clock a day ahead", (_, ledger, clock) => Jump(ledger, clock, TimeSpan.FromDays(1))),
            new("clock an hour back", (_, ledger, clock) => Jump(ledger, clock, TimeSpan.FromHours(-1))),
            new("paused, and another took over", (life, _, _) => life.Pause()));
    }

    [Fact]
    public async Task PostgreSQL_may_go_away_at_any_point()
    {
        using var server = PostgresServer.Start();
        using var lanes = new MatrixLanes(server: server.ConnectionString);
        await RunAsync(lanes, 3, "F-30",
            new("PostgreSQL stopped", (_, _, _) => ComeBack(server, server.Stop)),
            new("PostgreSQL killed", (_, _, _) => ComeBack(server, server.Kill)));
    }

    async Task RunAsync(MatrixLanes lanes, int dailyShare, string faults, params Interruption[] interruptions)
    {
        var all = (from erp in MatrixErp.All from fault in MatrixFault.All.Where(f => faults.Contains(f.Name)) from point in Points from interruption in interruptions
                   select (new Scenario(erp, fault, point, 0), (Interruption?)interruption)).ToList();
        if (Environment.GetEnvironmentVariable("STREAMS_MATRIX") is { Length: > 0 } part) all = [.. all.Where(c => $"{c.Item1.Name}, {c.Item2!.Name}".Contains(part, StringComparison.Ordinal))];
        var chosen = Tier.IsFull || all.Count <= dailyShare ? all : MatrixTests.Drawn(all, dailyShare, output);
        var results = await lanes.RunAsync(chosen);
        foreach (var (interruption, own) in chosen.Zip(results).GroupBy(p => p.First.Item2!.Name).Select(g => (g.Key, g.Select(p => p.Second).ToList())))
            output.WriteLine($"{interruption}: {own.Count(r => r.IsGreen)} of {own.Count} green, {own.Count(r => r.Killed)} interrupted");
        foreach (var (what, red) in chosen.Zip(results).Where(p => !p.Second.IsGreen)) output.WriteLine($"RED {red.Scenario.Name}, {what.Item2!.Name}: {red.Differences[0].Text}");
        Assert.All(results, MatrixTests.AssertGreen);
    }

    static void Break(LedgerClock ledger)
    {
        using var connection = new NpgsqlConnection(ledger.ConnectionString + ";Pooling=false");
        connection.Execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name <> 'clock' and pid <> pg_backend_pid()");
    }

    static void Jump(LedgerClock ledger, VirtualClock clock, TimeSpan by)
    {
        ledger.MoveAsync(by).GetAwaiter().GetResult();
        clock.Move(by);
    }

    /// <summary>It is away when the line goes on, and comes back a little later.</summary>
    static void ComeBack(PostgresServer server, Action end)
    {
        end();
        _ = Task.Delay(TimeSpan.FromMilliseconds(300)).ContinueWith(_ => server.Resume(), TaskScheduler.Default);
    }
}
