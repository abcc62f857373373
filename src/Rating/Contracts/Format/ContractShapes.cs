using static Streams.Rating.Contracts.Format.Scalars;

namespace Streams.Rating.Contracts.Format;

/// <summary>Contracts, and the file that holds everything.</summary>
static class ContractShapes
{
    static Shape<BillingTerms> Billing { get; } = new ObjectShape<BillingTerms>("billing", "The billing periods.", o =>
    {
        var months = o.Value("months", Int(1, 12), 1, b => b.Months, "Months of a period: 1, 3, 6, 12 …");
        var anchor = o.Nullable("anchor", Date, b => b.Anchor, "A day on which one begins; null: with the calendar's months.");
        return v => new(months[v], anchor[v]);
    });

    static Shape<ContractVersion> Version { get; } = new ObjectShape<ContractVersion>("contractVersion", "The terms from a time on.", o =>
    {
        var version = o.Required("version", Int(1, int.MaxValue), c => c.Version, "Its number.");
        var from = o.Required("from", Time, c => c.From, "When it begins.");
        var to = o.Nullable("to", Time, c => c.To, "When it ends; null: open.");
        var book = o.Optional("priceBook", Id, c => c.PriceBook, "Whose charges hold; null: only the contract's own.");
        var bookVersion = o.Nullable("priceBookVersion", Int(1, int.MaxValue), c => c.PriceBookVersion, "The price book's version that holds all the time; null: whichever is in force.");
        var charges = o.List("charges", ChargeShapes.Charge, c => c.Charges, "Charges beside those of the price book, or in place of that of the same id.");
        var remove = o.List("remove", Id, c => c.Remove, "Ids of the price book's charges that do not hold.");
        var amendment = o.Value("amendment", OneOf<AmendmentProration>(), AmendmentProration.Time, c => c.Amendment, "What the change to this version in mid-period means for usage: each part of the period stands alone, or usage runs on.");
        var commitments = o.List("commitments", TermsShapes.Commitment, c => c.Commitments, "Amounts that a period or the term costs at least.", most: 100);
        var minimum = o.Nullable("minimum", Amount, c => c.Minimum, "What a document costs at least, after coupons and before tax.");
        var maximum = o.Nullable("maximum", Amount, c => c.Maximum, "What a document costs at most, after coupons and before tax.");
        var coupons = o.List("coupons", TermsShapes.Coupon, c => c.Coupons, "In the order in which they apply.", most: 100);
        var credits = o.Value("credits", TermsShapes.Credits, CreditTerms.None, c => c.Credits, "Prepaid credit.");
        var threshold = o.Optional("threshold", TermsShapes.Threshold, c => c.Threshold, "When documents are made before the period ends.");
        var document = o.Value("document", TermsShapes.Document, DocumentOptions.Default, c => c.Document, "How lines become a document.");
        var taxes = o.List("taxes", TermsShapes.Tax, c => c.Taxes, "The taxes on products.", most: 100);
        var entitlements = o.List("entitlements", EntitlementShapes.Entitlement, c => c.Entitlements, "What the customer may use.");
        return v => new(version[v], from[v], to[v])
        {
            PriceBook = book[v], PriceBookVersion = bookVersion[v], Charges = charges[v], Remove = remove[v], Amendment = amendment[v], Commitments = commitments[v],
            Minimum = minimum[v], Maximum = maximum[v], Coupons = coupons[v], Credits = credits[v], Threshold = threshold[v], Document = document[v], Taxes = taxes[v],
            Entitlements = entitlements[v],
        };
    });

    public static Shape<Contract> Contract { get; } = new ObjectShape<Contract>("contract", "A customer's contract: versions that follow one another without gap or overlap.", o =>
    {
        var id = o.Required("id", Id, c => c.Id, "Names it.");
        var customer = o.Required("customer", Id, c => c.Customer, "Whose usage it rates.");
        var currency = o.Required("currency", Currency, c => c.Currency, "ISO 4217; its price books have the same.");
        var zone = o.Value("timeZone", Label, "UTC", c => c.TimeZone, "The IANA name; periods, windows and days are cut by its clock.");
        var billing = o.Value("billing", Billing, BillingTerms.Monthly, c => c.Billing, "Left out: the calendar's months.");
        var grace = o.Value("grace", Duration, Contracts.Contract.DefaultGraceMicros, c => c.GraceMicros, "How long after its end a period stays open for late usage.");
        var late = o.Value("lateUsage", OneOf<LateUsage>(), LateUsage.Bill, c => c.LateUsage, "What becomes of usage that is late, corrected or cancelled after that: a delta document, one that waits for release, or a list.");
        var corrections = o.Value("correctionPeriods", Int(0, 1200), Contracts.Contract.DefaultCorrectionPeriods, c => c.CorrectionPeriods, "How many finalised periods back corrections are taken.");
        var versions = o.Required("versions", new ListShape<ContractVersion>(Version, 1000, least: 1), c => c.Versions, "In the order of time.");
        return v => new(id[v], customer[v], currency[v], zone[v], versions[v], billing[v]) { GraceMicros = grace[v], LateUsage = late[v], CorrectionPeriods = corrections[v] };
    });

    public static ObjectShape<FileParts> File { get; } = new("file", "Customers, meters, price books and contracts.", o =>
    {
        o.Optional("$schema", Label, _ => null, "The schema, for editors.");
        var customers = o.List("customers", MeterShapes.Customer, f => f.Customers, "Who uses and pays.", FileParts.MaxItems);
        var meters = o.List("meters", MeterShapes.Meter, f => f.Meters, "What is measured.", FileParts.MaxItems);
        var books = o.List("priceBooks", ChargeShapes.PriceBook, f => f.PriceBooks, "What it costs.", FileParts.MaxItems);
        var contracts = o.List("contracts", Contract, f => f.Contracts, "What was agreed.", FileParts.MaxItems);
        return v => new(customers[v], meters[v], books[v], contracts[v]);
    }, partial: true);
}

/// <summary>What a file holds; null stands for a definition that has a fault.</summary>
sealed record FileParts(IReadOnlyList<Customer> Customers, IReadOnlyList<Meter> Meters, IReadOnlyList<PriceBook> PriceBooks, IReadOnlyList<Contract> Contracts)
{
    /// <summary>The most definitions of one kind.</summary>
    public const int MaxItems = 1_000_000;
}
