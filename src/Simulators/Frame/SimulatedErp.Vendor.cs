namespace Streams.Simulators;

/// <summary>What a host may have to tell a caller in its vendor's words.</summary>
enum Trouble
{
    Throttled,
    TooManyAtOnce,
    WaitedTooLong,
    RanTooLong,
    Unauthorized,
    ServerError,
    Unavailable,
    Maintenance,
    Changed,
    BadContent,
    NotFound,
    Validation,
    ClosedPeriod,
    ErrorInside200,
}

/// <summary>What each host says and does for itself.</summary>
public abstract partial class SimulatedErp
{
    /// <summary>The answer to a request for a token, or null when it is none.</summary>
    internal abstract Answer? Token(Call call);

    /// <summary>Whether the credentials of a call hold.</summary>
    internal abstract bool Admits(Call call);

    /// <summary>What the call asks for.</summary>
    /// <exception cref="RefusedException">It cannot be taken.</exception>
    internal abstract Operation Read(Call call);

    /// <summary>Trouble in the vendor's words.</summary>
    internal abstract Answer Say(Trouble trouble, string? detail = null);

    /// <summary>How long a request may run before the vendor ends it, and what it says then.</summary>
    internal virtual (TimeSpan Limit, Trouble Says)? RunLimit => null;

    /// <summary>Seconds that a throttled caller is told to wait, or null where the vendor does not say.</summary>
    internal virtual string? RetryAfter() => null;

    internal virtual bool IsLookUp(Call call) => call.Method is "GET" or "HEAD";

    /// <summary>Whether the account's limits leave the call alone.</summary>
    internal virtual bool IsOutsideLimits(Call call) => false;

    /// <summary>A call comes while the account throttles its caller, or null when it does not.</summary>
    internal virtual Answer? Penalty() => null;

    /// <summary>What a success becomes when its body is spoilt.</summary>
    internal virtual Answer Spoil(Answer answer) => Answer.Of(answer.Status == 204 ? 200 : answer.Status, "<!doctype html><html><body>proxy: \u0000\ufffd{\"id\":", "text/html");

    /// <summary>Why the posting job leaves a record alone, or null.</summary>
    internal virtual string? WhyNotPosted(SimulatedRecord record) => Periods.IsOpen(record.Date!) ? null : "period is not open";

    internal virtual SimulatedRecord AsPosted(SimulatedRecord record) => record;

    /// <summary>Called for each line of the journal at the start, before any call.</summary>
    internal virtual void Restore(SimulatedRecord record)
    {
    }

    /// <summary>Called when it can be called.</summary>
    internal virtual void Started()
    {
    }
}
