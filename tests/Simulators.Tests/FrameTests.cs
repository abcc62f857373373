using System.Diagnostics;

namespace Streams.Simulators.Tests;

/// <summary>What all hosts have in common: faults, quota, journal, statistics, the operator.</summary>
public sealed class FrameTests
{
    const string Invoices = "/services/rest/record/v1/invoice";

    static string Key(int n) => $"DJ6VKWABMY4Z{n:0000}";

    static Task<Reply> PostAsync(Host host, int n) => host.PostAsync(Invoices, NetSuiteTests.Invoice(Key(n)));

    static Task<Reply> FindAsync(Host host, int n) => host.GetAsync($"{Invoices}/eid:{Key(n)}");

    [Theory]
    [InlineData("too-many-requests", 429, 0)]
    [InlineData("error-before-commit", 500, 0)]
    [InlineData("drop-before-commit", 0, 0)]
    [InlineData("record-changed", 400, 0)]
    [InlineData("unauthorized", 401, 0)]
    [InlineData("validation", 400, 0)]
    [InlineData("closed-period", 400, 0)]
    [InlineData("service-unavailable", 503, 0)]
    [InlineData("maintenance", 503, 0)]
    [InlineData("error-inside200", 200, 0)]
    [InlineData("redirect", 307, 0)]
    [InlineData("batch-partial", 400, 0)]
    [InlineData("commit-then-drop", 0, 1)]
    [InlineData("commit-then-error", 500, 1)]
    [InlineData("commit-then-garbage", 204, 1)]
    [InlineData("commit-then-truncated", 0, 1)]
    [InlineData("slow", 204, 1)]
    [InlineData("commit-then-slow", 204, 1)]
    public async Task Each_fault_answers_and_commits_as_it_says(string kind, int status, int committed)
    {
        await using var host = await NetSuiteTests.StartAsync();
        await host.ArmAsync($$$"""{"kind":"{{{kind}}}","next":1,"delay":"00:00:00.05"}""");
        var answered = 0;
        try
        {
            answered = (await PostAsync(host, 1)).Status;
        }
        catch (HttpRequestException)
        {
            // The connection was reset or cut: no status.
        }
        Assert.Equal((status, committed), (answered, host.Erp.Journal.Count));
        Assert.Equal(1, host.Erp.Figures.FaultsInjected);
        Assert.Equal(committed == 1 ? 400 : 204, (await PostAsync(host, 1)).Status);
    }

