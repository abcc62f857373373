using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Pricing;

/// <summary>
/// Plays grants, uses and resets as time goes on. At one time, grants end first, then comes a reset, then new grants, then usage.
/// The work grows with n log n of the grants. Where it stands can be taken as a <see cref="CreditState"/> and gone on with from there: the results are the same.
/// Not safe for several threads.
/// </summary>
public sealed partial class CreditAccount
{
    /// <summary>The most grants, uses and resets of one account.</summary>
    public const int MaxEntries = 1_000_000;

    const int Ends = 0, Begins = 1;

    readonly BurnOrder _order;
    readonly OlderOverage _older;
    readonly List<Held> _held = [];
    readonly Dictionary<string, Held> _byId = new(StringComparer.Ordinal);
    readonly PriorityQueue<Held, (long At, int Kind, int Index)> _changes = new();
    readonly PriorityQueue<Held, Held> _burning;
    readonly List<CreditBurn> _burns = [];
    Timestamp _at;
    Exact _lapsed;
    Exact _overage;

    /// <param name="order">By which grants burn; null: <see cref="BurnOrder.Default"/>.</param>
    /// <param name="older">What a new grant does about older overage.</param>
    /// <param name="state">Where an account stood that is gone on with; null: a new one.</param>
    public CreditAccount(BurnOrder? order = null, OlderOverage older = OlderOverage.Deduct, CreditState? state = null)
    {
        (_order, _older, state) = (order ?? BurnOrder.Default, older, state ?? CreditState.Empty);
        (_at, _lapsed, _overage) = (state.At, state.Lapsed, state.Overage);
        _burning = new(Comparer<Held>.Create(Compare));
        foreach (var grant in state.Grants)
        {
            var held = new Held(grant.Terms, _held.Count) { Balance = grant.Ended ? Exact.Zero : grant.Balance, Left = grant.Ended ? grant.Balance : Exact.Zero, Carried = grant.Carried, Active = grant.Active, Ended = grant.Ended };
            Take(held);
        }
    }

    /// <summary>A grant and what the account holds of it.</summary>
    sealed class Held(Grant terms, int index)
    {
        public Grant Terms { get; } = terms;

        public int Index { get; } = index;

        public Exact Balance { get; set; }

        /// <summary>What rolled over into it before it began.</summary>
        public Exact Carried { get; set; }

        public bool Active { get; set; }

        public bool Ended { get; set; }

        /// <summary>What it held when it ended, as far as corrections have not changed that since.</summary>
        public Exact Left { get; set; }

        /// <summary>Whether usage of a time may be paid from it.</summary>
        public bool InForceAt(Timestamp at) => (Active || Ended) && Terms.EffectiveAt <= at && (Terms.EndsAt is not { } end || at < end);
    }

    readonly record struct Entry(Timestamp At, int Rank, CreditReset? Reset, CreditUse? Use);

    /// <summary>What was burned since the account was made (or gone on with), in order.</summary>
    public IReadOnlyList<CreditBurn> Burns => _burns;

    /// <summary>What no credit has covered.</summary>
    public Exact Overage => _overage;

    /// <summary>Whether every grant has ended.</summary>
    public bool IsEmpty => _held.TrueForAll(h => h.Ended);

    /// <summary>What the active grants hold.</summary>
    public Exact Balance => Exact.Sum(_held.Where(h => h.Active).Select(h => h.Balance));

    /// <param name="grants">Whose ids differ.</param>
    /// <param name="uses">In any order.</param>
    /// <param name="at">The time of the statement, inclusive; nothing later is looked at.</param>
    /// <param name="order">By which grants burn; null: <see cref="BurnOrder.Default"/>.</param>
    /// <param name="older">What a new grant does about older overage.</param>
    /// <param name="resets">In any order.</param>
    /// <exception cref="PricingException">A negative amount, an id twice, or too many entries.</exception>
    public static CreditStatement Run(
        IReadOnlyList<Grant> grants, IReadOnlyList<CreditUse> uses, Timestamp at, BurnOrder? order = null, OlderOverage older = OlderOverage.Deduct, IReadOnlyList<CreditReset>? resets = null)
    {
        resets ??= [];
        if (grants.Count > MaxEntries || uses.Count > MaxEntries || resets.Count > MaxEntries) throw new PricingException("entries", $"are more than {MaxEntries}");
        var account = new CreditAccount(order, older);
        account.Add(grants);
        for (var i = 0; i < grants.Count; i++) account.CheckKnown(i, grants[i]);
        var entries = resets.Select(r => new Entry(r.At, 0, r, null)).Concat(uses.Select(u => new Entry(u.At, 1, null, u)));
        foreach (var entry in entries.Where(e => e.At <= at).OrderBy(e => e.At).ThenBy(e => e.Rank))
        {
            if (entry.Reset is not null) account.Reset(entry.Reset);
            else account.Use(entry.Use!);
        }
        account.Advance(at);
        return new(account._held.Select(h => h.Balance).ToList(), account._burns, account._lapsed, account._overage);
    }

