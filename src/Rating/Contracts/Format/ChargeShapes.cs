using System.Text.Json.Nodes;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using static Streams.Rating.Contracts.Format.Scalars;

namespace Streams.Rating.Contracts.Format;

/// <summary>Charges: a price with what surrounds it.</summary>
static class ChargeShapes
{
    const int MaxPeriods = 1200;

    static Shape<ChargeDiscount> Discount { get; } = new ObjectShape<ChargeDiscount>("discount", "A discount on a charge.", o =>
    {
        var type = o.Required("type", OneOf<ChargeDiscountKind>(), d => d.Kind, "What the value is: a percentage, an amount, or units of usage.");
        var value = o.Required("value", Amount, d => d.Value, "How much.");
        var periods = o.Nullable("periods", Int(1, MaxPeriods), d => d.Periods, "For how many billing periods; 1: once; null: for ever.");
        var from = o.Value("from", Int(0, MaxPeriods), 0, d => d.From, "The first billing period of the contract in which it holds, counted from 0.");
        return v => new(type[v], value[v], periods[v], from[v]);
    });

    static Shape<RoundingTerms> Rounding { get; } = new ObjectShape<RoundingTerms>("rounding", "Where and which way amounts are rounded.", o =>
    {
        var place = o.Value("place", OneOf<RoundingPlace>(), RoundingPlace.Line, r => r.Place, "Each tier's amount, each line's, or only the document's sum.");
        var mode = o.Value("mode", OneOf<RoundingMode>(), RoundingMode.HalfUp, r => r.Mode, "Which way; halfUp goes away from zero.");
        var places = o.Nullable("places", Int(-18, 18), r => r.Places, "To how many decimals; null: to the currency's minor unit.");
        return v => new(place[v], mode[v], places[v]);
    });

    static Shape<Rounding> UnitRounding { get; } = new ObjectShape<Rounding>("unitRounding", "How units are rounded.", o =>
    {
        var places = o.Value("places", Int(-18, 18), 0, r => r.Places, "To how many decimals.");
        var mode = o.Value("mode", OneOf<RoundingMode>(), RoundingMode.HalfUp, r => r.Mode, "Which way.");
        return v => new(places[v], mode[v]);
    });

    static Shape<UnitConversion> Conversion { get; } = new ObjectShape<UnitConversion>("conversion", "Metered units to billed units, e.g. bytes to gigabytes.", o =>
    {
        var factor = o.Required("factor", Amount, c => c.Factor, "By how much.");
        var divides = o.Value("divides", Flag, false, c => c.Divides, "Whether units are divided, not multiplied.");
        var rounding = o.Nullable("rounding", UnitRounding, c => c.Rounding, "How billed units are rounded; null: not.");
        return v => new(factor[v], divides[v], rounding[v]);
    });

    static Shape<QuantityRule> Quantity { get; } = new ObjectShape<QuantityRule>("quantityRule", "What happens to a quantity before it is priced.", o =>
    {
        var negative = o.Value("negative", OneOf<NegativeUsage>(), NegativeUsage.Zero, q => q.Negative, "What less than no usage costs.");
        var conversion = o.Optional("conversion", Conversion, q => q.Conversion, "How units are converted.");
        var place = o.Value("place", OneOf<ConversionPlace>(), ConversionPlace.Cumulative, q => q.Place, "Where: on the period's quantity, or on each line's.");
        var free = o.Value("usageDiscount", Amount, Exact.Zero, q => q.UsageDiscount, "Units that are not charged for.");
        return v => new(negative[v], conversion[v], place[v], free[v]);
    });

    static Shape<int> TrialDays { get; } = Int(0, 36_500);

    /// <summary>What all charges have.</summary>
    sealed class Common<T>(FieldList<T> o) where T : ChargeDefinition
    {
        public Field<T, string> Id { get; } = o.Required("id", Scalars.Id, c => c.Id, "Names the charge and its lines.");

        public Field<T, string> Product { get; } = o.Required("product", Scalars.Id, c => c.Product, "What is sold; taxes go by it.");

        public Field<T, string?> Description { get; } = o.Optional("description", Label, c => c.Description, "What the line says; null: the id.");
    }

