using Streams.Schemas;

namespace Streams.Rating.Pricing;

/// <summary>Usage (or fees) to be covered, at its time.</summary>
public sealed record CreditUse(Timestamp At, Exact Amount);

/// <summary>The balance starts anew: each grant keeps what its roll-over says. <paramref name="PreserveOverage"/>: what was used beyond all credit is taken from that; else it is forgotten here.</summary>
public sealed record CreditReset(Timestamp At, bool PreserveOverage);

/// <summary>What a grant that becomes effective does about usage that no credit covered before.</summary>
public enum OlderOverage
{
    /// <summary>It covers it first.</summary>
    Deduct,

    /// <summary>It covers only what comes after it.</summary>
    Keep,
}

/// <summary>An amount burned from one grant, and the revenue it stands for by the grant's cost basis.</summary>
public sealed record CreditBurn(Timestamp At, string Grant, Exact Amount, Exact Revenue);

/// <summary>Where an account stands: what each grant (in the order given) still holds, what expired or was taken back, and what no credit covered.</summary>
public sealed record CreditStatement(IReadOnlyList<Exact> Balances, IReadOnlyList<CreditBurn> Burns, Exact Lapsed, Exact Overage)
{
    public Exact Balance => Exact.Sum(Balances);

    public Exact Burned => Exact.Sum(Burns.Select(b => b.Amount));
}

/// <summary>
/// Plays grants, uses and resets in the order of their times. At one time, grants end first, then comes a reset, then new grants, then usage.
/// The work grows with n log n of the grants.
/// </summary>
public sealed class CreditAccount
{
    /// <summary>The most grants, uses and resets of one account.</summary>
    public const int MaxEntries = 1_000_000;

    readonly IReadOnlyList<Grant> _grants;
    readonly OlderOverage _older;
    readonly Dictionary<string, int> _byId = new(StringComparer.Ordinal);
    readonly Exact[] _balances;
    readonly Exact[] _carried;
    readonly bool[] _active;
    readonly PriorityQueue<int, int> _queue;
    readonly List<CreditBurn> _burns = [];
    readonly BurnOrder _order;
    Exact _lapsed;
    Exact _overage;

    CreditAccount(IReadOnlyList<Grant> grants, BurnOrder order, OlderOverage older)
    {
        (_grants, _order, _older) = (grants, order, older);
        for (var i = 0; i < grants.Count; i++)
        {
            if (grants[i].Amount.Sign < 0) throw new PricingException($"grants[{i}].amount", $"{grants[i].Amount} is negative");
            if (!_byId.TryAdd(grants[i].Id, i)) throw new PricingException($"grants[{i}].id", $"'{grants[i].Id}' stands there twice");
        }
        for (var i = 0; i < grants.Count; i++) CheckSuccessor(i);
        (_balances, _carried, _active) = (new Exact[grants.Count], new Exact[grants.Count], new bool[grants.Count]);
        _queue = new(Comparer<int>.Create(Compare));
    }

    /// <summary>What rolls over must find a grant that begins when its own ends.</summary>
    void CheckSuccessor(int grant)
    {
        if (_grants[grant].Successor is not { } id) return;
        if (!_byId.TryGetValue(id, out var next)) throw new PricingException($"grants[{grant}].successor", $"'{id}' is unknown");
        var (start, end) = (_grants[next].EffectiveAt, _grants[next].EndsAt);
        if (_grants[grant].ExpiresAt != start || end <= start) throw new PricingException($"grants[{grant}].successor", $"'{id}' does not begin when this grant expires");
    }

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
        var account = new CreditAccount(grants, order ?? BurnOrder.Default, older);
        foreach (var entry in Entries(grants, uses, resets).Where(e => e.At <= at).OrderBy(e => e.At).ThenBy(e => e.Rank)) account.Play(entry);
        return new(account._balances, account._burns, account._lapsed, account._overage);
    }

    readonly record struct Entry(Timestamp At, int Rank, int Grant, CreditUse? Use, CreditReset? Reset);

    static IEnumerable<Entry> Entries(IReadOnlyList<Grant> grants, IReadOnlyList<CreditUse> uses, IReadOnlyList<CreditReset> resets)
    {
        for (var i = 0; i < grants.Count; i++)
        {
            if (grants[i].EndsAt is { } end && end <= grants[i].EffectiveAt) continue;
            if (grants[i].EndsAt is { } lapse) yield return new(lapse, 0, i, null, null);
            yield return new(grants[i].EffectiveAt, 2, i, null, null);
        }
        foreach (var reset in resets) yield return new(reset.At, 1, -1, null, reset);
        foreach (var use in uses) yield return new(use.At, 3, -1, use, null);
    }

    void Play(Entry entry)
    {
        switch (entry.Rank)
        {
            case 0:
                End(entry.Grant);
                break;
            case 1:
                Reset(entry.Reset!);
                break;
            case 2:
                Begin(entry.Grant, entry.At);
                break;
            default:
                if (entry.Use!.Amount.Sign < 0) throw new PricingException("uses.amount", $"{entry.Use.Amount} is negative");
                _overage += Cover(entry.Use.Amount, entry.At);
                break;
        }
    }

    void Begin(int grant, Timestamp at)
    {
        _balances[grant] = _grants[grant].Amount + _carried[grant];
        _active[grant] = true;
        _queue.Enqueue(grant, grant);
        if (_older == OlderOverage.Deduct && !_overage.IsZero) _overage = Cover(_overage, at);
    }

    void End(int grant)
    {
        var (left, terms) = (_balances[grant], _grants[grant]);
        _active[grant] = false;
        _balances[grant] = Exact.Zero;
        var voided = terms.VoidedAt is { } time && terms.EndsAt == time;
        if (!voided && terms is { Rollover: { } rollover, Successor: { } successor })
        {
            var next = _byId[successor];
            _carried[next] = rollover.Apply(left);
            left = Exact.Max(left - _carried[next], Exact.Zero);
        }
        _lapsed += left;
    }

    void Reset(CreditReset reset)
    {
        for (var i = 0; i < _grants.Count; i++)
        {
            if (!_active[i]) continue;
            var kept = _grants[i].Rollover?.Apply(_balances[i]) ?? Exact.Zero;
            _lapsed += Exact.Max(_balances[i] - kept, Exact.Zero);
            if (_balances[i].IsZero && !kept.IsZero) _queue.Enqueue(i, i);
            _balances[i] = kept;
        }
        _overage = reset.PreserveOverage ? Cover(_overage, reset.At) : Exact.Zero;
    }

    /// <summary>Burns credit in its order and gives back what none was left for.</summary>
    Exact Cover(Exact amount, Timestamp at)
    {
        while (amount.Sign > 0 && _queue.TryPeek(out var grant, out _))
        {
            if (!_active[grant] || _balances[grant].IsZero)
            {
                _queue.Dequeue();
                continue;
            }
            var burned = Exact.Min(amount, _balances[grant]);
            _balances[grant] -= burned;
            amount -= burned;
            _burns.Add(new(at, _grants[grant].Id, burned, burned * _grants[grant].CostBasis));
        }
        return amount;
    }

    int Compare(int a, int b)
    {
        var order = _order.Compare(_grants[a], _grants[b]);
        return order != 0 ? order : a.CompareTo(b);
    }
}
