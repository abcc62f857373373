using Streams.Simulators;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>A fault of the ERP, F-30 to F-39, and the three ways in which the repetitions bring it about.</summary>
/// <param name="Rules">By repetition and seed.</param>
/// <param name="Lists">Whether documents may end on the work list; under the other faults every one must be confirmed.</param>
sealed record MatrixFault(string Name, string Meaning, Func<int, int, FaultRule[]> Rules, bool Lists = false)
{
    /// <summary>Longer than the sink waits for an answer, and shorter than it waits before it looks.</summary>
    public static readonly TimeSpan Slow = TimeSpan.FromSeconds(151);

    static readonly TimeSpan Later = TimeSpan.FromSeconds(61), MuchLater = TimeSpan.FromSeconds(217);

    /// <summary>Requests that name the call instead of a document may meet a fault in each attempt: there are fewer of these than attempts.</summary>
    const int Met = 5;

    /// <summary>Spans that pass inside the ERP while nobody waits.</summary>
    public static readonly TimeSpan[] Unattended = [Later, MuchLater];

    /// <summary>The month that is closed in a repetition of F-37.</summary>
    public const string ClosedMonth = "2026-01";

    public static IReadOnlyList<MatrixFault> All { get; } =
    [
        new("F-30", "committed, then no answer", (repetition, seed) => repetition switch
        {
            0 => [Once(SimulatorFault.CommitThenDrop)],
            1 => [Once(SimulatorFault.CommitThenSlow) with { Delay = Slow }],
            _ => [Some(SimulatorFault.CommitThenDrop, 500, seed), Some(SimulatorFault.CommitThenSlow, 500, seed + 1) with { Delay = Slow }],
        }),
        new("F-31", "no answer, applied later", (repetition, seed) => repetition switch
        {
            0 => [Once(SimulatorFault.DelayedApply) with { Delay = Later }],
            1 => [Once(SimulatorFault.Slow) with { Delay = Slow }],
            _ => [Some(SimulatorFault.DelayedApply, 500, seed) with { Delay = MuchLater }, Some(SimulatorFault.DropBeforeCommit, 500, seed + 1) with { Next = Met }],
        }),
        new("F-32", "wrong or spoilt answers", (repetition, seed) => repetition switch
        {
            0 => [Once(SimulatorFault.CommitThenError)],
            1 => [Some(SimulatorFault.CommitThenGarbage, 500, seed), Some(SimulatorFault.CommitThenTruncated, 500, seed + 1)],
            _ => [Some(SimulatorFault.ErrorInside200, 600, seed) with { Next = 3 }, Some(SimulatorFault.CommitThenError, 500, seed + 1) with { Next = 2 }, Some(SimulatorFault.ErrorBeforeCommit, 500, seed + 2) with { Next = 2 }],
        }),
        new("F-33", "throttled, maintenance", (repetition, seed) => repetition switch
        {
            0 => [Once(SimulatorFault.TooManyRequests) with { Times = 2, On = "any", RetryAfter = (seed % 4) switch { 0 => "none", 1 => "3", 2 => "date", _ => "negative" } }],
            1 => [Some(SimulatorFault.ServiceUnavailable, 500, seed) with { On = "any" }, new FaultRule { Kind = SimulatorFault.QuotaExhausted, For = TimeSpan.FromMinutes(10), On = "any" }],
            _ => [new FaultRule { Kind = SimulatorFault.TooManyRequests, Next = 1, RetryAfter = "absurd" }, new FaultRule { Kind = SimulatorFault.Maintenance, For = TimeSpan.FromMinutes(20), On = "any" }],
        }),
        new("F-34", "look-ups lag behind", (repetition, _) => repetition switch
        {
            0 => [Stale(240), Once(SimulatorFault.CommitThenDrop)],
            1 => [Stale(420), Once(SimulatorFault.CommitThenError)],
            _ => [Stale(90)],
        }),
        new("F-35", "duplicates taken silently", (repetition, seed) => repetition switch
        {
            0 => [Doubles, Once(SimulatorFault.CommitThenDrop)],
            1 => [Doubles, Once(SimulatorFault.DelayedApply) with { Delay = Later }],
            _ => [Doubles, Some(SimulatorFault.CommitThenSlow, 500, seed) with { Delay = Slow }, Some(SimulatorFault.CommitThenError, 500, seed + 1)],
        }),
        new("F-36", "batch partly taken, other order", (repetition, seed) => repetition switch
        {
            0 => [Some(SimulatorFault.BatchPartial, 400, seed) with { Times = 0 }],
            1 => [Once(SimulatorFault.BatchShuffled), Some(SimulatorFault.BatchPartial, 300, seed) with { Times = 0 }],
            _ => [Some(SimulatorFault.RecordChanged, 500, seed) with { Inner = true }, Some(SimulatorFault.TooManyRequests, 400, seed + 1) with { Inner = true }, Some(SimulatorFault.RecordChanged, 400, seed + 2) with { Next = Met }],
        }, Lists: true),
        new("F-37", "refused: content, period, master data", (repetition, seed) => repetition switch
        {
            0 => [],
            1 => [],
            _ => [Some(SimulatorFault.Validation, 400, seed), Some(SimulatorFault.ClosedPeriod, 400, seed + 1)],
        }, Lists: true),
        new("F-38", "token ends, 401, redirect", (repetition, seed) => repetition switch
        {
            0 => [Some(SimulatorFault.TokenExpired, 500, seed) with { On = "any" }, Some(SimulatorFault.TokenExpired, 500, seed + 1) with { Inner = true }],
            1 => [new FaultRule { Kind = SimulatorFault.Unauthorized, Next = 1 + seed % 3, On = "any" }],
            _ => [Some(SimulatorFault.Redirect, 500, seed) with { Next = Met }],
        }),
        new("F-39", "edited or deleted in the ERP", (_, _) => [], Lists: true),
    ];

    public override string ToString() => Name;

    static FaultRule Doubles => new() { Kind = SimulatorFault.DuplicateAccepted };

    static FaultRule Once(SimulatorFault kind) => new() { Kind = kind, Times = 1 };

    static FaultRule Some(SimulatorFault kind, int perMille, int seed) => new() { Kind = kind, PerMille = perMille, Seed = seed, Times = 1 };

    static FaultRule Stale(int seconds) => new() { Kind = SimulatorFault.StaleRead, Delay = TimeSpan.FromSeconds(seconds) };
}
