using Streams.Rating.Pricing;

namespace Streams.Rating.Contracts;

/// <summary>Finds everything that is wrong with a charge by itself.</summary>
static class ChargeCheck
{
    /// <exception cref="ContractFaultException">With every fault; paths count from the charge.</exception>
    public static T Checked<T>(T charge) where T : ChargeDefinition
    {
        var check = new TermsCheck();
        check.That(charge.TrialDays >= 0, "trialDays", "VALUE_NEGATIVE", $"{charge.TrialDays} is negative");
        for (var i = 0; i < charge.Discounts.Count; i++) charge.Discounts[i].Check(check, $"discounts[{i}]");
        if (charge.Rounding.Places is { } places) check.Between("rounding.places", places, -18, 18);
        switch (charge)
        {
            case UsageCharge usage:
                Usage(check, usage);
                break;
            case RecurringCharge recurring:
                check.Between("everyPeriods", recurring.EveryPeriods, 1, 1200);
                check.NotNegative("quantity", recurring.Quantity);
                check.That(!recurring.Price.ByItem, "price", "MODEL_INVALID", "prices items, not a quantity");
                NoUnitsGiven(check, charge);
                break;
            case OneOffCharge once:
                check.NotNegative("amount", once.Amount);
                NoUnitsGiven(check, charge);
                break;
        }
        check.Done();
        return charge;
    }

    static void Usage(TermsCheck check, UsageCharge charge)
    {
        var prorated = charge.ProrateUnits is not null;
        check.That(!prorated || charge.Price is Graduated or Volume, "prorateUnits", "MODEL_INVALID", "needs graduated or volume prices");
        check.That(!prorated || charge.Quantity == QuantityRule.Plain, "quantity", "RULE_INVALID", "cannot change the quantities of prorated units");
        var byItem = charge.Price.ByItem;
        for (var i = 0; i < charge.Discounts.Count; i++)
            check.That(charge.Discounts[i].Kind != ChargeDiscountKind.Usage || !(byItem || prorated), $"discounts[{i}].type", "RULE_INVALID", "gives units, but the price looks at items");
        if (check.IsClean) check.Within("", () => charge.InPeriod(0, "EUR"));
    }

    static void NoUnitsGiven(TermsCheck check, ChargeDefinition charge)
    {
        for (var i = 0; i < charge.Discounts.Count; i++)
            check.That(charge.Discounts[i].Kind != ChargeDiscountKind.Usage, $"discounts[{i}].type", "RULE_INVALID", "gives units of usage, but there is none");
    }
}
