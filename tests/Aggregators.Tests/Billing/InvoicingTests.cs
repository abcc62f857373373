using System.Text.Json.Nodes;
using Streams.Aggregators.Metering;
using Streams.Rating.Contracts;
using Streams.Schemas;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Billing;

/// <summary>When documents are made on the stream, and what becomes of usage that comes late, is corrected, or cannot be priced.</summary>
public sealed class InvoicingTests
{
    const string Unit = """{"kind":"usage","id":"calls","product":"api","meter":"m","price":{"model":"perUnit","unitPrice":"0.50"}}""";
    const string Volume = """{"kind":"usage","id":"calls","product":"api","meter":"m","price":{"model":"volume","tiers":[{"upTo":"10","unit":"1"},{"unit":"0.5"}]}}""";

    /// <summary>Identities are remembered for a year, so that late usage can be told from usage that comes again.</summary>
    static readonly MeteringOptions LongMemory = new() { DuplicateHorizon = 366 * Day };

    static ContractBook BookOf(string charges = Unit, string contract = "", string version = "", string more = "") => Billed.Book($$"""
        {"meters":[{"id":"m","unit":"call","product":"api"}],"customers":[{"id":"c","name":"C","legalEntity":"L"}{{more}}],
         "contracts":[{"id":"k","customer":"c","currency":"EUR"{{contract}},"versions":[{"version":1,"from":"2026-01-01","charges":[{{charges}}]{{version}}}]}]}
        """);

    static UsageEvent Used(string id, string at, string quantity = "1") => Event(id, "c", "m", At(at), quantity);

    static string Text(JsonNode document, string property) => (string)document[property]!;

    [Fact]
    public void A_price_that_needs_the_period_is_billed_though_no_window_is_rated()
    {
        using var billed = new Billed(BookOf(Volume));
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "8"), Used("2", "2026-01-20T10:00:00Z", "4"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal(0, billed.Rated());
        Assert.Empty(billed.SetAside);
        var document = Assert.Single(billed.Parsed);
        Assert.Equal(("k/0000/period", "6", "12"), (Text(document, "id"), Text(document, "total"), Text(document["lines"]![0]!, "quantity")));
    }

    static UsageEvent Order(string id, string action, string document, string customer = "c") => Event(id, customer, "flush", At("2000-01-01T00:00:00Z"), "0",
        ("correction", action), ("correction.of", document), ("correction.by", "ann"), ("correction.reason", "wrong prices"));

    [Fact]
    public void A_document_is_voided_once_by_a_credit_note_and_its_period_billed_again()
    {
        using var billed = new Billed(BookOf(), LongMemory);
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "8"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        billed.Send(Order("o1", "void", "k/0000/period"), Order("o1", "void", "k/0000/period"));
        billed.Restart();
        billed.Flush(At("2026-02-03T00:00:00Z"));
        // Usage that comes afterwards is not billed while the period is void, and with it when it is billed again.
        billed.Send(Used("2", "2026-01-11T10:00:00Z", "2"));
        billed.Flush(At("2026-02-05T00:00:00Z"));
        Assert.Equal([("k/0000/period", "4"), ("k/0000/correction-1", "0")], billed.Parsed.Select(d => (Text(d, "id"), Text(d, "total"))));
        Assert.Equal("k/0000/period", Text(billed.Parsed.Last(), "corrects"));
        Assert.Equal([("ArInvoice", "4"), ("CreditMemo", "4")], billed.Erp.Select(d => (d.Kind.ToString(), d.Total.ToString())));
        billed.Send(Order("o2", "rebill", "k/0000/period"));
        billed.Flush(At("2026-02-07T00:00:00Z"));
        Assert.Equal("5", Text(billed.Parsed.Last()["lines"]![0]!, "amount"));
        Assert.Equal(["", "VOID_ALREADY", ""], billed.Journal.Where(j => Text(j, "kind") == "void").Select(j => (string?)j["code"] ?? ""));
        Assert.Empty(billed.SetAside);
    }

