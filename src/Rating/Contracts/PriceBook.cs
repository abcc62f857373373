using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>Prices in one currency, by versions of which the later replaces the earlier as a whole. A version never changes once it is in force.</summary>
public sealed record PriceBook
{
    /// <exception cref="ContractFaultException">No version, or versions that do not rise in number and time.</exception>
    public PriceBook(string id, string currency, IReadOnlyList<PriceBookVersion> versions)
    {
        var check = new TermsCheck();
        check.Filled("versions", versions);
        for (var i = 1; i < versions.Count; i++)
        {
            var (before, version) = (versions[i - 1], versions[i]);
            check.That(version.Version > before.Version, $"versions[{i}].version", "VERSION_INVALID", $"{version.Version} does not follow {before.Version}");
            check.That(version.From > before.From, $"versions[{i}].from", "VERSIONS_OVERLAP", $"{version.From} is not after {before.From}, where version {before.Version} begins");
        }
        check.Done();
        (Id, Currency, Versions) = (id, currency, versions);
    }

    public string Id { get; }

    public string Currency { get; }

    public IReadOnlyList<PriceBookVersion> Versions { get; }

    /// <summary>The version in force at a time; null before the first.</summary>
    public PriceBookVersion? At(Timestamp at) => Versions.LastOrDefault(v => v.From <= at);

    /// <summary>The version of a number.</summary>
    public PriceBookVersion? Numbered(int version) => Versions.FirstOrDefault(v => v.Version == version);
}

/// <summary>The charges from a time on, until the next version.</summary>
public sealed record PriceBookVersion
{
    /// <exception cref="ContractFaultException">A number below 1, or two charges of one id.</exception>
    public PriceBookVersion(int version, Timestamp from, IReadOnlyList<ChargeDefinition> charges)
    {
        var check = new TermsCheck();
        check.That(version >= 1, "version", "VERSION_INVALID", "must be at least 1");
        check.Distinct("charges", "id", charges.Select(c => c.Id));
        check.Done();
        (Version, From, Charges) = (version, from, charges);
    }

    public int Version { get; }

    public Timestamp From { get; }

    public IReadOnlyList<ChargeDefinition> Charges { get; }
}
