using Streams.Rating.Pricing;
using Streams.Rating.Periods;
using static Streams.Rating.Contracts.Format.Scalars;

namespace Streams.Rating.Contracts.Format;

/// <summary>The terms of a contract's version beside its charges.</summary>
static class TermsShapes
{
    static Shape<IReadOnlyList<string>> ChargeIds { get; } = new ListShape<string>(Id, 1000, least: 1);

    public static Shape<CommitmentTerms> Commitment { get; } = new ObjectShape<CommitmentTerms>("commitment", "An amount that a period or the term costs at least; what is missing becomes a line.", o =>
    {
        var id = o.Required("id", Id, c => c.Id, "Names the line.");
        var amount = o.Required("amount", Amount, c => c.Amount, "What is agreed.");
        var per = o.Value("per", OneOf<CommitmentPer>(), CommitmentPer.Period, c => c.Per, "Over what it is counted.");
        var charges = o.Optional("charges", ChargeIds, c => c.Charges, "The charges that count; null: all.");
        var trueUp = o.Value("trueUp", OneOf<TrueUpOrder>(), TrueUpOrder.RoundThenSubtract, c => c.TrueUp, "What is rounded before the difference is taken.");
        var product = o.Optional("product", Id, c => c.Product, "The line's product; taxes go by it.");
        return v => new(id[v], amount[v]) { Per = per[v], Charges = charges[v], TrueUp = trueUp[v], Product = product[v] };
    });

    public static Shape<Coupon> Coupon { get; } = new ObjectShape<Coupon>("coupon", "A discount on a document's lines.", o =>
    {
        var id = o.Required("id", Id, c => c.Id, "Names it.");
        var type = o.Required("type", OneOf<DiscountKind>(), c => c.Terms.Kind, "What the value is.");
        var value = o.Required("value", Amount, c => c.Terms.Value, "How much.");
        var periods = o.Nullable("periods", Int(1, 1200), c => c.Terms.Periods, "For how many billing periods; 1: once; null: for ever.");
        var from = o.Value("from", Int(0, 1200), 0, c => c.Terms.From, "The first billing period of the contract in which it holds, counted from 0.");
        var charges = o.Optional("appliesTo", ChargeIds, c => c.AppliesTo, "The charges and commitments whose lines it is on; null: all.");
        return v => Checked(new(id[v], new(type[v], value[v], periods[v], from[v]), charges[v]));
    });

    static Shape<Rollover> RollOver { get; } = new ObjectShape<Rollover>("rollOver", "What goes over into the next.", o =>
    {
        var minimum = o.Value("minimum", Amount, Exact.Zero, r => r.Minimum, "At least.");
        var maximum = o.Required("maximum", Amount, r => r.Maximum, "At most.");
        return v => new(minimum[v], maximum[v]);
    });

    static Shape<Recurrence> Recurrence { get; } = new ObjectShape<Recurrence>("recurrence", "Every so many months, or after every span of time.", o =>
    {
        var months = o.Nullable("months", Int(1, 1200), r => r.Months == 0 ? null : r.Months, "Months of the contract's calendar.");
        var every = o.Nullable("every", Duration, r => r.Months == 0 ? r.Micros : null, "A span, e.g. P7D.");
        return v => RecurrenceOf(months[v], every[v]);
    }, also: new() { ["minProperties"] = 1, ["maxProperties"] = 1 });

    public static Shape<GrantTerms> Grant { get; } = new ObjectShape<GrantTerms>("grant", "Prepaid credit: an amount, or units of a meter.", o =>
    {
        var id = o.Required("id", Id, g => g.Id, "Names it; differs from all others of the contract.");
        var amount = o.Nullable("amount", Amount, g => g.Meter is null ? g.Amount : null, "Money of the contract's currency. Either this, or units and meter.");
        var units = o.Nullable("units", Amount, g => g.Meter is null ? null : g.Amount, "Units of the meter.");
        var meter = o.Optional("meter", Id, g => g.Meter, "Whose units.");
        var charges = o.Optional("charges", ChargeIds, g => g.Charges, "The charges that it pays; null: all.");
        var priority = o.Value("priority", Int(0, 1_000_000), 0, g => g.Priority, "The lowest burns first.");
        var kind = o.Value("kind", OneOf<GrantKind>(), GrantKind.Granted, g => g.Kind, "Whether it was given or paid for.");
        var basis = o.Value("costBasis", Amount, Exact.Zero, g => g.CostBasis, "What one of it cost the customer.");
        var from = o.Nullable("from", Time, g => g.From, "When it begins; null: with the version.");
        var expires = o.Nullable("expires", Time, g => g.Expires, "When it ends; of one that comes again: when it comes no more; null: never.");
        var rollOver = o.Optional("rollOver", RollOver, g => g.RollOver, "What goes over into the next of a grant that comes again; null: nothing.");
        var recurrence = o.Optional("recurrence", Recurrence, g => g.Recurrence, "When it comes again; null: never.");
        return v => new(id[v], AmountOf(amount[v], units[v], meter[v]))
        {
            Meter = meter[v], Charges = charges[v], Priority = priority[v], Kind = kind[v], CostBasis = basis[v], From = from[v], Expires = expires[v],
            RollOver = rollOver[v], Recurrence = recurrence[v],
        };
    }, also: ChargeShapes.Either("amount", "units", "meter"));

    static Shape<BurnOrder> BurnOrder { get; } = new BurnOrderShape(new ListShape<BurnKey>(OneOf<BurnKey>(), 5, least: 1));

