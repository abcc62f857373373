using System.Text;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Metering;
using Streams.Rating.Invoicing;
using Streams.Schemas;

namespace Streams.Aggregators.Queries;

/// <summary>Where a contract's open period stands between two records.</summary>
/// <param name="State">Null: its billing has not begun.</param>
/// <param name="Usage">All usage that was accepted, minutes that are still open included.</param>
/// <param name="StreamTime">The highest event time seen, in microseconds.</param>
sealed record OpenPeriodUsage(InvoicingState? State, PeriodUsage Usage, long StreamTime)
{
    /// <summary>Reads it from the stores of the customer's partition, which must stand still meanwhile.</summary>
    public static OpenPeriodUsage Read(InvoicingStore invoicing, MeteringStore metering, Agreement agreement)
    {
        if (invoicing.Find(agreement.Contract.Id) is not { State: { } state } account) return new(null, PeriodUsage.None, metering.StreamTime);
        if (state.Ended) return new(state, PeriodUsage.None, metering.StreamTime);
        return new(state, new(PeriodFigures.All(account, agreement, state.Next).Concat(OpenMinutes(metering, agreement, state.Next))), metering.StreamTime);
    }

    /// <summary>
    /// Usage that is summed up by the minute and whose minute has not closed, for the window that invoicing asks for; the rest is in the contract's slices from the event on.
    /// </summary>
    static IEnumerable<UsageFigure> OpenMinutes(MeteringStore metering, Agreement agreement, int ordinal)
    {
        var (contract, period) = (agreement.Contract, agreement.Period(ordinal).InForce);
        foreach (var meter in agreement.Meters(ordinal))
        {
            var windows = agreement.Windows(ordinal, meter.Id);
            foreach (var window in metering.OpenWindows(Encoding.UTF8.GetBytes(contract.Customer), Encoding.UTF8.GetBytes(meter.Id)))
            {
                var minute = new Timestamp(window.Start);
                if (window.Terms.Terms is { ByEvent: false } terms && terms.ContractId == contract.Id && period.Contains(minute))
                    yield return new(meter.Id, windows.Last(w => w.Start <= minute), window.Quantity);
            }
        }
    }
}
