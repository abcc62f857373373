using System.Runtime.CompilerServices;
using System.Text;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>Usage under contracts whose periods are billed: docs/invoicing.md says what becomes of late usage and of corrections.</summary>
public sealed partial class MeteringProcessor
{
    /// <summary>
    /// Terms of a minute whose usage goes into the contract's period. A contract that begins within the minute has its events one by one; so has one whose
    /// meter needs them, or that cuts time within a minute.
    /// </summary>
    TermsAnswer ForPeriods(TermsAnswer answer, string customer, string meter, long start, Timestamp at)
    {
        var end = start + options.WindowSize;
        var from = new Timestamp(start);
        var (place, code) = answer.Code is { } none ? (default, none) : _invoicer!.Usage.Find(customer, meter, from);
        if (code is not null)
        {
            answer = termsSource.Find(customer, meter, at);
            if (answer.Code is not null) return answer;
            (from, answer) = (at, answer with { Until = new(end) });
            (place, code) = _invoicer!.Usage.Find(customer, meter, from);
            if (code is not null) return new(code, null, from);
        }
        if (answer.Until.Micros < end || from != new Timestamp(start) || !_invoicer!.Usage.IsByWindow(place)) answer = answer with { Terms = answer.Terms!.FedByEvent() };
        if (EntitlementTerms.CountIn(termsSource.Book!, customer, meter, new(new(start), new(end)))) answer = answer with { Terms = answer.Terms!.CountedByEvent() };
        var period = place.Contract.Agreement.Period(place.Ordinal).Whole.End;
        return period < answer.Until ? answer with { Until = period } : answer;
    }

    // Few events come here: the methods stay out of the way of those that do not.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static bool IsCorrection(ReadOnlySpan<byte> payload) => payload.IndexOf("correction"u8) >= 0 && UsageCorrection.IsOne(UsageEvent.Read(payload));

