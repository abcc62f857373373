using System.Text;
using System.Text.Json.Nodes;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;
using Streams.Schemas;
using static Streams.Rating.Tests.Invoicing.Given;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>Usage that grants of units paid for is corrected after its period was closed. A call costs 1; each month's calls are on the 5th.</summary>
public sealed class GrantCorrectionTests
{
    static readonly Timestamp January = Day(2026, 1, 1);

    static GrantTerms Units(string id, int units) => new(id, units) { Meter = "calls" };

    static GrantTerms Monthly(int units, int most) => Units("monthly", units) with { Recurrence = Recurrence.EveryMonths(1), RollOver = new(0, most) };

    static InvoicingEngine Engine(params GrantTerms[] grants) => new(Agree(From(January, charges: PerUnit("api", "1")) with { Credits = new() { Grants = grants } }), explain: true);

    static PeriodUsage Calls(int month, int quantity) => Usage(Used(Day(2026, month, 5), $"{quantity}"));

    /// <summary>A state as it is after it was stored and read again.</summary>
    static InvoicingState Stored(InvoicingState state) => InvoicingStateJson.Read(InvoicingStateJson.Write(state));

    static (List<InvoiceDocument> Documents, InvoicingState State) Close(InvoicingEngine engine, params int[] months)
    {
        var (documents, state) = (new List<InvoiceDocument>(), engine.Start().State);
        foreach (var quantity in months)
        {
            var (document, next) = engine.Close(Stored(state), Calls(state.Next + 1, quantity));
            documents.Add(document!);
            state = next;
        }
        return (documents, state);
    }

    static Corrected Correct(InvoicingEngine engine, InvoicingState state, params (int Month, int Quantity)[] usage) =>
        engine.Correct(Stored(state), usage.ToDictionary(u => u.Month - 1, u => Calls(u.Month, u.Quantity)), Day(2026, 6, 10));

    static string Held(InvoicingState state) => string.Join(", ", state.UnitCredits["calls"].Grants.Where(g => g.Active).Select(g => $"{g.Terms.Id} {g.Balance}"));

    /// <summary>Quantity, covered units and amount of a document's only line.</summary>
    static (Exact, Exact, Exact) Line(InvoiceDocument? document) => Assert.Single(document!.Lines) is var line ? (line.Quantity, line.Covered, line.Amount) : default;

    static (Exact, Exact, Exact) Line(Corrected corrected) => Line(Assert.Single(corrected.Documents));

    [Fact]
    public void Corrected_downwards_the_grant_gets_back_what_it_no_longer_covers()
    {
        var engine = Engine(Units("included", 100));
        var (_, state) = Close(engine, 80);
        var corrected = Correct(engine, state, (1, 30));
        Assert.Equal((0, -50, 0), Line(corrected));
        Assert.Equal("included 70", Held(corrected.State));
        Assert.Equal((20, 70, 20), Line(engine.Close(Stored(corrected.State), Calls(2, 90)).Document));
        Assert.Empty(Correct(engine, corrected.State, (1, 30)).Documents);
    }

    [Fact]
    public void Cancelled_the_grant_is_as_if_it_had_never_paid()
    {
        var engine = Engine(Units("included", 100));
        var (_, state) = Close(engine, 130);
        var corrected = engine.Correct(Stored(state), new Dictionary<int, PeriodUsage> { [0] = PeriodUsage.None }, Day(2026, 2, 10));
        Assert.Equal((-30, -100, -30), Line(corrected));
        Assert.Equal("included 100", Held(corrected.State));
    }

    [Fact]
    public void Voided_the_units_come_back_and_billed_again_they_are_taken_again()
    {
        var engine = Engine(Units("included", 100));
        var (_, state) = Close(engine, 130);
        var voided = Correct(engine, InvoicingEngine.Void(state, 0), (1, 130));
        Assert.Equal((-30, -100, -30), Line(voided));
        Assert.Equal("included 100", Held(voided.State));
        // Void stays void, whatever usage comes.
        var late = Correct(engine, voided.State, (1, 150));
        Assert.Empty(late.Documents);
        Assert.Equal("included 100", Held(late.State));
        var (february, after) = engine.Close(Stored(late.State), Calls(2, 60));
        Assert.Equal((0, 60, 0), Line(february));
        var again = Correct(engine, InvoicingEngine.Void(after, 0, voided: false), (1, 150));
        Assert.Equal((110, 40, 110), Line(again));
        Assert.Equal("included 0", Held(again.State));
    }

