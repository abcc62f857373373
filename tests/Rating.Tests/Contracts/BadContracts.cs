using static Streams.Rating.Tests.Contracts.Samples;

namespace Streams.Rating.Tests.Contracts;

/// <summary>Contract files with a fault, its place and code, and whether a schema can see it.</summary>
static class BadContracts
{
    public static IEnumerable<(string Json, string Path, string Code, bool Schema)> All => [.. Form, .. Prices, .. Charges, .. Contracts, .. References];

    const string P = "$.priceBooks[0].versions[0].charges[0]", V = "$.contracts[0].versions[0]";

    static (string, string, string, bool)[] Form =>
    [
        ("""{"other":[]}""", "$.other", "PROPERTY_UNKNOWN", true),
        ("""[]""", "$", "TYPE_WRONG", true),
        ("""{"meters":{}}""", "$.meters", "TYPE_WRONG", true),
        ("""{"meters":[],"meters":[]}""", "$.meters", "PROPERTY_DUPLICATE", false),
        (File(meter: """{"id":"m","unit":"u"}"""), "$.meters[0].product", "PROPERTY_MISSING", true),
        (File(meter: """{"id":"m","unit":"u","product":"p","x":1}"""), "$.meters[0].x", "PROPERTY_UNKNOWN", true),
        (File(meter: """{"id":"m","id":"m","unit":"u","product":"p"}"""), "$.meters[0].id", "PROPERTY_DUPLICATE", false),
        (File(meter: Meter + "," + Meter), "$.meters[1].id", "ID_DUPLICATE", false),
        (File(meter: Meter + """,{"id":"","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_EMPTY", true),
        (File(meter: Meter + """,{"id":"a|b","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_CHARACTERS", true),
        (File(meter: Meter + """,{"id":"a\u0000b","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_CHARACTERS", true),
        (File(meter: Meter + """,{"id":"a\ud800","unit":"u","product":"p"}"""), "$.meters[1].id", "TEXT_INVALID", false),
        (File(meter: Meter + $$""",{"id":"{{new string('x', 201)}}","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_TOO_LONG", true),
        (File(meter: """{"id":"m","unit":"u","product":"p","aggregation":"median"}"""), "$.meters[0].aggregation", "VALUE_UNKNOWN", true),
        (File(meter: """{"id":"m","unit":"u","product":"p","aggregation":"percentile"}"""), "$.meters[0].percentile", "VALUE_MISSING", false),
        (File(meter: """{"id":"m","unit":"u","product":"p","value":"quantity +"}"""), "$.meters[0].value", "EXPRESSION_INVALID", false),
        (File(meter: """{"id":"m","unit":"u","product":"p","filters":[{"dimension":"d","values":[]}]}"""), "$.meters[0].filters[0].values", "LIST_EMPTY", false),
        (File(meter: """{"id":"m","unit":"u","product":"p","aggregation":"timeWeightedLevel","per":"1 hour"}"""), "$.meters[0].per", "DURATION_INVALID", true),
        (File(meter: """{"id":"m","unit":"u","product":"p","per":"PT1H"}"""), "$.meters[0].per", "VALUE_UNUSED", false),
        (File(meter: """{"id":"m","unit":"u","product":"p","keptEvents":1.5}"""), "$.meters[0].keptEvents", "TYPE_WRONG", true),
        (File(meter: """{"id":"m","unit":"u","product":"p","keptEvents":1000001}"""), "$.meters[0].keptEvents", "VALUE_OUT_OF_RANGE", true),
        (File(customer: Customer + """,{"id":"d","name":"D","legalEntity":"L","pays":"parent"}"""), "$.customers[1].parent", "PARENT_MISSING", false),
        (File(customer: Customer + """,{"id":"d","name":"D","legalEntity":"L","erpIds":{"a|b":"1"}}"""), "$.customers[1].erpIds.a|b", "ID_CHARACTERS", true),
    ];

    static (string, string, string, bool)[] Prices =>
    [
        .. new (string Price, string Path, string Code, bool Schema)[]
        {
            ("{}", ".model", "PROPERTY_MISSING", true),
            ("""{"model":"free"}""", ".model", "VALUE_UNKNOWN", true),
            ("""{"model":"perUnit","unitPrice":"-1"}""", ".unitPrice", "PRICE_NEGATIVE", true),
            ("""{"model":"perUnit","unitPrice":1}""", ".unitPrice", "TYPE_WRONG", true),
            ("""{"model":"perUnit","unitPrice":"1e3"}""", ".unitPrice", "DECIMAL_INVALID", true),
            ("""{"model":"perUnit","unitPrice":"NaN"}""", ".unitPrice", "DECIMAL_INVALID", true),
            ("""{"model":"perUnit","unitPrice":"0.0000000000000000001"}""", ".unitPrice", "DECIMAL_INVALID", true),
            ("""{"model":"perUnit","unitPrice":"1","size":"1"}""", ".size", "PROPERTY_UNKNOWN", true),
            ("""{"model":"package","size":"0","packagePrice":"1"}""", ".size", "VALUE_NOT_POSITIVE", false),
            (Tiers("graduated", "[]"), ".tiers", "LIST_EMPTY", true),
            (Tiers("graduated", """[{"upTo":"5","unit":"1"}]"""), ".tiers[0].upTo", "TIERS_NOT_OPEN", false),
            (Tiers("graduated", """[{"upTo":"5","unit":"1"},{"upTo":"5","unit":"1"},{"unit":"1"}]"""), ".tiers[1].upTo", "TIERS_NOT_RISING", false),
            (Tiers("volume", """[{"upTo":"0","unit":"1"},{"unit":"1"}]"""), ".tiers[0].upTo", "TIERS_NOT_RISING", false),
            (Tiers("volume", """[{"unit":"1"},{"unit":"2"}]"""), ".tiers[1]", "TIERS_NOT_RISING", false),
            (Tiers("volume", """[{"from":"5","unit":"1"}]"""), ".tiers[0].from", "PROPERTY_UNKNOWN", true),
            ("""{"model":"stairstep","steps":[{"upTo":"5","price":"1"}]}""", ".steps[0].upTo", "TIERS_NOT_OPEN", false),
            ("""{"model":"percentage","ratePercent":"1","minimumPerEvent":"2","maximumPerEvent":"1"}""", ".maximumPerEvent", "MAXIMUM_BELOW_MINIMUM", false),
            ("""{"model":"percentage","ratePercent":"1"}""", "", "EVENTS_NOT_KEPT", false),
            ("""{"model":"matrix","dimensions":["d"],"cells":[{"values":["a","b"],"price":{"model":"perUnit","unitPrice":"1"}}]}""", ".cells[0].values", "CELL_INVALID", false),
            ("""{"model":"matrix","dimensions":["d"],"cells":[{"values":["a"],"price":{"model":"perUnit","unitPrice":"1"}}]}""", "", "GROUPS_MISSING", false),
            ("""{"model":"blockTiers","tiers":[{"size":"1","price":"1"},{"size":"2","price":"1"}]}""", ".tiers[0].maxBlocks", "TIERS_NOT_RISING", false),
            ("""{"model":"windowed","rules":[{"name":"a","price":{"model":"perUnit","unitPrice":"1"},"times":{"fromHour":8}}]}""", ".rules[0].times", "RULES_NOT_OPEN", false),
            ("""{"model":"windowed","rules":[{"name":"a","price":{"model":"perUnit","unitPrice":"1"},"times":{"fromHour":24}}]}""", ".rules[0].times.fromHour", "VALUE_OUT_OF_RANGE", true),
            ("""{"model":"windowed","rules":[{"name":"a","price":{"model":"perUnit","unitPrice":"1"}}]}""", "", "WINDOWS_MISSING", false),
            ("""{"model":"grouped","by":"event","each":{"model":"percentage","ratePercent":"1"}}""", ".each", "MODEL_INVALID", false),
            ("""{"model":"baseFee","fee":"1","includedUnits":"1","overage":{"model":"perUnit","unitPrice":"x"}}""", ".overage.unitPrice", "DECIMAL_INVALID", true),
        }.Select(p => (File(book: Book(Charge(p.Price))), $"{P}.price{p.Path}", p.Code, p.Schema)),
    ];

    static (string, string, string, bool)[] Charges =>
    [
        (File(book: Book("""{"kind":"gift","id":"x","product":"p"}""")), $"{P}.kind", "VALUE_UNKNOWN", true),
        (File(book: Book(Charge(more: "\"minimum\":\"2\",\"maximum\":\"1\""))), $"{P}.maximum", "MAXIMUM_BELOW_MINIMUM", false),
        (File(book: Book(Charge(more: "\"discounts\":[{\"type\":\"percent\",\"value\":\"101\"}]"))), $"{P}.discounts[0].value", "PERCENT_INVALID", false),
        (File(book: Book(Charge(more: "\"discounts\":[{\"type\":\"amount\",\"value\":\"1\",\"periods\":0}]"))), $"{P}.discounts[0].periods", "VALUE_OUT_OF_RANGE", true),
        (File(book: Book(Charge(more: "\"prorateUnits\":\"days\""))), $"{P}.prorateUnits", "MODEL_INVALID", false),
        (File(book: Book(Charge(more: "\"rounding\":{\"places\":19}"))), $"{P}.rounding.places", "VALUE_OUT_OF_RANGE", true),
        (File(book: Book("""{"kind":"recurring","id":"x","product":"p"}""")), $"{P}.amount", "PROPERTY_MISSING", true),
        (File(book: Book("""{"kind":"recurring","id":"x","product":"p","amount":"1","quantity":"2"}""")), $"{P}.amount", "VALUE_UNUSED", true),
        (File(book: Book("""{"kind":"recurring","id":"x","product":"p","price":{"model":"perUnit","unitPrice":"1"}}""")), $"{P}.quantity", "PROPERTY_MISSING", true),
        (File(book: Book("""{"kind":"recurring","id":"x","product":"p","amount":"1","discounts":[{"type":"usage","value":"1"}]}""")), $"{P}.discounts[0].type", "RULE_INVALID", false),
        (File(book: Book("""{"kind":"oneOff","id":"x","product":"p","amount":"1","at":"2026-13-01"}""")), $"{P}.at", "TIME_INVALID", false),
        (File(book: Book(Charge() + "," + Charge())), "$.priceBooks[0].versions[0].charges[1].id", "ID_DUPLICATE", false),
        (File(book: Book(currency: "usd")), "$.priceBooks[0].currency", "CURRENCY_INVALID", true),
        (File(book: Book(versions: "[]")), "$.priceBooks[0].versions", "LIST_EMPTY", true),
        (File(book: Book(versions: """[{"version":2,"from":"2026-01-01","charges":[]},{"version":2,"from":"2026-02-01","charges":[]}]""")), "$.priceBooks[0].versions[1].version", "VERSION_INVALID", false),
        (File(book: Book(versions: """[{"version":1,"from":"2026-01-01","charges":[]},{"version":2,"from":"2026-01-01","charges":[]}]""")), "$.priceBooks[0].versions[1].from", "VERSIONS_OVERLAP", false),
    ];

    static (string, string, string, bool)[] Contracts =>
    [
        (File(contract: """{"id":"k","customer":"c","currency":"USD","versions":[]}"""), "$.contracts[0].versions", "LIST_EMPTY", true),
        (File(contract: Contract("""{"version":1,"from":"yesterday","priceBook":"b"}""")), $"{V}.from", "TIME_INVALID", true),
        (File(contract: Contract("""{"version":0,"from":"2026-01-01","priceBook":"b"}""")), $"{V}.version", "VALUE_OUT_OF_RANGE", true),
        (File(contract: Contract("""{"version":1,"from":"2026-01-01","to":"2026-01-01","priceBook":"b"}""")), $"{V}.to", "VERSION_INVALID", false),
        (File(contract: Contract("""{"version":1,"from":"1969-01-01","priceBook":"b"}""")), $"{V}.from", "TIME_OUT_OF_RANGE", false),
        (File(contract: Contract("""{"version":1,"from":"2026-01-01","to":"2026-03-01","priceBook":"b"},{"version":2,"from":"2026-02-01","priceBook":"b"}""")), "$.contracts[0].versions[1].from", "VERSIONS_OVERLAP", false),
        (File(contract: Contract("""{"version":1,"from":"2026-01-01","priceBook":"b"},{"version":2,"from":"2026-02-01","priceBook":"b"}""")), "$.contracts[0].versions[1].from", "VERSIONS_OVERLAP", false),
        (File(contract: Contract("""{"version":1,"from":"2026-01-01","to":"2026-02-01","priceBook":"b"},{"version":2,"from":"2026-02-02","priceBook":"b"}""")), "$.contracts[0].versions[1].from", "VERSIONS_GAP", false),
        (File(contract: Contract("""{"version":1,"from":"2026-01-01"}""")), $"{V}.priceBook", "PROPERTY_MISSING", false),
        (File(contract: Contract(more: "\"timeZone\":\"Europe/Nowhere\"")), "$.contracts[0].timeZone", "TIME_ZONE_UNKNOWN", false),
        (File(contract: Contract(more: "\"billing\":{\"months\":13}")), "$.contracts[0].billing.months", "VALUE_OUT_OF_RANGE", true),
        (File(contract: Contract(more: "\"billing\":{\"anchor\":\"2026-02-30\"}")), "$.contracts[0].billing.anchor", "DATE_INVALID", false),
        (File(contract: Contract(more: "\"grace\":\"P\"")), "$.contracts[0].grace", "DURATION_INVALID", true),
        (File(contract: Contract(more: "\"lateUsage\":\"forget\"")), "$.contracts[0].lateUsage", "VALUE_UNKNOWN", true),
        (Terms("\"minimum\":\"2\",\"maximum\":\"1\""), $"{V}.maximum", "MAXIMUM_BELOW_MINIMUM", false),
        (Terms("\"commitments\":[{\"id\":\"y\",\"amount\":\"1\",\"per\":\"term\"}]"), $"{V}.commitments[0].per", "TERM_OPEN", false),
        (Terms("\"commitments\":[{\"id\":\"y\",\"amount\":\"1\",\"charges\":[]}]"), $"{V}.commitments[0].charges", "LIST_EMPTY", true),
        (Terms("\"commitments\":[{\"id\":\"x\",\"amount\":\"1\"}]"), $"{V}.commitments[0].id", "ID_DUPLICATE", false),
        (Terms("\"coupons\":[{\"id\":\"y\",\"type\":\"percent\",\"value\":\"101\"}]"), $"{V}.coupons[0].value", "PERCENT_INVALID", false),
        (Terms("\"credits\":{\"grants\":[{\"id\":\"g\",\"amount\":\"1\",\"expires\":\"2026-01-01\"}]}"), $"{V}.credits.grants[0].expires", "TIME_INVALID", false),
        (Terms("\"credits\":{\"grants\":[{\"id\":\"g\",\"amount\":\"1\"},{\"id\":\"g\",\"amount\":\"1\"}]}"), $"{V}.credits.grants[1].id", "ID_DUPLICATE", false),
        (Terms("\"credits\":{\"grants\":[{\"id\":\"g\",\"units\":\"1\"}]}"), $"{V}.credits.grants[0].meter", "PROPERTY_MISSING", true),
        (Terms("\"credits\":{\"grants\":[{\"id\":\"g\",\"amount\":\"1\",\"recurrence\":{}}]}"), $"{V}.credits.grants[0].recurrence.months", "VALUE_UNUSED", true),
        (Terms("\"credits\":{\"burnOrder\":[\"size\"]}"), $"{V}.credits.burnOrder[0]", "VALUE_UNKNOWN", true),
        (Terms("\"threshold\":{\"thresholds\":[\"5\",\"5\"]}"), $"{V}.threshold.thresholds[1]", "TIERS_NOT_RISING", false),
        (Terms("\"document\":{\"places\":-1}"), $"{V}.document.places", "VALUE_OUT_OF_RANGE", true),
        (Terms("\"entitlements\":[{\"type\":\"metered\",\"feature\":\"f\",\"meter\":\"m\",\"limit\":\"1\",\"alerts\":[\"100\",\"80\"]}]"), $"{V}.entitlements[0].alerts[1]", "TIERS_NOT_RISING", false),
        (Terms("\"entitlements\":[{\"type\":\"boolean\",\"feature\":\"f\"},{\"type\":\"boolean\",\"feature\":\"f\"}]"), $"{V}.entitlements[1].feature", "ID_DUPLICATE", false),
        (Terms("\"entitlements\":[{\"type\":\"metered\",\"feature\":\"f\",\"meter\":\"m\",\"limit\":\"1\",\"reset\":{\"anchor\":\"2026-01-01\"}}]"), $"{V}.entitlements[0].reset.anchor", "VALUE_UNUSED", false),
        (File(contract: Contract($$"""{"version":1,"from":"2026-01-01","to":"2026-02-01","charges":[{{Charge(more: "\"trialDays\":32")}}]}""")), $"{V}.charges[0].trialDays", "TRIAL_TOO_LONG", false),
    ];

    static (string, string, string, bool)[] References =>
    [
        (File(contract: Contract(customer: "d")), "$.contracts[0].customer", "CUSTOMER_UNKNOWN", false),
        (File(contract: Contract("""{"version":1,"from":"2026-01-01","priceBook":"q"}""")), $"{V}.priceBook", "PRICE_BOOK_UNKNOWN", false),
        (File(contract: Contract("""{"version":1,"from":"2026-01-01","priceBook":"b","priceBookVersion":2}""")), $"{V}.priceBookVersion", "PRICE_BOOK_UNKNOWN", false),
        (File(contract: Contract("""{"version":1,"from":"2025-12-31","priceBook":"b"}""")), $"{V}.priceBook", "PRICE_BOOK_NOT_IN_FORCE", false),
        (File(book: Book(currency: "EUR")), $"{V}.priceBook", "CURRENCY_MISMATCH", false),
        (File(book: Book(Charge(more: "\"trialDays\":32")), contract: Contract("""{"version":1,"from":"2026-01-01","to":"2026-02-01","priceBook":"b"}""")), $"{V}.priceBook", "TRIAL_TOO_LONG", false),
        (File(book: Book(Charge().Replace("\"m\"", "\"n\"", StringComparison.Ordinal))), $"{P}.meter", "METER_UNKNOWN", false),
        (Terms("\"remove\":[\"y\"]"), $"{V}.remove[0]", "CHARGE_UNKNOWN", false),
        (Terms("\"coupons\":[{\"id\":\"o\",\"type\":\"amount\",\"value\":\"1\",\"appliesTo\":[\"y\"]}]"), $"{V}.coupons[0].appliesTo[0]", "CHARGE_UNKNOWN", false),
        (Terms("\"commitments\":[{\"id\":\"y\",\"amount\":\"1\",\"charges\":[\"z\"]}]"), $"{V}.commitments[0].charges[0]", "CHARGE_UNKNOWN", false),
        (Terms("\"credits\":{\"grants\":[{\"id\":\"g\",\"units\":\"1\",\"meter\":\"n\"}]}"), $"{V}.credits.grants[0].meter", "METER_UNKNOWN", false),
        (Terms("\"entitlements\":[{\"type\":\"metered\",\"feature\":\"f\",\"meter\":\"n\",\"limit\":\"1\"}]"), $"{V}.entitlements[0].meter", "METER_UNKNOWN", false),
        (File(customer: Customer + """,{"id":"d","name":"D","legalEntity":"L","parent":"e"}"""), "$.customers[1].parent", "CUSTOMER_UNKNOWN", false),
        (File(customer: Customer + """,{"id":"d","name":"D","legalEntity":"L","parent":"e"},{"id":"e","name":"D","legalEntity":"L","parent":"d"}"""), "$.customers[1].parent", "HIERARCHY_CYCLE", false),
        (File(customer: Customer + string.Concat(Enumerable.Range(0, 8).Select(i => $$""",{"id":"d{{i}}","name":"D","legalEntity":"L","parent":"{{(i == 0 ? "c" : $"d{i - 1}")}}"}"""))), "$.customers[8].parent", "HIERARCHY_DEEP", false),
    ];
}
