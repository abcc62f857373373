using Streams.Aggregators.Rating;

namespace Streams.Aggregators.Metering;

/// <summary>One object for equal leases: the accounts whose windows open in one minute under the same terms share it.</summary>
sealed class TermsLeases
{
    const int Most = 4096;

    readonly Dictionary<(UInt128 Terms, long From, long Until), TermsLease> _leases = [];

    public TermsLease Of(Terms terms, object edition, long from, long until)
    {
        if (_leases.TryGetValue((terms.Id, from, until), out var lease) && lease.Edition == edition) return lease;
        if (_leases.Count >= Most) _leases.Clear(); // older leases live on in their accounts
        return _leases[(terms.Id, from, until)] = new(terms, edition, from, until);
    }
}
