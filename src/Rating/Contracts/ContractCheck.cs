using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>Finds everything that is wrong with a contract by itself; what it refers to is checked where the other definitions are known.</summary>
static class ContractCheck
{
    /// <returns>The contract's calendar.</returns>
    /// <exception cref="ContractFaultException">With every fault.</exception>
    public static BillingCalendar Run(Contract contract)
    {
        var check = new TermsCheck();
        var zone = Zone(check, contract.TimeZone);
        check.Between("billing.months", contract.Billing.Months, 1, 12);
        check.Filled("versions", contract.Versions);
        for (var i = 0; i < contract.Versions.Count; i++)
        {
            var (version, at) = (contract.Versions[i], $"versions[{i}]");
            Times(check, version, at);
            if (i > 0) Order(check, contract.Versions[i - 1], version, at);
            Version(check, contract, version, at);
        }
        Grants(check, contract);
        check.Done();
        return new(zone!, contract.Billing.Months, contract.Billing.Anchor ?? BillingCalendar.CalendarAnchor);
    }

    static ZoneClock? Zone(TermsCheck check, string id)
    {
        try
        {
            return ZoneClock.Of(id);
        }
        catch (TimeZoneNotFoundException e)
        {
            check.That(false, "timeZone", "TIME_ZONE_UNKNOWN", e.Message);
            return null;
        }
    }

    static void Times(TermsCheck check, ContractVersion version, string at)
    {
        check.That(version.Version >= 1, $"{at}.version", "VERSION_INVALID", "must be at least 1");
        check.That(ZoneClock.Supported.Contains(version.From), $"{at}.from", "TIME_OUT_OF_RANGE", $"{version.From} is not within the years 1970 to 2199");
        if (version.To is not { } to) return;
        check.That(to > version.From, $"{at}.to", "VERSION_INVALID", "is not behind from");
        check.That(ZoneClock.Supported.Contains(to), $"{at}.to", "TIME_OUT_OF_RANGE", $"{to} is not within the years 1970 to 2199");
    }

    static void Order(TermsCheck check, ContractVersion before, ContractVersion version, string at)
    {
        check.That(version.Version > before.Version, $"{at}.version", "VERSION_INVALID", $"{version.Version} does not follow {before.Version}");
        if (before.To is not { } end || end > version.From) check.That(false, $"{at}.from", "VERSIONS_OVERLAP", $"version {version.Version} begins before version {before.Version} ends");
        else check.That(end == version.From, $"{at}.from", "VERSIONS_GAP", $"no version holds between {end} and {version.From}");
    }

    static void Version(TermsCheck check, Contract contract, ContractVersion version, string at)
    {
        var hasBook = version.PriceBook is not null;
        check.That(hasBook || version.PriceBookVersion is null, $"{at}.priceBookVersion", "VALUE_UNUSED", "is given, but no price book");
        check.That(hasBook || version.Remove.Count == 0, $"{at}.remove", "VALUE_UNUSED", "is given, but no price book");
        check.That(hasBook || version.Charges.Count > 0, $"{at}.priceBook", "PROPERTY_MISSING", "is missing, and there are no charges of the contract's own");
        check.Distinct($"{at}.charges", "id", version.Charges.Select(c => c.Id));
        check.Distinct($"{at}.coupons", "id", version.Coupons.Select(c => c.Id));
        check.Distinct($"{at}.entitlements", "feature", version.Entitlements.Select(e => e.Feature));
        check.Distinct($"{at}.commitments", "id", version.Commitments.Select(c => c.Id).ToList());
        check.Within(at, () => version.DocumentTerms(contract.Currency).Check());
        for (var i = 0; i < version.Commitments.Count; i++) Commitment(check, contract, version, version.Commitments[i], $"{at}.commitments[{i}]");
        for (var i = 0; i < version.Charges.Count; i++) check.Within($"{at}.charges[{i}]", () => Trial(version.Charges[i], contract));
    }

    static void Commitment(TermsCheck check, Contract contract, ContractVersion version, CommitmentTerms commitment, string at)
    {
        check.NotNegative($"{at}.amount", commitment.Amount);
        check.That(commitment.Per == CommitmentPer.Period || contract.Versions[^1].To is not null, $"{at}.per", "TERM_OPEN", "is the term, but the contract has no end");
        check.That(version.Charges.All(c => c.Id != commitment.Id), $"{at}.id", "ID_DUPLICATE", $"'{commitment.Id}' is a charge");
    }

    /// <exception cref="ContractFaultException">The charge's trial outlasts the contract.</exception>
    public static void Trial(ChargeDefinition charge, Contract contract)
    {
        var check = new TermsCheck();
        if (contract.Versions[^1].To is { } end && end > contract.Versions[0].From)
            check.That(charge.TrialDays <= (end.Micros - contract.Versions[0].From.Micros) / ZoneClock.DayMicros, "trialDays", "TRIAL_TOO_LONG", $"{charge.TrialDays} days are more than the contract's term");
        check.Done();
    }

    /// <summary>Ids differ throughout the contract, and what a grant gives lies before it expires.</summary>
    static void Grants(TermsCheck check, Contract contract)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var v = 0; v < contract.Versions.Count; v++)
        {
            var version = contract.Versions[v];
            for (var i = 0; i < version.Credits.Grants.Count; i++)
            {
                var (grant, at) = (version.Credits.Grants[i], $"versions[{v}].credits.grants[{i}]");
                check.That(ids.Add(grant.Id), $"{at}.id", "ID_DUPLICATE", $"'{grant.Id}' is given twice");
                check.NotNegative($"{at}.amount", grant.Amount);
                check.NotNegative($"{at}.costBasis", grant.CostBasis);
                check.That(grant.Expires is not { } end || end > (grant.From ?? version.From), $"{at}.expires", "TIME_INVALID", "is not behind the time from which it holds");
                check.That(grant.RollOver is not { } over || over.Minimum <= over.Maximum, $"{at}.rollOver.maximum", "MAXIMUM_BELOW_MINIMUM", "is below the minimum");
            }
        }
    }
}