    [Theory]
    [InlineData("void", "k/0009/period", "c", "DOCUMENT_FINAL")]
    [InlineData("void", "x/0000/period", "c", "DOCUMENT_UNKNOWN")]
    [InlineData("void", "k/0000/period", "other", "DOCUMENT_UNKNOWN")]
    [InlineData("void", "k/0000/opening", "c", "VOID_INVALID")]
    [InlineData("rebill", "k/0000/period", "c", "NOT_VOID")]
    [InlineData("burn", "k/0000/period", "c", "VOID_INVALID")]
    public void An_order_that_cannot_be_done_is_on_record_with_its_reason_and_changes_nothing(string action, string document, string customer, string code)
    {
        using var billed = new Billed(BookOf(), LongMemory);
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "8"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        billed.Send(Order("o1", action, document, customer));
        billed.Flush(At("2026-02-04T00:00:00Z"));
        Assert.Equal(code, Text(Assert.Single(billed.Journal), "code"));
        Assert.Single(billed.Documents);
    }

    [Fact]
    public void A_window_with_a_price_of_its_own_is_rated_and_billed()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "3"));
        billed.Flush(At("2026-01-11T00:00:00Z"));
        Assert.Equal(1, billed.Rated());
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal("1.5", Text(Assert.Single(billed.Parsed), "total"));
    }

    [Fact]
    public void A_period_closes_by_the_contracts_own_calendar_zone_and_grace()
    {
        using var billed = new Billed(BookOf(contract: ""","timeZone":"America/New_York","billing":{"months":1,"anchor":"2026-01-15"},"grace":"PT6H" """));
        billed.Send(Used("1", "2026-01-10T10:00:00Z"));
        billed.Flush(At("2026-01-15T10:59:59Z"));
        Assert.Empty(billed.Documents);
        billed.Restart();
        billed.Flush(At("2026-01-15T11:00:00Z"));
        var document = Assert.Single(billed.Parsed);
        Assert.Equal(("2026-01-01T00:00:00Z", "2026-01-15T05:00:00Z"), (Text(document, "from"), Text(document, "to")));
    }

    [Fact]
    public void A_contract_is_billed_though_its_customer_uses_nothing()
    {
        using var billed = new Billed(BookOf("""{"kind":"recurring","id":"fee","product":"base","amount":"10"}"""));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal([("k/0000/opening", "10"), ("k/0000/period", "10")], billed.Parsed.Select(d => (Text(d, "id"), Text(d, "total"))));
        Assert.Equal(["2026-01 opening r1 10", "2026-01 r1 10"], billed.Erp.Select(d => $"{d.Period} r{d.Revision} {d.Total}"));
    }

    [Fact]
    public void A_document_tells_its_bytes_hash_and_the_events_behind_its_lines()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "3"), Used("2", "2026-01-11T10:00:00Z", "4"), Event("p", "c", "unknown", At("2026-01-11T11:00:00Z"), "1"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        var output = Assert.Single(billed.Documents);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(output.Value!)), Header(output, "streams.sha256"));
        var lineage = JsonNode.Parse(Header(output, "streams.lineage"))!;
        Assert.Equal("""{"topic":"usage.events","partition":0,"through":3,"parked":{"events":1,"firstOffset":2,"lastOffset":2},"lines":[{"key":"calls@2026-01-01T00:00:00Z","events":2,"firstOffset":0,"lastOffset":1}]}""", lineage.ToJsonString());
        Assert.Equal([(Topics.UsageParked, "METER_UNKNOWN")], billed.SetAside);
    }

    [Fact]
    public void The_ERP_gets_a_line_for_each_amount_and_what_is_due_in_total()
    {
        using var billed = new Billed(BookOf($$"""{{Unit}},{"kind":"recurring","id":"fee","product":"base","amount":"10","timing":"arrears"}""",
            version: ""","coupons":[{"id":"ten","type":"percent","value":"10"}],"taxes":[{"name":"vat","percent":"19"}],"credits":{"grants":[{"id":"g","amount":"2"}]}"""));
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "3"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        var (erp, document) = (Assert.Single(billed.Erp), Assert.Single(billed.Parsed));
        Assert.Equal(["api m 3 1.5", "base fee 1 10", "coupon ten 1 -1.15", "tax tax 1 1.97", "credit g 1 -2"], erp.Lines.Select(l => $"{l.Product} {l.Meter} {l.Quantity} {l.Amount}"));
        Assert.Equal((Text(document, "total"), "10.32"), (erp.Total.ToString(), erp.Total.ToString()));
        Assert.Equal(("2026-01", 1, new DateOnly(2026, 1, 31), "L"), (erp.Period, erp.Revision, erp.DocumentDate, erp.LegalEntity));
        Assert.Equal((0L, 0L, 1L), (erp.Lines[0].Lineage[0].FirstOffset, erp.Lines[0].Lineage[0].LastOffset, erp.Lines[0].Events));
    }

    [Fact]
    public void Late_usage_of_an_open_period_is_in_its_document()
    {
        using var billed = new Billed(BookOf(), LongMemory);
        billed.Send(Used("1", "2026-01-30T10:00:00Z"), Used("2", "2026-01-10T10:00:00Z", "4"), Used("2", "2026-01-10T10:00:00Z", "4"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal("2.5", Text(Assert.Single(billed.Parsed), "total"));
        Assert.Empty(billed.SetAside);
    }

    [Fact]
    public void Late_usage_of_a_closed_period_becomes_a_correction_the_next_midnight()
    {
        using var billed = new Billed(BookOf(Volume), LongMemory);
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "8"));
        billed.Flush(At("2026-02-05T06:00:00Z"));
        billed.Send(Used("2", "2026-01-20T10:00:00Z", "4"), Used("3", "2026-01-20T10:00:00Z", "2"), Used("2", "2026-01-20T10:00:00Z", "4"));
        billed.Restart();
        billed.Send(Used("2", "2026-01-20T10:00:00Z", "4"), Used("3", "2026-01-20T10:00:00Z", "2"));
        billed.Flush(At("2026-02-05T23:00:00Z"));
        billed.Flush(At("2026-02-06T00:00:00Z"));
        var correction = billed.Parsed.Last();
        Assert.Equal(("k/0000/correction-1", "k/0000/period", "2026-02-06T00:00:00Z"), (Text(correction, "id"), Text(correction, "corrects"), Text(correction, "at")));
        // 14 units at 0.5 instead of 8 at 1: the customer is owed 1, which is carried forward.
        Assert.Equal(("-1", "1", "0"), (Text(correction, "net"), Text(correction, "carriedForward"), Text(correction, "total")));
        Assert.Empty(billed.Journal);
        var memo = billed.Erp.Last();
        Assert.Equal((DocumentKind.CreditMemo, "2026-01", 2, "1"), (memo.Kind, memo.Period, memo.Revision, memo.Total.ToString()));
        Assert.Equal("1", memo.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount).ToString());
        Assert.Null(ErpSink.Consuming.DocumentRules.Check(memo, "c"u8));
        billed.Flush(At("2026-03-02T00:00:00Z"));
        Assert.Equal(3, billed.Documents.Count);
    }

    [Theory]
    [InlineData("hold", "LATE_HELD")]
    [InlineData("list", "LATE_LISTED")]
    public void The_contract_may_hold_or_list_late_usage(string policy, string code)
    {
        using var billed = new Billed(BookOf(contract: $""","lateUsage":"{policy}" """), LongMemory);
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "8"));
        billed.Flush(At("2026-02-05T06:00:00Z"));
        billed.Send(Used("2", "2026-01-20T10:00:00Z", "4"));
        billed.Flush(At("2026-02-07T00:00:00Z"));
        Assert.Single(billed.Documents);
        Assert.Equal([(Topics.UsageLate, code)], billed.SetAside);
        billed.Send(Event("2", "c", "m", At("2026-01-20T10:00:00Z"), "4", ("late.release", "anna")));
        billed.Flush(At("2026-02-08T00:00:00Z"));
        Assert.Equal(policy == "hold" ? 2 : 1, billed.Documents.Count);
        if (policy == "hold") Assert.Equal(("2026-01", 2, "2"), (billed.Erp[^1].Period, billed.Erp[^1].Revision, billed.Erp[^1].Total.ToString()));
    }

    [Fact]
    public void Usage_older_than_identities_are_remembered_or_than_corrections_are_taken_is_listed()
    {
        using var billed = new Billed(BookOf(contract: ""","correctionPeriods":1"""), LongMemory);
        billed.Send(Used("1", "2026-01-10T10:00:00Z"));
        billed.Flush(At("2026-03-05T00:00:00Z"));
        billed.Send(Used("2", "2026-01-11T10:00:00Z"));
        billed.Commit();
        Assert.Equal([(Topics.UsageLate, "LATE_FINAL")], billed.SetAside);

        using var full = new Billed(BookOf(), LongMemory with { MostRemembered = 10 });
        full.Send(Enumerable.Range(0, 40).Select(i => Used($"{i}", new Timestamp(At("2026-01-10T00:00:00Z").Micros + i * Billed.Hour).ToString())));
        full.Restart();
        full.Send(Enumerable.Range(0, 40).Select(i => Used($"{i}", new Timestamp(At("2026-01-10T00:00:00Z").Micros + i * Billed.Hour).ToString())));
        full.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal(("20", 0), (Text(full.Parsed.Single(), "total"), full.SetAside.Count(s => s.Code != "LATE_UNPROVEN")));
        Assert.InRange(full.SetAside.Count, 25, 39);

        using var shortly = new Billed(BookOf());
        shortly.Send(Used("1", "2026-01-10T10:00:00Z"), Used("2", "2026-01-10T08:00:00Z"));
        shortly.Commit();
        Assert.Equal([(Topics.UsageLate, "LATE_UNPROVEN")], shortly.SetAside);
    }

    [Fact]
    public void Usage_that_may_have_been_counted_is_billed_once_when_somebody_releases_it()
    {
        using var billed = new Billed(BookOf());
        var old = Used("2", "2026-01-10T08:00:00Z");
        var released = old with { Dimensions = new Dictionary<string, string> { ["late.release"] = "anna" } };
        billed.Send(Used("1", "2026-01-10T10:00:00Z"), old, released);
        billed.Commit();
        billed.Restart();
        billed.Send(released, old);
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal("1", Text(billed.Parsed.Single(), "total"));
        Assert.Equal([(Topics.UsageLate, "LATE_UNPROVEN")], billed.SetAside);
        billed.Send(Used("3", "2026-01-10T08:00:00Z") with { Dimensions = released.Dimensions });
        billed.Flush(At("2026-02-03T00:00:00Z"));
        Assert.Equal(("correction", "0.5"), (Text(billed.Parsed.Last(), "kind"), Text(billed.Parsed.Last(), "total")));
    }

    [Fact]
    public void An_event_is_taken_back_though_a_larger_one_was_whose_minute_is_open()
    {
        using var billed = new Billed(BookOf(), LongMemory);
        var (first, second) = (Used("1", "2026-01-10T10:00:00Z", "5"), Used("2", "2026-01-10T10:10:00Z", "8"));
        billed.Send(first, second, Correction(second, "2b"), Correction(first, "1b"), Used("3", "2026-01-10T10:20:00Z", "2"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Empty(billed.SetAside);
        Assert.Equal("1", Text(billed.Parsed.Single(), "total"));
    }

    [Fact]
    public void An_event_is_replaced_or_taken_back_once_and_it_is_on_record()
    {
        using var billed = new Billed(BookOf(), LongMemory);
        var (first, second) = (Used("1", "2026-01-10T10:00:00Z", "8"), Used("2", "2026-01-12T10:00:00Z", "2"));
        billed.Send(first, second);
        var replaced = Correction(first, "1b", first with { Quantity = ExactDecimal.FromInteger(5) });
        billed.Send(replaced, replaced, Correction(first, "1c"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal("3.5", Text(billed.Parsed.Single(), "total"));
        Assert.Equal([(Topics.UsageLate, "CORRECTED_ALREADY")], billed.SetAside);
        billed.Restart();
        billed.Send(Correction(second, "2b"), Correction(Used("9", "2026-01-13T10:00:00Z", "900"), "9b"));
        billed.Flush(At("2026-02-03T00:00:00Z"));
        Assert.Equal("-1", Text(billed.Parsed.Last(), "net"));
        Assert.Equal("EVENT_UNKNOWN", billed.SetAside.Last().Code);
        Assert.Equal(["replace 1 5 false", "cancel 2  true"], billed.Journal.Where(j => Text(j, "kind") == "correction")
            .Select(j => $"{Text(j, "action")} {Text(j["original"]!, "id")} {j["replacement"]?["quantity"]} {(bool)j["closed"]! switch { true => "true", _ => "false" }}"));
        // The event that was put in can be corrected in its turn.
        billed.Send(Correction(replaced with { Dimensions = new Dictionary<string, string>() }, "1d"));
        billed.Flush(At("2026-02-04T00:00:00Z"));
        Assert.Equal("-2.5", Text(billed.Parsed.Last(), "net"));
    }

    [Fact]
    public void A_correction_that_says_too_little_is_a_dead_letter()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Used("1", "2026-01-10T10:00:00Z"), Event("2", "c", "m", At("2026-01-10T10:00:00Z"), "1", ("correction", "cancel"), ("correction.of", "1")));
        billed.Commit();
        Assert.Equal([(Topics.UsageDeadLetters, "CORRECTION_INVALID")], billed.SetAside);
    }

    [Fact]
    public void Spending_that_reaches_a_threshold_is_billed_in_mid_period()
    {
        using var billed = new Billed(BookOf(version: ""","threshold":{"recurring":"10"}"""));
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "30"));
        billed.Restart();
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "30"));
        billed.Flush(At("2026-01-10T10:05:00Z"));
        Assert.Equal(("k/0000/threshold-1", "15"), (Text(billed.Parsed.Single(), "id"), Text(billed.Parsed.Single(), "total")));
        billed.Send(Used("2", "2026-01-20T10:00:00Z", "4"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal(["15", "2"], billed.Parsed.Select(d => Text(d, "total")));
        Assert.Equal(["2026-01 threshold-1", "2026-01"], billed.Erp.Select(d => d.Period));
        Assert.Equal(2, billed.Erp.Select(d => d.DocumentKey).Distinct().Count());
    }

    [Theory]
    [InlineData("time")]
    [InlineData("usage")]
    public void A_contract_changed_in_mid_period_is_billed_as_if_it_had_always_been_known(string amendment)
    {
        using var billed = new Billed(BookOf(Volume));
        UsageEvent[] events = [Used("1", "2026-01-10T10:00:00Z", "8"), Used("2", "2026-01-20T10:00:30Z", "4"), Used("3", "2026-01-25T10:00:00Z", "7")];
        billed.Send(events[0]);
        billed.Commit();
        billed.Load($$"""
            {"contracts":[{"id":"k","customer":"c","currency":"EUR","versions":[{"version":1,"from":"2026-01-01","to":"2026-01-20T10:00:20Z","charges":[{{Volume}}]},
             {"version":2,"from":"2026-01-20T10:00:20Z","amendment":"{{amendment}}","charges":[{{Unit}}]}]}]}
            """);
        billed.Restart();
        billed.Send(events[1..]);
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal(Calculated(billed.Source.Current, events, At("2026-02-01")), billed.Texts);
        Assert.Equal(2, billed.Parsed.Single()["lines"]!.AsArray().Count);
    }

    [Fact]
    public void A_contract_that_comes_later_is_billed_from_its_beginning()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Used("1", "2026-01-10T10:00:00Z", "8"));
        billed.Load("""{"contracts":[{"id":"j","customer":"c","currency":"EUR","versions":[{"version":1,"from":"2026-01-01","charges":[{"kind":"oneOff","id":"setup","product":"p","amount":"5"}]}]}]}""");
        billed.Flush(At("2026-01-12T00:00:00Z"));
        Assert.Equal("j/0000/opening", Text(billed.Parsed.Single(), "id"));
    }

    [Fact]
    public void Metrics_tell_of_documents_journal_entries_late_usage_and_blocked_contracts()
    {
        // Other tests measure on threads of their own.
        var (thread, sums) = (Environment.CurrentManagedThreadId, new Dictionary<string, long>());
        using var listener = new System.Diagnostics.Metrics.MeterListener { InstrumentPublished = (i, l) => { if (i.Meter.Name == "Streams.Aggregators") l.EnableMeasurementEvents(i); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (Environment.CurrentManagedThreadId != thread) return;
            var name = instrument.Name["streams.aggregators.".Length..] + string.Concat(tags.ToArray().Select(t => $" {t.Value}"));
            sums[name] = sums.GetValueOrDefault(name) + value;
        });
        listener.Start();
        const string Matrix = """{"kind":"usage","id":"calls","product":"api","meter":"g","price":{"model":"matrix","dimensions":["region"],"cells":[{"values":["eu"],"price":{"model":"perUnit","unitPrice":"1"}}]}}""";
        using (var billed = new Billed(BookOf()))
        {
            billed.Load($$"""{"meters":[{"id":"g","unit":"call","product":"api","groupBy":["region"]}],"contracts":[{"id":"a","customer":"c","currency":"EUR","versions":[{"version":1,"from":"2026-01-01","charges":[{{Matrix}}]}]}]}""");
            billed.Send(Event("1", "c", "g", At("2026-01-10T10:00:00Z"), "3", ("region", "us")), Used("2", "2026-01-10T10:00:00Z"), Used("3", "2026-01-10T08:00:00Z"));
            billed.Flush(At("2026-02-02T00:00:00Z"));
            Assert.Equal(1, sums["contracts_blocked"]);
            billed.Restart();
            billed.Flush(At("2026-02-03T00:00:00Z"));
            Assert.Equal(1, sums["contracts_blocked"]);
            Assert.Equal((1, 1, 1), (sums["documents period"], sums["journal_entries blocked "], sums["late_usage_listed LATE_UNPROVEN"]));
        }
        Assert.Equal(0, sums["contracts_blocked"]);
    }

    [Fact]
    public void A_contract_that_cannot_be_priced_is_on_the_list_until_it_can_and_holds_up_nobody()
    {
        const string Matrix = """{"kind":"usage","id":"calls","product":"api","meter":"g","price":{"model":"matrix","dimensions":["region"],"cells":[{"values":["eu"],"price":{"model":"perUnit","unitPrice":"1"}}]MORE}}""";
        const string Meter = """{"id":"g","unit":"call","product":"api","groupBy":["region"]}""";
        using var billed = new Billed(BookOf());
        string File(string more) => $$"""{"meters":[{{Meter}}],"contracts":[{"id":"a","customer":"c","currency":"EUR","versions":[{"version":1,"from":"2026-01-01","charges":[{{Matrix.Replace("MORE", more, StringComparison.Ordinal)}}]}]}]}""";
        billed.Load(File(""));
        billed.Send(Event("1", "c", "g", At("2026-01-10T10:00:00Z"), "3", ("region", "us")), Used("2", "2026-01-10T10:00:00Z", "2"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal("k/0000/period", Text(billed.Parsed.Single(), "id"));
        Assert.Equal(("blocked", "a"), (Text(billed.Journal.Single(), "kind"), Text(billed.Journal.Single(), "contract")));
        billed.Restart();
        billed.Flush(At("2026-02-03T00:00:00Z"));
        Assert.Single(billed.Journal);
        billed.Load(File(""","otherwise":{"model":"perUnit","unitPrice":"2"}"""));
        billed.Flush(At("2026-02-04T00:00:00Z"));
        Assert.Equal(("a/0000/period", "6"), (Text(billed.Parsed.Last(), "id"), Text(billed.Parsed.Last(), "total")));
    }
}