    [Fact]
    public void Corrected_upwards_what_is_left_of_the_grant_covers_it_and_the_rest_is_charged()
    {
        var engine = Engine(Units("included", 100));
        var (_, state) = Close(engine, 80);
        var more = Correct(engine, state, (1, 95));
        Assert.Equal((0, 15, 0), Line(more));
        var still = Correct(engine, more.State, (1, 120));
        Assert.Equal((20, 5, 20), Line(still));
        Assert.Equal("included 0", Held(still.State));
    }

    [Fact]
    public void What_comes_back_to_a_grant_that_expired_meanwhile_has_lapsed_but_usage_of_its_time_it_still_covers()
    {
        var engine = Engine(Units("included", 100) with { Expires = Day(2026, 2, 1) });
        var (_, state) = Close(engine, 80, 10);
        var less = Correct(engine, state, (1, 30));
        Assert.Equal((0, -50, 0), Line(less));
        Assert.Equal((40, 0, 40), Line(engine.Close(Stored(less.State), Calls(3, 40)).Document));
        // Late usage of January would have been covered, had it been there: nobody else could use what was left.
        Assert.Equal((0, 65, 0), Line(Correct(engine, less.State, (1, 95))));
        Assert.Equal((0, 20, 0), Line(Correct(engine, state, (1, 100))));
        Assert.Equal((25, 20, 25), Line(Correct(engine, state, (1, 125))));
        // February's own was not.
        Assert.Equal((5, 0, 5), Line(Correct(engine, less.State, (2, 15))));
    }

    [Fact]
    public void What_comes_back_to_a_grant_that_rolled_over_rolls_over()
    {
        var engine = Engine(Monthly(100, 50));
        var (_, state) = Close(engine, 80);
        // 20 had rolled over; of 60 left, 50 do.
        var corrected = Correct(engine, state, (1, 40));
        Assert.Equal((0, -40, 0), Line(corrected));
        Assert.Equal((10, 150, 10), Line(engine.Close(Stored(corrected.State), Calls(2, 160)).Document));
        // Taken again, it is taken from what rolled over.
        var back = Correct(engine, corrected.State, (1, 85));
        Assert.Equal((0, 45, 0), Line(back));
        Assert.Equal((45, 115, 45), Line(engine.Close(Stored(back.State), Calls(2, 160)).Document));
    }

    [Fact]
    public void Later_periods_that_were_billed_stay_and_what_came_back_is_for_what_is_billed_from_then_on()
    {
        var engine = Engine(Monthly(100, 50));
        var (_, state) = Close(engine, 80, 130);
        // February had 120 and paid for 10; the 30 that come back go past it into March.
        var corrected = Correct(engine, state, (1, 50), (2, 130));
        Assert.Equal((0, -30, 0), Line(corrected));
        Assert.Equal((20, 130, 20), Line(engine.Close(Stored(corrected.State), Calls(3, 150)).Document));
        // When February itself is corrected, it counts as if all had been known: 20 more of them are covered, 10 that had been charged before among them.
        Assert.Equal((-10, 20, -10), Line(Correct(engine, corrected.State, (2, 140))));
    }

    [Fact]
    public void What_later_periods_have_used_is_not_there_any_more()
    {
        var engine = Engine(Monthly(100, 50));
        var (_, state) = Close(engine, 60, 130);
        // 40 had rolled over, of which February left 10: as far as that, January's can still be covered.
        var corrected = Correct(engine, state, (1, 85));
        Assert.Equal((15, 10, 15), Line(corrected));
        Assert.Equal((20, 100, 20), Line(engine.Close(Stored(corrected.State), Calls(3, 120)).Document));
        Assert.Equal((10, 0, 10), Line(Correct(engine, corrected.State, (2, 140))));
    }

    [Fact]
    public void Each_grant_gets_back_its_own_in_the_order_of_burning()
    {
        var engine = Engine(Units("first", 50), Units("second", 50) with { Priority = 1 });
        var (_, state) = Close(engine, 80);
        Assert.Equal("first 0, second 20", Held(state));
        var corrected = Correct(engine, state, (1, 40));
        Assert.Equal((0, -40, 0), Line(corrected));
        Assert.Equal("first 10, second 50", Held(corrected.State));
        var steps = corrected.Documents[0].Lines[0].Steps!.Select(s => s.ToString()).ToList();
        Assert.Contains("units that come back to grant 'first': 10", steps);
        Assert.Contains("units that come back to grant 'second': 30", steps);
        var more = Correct(engine, corrected.State, (1, 45));
        Assert.Contains("units that grant 'first' covers in addition: 5", more.Documents[0].Lines[0].Steps!.Select(s => s.ToString()));
    }

