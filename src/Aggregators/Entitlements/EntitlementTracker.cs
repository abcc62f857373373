using Streams.Aggregators.Rating;
using Streams.Rating.Contracts;
using Streams.Rating.Entitlements;
using Streams.Rating.Meters;
using Streams.Rating.Numbers;
using Streams.Schemas;

namespace Streams.Aggregators.Entitlements;

/// <summary>
/// Counts accepted usage towards metered features, tells of what was reached, and begins intervals anew. An event counts in the interval that is running; what
/// comes for the one before, or is taken back of it, changes what rolled over from it, where use is the sum of quantities; what is older changes nothing.
/// </summary>
sealed class EntitlementTracker
{
    readonly ITermsSource _terms;
    readonly EntitlementStore _store;
    readonly EntitlementAlerts _alerts;
    readonly List<EntitlementAlert> _reached = [];

    public EntitlementTracker(ITermsSource terms, EntitlementStore store, EntitlementAlerts alerts, int partition, long streamTime)
    {
        (_terms, _store, _alerts) = (terms, store, alerts);
        store.FinishRestore(partition, streamTime);
    }

    ContractBook Book => _terms.Book!;

    /// <summary>Counts an accepted event.</summary>
    public void Add(string customer, string meter, MeterEvent usage)
    {
        foreach (var feature in EntitlementTerms.On(Book, customer, meter, usage.Time))
        {
            var entry = Running(customer, feature, usage.Time);
            if (entry.Use.Interval.Contains(usage.Time)) Count(entry, feature, usage, isTakenBack: false);
            else CountBefore(entry, feature, usage.Time, usage.Quantity);
        }
    }

    /// <summary>Takes an event back that was accepted before, given as it was.</summary>
    public void Remove(string customer, string meter, MeterEvent original)
    {
        foreach (var feature in EntitlementTerms.On(Book, customer, meter, original.Time))
        {
            var entry = Running(customer, feature, original.Time);
            if (entry.Use.Interval.Contains(original.Time)) Count(entry, feature, original, isTakenBack: true);
            else CountBefore(entry, feature, original.Time, -(Exact)original.Quantity);
        }
    }

    /// <summary>Begins anew what a stream time has passed.</summary>
    public void Advance(long streamTime)
    {
        _store.StreamTime = streamTime;
        while (_store.NextDue(streamTime) is { } entry) Reset(entry, new(streamTime));
    }

    /// <summary>The feature's entry in the interval that is running: that of stream time, or of an event that moves it on.</summary>
    EntitlementEntry Running(string customer, OwnFeature feature, Timestamp time)
    {
        var at = new Timestamp(Math.Max(time.Micros, _store.StreamTime));
        var key = new FeatureKey(customer, feature.Terms.Feature);
        var metered = feature.Metered;
        var entry = _store.Find(key);
        if (entry is not null && entry.Meter == feature.Terms.Meter)
        {
            if (at >= entry.Use.Interval.End) Roll(entry, feature, at);
            return entry;
        }
        return _store.Add(key, feature.Terms.Meter, metered.At(metered.Begun(feature.Contract), at));
    }

    /// <summary>What the state of another meter had gathered was let go with its interval.</summary>
    void CountBefore(EntitlementEntry entry, OwnFeature feature, Timestamp at, Exact amount)
    {
        if (Gathering(feature.Terms.Meter) is not null) return;
        var use = feature.Metered.AddBefore(entry.Use, at, amount);
        if (use == entry.Use) return;
        entry.Use = use;
        _store.Touch(entry);
    }

    void Count(EntitlementEntry entry, OwnFeature feature, MeterEvent usage, bool isTakenBack)
    {
        if (Gathering(feature.Terms.Meter) is not { } definition)
        {
            Set(entry, feature, usage.Time, isTakenBack ? entry.Use.Used - usage.Quantity : entry.Use.Used + usage.Quantity);
            return;
        }
        var state = entry.StateOf(definition);
        try
        {
            if (isTakenBack ? state.Remove(usage) : state.Add(usage)) Set(entry, feature, usage.Time, Figure(state));
        }
        catch (MeterException e)
        {
            _alerts.Uncounted(feature, entry, usage, e.Code, e.Message);
        }
    }

    /// <summary>Null: its use is the sum of the quantities.</summary>
    UsageMeter? Gathering(string meter) => Book.Meters.TryGetValue(meter, out var known) && !WindowPrice.SumsAll(known.Definition) ? known.Usage : null;

    /// <summary>The figure of all groups: groups add up. Nothing where there is no figure.</summary>
    static Exact Figure(MeterState state) => Exact.Sum(state.Values().Select(v => v.Value ?? Exact.Zero));

    void Set(EntitlementEntry entry, OwnFeature feature, Timestamp at, Exact used)
    {
        var metered = feature.Metered;
        _reached.Clear();
        entry.Use = metered.Set(entry.Use, at, used, _reached);
        foreach (var alert in _reached) _alerts.Threshold(feature, entry, alert);
        if (!entry.LimitTold && used.Sign > 0 && used >= metered.Allowed(entry.Use))
        {
            entry.LimitTold = true;
            _alerts.Limit(feature, entry, at, metered.Allowed(entry.Use));
        }
        _store.Touch(entry);
        _store.SetDue(entry, entry.Use.Interval.End.Micros);
    }

    /// <summary>The end of an interval without an event: what is carried is kept, what has nothing to keep is forgotten.</summary>
    void Reset(EntitlementEntry entry, Timestamp at)
    {
        var feature = EntitlementTerms.Find(Book, entry.Key, at);
        if (feature.Terms is null || feature.Terms.Meter != entry.Meter)
        {
            _store.Remove(entry);
            return;
        }
        Roll(entry, feature, at);
        _store.SetDue(entry, long.MaxValue);
        if (feature.Terms.RollOver is null) _store.Remove(entry);
    }

    void Roll(EntitlementEntry entry, OwnFeature feature, Timestamp at)
    {
        var (metered, before, used) = (feature.Metered, entry.Use, entry.IsUsed);
        entry.Reset(metered.At(before, at));
        _store.Touch(entry);
        if (used) _alerts.Reset(feature, entry, before, metered.Allowed(entry.Use));
    }
}
