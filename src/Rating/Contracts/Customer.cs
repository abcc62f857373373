using System.Collections.Immutable;
using Streams.Rating.Pricing;

namespace Streams.Rating.Contracts;

/// <summary>Whose account a customer's documents go to.</summary>
public enum Payer
{
    Self,

    /// <summary>The parent's, or whoever pays for the parent. A customer without a contract of its own is then rated by the parent's.</summary>
    Parent,
}

/// <summary>A company that uses and pays, and belongs to <see cref="Parent"/> if it says so.</summary>
public sealed record Customer
{
    /// <exception cref="ContractFaultException">A parent is to pay, but there is none, or it is the customer itself.</exception>
    public Customer(string id, string name, string legalEntity, IReadOnlyDictionary<string, string>? erpIds = null, string? parent = null, Payer pays = Payer.Self)
    {
        (Id, Name, LegalEntity, ErpIds, Parent, Pays) = (id, name, legalEntity, erpIds ?? ImmutableSortedDictionary<string, string>.Empty, parent, pays);
        var check = new TermsCheck();
        check.That(pays == Payer.Self || parent is not null, "parent", "PARENT_MISSING", "is missing, but it is to pay");
        check.That(parent != id, "parent", "HIERARCHY_CYCLE", "is the customer itself");
        check.Done();
    }

    public string Id { get; }

    public string Name { get; }

    /// <summary>Which of our companies bills.</summary>
    public string LegalEntity { get; }

    /// <summary>The customer's id in each ERP, e.g. netsuite → 145.</summary>
    public IReadOnlyDictionary<string, string> ErpIds { get; }

    public string? Parent { get; }

    public Payer Pays { get; }
}
