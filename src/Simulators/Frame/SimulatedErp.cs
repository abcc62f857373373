using System.Text.Json;
using System.Xml;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Streams.Simulators;

/// <summary>
/// An ERP's account on 127.0.0.1: the frame of all hosts. It counts the calls, keeps the quota, asks for credentials, draws the faults, runs one operation
/// at a time, and lets no answer out before what it tells of is on disk.
/// </summary>
public abstract partial class SimulatedErp : IAsyncDisposable
{
    const long BodyLimit = 128 * 1024 * 1024;
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    static readonly (SimulatorFault, Trouble)[] InnerFaults =
    [
        (SimulatorFault.TooManyRequests, Trouble.Throttled), (SimulatorFault.ErrorBeforeCommit, Trouble.ServerError), (SimulatorFault.TokenExpired, Trouble.Unauthorized),
        (SimulatorFault.RecordChanged, Trouble.Changed), (SimulatorFault.Validation, Trouble.Validation), (SimulatorFault.ClosedPeriod, Trouble.ClosedPeriod),
    ];

    readonly WebApplication _app;
    readonly AdminApi _admin;
    readonly FaultCourse _course;
    readonly Lock _gate = new();
    readonly Lock _delayedLock = new();
    readonly List<Task> _delayed = [];
    readonly CancellationTokenSource _stopping = new();

    private protected SimulatedErp(SimulatorOptions options, QuotaLimits vendor, TimeProvider? time)
    {
        Time = time ?? TimeProvider.System;
        Options = options;
        var window = options.Window ?? vendor.Window;
        Quota = new Quota(vendor with
        {
            Concurrency = options.ConcurrencyLimit == SimulatorOptions.VendorDefault ? vendor.Concurrency : options.ConcurrencyLimit,
            Requests = options.Requests ?? vendor.Requests, Window = window,
        }, options.TakenSlots, Time);
        Statistics = new SimulatorStatistics(window, Time);
        Faults = new FaultPlan(options, Time);
        foreach (var rule in options.Faults) Faults.Add(rule);
        Tokens = new BearerTokens(options.TokenLifetime, Time);
        Periods = new PeriodBook(options.ClosedPeriods);
        Master = new MasterData(options);
        Journal = new SimulatorJournal(options.JournalFile, Time, Restore);
        _course = new FaultCourse(this);
        _admin = new AdminApi(this);
        _app = Build(options.Port);
    }

    /// <summary>The kind of ERP: netsuite, d365fo, businesscentral, s4hana or fusion.</summary>
    public abstract string Erp { get; }

    /// <summary>What was committed.</summary>
    public SimulatorJournal Journal { get; }

    /// <summary>Where it answers.</summary>
    public Uri Address { get; private set; } = null!;

    public SimulatorFigures Figures => Statistics.Figures(Journal.Count);

    /// <summary>Arms a fault; returns its number.</summary>
    public int Arm(FaultRule rule) => Faults.Add(rule);

    /// <summary>Disarms all faults, or one.</summary>
    public void Disarm(int? id = null) => Faults.Remove(id);

    /// <summary>Opens or closes a month (yyyy-MM), for all account types or for one.</summary>
    public void SetPeriod(string month, PeriodState state, string accountType = "") => Periods.Set(month, accountType, state);

    /// <summary>Ends when everything that was put off by <see cref="SimulatorFault.DelayedApply"/> has been applied.</summary>
    public Task DelayedWorkAsync()
    {
        lock (_delayedLock) return Task.WhenAll(_delayed.ToArray());
    }

    /// <summary>Runs the ERP's own posting job once; returns how many records it posted.</summary>
    public async Task<int> RunPostingAsync()
    {
        var posted = 0;
        lock (_gate)
        {
            foreach (var record in Journal.Unposted())
            {
                if (Faults.OfRecord(SimulatorFault.PostingStuck, record.Type, record.Key) is not null || WhyNotPosted(record) is not null) continue;
                Commit(AsPosted(record) with { Event = RecordEvent.Posted, By = RecordEvent.Batch, Posted = true });
                posted++;
            }
        }
        await Journal.DurableAsync();
        return posted;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using var patience = new CancellationTokenSource(StopPatience);
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
        await EndOfDelayedAsync();
        Journal.Dispose();
        _stopping.Dispose();
        GC.SuppressFinalize(this);
    }

    internal SimulatorOptions Options { get; }

    internal TimeProvider Time { get; }

    internal Quota Quota { get; }

    internal SimulatorStatistics Statistics { get; }

    internal FaultPlan Faults { get; }

    internal BearerTokens Tokens { get; }

    internal PeriodBook Periods { get; }

    internal MasterData Master { get; }

    internal async Task ListenAsync(CancellationToken cancel)
    {
        await _app.StartAsync(cancel);
        Address = new Uri(_app.Urls.First());
        Started();
    }

    /// <summary>Commits a record's state; on disk before the answer.</summary>
    internal SimulatedRecord Commit(SimulatedRecord record)
    {
        KillPoint.Reached("simulator.before_commit", "simulator");
        var committed = Journal.Append(record);
        KillPoint.Reached("simulator.after_commit", "simulator");
        return committed;
    }

    /// <summary>Whether a second record of the key must be refused; counts it then.</summary>
    internal bool IsDuplicate(string type, string? key)
    {
        if (key is null || !Journal.Has(type, key) || Faults.OfRecord(SimulatorFault.DuplicateAccepted, type, key) is not null) return false;
        Statistics.CountDuplicate();
        return true;
    }

