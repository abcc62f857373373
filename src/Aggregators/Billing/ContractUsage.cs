using System.Text;
using Streams.Aggregators.Metering;
using Streams.Rating.Contracts;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Aggregators.Billing;

/// <summary>Why usage is not taken: a code and a reason.</summary>
readonly record struct UsageRefusal(string Code, string Reason);

/// <summary>Events in minutes that have not closed yet, and their quantity.</summary>
readonly record struct OpenUsage(long Events, ExactDecimal Quantity);

/// <summary>Where an event belongs: contract, period, meter and the window of its figure.</summary>
readonly record struct UsagePlace(ContractAccount Account, KnownContract Contract, Meter Meter, int Ordinal)
{
    /// <summary>Whether the period's document was made.</summary>
    public bool IsClosed => Ordinal < Account.Next;

    public bool IsCorrectable => Ordinal >= Account.FirstClosed;
}

/// <summary>Puts usage into the slices of contracts, and takes it back.</summary>
sealed class ContractUsage(MeteringOptions options, InvoicingStore store, ContractTermsCache terms)
{
    /// <summary>The contract's customer is another one, above the event's: the event has to be judged where that one's usage lies.</summary>
    public const string ContractOfParent = "CONTRACT_OF_PARENT";

    /// <summary>Makes the customer's contracts known to the store.</summary>
    public IEnumerable<ContractAccount> Meet(string customer)
    {
        foreach (var contract in terms.Book.ContractsOf(customer))
        {
            if (store.Find(contract.Id) is null) yield return store.Add(contract.Id, customer);
        }
    }

    /// <summary>The customer by whose contract a customer's usage of a time is rated; null: by none.</summary>
    public string? RatedBy(string customer, string meter, Timestamp at) => terms.Book.Find(customer, meter, at).Contract?.Customer;

    /// <summary>Where an event of a time belongs, or the code of why nowhere.</summary>
    public (UsagePlace Place, string? Code) Find(string customer, string meter, Timestamp at)
    {
        if (!terms.Book.Meters.TryGetValue(meter, out var definition)) return (default, Rating.BookTerms.MeterUnknown);
        var found = terms.Book.Find(customer, meter, at);
        if (!found.Found) return (default, found.Code);
        if (found.Contract!.Customer != customer || store.Find(found.Contract.Id) is not { } account) return (default, ContractOfParent);
        var known = terms.Find(found.Contract.Id)!;
        return (new(account, known, definition, known.Agreement.OrdinalOf(at)), null);
    }

    /// <summary>Whether closed minutes are fine enough for a meter in the period of a time.</summary>
    public bool IsByWindow(UsagePlace place) => place.Contract.Needs(place.Ordinal, place.Meter, options.WindowSize).ByWindow;

    /// <summary>Adds a closed minute to the slice that it lies in. False: the book has its contract no more.</summary>
    public bool Add(ref Account row, ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter, in OpenWindow window)
    {
        var slice = row.Billed as UsageSlice;
        var minute = new TimeWindow(new(window.Start), new(window.Start + options.WindowSize));
        var contract = window.Terms.Terms!.ContractId;
        if (slice is null || !ReferenceEquals(slice.Edition, terms.Book) || slice.Key.Contract != contract || !slice.Key.Window.Contains(minute))
            row.Billed = slice = SliceOf(contract, Encoding.UTF8.GetString(customer), Encoding.UTF8.GetString(meter), minute);
        if (slice is null) return false;
        slice.Add(window.Quantity, window.Events, minute, window.FirstOffset, window.LastOffset);
        store.Touch(slice);
        return true;
    }

    /// <summary>Takes an event; the meter may refuse it.</summary>
    public UsageRefusal? Add(UsagePlace place, MeterEvent usage, long offset)
    {
        var slice = SliceAt(place, usage.Time);
        try
        {
            if (slice.Add(usage, offset)) store.Touch(slice);
            return null;
        }
        catch (MeterException e)
        {
            return new(e.Code, e.Message);
        }
        catch (OverflowException)
        {
            return new("QUANTITY_TOO_LARGE", "The period would hold more than 28 digits");
        }
    }

    /// <summary>Takes an event back, given as it was added.</summary>
    /// <param name="open">What open minutes hold of the customer's usage of the meter; null: the event's own is open, and it need not be there yet.</param>
    public UsageRefusal? Remove(UsagePlace place, MeterEvent original, OpenUsage? open)
    {
        var slice = SliceAt(place, original.Time);
        if (open is { } more && (slice.Count + more.Events < 1 || (slice.Kind == SliceKind.Sum && slice.Sum + more.Quantity < original.Quantity))) return new(MeterCodes.EventUnknown, "Less than that was counted");
        try
        {
            if (!slice.Remove(original)) return new(MeterCodes.EventUnknown, "The meter's filters had left it out");
            store.Touch(slice);
            return null;
        }
        catch (MeterException e)
        {
            return new(e.Code, e.Message);
        }
    }

    UsageSlice SliceAt(UsagePlace place, Timestamp at)
    {
        var needs = place.Contract.Needs(place.Ordinal, place.Meter, options.WindowSize);
        var key = new SliceKey(place.Account.Contract, place.Ordinal, place.Meter.Id, needs.At(at));
        return place.Account.Slices.GetValueOrDefault(key) ?? store.Add(place.Account, key, place.Meter, needs.Kind);
    }

    UsageSlice? SliceOf(string contract, string customer, string meter, TimeWindow minute)
    {
        if (store.Find(contract) is not { } account || account.Customer != customer) return null;
        if (terms.Find(contract) is not { } known || !terms.Book.Meters.TryGetValue(meter, out var definition)) return null;
        var place = new UsagePlace(account, known, definition, known.Agreement.OrdinalOf(minute.Start));
        if (!known.Agreement.Has(place.Ordinal)) return null;
        var slice = SliceAt(place, minute.Start);
        if (slice.Kind != SliceKind.Sum)
        {
            // The contract has changed since the minute began: what was gathered as a sum stays one.
            var key = slice.Key with { Window = minute };
            slice = account.Slices.TryGetValue(key, out var apart) && apart.Kind == SliceKind.Sum ? apart : store.Add(account, key, definition, SliceKind.Sum);
        }
        slice.Edition = terms.Book;
        return slice;
    }
}