    /// <summary>What all charges end with.</summary>
    sealed class Rest<T>(FieldList<T> o) where T : ChargeDefinition
    {
        public Field<T, IReadOnlyList<ChargeDiscount>> Discounts { get; } = o.List("discounts", Discount, c => c.Discounts, "Taken one after the other.", most: 100);

        public Field<T, RoundingTerms> Rounding { get; } = o.Value("rounding", ChargeShapes.Rounding, RoundingTerms.Default, c => c.Rounding, "Left out: each line to the currency's minor unit, half up.");
    }

    static Shape<UsageCharge> Usage { get; } = new ObjectShape<UsageCharge>("usageCharge", "A price for what a meter measured, billed in arrears.", o =>
    {
        o.Tag("kind", "usage");
        var common = new Common<UsageCharge>(o);
        var meter = o.Required("meter", Scalars.Id, c => c.Meter, "Whose usage.");
        var price = o.Required("price", PriceShapes.Price, c => c.Price, "What it costs.");
        var quantity = o.Value("quantity", Quantity, QuantityRule.Plain, c => c.Quantity, "What happens to the quantity before.");
        var minimum = o.Nullable("minimum", Amount, c => c.Minimum, "What the period costs at least.");
        var maximum = o.Nullable("maximum", Amount, c => c.Maximum, "What the period costs at most.");
        var order = o.Value("order", OneOf<AdjustmentOrder>(), AdjustmentOrder.DiscountMaximumMinimum, c => c.Order, "Whether minimum and maximum hold after discounts or before.");
        var split = o.Value("split", OneOf<SplitMethod>(), SplitMethod.CumulativeTiers, c => c.Split, "How a further line of the period is priced.");
        var accumulate = o.Value("accumulate", OneOf<Accumulation>(), Accumulation.Period, c => c.Accumulate, "Over what tiers, free units, minimum and maximum run on.");
        var prorate = o.Nullable("prorateUnits", OneOf<Proration>(), c => c.ProrateUnits, "Units added in mid-period count for the rest of it, by this rule; null: whole.");
        var rest = new Rest<UsageCharge>(o);
        var trial = o.Value("trialDays", TrialDays, 0, c => c.TrialDays, "So many days from the contract's start are free: what is used in them costs nothing.");
        return v => ChargeCheck.Checked(new UsageCharge(common.Id[v], common.Product[v], meter[v], price[v])
        {
            Description = common.Description[v], Quantity = quantity[v], Minimum = minimum[v], Maximum = maximum[v], Order = order[v], Split = split[v],
            Accumulate = accumulate[v], ProrateUnits = prorate[v], Discounts = rest.Discounts[v], Rounding = rest.Rounding[v], TrialDays = trial[v],
        });
    });

    static Shape<RecurringCharge> Recurring { get; } = new ObjectShape<RecurringCharge>("recurringCharge", "A fee that comes again: an amount, or a price of a quantity.", o =>
    {
        o.Tag("kind", "recurring");
        var common = new Common<RecurringCharge>(o);
        var amount = o.Nullable("amount", Amount, Whole, "What a period costs. Either this, or price and quantity.");
        var price = o.Optional("price", PriceShapes.Price, c => Whole(c) is null ? c.Price : null, "The price of the quantity.");
        var quantity = o.Nullable("quantity", Amount, c => Whole(c) is null ? c.Quantity : null, "How many, e.g. seats.");
        var timing = o.Value("timing", OneOf<ChargeTiming>(), ChargeTiming.Advance, c => c.Timing, "Whether a period is billed before or after it.");
        var every = o.Value("everyPeriods", Int(1, MaxPeriods), 1, c => c.EveryPeriods, "For how many billing periods it is.");
        var proration = o.Value("proration", OneOrNone<Proration>(), Proration.Days, c => c.Proration, "How a part of a period counts; none: as a whole one.");
        var rest = new Rest<RecurringCharge>(o);
        var trial = o.Value("trialDays", TrialDays, 0, c => c.TrialDays, "So many days from the contract's start are free: the fee is due for the rest.");
        return v => ChargeCheck.Checked(new RecurringCharge(common.Id[v], common.Product[v], PriceOf(amount[v], price[v], quantity[v]), amount[v] is null ? quantity[v]!.Value : Exact.One)
        {
            Description = common.Description[v], Timing = timing[v], EveryPeriods = every[v], Proration = proration[v],
            Discounts = rest.Discounts[v], Rounding = rest.Rounding[v], TrialDays = trial[v],
        });
    }, also: Either("amount", "price", "quantity"));