    [Fact]
    public void Usage_that_moves_in_time_is_covered_by_what_was_in_force_then()
    {
        var engine = Engine(Units("early", 50) with { Expires = Day(2026, 1, 15) });
        var (_, state) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 5), "40")));
        var corrected = engine.Correct(Stored(state), new Dictionary<int, PeriodUsage> { [0] = Usage(Used(Day(2026, 1, 20), "40")) }, Day(2026, 2, 10));
        Assert.Equal((40, -40, 40), Line(corrected));
        var back = engine.Correct(Stored(corrected.State), new Dictionary<int, PeriodUsage> { [0] = Usage(Used(Day(2026, 1, 5), "45")) }, Day(2026, 2, 11));
        Assert.Equal((-40, 45, -40), Line(back));
    }

    [Fact]
    public void The_open_periods_usage_has_what_came_back_while_the_grant_was_in_force()
    {
        // Corrected on 20 February, when the grant has expired; but February is not billed yet, and its 5th was before that.
        var engine = Engine(Units("included", 100) with { Expires = Day(2026, 2, 10) });
        var (_, state) = Close(engine, 80);
        var corrected = engine.Correct(Stored(state), new Dictionary<int, PeriodUsage> { [0] = Calls(1, 30) }, Day(2026, 2, 20));
        Assert.Equal((0, -50, 0), Line(corrected));
        Assert.Equal((20, 70, 20), Line(engine.Close(Stored(corrected.State), Calls(2, 90)).Document));
    }

    [Fact]
    public void Threshold_documents_are_part_of_what_a_correction_gives_back()
    {
        var version = From(January, charges: PerUnit("api", "1")) with { Credits = new() { Grants = [Units("included", 100)] }, Threshold = new([10]) };
        var engine = new InvoicingEngine(Agree(version));
        var reached = engine.Threshold(engine.Start().State, Calls(1, 115), Day(2026, 1, 10));
        Assert.Equal((15, 100, 15), Line(reached.Document));
        var (_, state) = engine.Close(Stored(reached.State), Calls(1, 115));
        var corrected = Correct(engine, state, (1, 60));
        Assert.Equal((-15, -40, -15), Line(corrected));
        Assert.Equal("included 40", Held(corrected.State));
    }

    [Fact]
    public void Grants_of_money_stay_burned_and_the_customer_is_owed_the_amount()
    {
        var money = new GrantTerms("money", 100) { Expires = Day(2026, 2, 1) };
        var engine = Engine(money);
        var (documents, state) = Close(engine, 80);
        Assert.Equal((80, 0), (documents[0].Credit, documents[0].Total));
        var corrected = engine.Correct(Stored(state), new Dictionary<int, PeriodUsage> { [0] = Calls(1, 30) }, Day(2026, 2, 10));
        Assert.Equal((50, 0), (corrected.Documents[0].CarriedForward, corrected.Documents[0].Credit));
        Assert.Equal(50, corrected.State.Carried);
        Assert.Equal((50, 40), engine.Close(Stored(corrected.State), Calls(2, 90)).Document is { } next ? (next.Carried, next.Total) : default);
    }

    /// <summary>A state of before grants were remembered by period: what they covered stays as it was.</summary>
    [Fact]
    public void A_state_that_an_earlier_version_stored_is_gone_on_with_by_the_earlier_rule()
    {
        var engine = Engine(Units("included", 100));
        var (_, state) = Close(engine, 80);
        var json = JsonNode.Parse(InvoicingStateJson.Write(state))!;
        Assert.True(json["closed"]![0]!.AsObject().Remove("units"));
        var old = InvoicingStateJson.Read(Encoding.UTF8.GetBytes(json.ToJsonString()));
        var corrected = Correct(engine, old, (1, 30));
        Assert.Equal((0, -50, 0), Line(corrected));
        Assert.Equal("included 20", Held(corrected.State));
        var (_, next) = engine.Close(corrected.State, Calls(2, 20));
        Assert.Equal("included 10", Held(Correct(engine, next, (2, 10)).State));
    }
}
