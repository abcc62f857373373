using Streams.ErpSink;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp.Quotas;

/// <summary>How long things take in virtual time.</summary>
/// <param name="Network">From the sink to the ERP and back, each way.</param>
/// <param name="Shortest">What the ERP needs for a request, at least.</param>
/// <param name="Longest">And at most.</param>
/// <param name="Claim">From the place to the request: documents are claimed and the call is written down.</param>
/// <param name="Settle">From the answer until the line is free: outcomes are written.</param>
public sealed record VirtualPace(TimeSpan Network, TimeSpan Shortest, TimeSpan Longest, TimeSpan Claim, TimeSpan Settle);

/// <summary>
/// An instance of the sink as its quota sees it, with the real gate: some lines, of which one asks for a place, the others wait for
/// their turn; a place given back is asked for at once. What it has to post comes from a backlog that all instances share.
/// </summary>
public sealed class VirtualSink(VirtualTime time, QuotaGate gate, CountedRequests erp, VirtualPace pace, Backlog backlog, int lines, int seed)
{
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1), Idle = TimeSpan.FromMilliseconds(500);

    readonly Random _random = new(seed);
    readonly Pauses _pauses = new(new PostingOptions { JitterSeed = seed });
    int _free = lines, _asked;
    bool _asking, _dead;

    public void Start() => AskAfter(TimeSpan.Zero);

    /// <summary>The process is gone: answers that are still to come reach nobody, and places are not given back.</summary>
    public void Kill() => _dead = true;

    // A later question replaces the earlier one.
    void AskAfter(TimeSpan wait)
    {
        var asked = ++_asked;
        time.After(wait, () => asked == _asked && !_dead ? AskAsync() : Task.CompletedTask);
    }

    async Task AskAsync()
    {
        if (_free == 0 || _asking) return;
        if (backlog.IsEmpty(time.Now))
        {
            AskAfter(Idle);
            return;
        }
        _asking = true;
        var (slot, wait) = await gate.TryTakeAsync(urgent: false, CancellationToken.None);
        _asking = false;
        if (slot is { } taken)
        {
            _free--;
            backlog.Take();
            time.After(pace.Claim + pace.Network, () => ArriveAsync(taken));
        }
        AskAfter(slot is null ? wait < LongestWait ? wait : LongestWait : TimeSpan.Zero);
    }

    async Task ArriveAsync(Slot slot)
    {
        var arrived = time.Now;
        if (erp.Enter(arrived) is { } pause)
        {
            backlog.PutBack();
            time.After(pace.Network, () => AnsweredAsync(slot, pause));
            return;
        }
        var service = pace.Shortest + (pace.Longest - pace.Shortest) * _random.NextDouble();
        time.After(service, () =>
        {
            erp.Leave(time.Now, arrived);
            time.After(pace.Network, () => AnsweredAsync(slot, null));
            return Task.CompletedTask;
        });
        await Task.CompletedTask;
    }

    async Task AnsweredAsync(Slot slot, TimeSpan? pause)
    {
        if (_dead) return;
        await gate.GiveAsync(slot);
        if (pause is { } asked) await gate.ThrottledAsync(asked, _pauses.AfterThrottling);
        else if (_pauses.IsRecovering(VirtualTime.Start + TimeSpan.FromTicks(time.Now))) await gate.RecoveredAsync();
        if (_free > 0) AskAfter(TimeSpan.Zero);
        time.After(pace.Settle, () =>
        {
            _free++;
            if (_free == 1) AskAfter(TimeSpan.Zero);
            return Task.CompletedTask;
        });
    }
}

/// <summary>Others that use the same account, at an even pace, whatever the sink does. What they are refused they let be.</summary>
public sealed class Neighbour(VirtualTime time, CountedRequests erp, decimal perSecond)
{
    static readonly TimeSpan Service = TimeSpan.FromMilliseconds(50);

    bool _gone;

    public void Start() => time.After(TimeSpan.FromTicks((long)(TimeSpan.TicksPerSecond / perSecond)), () =>
    {
        if (_gone) return Task.CompletedTask;
        var arrived = time.Now;
        if (erp.Enter(arrived) is null) time.After(Service, () => Left(arrived));
        Start();
        return Task.CompletedTask;
    });

    public void Go() => _gone = true;

    Task Left(long arrived)
    {
        erp.Leave(time.Now, arrived);
        return Task.CompletedTask;
    }
}

/// <summary>What waits to be posted: so many requests at the start, and so many more each second.</summary>
public sealed class Backlog(long atOnce, decimal perSecond)
{
    long _taken;

    public long Waiting(long now) => atOnce + (long)(perSecond * now / TimeSpan.TicksPerSecond) - _taken;

    public bool IsEmpty(long now) => Waiting(now) <= 0;

    public void Take() => _taken++;

    public void PutBack() => _taken--;
}