    /// <summary>Whether look-ups see the record by now.</summary>
    internal bool IsVisible(SimulatedRecord record) =>
        Faults.OfRecord(SimulatorFault.StaleRead, record.Type, record.Key) is not { } stale ||
        Time.GetUtcNow() - Journal.CreatedAt(record.Id) >= (stale.Rule?.Delay ?? Options.ApplyDelay);

    /// <summary>What a part of a batch gets instead of its work, by rules armed for inner parts; null when it meets none.</summary>
    internal Answer? FaultOfPart(Operation part)
    {
        var key = part.Keys.Count > 0 ? part.Keys[0] : null;
        foreach (var (kind, trouble) in InnerFaults)
        {
            if (Faults.OfRecord(kind, part.Type, key, part.Write) is not { } hit) continue;
            Statistics.CountFault();
            if (kind == SimulatorFault.TokenExpired) Tokens.RevokeAll();
            return kind == SimulatorFault.TooManyRequests ? Say(trouble).With("Retry-After", hit.Rule?.RetryAfter ?? RetryAfter() ?? "5") : Say(trouble);
        }
        return null;
    }

    /// <summary>Runs an operation alone, and waits for the disk.</summary>
    internal async Task<Answer> ApplyAsync(Operation operation, FaultHit? hit)
    {
        Answer answer;
        try
        {
            lock (_gate) answer = operation.Apply(hit);
        }
        catch (RefusedException e)
        {
            answer = e.Answer;
        }
        catch (Exception e) when (IsBadContent(e))
        {
            answer = Say(Trouble.BadContent, e.Message);
        }
        await Journal.DurableAsync();
        return answer;
    }

    /// <summary>Does something alone, as the operator or a job of the ERP.</summary>
    internal async Task<T> AloneAsync<T>(Func<T> work)
    {
        T result;
        lock (_gate) result = work();
        await Journal.DurableAsync();
        return result;
    }

    /// <summary>Does something later, unless the host is stopped before.</summary>
    internal void Later(TimeSpan delay, Func<Task> work)
    {
        async Task RunAsync()
        {
            await Task.Delay(delay, Time, _stopping.Token);
            await work();
        }
        lock (_delayedLock)
        {
            _delayed.RemoveAll(t => t.IsCompletedSuccessfully);
            _delayed.Add(RunAsync());
        }
    }

    static bool IsBadContent(Exception e) => e is JsonException or XmlException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException or InvalidDataException;

    WebApplication Build(int port)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = BodyLimit);
        var app = builder.Build();
        app.Run(ServeAsync);
        return app;
    }

    async Task ServeAsync(HttpContext http)
    {
        var call = await CallOfAsync(http);
        if (call.Path.StartsWith("/simulator/", StringComparison.Ordinal)) await WriteAsync(http, await _admin.ServeAsync(call));
        else if (Token(call) is { } token)
        {
            Statistics.CountToken();
            await WriteAsync(http, token);
        }
        else if (await AnswerAsync(call) is { } answer) await WriteAsync(http, answer);
        else http.Abort();
    }

    async Task<Answer?> AnswerAsync(Call call)
    {
        Statistics.Enter(IsLookUp(call));
        try
        {
            if (IsOutsideLimits(call)) return await AdmittedAsync(call);
            if (Penalty() is { } penalty) return Throttled(penalty);
            var admission = await Quota.EnterAsync();
            if (admission != Admission.Admitted) return Throttled(Refuse(admission));
            try
            {
                return await AdmittedAsync(call);
            }
            finally
            {
                Quota.Leave();
            }
        }
        finally
        {
            Statistics.Leave();
        }
    }

    Answer Refuse(Admission admission) => admission switch
    {
        Admission.TooManyAtOnce => Say(Trouble.TooManyAtOnce),
        Admission.WaitedTooLong => Say(Trouble.WaitedTooLong),
        _ => Say(Trouble.Throttled).With("Retry-After", RetryAfter()),
    };

    Answer Throttled(Answer answer)
    {
        Statistics.CountThrottled();
        return answer;
    }

    async Task<Answer?> AdmittedAsync(Call call)
    {
        if (!Admits(call)) return Say(Trouble.Unauthorized);
        try
        {
            return await _course.RunAsync(Read(call));
        }
        catch (RefusedException e)
        {
            return e.Answer;
        }
        catch (Exception e) when (IsBadContent(e))
        {
            return Say(Trouble.BadContent, e.Message);
        }
    }

    static async Task<Call> CallOfAsync(HttpContext http)
    {
        using var body = new MemoryStream(http.Request.ContentLength is { } length and < 1 << 24 ? (int)length : 0);
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return new Call(http.Request.Method, http.Request.Path.Value ?? "/", http.Request.QueryString.Value ?? "", http.Request.Headers, body.GetBuffer().AsMemory(0, (int)body.Length));
    }

    static async Task WriteAsync(HttpContext http, Answer answer)
    {
        http.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers) http.Response.Headers.Append(name, value);
        if (answer.ContentType is not null) http.Response.ContentType = answer.ContentType;
        if (answer.Status == 204) return;
        http.Response.ContentLength = answer.Body.Length;
        var truncated = answer.Header(FaultCourse.CutHeader) is not null;
        if (truncated) http.Response.Headers.Remove(FaultCourse.CutHeader);
        await http.Response.Body.WriteAsync(truncated ? answer.Body[..(answer.Body.Length / 2)] : answer.Body);
        if (!truncated) return;
        await http.Response.Body.FlushAsync();
        http.Features.Get<IHttpRequestLifetimeFeature>()?.Abort();
    }

    async Task EndOfDelayedAsync()
    {
        try
        {
            await DelayedWorkAsync();
        }
        catch (OperationCanceledException)
        {
            // What was put off beyond the host's life is never applied: to its callers it is as if the ERP had lost it.
        }
    }
}