    /// <summary>Takes new grants. One that begins in the time already played begins now.</summary>
    /// <exception cref="PricingException">A negative amount, an id twice, or a successor that does not follow; the account must then be thrown away.</exception>
    public void Add(IReadOnlyList<Grant> grants)
    {
        if (_held.Count + grants.Count > MaxEntries) throw new PricingException("entries", $"are more than {MaxEntries}");
        for (var i = 0; i < grants.Count; i++)
        {
            if (grants[i].Amount.Sign < 0) throw new PricingException($"grants[{i}].amount", $"{grants[i].Amount} is negative");
            if (_byId.ContainsKey(grants[i].Id)) throw new PricingException($"grants[{i}].id", $"'{grants[i].Id}' stands there twice");
            Take(new(grants[i], _held.Count));
        }
        for (var i = 0; i < grants.Count; i++) CheckSuccessor(i, grants[i]);
    }

    /// <summary>When grants begin or end behind a window's start and before its end.</summary>
    public bool ChangesWithin(TimeWindow window) => _changes.UnorderedItems.Any(c => c.Priority.At > window.Start.Micros && c.Priority.At < window.End.Micros);

    /// <summary>Whether a grant of this id is held, ended ones of this account included.</summary>
    public bool Knows(string grant) => _byId.ContainsKey(grant);

    /// <summary>Grants end and begin up to a time, inclusive.</summary>
    public void Advance(Timestamp to) => Advance(to, Begins);

    /// <summary>Covers usage at its time, which is not before the time already played, and gives back what credit was left for it; the rest becomes overage.</summary>
    public Exact Use(CreditUse use)
    {
        var covered = Burn(use);
        _overage += use.Amount - covered;
        return covered;
    }

    /// <summary>As <see cref="Use"/>, but what is not covered is paid in another way and does not become overage.</summary>
    /// <param name="use">What is to be covered.</param>
    /// <param name="pays">Which grants, by id, may be burned; null: all.</param>
    public Exact Burn(CreditUse use, Func<string, bool>? pays = null)
    {
        if (use.Amount.Sign < 0) throw new PricingException("uses.amount", $"{use.Amount} is negative");
        Advance(use.At, Begins);
        return use.Amount - (pays is null ? Cover(use.Amount, use.At) : Cover(use.Amount, use.At, pays));
    }

    /// <summary>What the active grants that may be burned hold.</summary>
    public Exact Available(Func<string, bool>? pays) => pays is null ? Balance : Exact.Sum(_held.Where(h => h.Active && pays(h.Terms.Id)).Select(h => h.Balance));

    /// <summary>Starts the balance anew, at a time behind the one already played.</summary>
    public void Reset(CreditReset reset)
    {
        Advance(reset.At, Ends);
        foreach (var held in _held.Where(h => h.Active))
        {
            var kept = held.Terms.Rollover?.Apply(held.Balance) ?? Exact.Zero;
            _lapsed += Exact.Max(held.Balance - kept, Exact.Zero);
            if (held.Balance.IsZero && !kept.IsZero) _burning.Enqueue(held, held);
            held.Balance = kept;
        }
        _overage = reset.PreserveOverage ? Cover(_overage, reset.At) : Exact.Zero;
    }

    /// <summary>Where the account stands.</summary>
    /// <param name="endedSince">Grants that ended before, or at this time, are left out: what they paid for is not corrected any more; null: all that have ended.</param>
    public CreditState State(Timestamp? endedSince = null)
    {
        var kept = _held.Where(h => !h.Ended || (h.Terms.EndsAt > endedSince && h.Terms.EndsAt > h.Terms.EffectiveAt));
        return new(_at, kept.Select(h => new HeldGrant(h.Terms, h.Ended ? h.Left : h.Balance, h.Carried, h.Active) { Ended = h.Ended }).ToList(), _overage, _lapsed);
    }