    [Fact]
    public async Task A_delayed_commit_comes_after_the_look_up_said_no()
    {
        await using var host = await NetSuiteTests.StartAsync();
        await host.ArmAsync("""{"kind":"delayed-apply","next":1,"delay":"00:00:05"}""");
        await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(host, 1));
        Assert.Equal(404, (await FindAsync(host, 1)).Status);
        await host.Erp.DelayedWorkAsync();
        Assert.Equal(200, (await FindAsync(host, 1)).Status);
    }

    [Fact]
    public async Task A_stale_read_hides_a_record_for_a_while()
    {
        var clock = new TestClock();
        await using var host = await NetSuiteTests.StartAsync(time: clock);
        await host.ArmAsync($$$"""{"kind":"stale-read","keys":"{{{Key(1)}}}","delay":"00:00:30"}""");
        await PostAsync(host, 1);
        await PostAsync(host, 2);
        Assert.Equal((404, 200), ((await FindAsync(host, 1)).Status, (await FindAsync(host, 2)).Status));
        Assert.Equal(400, (await PostAsync(host, 1)).Status);
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(200, (await FindAsync(host, 1)).Status);
    }

    [Fact]
    public async Task Duplicates_may_be_taken_silently()
    {
        await using var host = await NetSuiteTests.StartAsync();
        await host.ArmAsync("""{"kind":"duplicate-accepted"}""");
        Assert.Equal((204, 204), ((await PostAsync(host, 1)).Status, (await PostAsync(host, 1)).Status));
        Assert.Equal(2, host.Erp.Journal.Records.Count(r => r.Key == Key(1)));
    }

    [Fact]
    public async Task Tokens_may_end_in_between()
    {
        await using var host = await NetSuiteTests.StartAsync();
        await host.ArmAsync("""{"kind":"token-expired","next":1}""");
        Assert.Equal((401, 401), ((await PostAsync(host, 1)).Status, (await PostAsync(host, 1)).Status));
    }

    [Theory]
    [InlineData("7", "7")]
    [InlineData("negative", "-5")]
    [InlineData("absurd", "31536000000")]
    [InlineData("none", null)]
    [InlineData("date", "Sat, 01 Aug 2026 00:00:02 GMT")]
    public async Task Retry_After_takes_every_form(string retryAfter, string? expected)
    {
        await using var host = await NetSuiteTests.StartAsync(time: new TestClock());
        await host.ArmAsync($$$"""{"kind":"too-many-requests","retryAfter":"{{{retryAfter}}}"}""");
        var reply = await PostAsync(host, 1);
        Assert.Equal(expected, reply.Headers.NonValidated.TryGetValues("Retry-After", out var values) ? values.ToString() : null);
    }

    [Fact]
    public async Task The_same_seed_and_keys_meet_the_same_faults_in_any_order()
    {
        async Task<List<string>> FaultyAsync(IEnumerable<int> order)
        {
            await using var host = await NetSuiteTests.StartAsync(o => o with { ConcurrencyLimit = null });
            await host.ArmAsync("""{"kind":"error-before-commit","perMille":200,"seed":7}""");
            var faulty = new List<string>();
            foreach (var n in order)
            {
                if ((await PostAsync(host, n)).Status == 500) faulty.Add(Key(n));
            }
            return [.. faulty.Order(StringComparer.Ordinal)];
        }
        var forwards = await FaultyAsync(Enumerable.Range(0, 100));
        Assert.InRange(forwards.Count, 5, 40);
        Assert.Equal(forwards, await FaultyAsync(Enumerable.Range(0, 100).Reverse()));
    }

    [Fact]
    public async Task No_window_holds_more_than_the_quota_admits()
    {
        var clock = new TestClock();
        await using var host = await NetSuiteTests.StartAsync(o => o with { Requests = 10, Window = TimeSpan.FromSeconds(60) }, time: clock);
        var admitted = new List<DateTimeOffset>();
        for (var n = 0; n < 60; n++)
        {
            if ((await PostAsync(host, n)).Status == 204) admitted.Add(clock.GetUtcNow());
            clock.Advance(TimeSpan.FromSeconds(3));
        }
        Assert.All(admitted, start => Assert.InRange(admitted.Count(a => a >= start && a < start.AddSeconds(60)), 1, 10));
        Assert.Equal(30, admitted.Count);
        var figures = await host.StatisticsAsync();
        Assert.Equal((60, 20, 30), (figures.GetProperty("calls").GetInt32(), figures.GetProperty("largestCallsInWindow").GetInt32(), figures.GetProperty("throttled").GetInt32()));
    }

    [Fact]
    public async Task The_journal_survives_a_restart_and_a_torn_line()
    {
        await using var host = await NetSuiteTests.StartAsync();
        for (var n = 0; n < 5; n++) await PostAsync(host, n);
        await host.SendAsync("DELETE", "/simulator/records/1002");
        await host.Erp.DisposeAsync();
        await File.AppendAllTextAsync(host.Options.JournalFile, "{\"seq\":7,\"ev");

        host.Erp = await NetSuiteSimulator.StartAsync(host.Options);
        Assert.Equal([Key(0), Key(2), Key(3), Key(4)], host.Erp.Journal.Records.Select(r => r.Key));
        Assert.Equal(6, (await host.GetAsync("/simulator/journal")).Json.GetProperty("entries").GetArrayLength());
        Assert.Equal([1L, 2, 3, 4, 5, 6], SimulatorJournal.ReadLines(host.Options.JournalFile).Select(r => r.Seq));
    }

    [Fact]
    public async Task An_operator_edits_and_deletes_and_the_look_up_shows_it()
    {
        await using var host = await NetSuiteTests.StartAsync();
        await PostAsync(host, 1);
        await PostAsync(host, 2);
        Assert.Equal(200, (await host.SendAsync("PATCH", $"/simulator/records/key:{Key(1)}", """{"amount":"9.99","party":"146"}""")).Status);
        Assert.Equal(200, (await host.SendAsync("DELETE", "/simulator/records/1002")).Status);

        Assert.Equal("9.99", (await FindAsync(host, 1)).Json.GetProperty("total").GetRawText());
        Assert.Equal(404, (await FindAsync(host, 2)).Status);
        var page = (await host.GetAsync("/simulator/journal?from=3&limit=1")).Json;
        Assert.Equal(("edited", "operator", 4), (page.GetProperty("entries")[0].GetProperty("event").GetString(), page.GetProperty("entries")[0].GetProperty("by").GetString(), page.GetProperty("next").GetInt32()));
    }

    [Fact]
    public async Task Wrong_commands_to_the_simulator_name_what_is_wrong()
    {
        await using var host = await NetSuiteTests.StartAsync();
        foreach (var (path, body, named) in new[] { ("faults", """{"kind":"nonsense"}""", "kind"), ("faults", """{"kind":"slow","perMille":1001}""", "perMille"), ("periods", """{"period":"July","state":"closed"}""", "period") })
        {
            var reply = await host.PostAsync($"/simulator/{path}", body);
            Assert.Equal(400, reply.Status);
            Assert.Contains(named, reply.Body);
        }
    }

    [Fact]
    public async Task Concurrent_commits_share_flushes_and_a_batch_is_fast()
    {
        await using var host = await NetSuiteTests.StartAsync(o => o with { ConcurrencyLimit = null });
        var batches = Enumerable.Range(0, 20).Select(b => $$$"""{"items":[{{{string.Join(',', Enumerable.Range(0, 100).Select(n => NetSuiteTests.Invoice(Key(b * 100 + n))))}}}]}""").ToList();
        var began = Stopwatch.StartNew();
        await Task.WhenAll(batches.Select(b => host.SendAsync("POST", Invoices, b, "application/vnd.oracle.resource+json; type=collection", ("Prefer", "respond-async"))));
        Assert.Equal(2000, host.Erp.Journal.Count);
        Assert.True(began.Elapsed < TimeSpan.FromSeconds(60), $"2000 records took {began.Elapsed}");
    }
}