    /// <summary>Gives an event to the period's usage and to the features that count it; false when it was parked instead.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    bool IsTaken(in Record record, in UsageEventView view, Terms terms, (ulong Low, ulong High) identity, ReadOnlySpan<byte> payload)
    {
        var usage = UsageEvent.Read(payload);
        if (terms.ByEvent && FeedEvent(record, usage, identity) is var (code, reason))
        {
            RouteOrPark(record, view, payload, code, reason);
            return false;
        }
        if (terms.Counted) _entitlements!.Add(usage.CustomerId, usage.Meter, UsageCorrection.Plain(usage, new(identity.High, identity.Low)));
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void AdvanceContracts()
    {
        _invoicer!.Advance(_store.StreamTime);
        _entitlements!.Advance(_store.StreamTime);
    }

    /// <summary>Gives an event to the period's usage of the contract that is in force at its time.</summary>
    (string Code, string Reason)? FeedEvent(in Record record, UsageEvent usage, (ulong Low, ulong High) identity)
    {
        var (place, code) = _invoicer!.Usage.Find(usage.CustomerId, usage.Meter, usage.OccurredAt);
        if (code is not null) return (code, $"Nothing to rate the event of {usage.OccurredAt} by");
        return _invoicer.Add(place, UsageCorrection.Plain(usage, new(identity.High, identity.Low)), record.Offset) is { } refusal ? (refusal.Code, refusal.Reason) : null;
    }

    /// <summary>
    /// An event whose minute has closed: what its contract's open period or its policy for late usage takes is accepted. Older ones than identities are remembered
    /// may have been counted before: they are listed.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void MeterLate(in Record record, ReadOnlySpan<byte> payload, (ulong Low, ulong High) identity)
    {
        var usage = UsageEvent.Read(payload);
        var released = usage.Dimensions.ContainsKey(UsageCorrection.Release);
        _invoicer!.Meet(usage.CustomerId);
        if (_seen.Contains(identity, Remembered, out var seen))
        {
            _counts.Duplicate++;
            return;
        }
        var (place, code) = _invoicer.Usage.Find(usage.CustomerId, usage.Meter, usage.OccurredAt);
        var plain = UsageCorrection.Plain(usage, new(identity.High, identity.Low));
        if (code == ContractUsage.ContractOfParent && IsRouted(record, usage, usage.OccurredAt)) return;
        if (code is not null) Late(record, "LATE", $"The event's window has closed, and nothing prices it: {code}");
        else if (usage.OccurredAt.Micros < Remembered && !released) Late(record, "LATE_UNPROVEN", $"The event is older than identities are remembered: it may have been counted; it waits until it is sent again with {UsageCorrection.Release}");
        else if (_invoicer.AddLate(place, plain, record.Offset, released, _store.StreamTime) is { } listed)
            Late(record, listed.Code, listed.Reason);
        else
        {
            // What is older than all that is remembered is remembered from its release on: released twice, it counts once.
            _seen.Add(identity, usage.OccurredAt.Micros < Remembered ? _store.StreamTime : usage.OccurredAt.Micros, seen);
            _entitlements!.Add(usage.CustomerId, usage.Meter, plain);
            _counts.Accepted++;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void RouteOrPark(in Record record, in UsageEventView view, ReadOnlySpan<byte> payload, string code, string reason)
    {
        if (code == ContractUsage.ContractOfParent && IsRouted(record, UsageEvent.Read(payload), view.OccurredAt)) return;
        Park(record, view, code, reason);
    }

    /// <summary>
    /// Sends usage that is rated by the contract of a customer above on into that one's partition, where the contract's usage is judged in one order: late, twice or to be
    /// corrected is decided there. Once only: two instances that know different contracts send nothing to and fro.
    /// </summary>
    bool IsRouted(in Record record, UsageEvent usage, Timestamp at)
    {
        if (usage.Dimensions.ContainsKey(UsageCorrection.RoutedFrom) || _invoicer!.Usage.RatedBy(usage.CustomerId, usage.Meter, at) is not { } by || by == usage.CustomerId) return false;
        var routed = usage with { CustomerId = by, Dimensions = new Dictionary<string, string>(usage.Dimensions, StringComparer.Ordinal) { [UsageCorrection.RoutedFrom] = usage.CustomerId } };
        WireFormat.TryRead(record.Value, out var schemaId, out _);
        _value.ResetWrittenCount();
        WireFormat.WriteHeader(_value, options.UsageEventSchemaId ?? schemaId);
        routed.Write(_value);
        _context.Forward(RoutedSink, Encoding.UTF8.GetBytes(by), _value.WrittenSpan, record.Timestamp, record.Headers);
        _counts.Routed++;
        return true;
    }

    /// <summary>A control event moves stream time, or orders something of the billing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void Control(ReadOnlySpan<byte> payload)
    {
        _counts.Control++;
        if (_invoicer is not null && IsCorrection(payload)) _invoicer.Order(UsageEvent.Read(payload), _store.StreamTime);
    }

    /// <summary>An event that takes another one back or replaces it, in whatever period that lies.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void Correct(in Record record, UsageEvent usage, (ulong Low, ulong High) identity)
    {
        var by = new UInt128(identity.High, identity.Low);
        if (UsageCorrection.Read(usage, by, out var fault) is not { } correction)
        {
            DeadLetter(record, "CORRECTION_INVALID", Validation, fault);
            return;
        }
        _invoicer!.Meet(usage.CustomerId);
        var (original, code) = _invoicer.Usage.Find(usage.CustomerId, usage.Meter, correction.Original.Time);
        UsagePlace? replacement = null;
        if (code is null && correction.Replacement is { } put)
        {
            (var place, code) = _invoicer.Usage.Find(usage.CustomerId, usage.Meter, put.Time);
            replacement = place;
        }
        if (code == ContractUsage.ContractOfParent && IsRouted(record, usage, correction.Original.Time)) return;
        if (code is not null)
        {
            Late(record, "CORRECTION_UNPLACED", $"Nothing prices what it corrects or what replaces it: {code}");
            return;
        }
        if (original.Account.Corrected.TryGetValue((original.Ordinal, correction.Original.Id), out var known))
        {
            if (known == by) _counts.Duplicate++;
            else Late(record, "CORRECTED_ALREADY", $"Event {correction.OriginalId} was corrected before");
            return;
        }
        var at = correction.Original.Time.Micros;
        var settled = ClosesAt(at - at % options.WindowSize) <= _store.StreamTime;
        if (_invoicer.Correct(original, replacement, usage, correction, settled ? OpenOf(usage) : null, record.Offset, _store.StreamTime) is { } listed) Late(record, listed.Code, listed.Reason);
        else
        {
            _entitlements!.Remove(usage.CustomerId, usage.Meter, correction.Original);
            if (correction.Replacement is { } counted) _entitlements.Add(usage.CustomerId, usage.Meter, counted);
            _counts.Accepted++;
        }
    }

    /// <summary>What the customer's open minutes hold of a meter: corrections may have taken some of it back already, before it comes into the period's usage.</summary>
    OpenUsage OpenOf(UsageEvent usage)
    {
        var (customer, meter) = (Encoding.UTF8.GetBytes(usage.CustomerId), Encoding.UTF8.GetBytes(usage.Meter));
        var account = _store.FindAccount(MeteringStore.HashOf(customer, meter), customer, meter);
        var open = new OpenUsage(0, ExactDecimal.Zero);
        for (var next = account == Account.None ? Account.None : _store[account].Windows; next != Account.None; next = _store.Window(next).Next)
        {
            ref var window = ref _store.Window(next);
            open = new(open.Events + window.Events, open.Quantity + window.Quantity);
        }
        return open;
    }
}
