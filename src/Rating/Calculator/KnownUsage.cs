using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Calculator;

/// <summary>Changes of closed periods that become documents together, at a midnight (UTC): those of a day. <paramref name="First"/> is the earliest period among them.</summary>
readonly record struct LateChanges(Timestamp Due, int First);

/// <summary>
/// A contract's usage as it is known from time to time. What is received or cancelled before its period closes (its end and the grace) is as if it had been known at once;
/// afterwards the contract says what becomes of it.
/// </summary>
sealed class KnownUsage
{
    readonly Agreement _agreement;
    readonly List<UsageEntry> _entries = [];
    readonly List<UnratedUsage> _refused = [];
    readonly SortedDictionary<long, int> _late = [];

    public KnownUsage(Agreement agreement, IEnumerable<UsageEntry> entries)
    {
        _agreement = agreement;
        foreach (var entry in entries) Take(entry);
        Changes = [.. _late.Select(l => new LateChanges(new(l.Key), l.Value))];
    }

    /// <summary>In the order of time.</summary>
    public IReadOnlyList<LateChanges> Changes { get; }

    /// <summary>What came, or was cancelled, too late for the contract, and why.</summary>
    public IReadOnlyList<UnratedUsage> Refused => _refused;

    /// <summary>Whether what is known ever changes.</summary>
    public bool IsSettled => _late.Count == 0;

    /// <summary>All that is known before a time.</summary>
    public List<UsageEntry> Before(Timestamp at) => [.. _entries.Where(e => (e.Received is null || IsKnown(e, e.Received, at)) && !IsKnown(e, e.Cancelled, at))];

    /// <summary>When a period closes.</summary>
    public Timestamp CloseOf(int ordinal) => new(_agreement.Period(ordinal).InForce.End.Micros + _agreement.Contract.GraceMicros);

    void Take(UsageEntry entry)
    {
        var ordinal = _agreement.OrdinalOf(entry.At);
        if (entry.Received is { } received && Refusal(ordinal, received) is { } late)
        {
            _refused.Add(new(entry, late));
            return;
        }
        if (entry.Cancelled is { } cancelled && Refusal(ordinal, cancelled) is { } refused)
        {
            _refused.Add(new(entry, refused));
            entry = entry with { Cancelled = null };
        }
        foreach (var time in new[] { entry.Received, entry.Cancelled })
        {
            if (time is not { } at || !IsLate(entry, at)) continue;
            var due = (at.Micros / ZoneClock.DayMicros + 1) * ZoneClock.DayMicros;
            _late[due] = Math.Min(_late.GetValueOrDefault(due, ordinal), ordinal);
        }
        _entries.Add(entry);
    }

    /// <summary>Whether what happened to an entry at a time is known before another one.</summary>
    bool IsKnown(UsageEntry entry, Timestamp? happened, Timestamp at) => happened is not null && (happened < at || !IsLate(entry, happened));

    bool IsLate(UsageEntry entry, Timestamp? at) => at >= CloseOf(_agreement.OrdinalOf(entry.At));

    /// <summary>The code of why a change of a period at a time is not taken; null: it is.</summary>
    string? Refusal(int ordinal, Timestamp at)
    {
        if (at < CloseOf(ordinal)) return null;
        var last = ordinal + _agreement.Contract.CorrectionPeriods;
        if (_agreement.Has(last) && at >= CloseOf(last)) return "LATE_FINAL";
        return _agreement.Contract.LateUsage switch { LateUsage.List => "LATE_LISTED", LateUsage.Hold => "LATE_HELD", _ => null };
    }
}