    void Take(Held held)
    {
        _held.Add(held);
        _byId.Add(held.Terms.Id, held);
        var (start, end) = (held.Terms.EffectiveAt, held.Terms.EndsAt);
        held.Ended |= end <= start;
        if (held.Ended) return;
        if (end is { } lapse) _changes.Enqueue(held, (lapse.Micros, Ends, held.Index));
        if (!held.Active) _changes.Enqueue(held, (start.Micros, Begins, held.Index));
        else if (!held.Balance.IsZero) _burning.Enqueue(held, held);
    }

    void CheckKnown(int index, Grant grant)
    {
        if (grant.Successor is { } id && !Knows(id)) throw new PricingException($"grants[{index}].successor", $"'{id}' is unknown");
    }

    /// <summary>What rolls over goes to a grant that begins when its own ends. It may come later, but not after that.</summary>
    void CheckSuccessor(int index, Grant grant)
    {
        if (grant.Successor is not { } id || !_byId.TryGetValue(id, out var next)) return;
        var (start, end) = (next.Terms.EffectiveAt, next.Terms.EndsAt);
        if (grant.ExpiresAt != start || end <= start) throw new PricingException($"grants[{index}].successor", $"'{id}' does not begin when this grant expires");
    }

    void Advance(Timestamp to, int last)
    {
        while (_changes.TryPeek(out var held, out var change) && (change.At < to.Micros || (change.At == to.Micros && change.Kind <= last)))
        {
            _changes.Dequeue();
            if (change.Kind == Ends) End(held);
            else Begin(held, new(Math.Max(change.At, _at.Micros)));
        }
        if (to > _at) _at = to;
    }

    void Begin(Held held, Timestamp at)
    {
        held.Balance = held.Terms.Amount + held.Carried;
        (held.Carried, held.Active) = (Exact.Zero, true);
        _burning.Enqueue(held, held);
        if (_older == OlderOverage.Deduct && !_overage.IsZero) _overage = Cover(_overage, at);
    }

    void End(Held held)
    {
        var (left, terms) = (held.Balance, held.Terms);
        (held.Balance, held.Active, held.Ended, held.Left) = (Exact.Zero, false, true, left);
        if (Successor(held) is { } next)
        {
            next.Carried = terms.Rollover!.Apply(left);
            left = Exact.Max(left - next.Carried, Exact.Zero);
        }
        _lapsed += left;
    }

    /// <summary>The grant into which a grant's balance rolls over at its end, or null: it is taken back, or lapses.</summary>
    Held? Successor(Held held)
    {
        var terms = held.Terms;
        if (terms.VoidedAt is { } time && terms.EndsAt == time) return null;
        return terms is { Rollover: not null, Successor: { } successor } ? _byId.GetValueOrDefault(successor) : null;
    }

    /// <summary>Burns credit in its order and gives back what none was left for.</summary>
    Exact Cover(Exact amount, Timestamp at)
    {
        while (amount.Sign > 0 && _burning.TryPeek(out var held, out _))
        {
            if (!held.Active || held.Balance.IsZero)
            {
                _burning.Dequeue();
                continue;
            }
            amount -= Burned(held, amount, at);
        }
        return amount;
    }

    /// <summary>As above, from some of the grants only.</summary>
    Exact Cover(Exact amount, Timestamp at, Func<string, bool> pays)
    {
        foreach (var held in _held.Where(h => h.Active && !h.Balance.IsZero && pays(h.Terms.Id)).Order(_burning.Comparer))
        {
            if (amount.Sign <= 0) break;
            amount -= Burned(held, amount, at);
        }
        return amount;
    }

    Exact Burned(Held held, Exact amount, Timestamp at)
    {
        var burned = Exact.Min(amount, held.Balance);
        held.Balance -= burned;
        _burns.Add(new(at, held.Terms.Id, burned, burned * held.Terms.CostBasis));
        return burned;
    }

    int Compare(Held a, Held b) => Compare(_order, a, b);

    static int Compare(BurnOrder keys, Held a, Held b)
    {
        var order = keys.Compare(a.Terms, b.Terms);
        return order != 0 ? order : a.Index.CompareTo(b.Index);
    }
}
