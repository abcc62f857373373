using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Reconciliation;
using Streams.Schemas;
using Streams.Simulators;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>
/// Runs a scenario with the patience of production: the sink's loops over the real connector and the simulated ERP, killed at the scenario's point and begun anew
/// from what the ledger knows. The clock moves on whenever all that runs waits for it.
/// </summary>
sealed class ScenarioRun : IAsyncDisposable
{
    const int MaxLives = 12;
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5), Stall = TimeSpan.FromMilliseconds(400), Hour = TimeSpan.FromHours(1);

    /// <summary>By then everything has ended, save what reconciliation calls stuck: a quota may be used up for a day.</summary>
    static readonly TimeSpan StuckAfter = TimeSpan.FromDays(3);

    readonly Scenario _scenario;
    readonly LedgerClock _ledger;
    readonly int _number;
    readonly Planted? _planted;
    readonly Interruption? _interruption;
    readonly VirtualClock _clock;
    readonly Published _published = new();
    readonly Requests _requests = new();
    readonly Stopwatch _elapsed = Stopwatch.StartNew();
    SimulatedErp _erp = null!;
    Life _first = null!;

    /// <summary>Lines of a life that stands still in one of them: the others go on beside the successor's.</summary>
    int _besides;

    public ScenarioRun(Scenario scenario, LedgerClock ledger, string folder, int number, Planted? planted = null, Interruption? interruption = null)
    {
        (_scenario, _ledger, _number, _planted, _interruption) = (scenario, ledger, number, planted, interruption);
        _clock = new VirtualClock([new PostingOptions().CallTimeout, MatrixErp.JobTime, .. MatrixFault.Unattended]);
        (Account, JournalFile) = ($"{scenario.Erp}-{number}", Path.Combine(folder, $"{number}.jsonl"));
        Documents = Scenario.Documents($"m{number}");
    }

    public string Account { get; }

    public string JournalFile { get; }

    public IReadOnlyList<ErpDocument> Documents { get; }

    /// <summary>What the ERP takes at a time; the sink has a line more.</summary>
    int Concurrency => 1 + _scenario.Repetition;

    int Lines => Concurrency + 1;

    public async Task<ScenarioResult> RunAsync()
    {
        _erp = await _scenario.Erp.StartAsync(new SimulatorOptions
        {
            JournalFile = JournalFile, Latency = TimeSpan.Zero,
            ClosedPeriods = _scenario is { Fault.Name: "F-37", Repetition: 1 } ? new HashSet<string> { MatrixFault.ClosedMonth } : new HashSet<string>(),
            RefusedEntities = _scenario is { Fault.Name: "F-37", Repetition: 0 } ? Documents.Skip(1).Take(2).Select(d => d.CustomerId).ToHashSet() : new HashSet<string>(),
        }, _scenario.Repetition, _clock.Erp);
        foreach (var rule in _scenario.Fault.Rules(_scenario.Repetition, _scenario.Seed)) _erp.Arm(rule);

        var life = _first = new Life(Name(1), _scenario.Point, 1 + _scenario.Seed % 2, _interruption is { } happens ? l => happens.At(l, _ledger, _clock) : null);
        var killed = await TakeInAsync(life);
        string? touched = null;
        for (var number = killed ? 2 : 1; number <= MaxLives; number++)
        {
            if (number > 1) life = new Life(Name(number));
            var quiet = await LiveAsync(life);
            killed |= life.WasHit;
            if (life.IsDead && _planted?.AfterKillAsync is { } forget) await forget(_ledger, Account);
            if (life.IsDead && _scenario is { Fault.Name: "F-39", Repetition: < 2 }) touched = await MeddleAsync();
            if (quiet) break;
        }
        await PublishAsync(new Life(Name(MaxLives + 1)));
        var met = await FaultsMetAsync();
        await EndOfDelayedAsync();
        if (_scenario.Fault.Name == "F-39")
        {
            touched ??= await MeddleAsync();
            met++;
            await ReadBackAsync();
            await new LedgerChecks(_ledger.Database, new ReconciliationOptions()).CheckAsync(null, CancellationToken.None);
        }
        return await new ScenarioCheck(_scenario, _ledger, Account, Documents, _erp.Journal.Records, _published.Keys, touched).ResultAsync(killed, met);
    }

    public async ValueTask DisposeAsync()
    {
        _clock.Release();
        await _erp.DisposeAsync();
    }

    // A third of the repetitions is taken over by another instance, which has to wait until the claims of the dead one run out.
    string Name(int life) => $"{_scenario.Name}#{_number}{(_scenario.Repetition == 2 ? $".{life}" : "")}";

    /// <summary>As in production; a closed period meets each policy.</summary>
    PostingOptions Posting => _scenario.Fault.Name == "F-37" ? new PostingOptions { ClosedPeriod = (ClosedPeriodPolicy)(_scenario.Seed % 3) } : new PostingOptions();

    ErpSinkOptions Options(string instance) => new()
    {
        Registry = new FixedRegistry(), Postgres = "", Instance = instance, Posting = Posting, Reconciliation = new ReconciliationOptions { ReadBackPercent = 100 },
        Accounts =
        [
            new ErpAccountOptions
            {
                Name = Account, Quota = new AccountQuota { Concurrency = Concurrency }, Handler = () => new CountedHandler(_requests),
                Connect = (handler, time) => Connect(handler, time),
            },
        ],
    };

    IErpConnector Connect(HttpMessageHandler handler, TimeProvider time)
    {
        var connector = _scenario.Erp.Connect(_erp, Account, _scenario.Repetition, handler, time);
        return _planted?.Connector is { } wrap ? wrap(connector) : connector;
    }

    ErpAccount NewAccount(ErpSinkOptions options) => new(options.Accounts[0], _ledger.Database, options.Instance, options.Posting, _clock.Sink);

    /// <summary>Takes the topic in as the consumer does, in two batches. The kill points between Kafka and the ledger are its; true when the life ended there.</summary>
    async Task<bool> TakeInAsync(Life life)
    {
        var options = Options(life.Instance);
        var (reader, store) = (new DocumentReader(options.Registry), new IntakeStore(_ledger.Database, options.EffectiveRoutes, Topics.ErpDeadLetters));
        var judged = new List<JudgedRecord>();
        for (var i = 0; i < Documents.Count; i++) judged.Add(await reader.ReadAsync(Tests.Documents.Record(Documents[i], i, _number)));
        var died = false;
        try
        {
            await store.TakeAsync("matrix", judged[..3]);
            life.Reached("sink.after_plan");
            life.Reached("sink.before_offset_commit");
            await store.TakeAsync("matrix", judged[3..]);
            life.Reached("sink.after_plan");
            life.Reached("sink.before_offset_commit");
        }
        catch (KilledException)
        {
            died = true;
            // The ledger's position counts; Kafka's is older where it was not committed.
            var position = _scenario.Point == "sink.before_offset_commit" ? 0 : (int)(await store.PositionAsync("matrix", Topics.ErpDocuments, _number))!.Value;
            await store.TakeAsync("matrix", judged[position..]);
        }
        return died;
    }

    /// <summary>Lets a sink live until it is killed, it stops for its credentials (false), or nothing is under way any more (true).</summary>
    async Task<bool> LiveAsync(Life life)
    {
        life.Begin();
        var options = Options(life.Instance);
        using var account = NewAccount(options);
        using var stop = new CancellationTokenSource();
        var loop = new PostingLoop(account, new PostingWorker(account, options, _clock.Sink, NullLogger.Instance), options, _clock.Sink, NullLogger<PostingLoop>.Instance);
        var running = Task.Run(() => loop.RunAsync(stop.Token));
        var quiet = false;
        try
        {
            quiet = await PumpAsync(life, running, stop, async () => _scenario.Point.EndsWith("_publish", StringComparison.Ordinal) && await PublishAsync(life));
            await EndAsync(running);
        }
        catch (KilledException)
        {
            quiet = false;
        }
        finally
        {
            life.End();
        }
        return quiet;
    }

    /// <summary>Moves the clock while everything waits, until the work is done (true) or has ended by itself.</summary>
    async Task<bool> PumpAsync(Life life, Task running, CancellationTokenSource stop, Func<Task<bool>> between)
    {
        var (still, start) = (Stopwatch.StartNew(), _clock.Shift);
        while (!running.IsCompleted)
        {
            if (_elapsed.Elapsed > Patience) throw new TimeoutException(await UnrestAsync());
            if (life.IsPaused)
            {
                _besides = Lines - 1;
                await LiveAsync(new Life($"{life.Instance}, the successor"));
                _besides = 0;
                life.Resume();
            }
            var (waits, held) = (_clock.SinkWaits, Math.Min(_requests.UnderWay, _clock.ErpWaits));
            if (waits + held == 0 || held < _requests.UnderWay) still.Restart();
            if (waits + held < Lines + _besides && still.Elapsed < Stall)
            {
                await Task.Delay(1);
                continue;
            }
            still.Restart();
            if (await between()) await stop.CancelAsync();
            var outlook = await _ledger.OutlookAsync(Account);
            var aged = _clock.Shift - start;
            if (outlook.IsQuiet || aged > StuckAfter)
            {
                await stop.CancelAsync();
                return true;
            }
            await MoveAsync(aged > Hour && (outlook.Wait ?? TimeSpan.Zero) < Hour ? Hour : outlook.Wait);
        }
        return false;
    }

    /// <summary>What was asked to end may still wait for the clock: a ledger that was away is given a moment first.</summary>
    async Task EndAsync(Task running)
    {
        while (await Task.WhenAny(running, Task.Delay(Stall)) != running)
        {
            if (_elapsed.Elapsed > Patience) throw new TimeoutException(await UnrestAsync());
            await MoveByAsync(TimeSpan.FromSeconds(1));
        }
        await running;
    }

    async Task<string> UnrestAsync()
    {
        var postings = await _ledger.QueryAsync<string>("select concat_ws(' ', kind, state, outcome, reason, attempts) from erp.posting where account = @Account", new { Account });
        return $"does not come to rest: {string.Join(", ", postings)}; {_clock.SinkWaits} lines wait, {_requests.UnderWay} requests are under way, of which the ERP holds {_clock.ErpWaits}; {await _ledger.OutlookAsync(Account)}";
    }

    async Task MoveAsync(TimeSpan? ledgerWait)
    {
        var by = _clock.UntilSink is { } sink ? ledgerWait is { } wait && wait > sink ? wait : sink : TimeSpan.MaxValue;
        if (_clock.UntilOther is { } other && other < by) by = other;
        if (by == TimeSpan.MaxValue) return;
        await MoveByAsync(by > TimeSpan.Zero ? by + TimeSpan.FromMilliseconds(1) : TimeSpan.FromMilliseconds(1));
    }

    async Task MoveByAsync(TimeSpan by)
    {
        await _ledger.MoveAsync(by);
        // A timer's callback may take a line on to where it stands still; whoever moves the clock must not stand with it.
        var (moving, stood) = (Task.Run(() => _clock.Move(by)), _first.IsPaused);
        while (!moving.IsCompleted && _first.IsPaused == stood) await Task.WhenAny(moving, Task.Delay(1));
        if (moving.IsCompleted) await moving;
        if (_scenario.Erp.Name == "d365fo") await _erp.RunPostingAsync();
    }

    /// <summary>Publishes what is due; true when the publisher was killed.</summary>
    async Task<bool> PublishAsync(Life life)
    {
        var publisher = new OutboxPublisher(_ledger.Database, _published, new FixedRegistry(), Options(life.Instance), _clock.Sink, NullLogger<OutboxPublisher>.Instance);
        try
        {
            while (await publisher.StepAsync() > 0)
            {
            }
            return false;
        }
        catch (KilledException)
        {
            return true;
        }
    }

    /// <summary>Somebody edits or deletes a record in the ERP, one that is not confirmed yet if there is any; returns its key, or null when the ERP has none.</summary>
    async Task<string?> MeddleAsync()
    {
        var confirmed = (await _ledger.QueryAsync<string>("select document_key from erp.posting where account = @Account and state = 'confirmed'", new { Account })).ToHashSet();
        var record = _erp.Journal.Records.Where(r => r.Key is not null && r.Posted).OrderBy(r => confirmed.Contains(r.Key!)).ThenBy(r => r.Key, StringComparer.Ordinal).FirstOrDefault();
        if (record is null) return null;
        using var http = new HttpClient { BaseAddress = _erp.Address };
        var address = $"/simulator/records/{Uri.EscapeDataString(record.Id)}";
        var answer = _scenario.Seed % 2 == 0 || _scenario.Repetition == 1
            ? await http.DeleteAsync(address)
            : await http.PatchAsync(address, JsonContent.Create(new { amount = Doubled(record.Amount), lines = record.Lines.Select(l => l with { Debit = Doubled(l.Debit), Credit = Doubled(l.Credit) }) }));
        answer.EnsureSuccessStatusCode();
        return record.Key;
    }

    static string Doubled(string amount) => (ExactDecimal.Parse(amount) + ExactDecimal.Parse(amount)).ToString();

    async Task ReadBackAsync()
    {
        var options = Options(Name(MaxLives + 2));
        using var account = NewAccount(options);
        var walk = Task.Run(() => new ReadBack(account, _ledger.Database, options, _clock.Sink, NullLogger.Instance).WalkAsync(null, CancellationToken.None));
        while (!walk.IsCompleted)
        {
            if (_elapsed.Elapsed > Patience) throw new TimeoutException($"{_scenario.Name}: the read-back does not end");
            if (_clock.SinkWaits > 0) await MoveByAsync(_clock.UntilSink is { } wait && wait > TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1));
            else await Task.Delay(1);
        }
        await walk;
    }

    async Task<int> FaultsMetAsync()
    {
        using var http = new HttpClient { BaseAddress = _erp.Address };
        var met = JsonNode.Parse(await http.GetStringAsync("/simulator/faults"))!.AsArray().Sum(r => r!["hits"]!.GetValue<int>());
        return _scenario is { Fault.Name: "F-37", Repetition: < 2 } ? met + 1 : met;
    }

    /// <summary>What the ERP put off is done by then: a second document would show now.</summary>
    async Task EndOfDelayedAsync()
    {
        await MoveByAsync(TimeSpan.FromMinutes(10));
        await _erp.DelayedWorkAsync().WaitAsync(Patience);
        if (_scenario.Erp.Name == "d365fo") await _erp.RunPostingAsync();
    }
}
