using System.Globalization;
using System.IO.Compression;

namespace Streams.Simulators;

/// <summary>Acts out the fault that a request meets.</summary>
sealed class FaultCourse(SimulatedErp erp)
{
    /// <summary>Marks an answer that is to be cut off; never sent.</summary>
    public const string CutHeader = "simulator-cut";

    const int BombBytes = 256 * 1024 * 1024;

    /// <summary>The answer, or null when the connection is to be reset.</summary>
    public async Task<Answer?> RunAsync(Operation operation)
    {
        var hit = erp.Faults.Next(operation.Write, operation.Type, operation.Keys);
        if (hit is not null) erp.Statistics.CountFault();
        await WaitAsync(erp.Options.Latency);
        if (hit is null) return await erp.ApplyAsync(operation, null);
        return Instead(hit) is { } instead ? instead : await AroundAsync(operation, hit);
    }

    /// <summary>Faults that leave the request undone and answer something else.</summary>
    Answer? Instead(FaultHit hit)
    {
        switch (hit.Kind)
        {
            case SimulatorFault.TooManyRequests or SimulatorFault.QuotaExhausted:
                erp.Statistics.CountThrottled();
                return erp.Say(Trouble.Throttled).With("Retry-After", RetryAfter(hit.Rule));
            case SimulatorFault.ServiceUnavailable:
                erp.Statistics.CountThrottled();
                return erp.Say(Trouble.Unavailable).With("Retry-After", RetryAfter(hit.Rule));
            case SimulatorFault.Maintenance: return erp.Say(Trouble.Maintenance).With("Retry-After", hit.Rule?.RetryAfter is null ? null : RetryAfter(hit.Rule));
            case SimulatorFault.ErrorBeforeCommit: return erp.Say(Trouble.ServerError);
            case SimulatorFault.RecordChanged: return erp.Say(Trouble.Changed);
            case SimulatorFault.Validation: return erp.Say(Trouble.Validation);
            case SimulatorFault.ClosedPeriod: return erp.Say(Trouble.ClosedPeriod);
            case SimulatorFault.ErrorInside200: return erp.Say(Trouble.ErrorInside200);
            case SimulatorFault.Unauthorized: return erp.Say(Trouble.Unauthorized);
            case SimulatorFault.TokenExpired:
                erp.Tokens.RevokeAll();
                return erp.Say(Trouble.Unauthorized);
            case SimulatorFault.Redirect: return new Answer(307).With("Location", hit.Rule?.Url ?? "http://127.0.0.1:1/");
            default: return null;
        }
    }

    /// <summary>Faults around the request, which is done sooner or later.</summary>
    async Task<Answer?> AroundAsync(Operation operation, FaultHit hit)
    {
        switch (hit.Kind)
        {
            case SimulatorFault.DropBeforeCommit: return null;
            case SimulatorFault.Slow: return await SlowAsync(operation, hit);
            case SimulatorFault.DelayedApply:
                erp.Later(Delay(hit, erp.Options.ApplyDelay), () => erp.ApplyAsync(operation, hit));
                return null;
        }
        var answer = await erp.ApplyAsync(operation, hit);
        switch (hit.Kind)
        {
            case SimulatorFault.CommitThenDrop: return null;
            case SimulatorFault.CommitThenError: return erp.Say(Trouble.ServerError);
            case SimulatorFault.CommitThenGarbage: return answer.Status < 300 ? erp.Spoil(answer) : answer;
            case SimulatorFault.CommitThenTruncated: return Cut(answer);
            case SimulatorFault.CommitThenBomb: return Bomb(answer);
            case SimulatorFault.CommitThenSlow:
                await WaitAsync(Delay(hit, erp.Options.SlowDelay));
                return answer;
            default: return answer;
        }
    }

    async Task<Answer?> SlowAsync(Operation operation, FaultHit hit)
    {
        var delay = Delay(hit, erp.Options.SlowDelay);
        if (erp.RunLimit is { } run && delay > run.Limit)
        {
            await WaitAsync(run.Limit);
            return erp.Say(run.Says);
        }
        await WaitAsync(delay);
        return await erp.ApplyAsync(operation, hit);
    }

    string? RetryAfter(FaultRule? rule) => rule?.RetryAfter switch
    {
        null => erp.RetryAfter(),
        "none" => null,
        "date" => (erp.Time.GetUtcNow() + (rule.Delay ?? TimeSpan.FromSeconds(2))).ToString("R", CultureInfo.InvariantCulture),
        "absurd" => "31536000000",
        "negative" => "-5",
        var text => text,
    };

    static TimeSpan Delay(FaultHit hit, TimeSpan otherwise) => hit.Rule?.Delay ?? otherwise;

    static Answer Cut(Answer answer) => (answer.Body.IsEmpty ? Answer.Of(200, "{\"id\":\"", "application/json") : answer).With(CutHeader, "1");

    static Answer Bomb(Answer answer)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < BombBytes / zeros.Length; i++) gzip.Write(zeros);
        }
        return (answer with { Status = answer.Status == 204 ? 200 : answer.Status, Body = packed.ToArray(), ContentType = "application/json" }).With("Content-Encoding", "gzip");
    }

    Task WaitAsync(TimeSpan delay) => delay > TimeSpan.Zero ? Task.Delay(delay, erp.Time) : Task.CompletedTask;
}
