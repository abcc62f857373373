using Streams.Schemas;

namespace Streams.Rating.Pricing;

/// <summary>
/// Usage of a time already played is corrected: what grants paid for it comes back to them, and the grants that were in force then pay for the usage as it is known
/// now. Other usage that was paid since stays paid, so a grant gives no more than it still has.
/// </summary>
public sealed partial class CreditAccount
{
    /// <summary>
    /// Gives a grant back what it paid. Of one that has ended, what then rolls over in addition goes to the one that followed it, and the rest lapses; what comes back to a
    /// grant that the account does not know any more is lost.
    /// </summary>
    public void GiveBack(string grant, Exact amount)
    {
        if (amount.Sign < 0) throw new PricingException("amount", $"{amount} is negative");
        if (_byId.TryGetValue(grant, out var held)) Change(held, amount);
    }

    /// <summary>
    /// Pays for usage of a time already played from the grants that were in force then, in their order, as far as they still have it, and gives back how much.
    /// </summary>
    /// <param name="use">What is to be paid for.</param>
    /// <param name="pays">Which grants, by id, may be burned; null: all.</param>
    /// <param name="order">By which grants burned at that time; null: as the account's burn now.</param>
    public Exact BurnLate(CreditUse use, Func<string, bool>? pays, BurnOrder? order = null)
    {
        if (use.Amount.Sign < 0) throw new PricingException("uses.amount", $"{use.Amount} is negative");
        var open = use.Amount;
        foreach (var held in _held.Where(h => h.InForceAt(use.At) && (pays is null || pays(h.Terms.Id))).Order(Comparer<Held>.Create((a, b) => Compare(order ?? _order, a, b))))
        {
            if (open.Sign <= 0) break;
            var burned = Exact.Min(open, Available(held));
            if (burned.Sign <= 0) continue;
            Change(held, -burned);
            _burns.Add(new(use.At, held.Terms.Id, burned, burned * held.Terms.CostBasis));
            open -= burned;
        }
        return use.Amount - open;
    }

    /// <summary>
    /// How much can be taken from a grant: what it holds; of one that has ended, what it held at its end, unless that rolled over and is used up where it went. What lapsed
    /// is taken first, since it never rolled over.
    /// </summary>
    static Exact Available(Held held, Held? next, Exact availableThere)
    {
        if (next is null) return held.Left;
        var rollover = held.Terms.Rollover!;
        var carried = rollover.Apply(held.Left);
        return carried - rollover.Apply(Exact.Zero) <= availableThere ? held.Left : held.Left - carried + availableThere;
    }

    Exact Available(Held held)
    {
        // From the last grant of the chain to this one: those that have ended, and the one that has not.
        var chain = new List<Held> { held };
        while (chain[^1].Ended && Successor(chain[^1]) is { } next) chain.Add(next);
        var (available, after) = (Exact.Zero, (Held?)null);
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var one = chain[i];
            available = one.Active ? one.Balance : one.Ended ? Available(one, after, available) : one.Carried;
            after = one;
        }
        return available;
    }

    /// <summary>Adds to what a grant holds, or takes from it, also where it went meanwhile.</summary>
    void Change(Held held, Exact amount)
    {
        for (Held? one = held; one is not null && !amount.IsZero;)
        {
            if (!one.Ended)
            {
                if (!one.Active) one.Carried += amount;
                else
                {
                    if (one.Balance.IsZero) _burning.Enqueue(one, one);
                    one.Balance += amount;
                }
                return;
            }
            var before = one.Left;
            one.Left += amount;
            var next = Successor(one);
            var (carried, carriedBefore) = next is null ? (Exact.Zero, Exact.Zero) : (one.Terms.Rollover!.Apply(one.Left), one.Terms.Rollover.Apply(before));
            _lapsed += Exact.Max(one.Left - carried, Exact.Zero) - Exact.Max(before - carriedBefore, Exact.Zero);
            (one, amount) = (next, carried - carriedBefore);
        }
    }
}