    static Shape<OneOffCharge> OneOff { get; } = new ObjectShape<OneOffCharge>("oneOffCharge", "A fee that comes once.", o =>
    {
        o.Tag("kind", "oneOff");
        var common = new Common<OneOffCharge>(o);
        var amount = o.Required("amount", Amount, c => c.Amount, "What it costs.");
        var at = o.Nullable("at", Time, c => c.At, "Billed with the period that holds this time; null: with the first.");
        var rest = new Rest<OneOffCharge>(o);
        return v => ChargeCheck.Checked(new OneOffCharge(common.Id[v], common.Product[v], amount[v])
        {
            Description = common.Description[v], At = at[v], Discounts = rest.Discounts[v], Rounding = rest.Rounding[v],
        });
    });

    public static Shape<ChargeDefinition> Charge { get; } = new ChoiceShape<ChargeDefinition>("kind",
        new ChoiceShape<ChargeDefinition>.Case<UsageCharge>("usage", Usage),
        new ChoiceShape<ChargeDefinition>.Case<RecurringCharge>("recurring", Recurring),
        new ChoiceShape<ChargeDefinition>.Case<OneOffCharge>("oneOff", OneOff));

    public static Shape<PriceBook> PriceBook { get; } = new ObjectShape<PriceBook>("priceBook", "Prices in one currency, by versions of which the later replaces the earlier as a whole.", o =>
    {
        var id = o.Required("id", Scalars.Id, b => b.Id, "Names it.");
        var currency = o.Required("currency", Currency, b => b.Currency, "ISO 4217.");
        var versions = o.Required("versions", new ListShape<PriceBookVersion>(Version!, 1000, least: 1), b => b.Versions, "Rising in number and time.");
        return v => new(id[v], currency[v], versions[v]);
    });

    static Shape<PriceBookVersion> Version => new ObjectShape<PriceBookVersion>("priceBookVersion", "The charges from a time on, until the next version.", o =>
    {
        var version = o.Required("version", Int(1, int.MaxValue), b => b.Version, "Its number.");
        var from = o.Required("from", Time, b => b.From, "When it begins.");
        var charges = o.Required("charges", new ListShape<ChargeDefinition>(Charge, 1000), b => b.Charges, "The charges, in the order of the document's lines.");
        return v => new(version[v], from[v], charges[v]);
    });

    /// <summary>A price for each of one unit is written as an amount.</summary>
    static Exact? Whole(RecurringCharge charge) => charge.Price is PerUnit unit && charge.Quantity == Exact.One ? unit.UnitPrice : null;

    static PriceModel PriceOf(Exact? amount, PriceModel? price, Exact? quantity)
    {
        var check = new TermsCheck();
        check.That(amount is null || (price is null && quantity is null), "amount", "VALUE_UNUSED", "is given beside price and quantity");
        check.That(amount is not null || price is not null, "amount", "PROPERTY_MISSING", "is missing, and so is price");
        check.That(amount is not null || price is null || quantity is not null, "quantity", "PROPERTY_MISSING", "is missing beside price");
        check.Done();
        return price ?? new PerUnit(amount!.Value);
    }

    /// <summary>One property alone, or two others together.</summary>
    public static JsonObject Either(string one, string other, string beside) => new()
    {
        ["oneOf"] = new JsonArray(
            new JsonObject { ["required"] = new JsonArray(one), ["properties"] = new JsonObject { [one] = Given(), [other] = Null(), [beside] = Null() } },
            new JsonObject { ["required"] = new JsonArray(other, beside), ["properties"] = new JsonObject { [one] = Null(), [other] = Given(), [beside] = Given() } }),
    };

    static JsonObject Null() => new() { ["type"] = "null" };

    static JsonObject Given() => new() { ["not"] = Null() };
}