    public static Shape<CreditTerms> Credits { get; } = new ObjectShape<CreditTerms>("credits", "Prepaid credit and how it burns.", o =>
    {
        var grants = o.List("grants", Grant, c => c.Grants, "What is given, in the order in which equal ones burn.");
        var order = o.Value("burnOrder", BurnOrder, Pricing.BurnOrder.Default, c => c.BurnOrder.Keys.SequenceEqual(Pricing.BurnOrder.Default.Keys) ? Pricing.BurnOrder.Default : c.BurnOrder, "By which keys grants burn, one after the other.");
        var older = o.Value("olderOverage", OneOf<OlderOverage>(), OlderOverage.Deduct, c => c.OlderOverage, "What a new grant does about usage that no credit covered before.");
        return v => new() { Grants = grants[v], BurnOrder = order[v], OlderOverage = older[v] };
    });

    public static Shape<ThresholdBilling> Threshold { get; } = new ObjectShape<ThresholdBilling>("threshold", "Documents before the period ends, when spending reaches an amount.", o =>
    {
        var thresholds = o.List("thresholds", Amount, t => t.Thresholds, "Rising amounts.");
        var recurring = o.Nullable("recurring", Amount, t => t.Recurring, "Every so much beyond the last of them.");
        var scope = o.Value("scope", OneOf<ThresholdScope>(), ThresholdScope.Lifetime, t => t.Scope, "Since when spending counts.");
        return v => new(thresholds[v], recurring[v], scope[v]);
    });

    public static Shape<DocumentOptions> Document { get; } = new ObjectShape<DocumentOptions>("document", "How lines become a document.", o =>
    {
        var mode = o.Value("mode", OneOf<RoundingMode>(), RoundingMode.HalfUp, d => d.Mode, "Which way sums are rounded.");
        var places = o.Nullable("places", Int(0, 18), d => d.Places, "To how many decimals; null: to the currency's minor unit.");
        var couponPlaces = o.Nullable("couponPlaces", Int(0, 18), d => d.CouponPlaces, "Decimals of a coupon's shares; null: the document's.");
        var couponShares = o.Value("couponShares", OneOf<ShareRounding>(), ShareRounding.AddUp, d => d.CouponShares, "Whether the shares add up to the coupon, or are rounded each.");
        var credit = o.Value("credit", OneOf<CreditPlace>(), CreditPlace.AfterTax, d => d.Credit, "Whether prepaid credit pays the lines, or lines and tax.");
        var taxRounding = o.Value("taxRounding", OneOf<TaxRounding>(), TaxRounding.Document, d => d.TaxRounding, "Where tax is rounded.");
        var taxBase = o.Value("taxBase", OneOf<TaxBase>(), TaxBase.Exact, d => d.TaxBase, "Whether tax is on exact or on rounded bases.");
        var adjustment = o.List("adjustmentTaxPercents", Amount, d => d.AdjustmentTaxPercents, "Rates on what the document's minimum adds or its maximum takes.", most: 10);
        return v => new()
        {
            Mode = mode[v], Places = places[v], CouponPlaces = couponPlaces[v], CouponShares = couponShares[v], Credit = credit[v], TaxRounding = taxRounding[v],
            TaxBase = taxBase[v], AdjustmentTaxPercents = adjustment[v],
        };
    });

    public static Shape<TaxRate> Tax { get; } = new ObjectShape<TaxRate>("tax", "A tax on products.", o =>
    {
        var name = o.Required("name", Label, t => t.Name, "As the document calls it.");
        var percent = o.Required("percent", Amount, t => t.Percent, "The rate.");
        var products = o.Optional("products", new ListShape<string>(Id, 1000, least: 1), t => t.Products, "The products that it is on; null: all.");
        return v => new(name[v], percent[v], products[v]);
    });

    static Coupon Checked(Coupon coupon)
    {
        var check = new TermsCheck();
        if (coupon.Terms.Kind == DiscountKind.Percent) check.Share("value", coupon.Terms.Value);
        check.Done();
        return coupon;
    }

    static Recurrence RecurrenceOf(int? months, long? every)
    {
        var check = new TermsCheck();
        check.That(months is null != every is null, "months", "VALUE_UNUSED", "or every: exactly one of them");
        check.That(every is null or > 0, "every", "VALUE_NOT_POSITIVE", "is not above zero");
        check.Done();
        return months is { } count ? Pricing.Recurrence.EveryMonths(count) : Pricing.Recurrence.Every(TimeSpan.FromMicroseconds(every!.Value));
    }

    static Exact AmountOf(Exact? amount, Exact? units, string? meter)
    {
        var check = new TermsCheck();
        check.That(amount is null || (units is null && meter is null), "amount", "VALUE_UNUSED", "is given beside units and meter");
        check.That(amount is not null || units is not null, "amount", "PROPERTY_MISSING", "is missing, and so is units");
        check.That(amount is not null || units is null || meter is not null, "meter", "PROPERTY_MISSING", "is missing beside units");
        check.Done();
        return amount ?? units!.Value;
    }

    /// <summary>A list of keys.</summary>
    sealed class BurnOrderShape(Shape<IReadOnlyList<BurnKey>> keys) : Shape<BurnOrder>
    {
        public override BurnOrder Read(System.Text.Json.JsonElement json, string path, FaultCollector faults) => new(keys.Read(json, path, faults));

        public override void Write(System.Text.Json.Utf8JsonWriter json, BurnOrder value) => keys.Write(json, value.Keys);

        public override System.Text.Json.Nodes.JsonObject Schema(SchemaDefinitions definitions) => keys.Schema(definitions);
    }
}
