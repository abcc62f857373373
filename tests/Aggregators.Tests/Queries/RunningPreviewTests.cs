using System.Text;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Queries;
using Streams.Aggregators.Tests.Billing;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Schemas;
using Streams.Testing;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Queries;

/// <summary>The open period's document from the stores is the one that the calculator makes of the events so far, open minutes included.</summary>
public sealed class RunningPreviewTests
{
    static readonly string Folder = Path.Combine(Checkout.Root, "docs", "contracts");

    /// <summary>Thresholds are looked for by minutes here and by entries there; usage below zero is no event.</summary>
    static readonly string[] Different = ["threshold-billing", "split-lines", "volume-growth"];

    public static IEnumerable<object[]> Examples() => Directory.GetFiles(Folder, "*.usage.json").Select(f => Path.GetFileName(f)[..^".usage.json".Length])
        .Except(Different).Order(StringComparer.Ordinal).Select(n => new object[] { n });

    [Theory, MemberData(nameof(Examples))]
    public void Of_each_example_of_a_contract_in_mid_usage(string name)
    {
        var book = ContractFile.Load(File.ReadAllBytes(Path.Combine(Folder, name + ".json")));
        var entries = UsageFile.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".usage.json"))).Entries;
        var events = entries.Where(e => e.Quantity.Sign >= 0).Select((e, i) => Event($"e{i}", e.Customer ?? book.Customers.Keys.Single(), e.Meter, e.At, e.Quantity.ToString(), [.. e.Dimensions.Select(d => (d.Key, d.Value))])).OrderBy(e => e.OccurredAt).ToList();
        using var billed = new Billed(book, new MeteringOptions { DuplicateHorizon = 1000 * Day });
        foreach (var usage in events)
        {
            billed.Send(usage);
            billed.Commit();
            Same(billed, book, [.. events.TakeWhile(e => e != usage), usage]);
        }
        Assert.Empty(billed.SetAside);
    }

    static void Same(Billed billed, ContractBook book, List<UsageEvent> events)
    {
        var now = events.Max(e => e.OccurredAt);
        var calculated = Calculator(book, events, new(now.Micros + 1));
        foreach (var contract in book.Contracts.Values)
        {
            var preview = Preview(billed, book, contract);
            // Within a period's grace it is still the open one, there; by hand a period closes at its end.
            if (preview.Document is { } document && document.Period.Contains(now))
                Assert.Equal(Text(calculated[contract.Id] with { At = now }), Text(document));
        }
    }

    static PreviewResult Preview(Billed billed, ContractBook book, Contract contract)
    {
        var agreement = Agreement.Of(book, contract);
        return RunningPreview.Priced(agreement, OpenPeriodUsage.Read(
            billed.Driver.GetStateStore<InvoicingStore>(InvoicingStore.Store), billed.Driver.GetStateStore<MeteringStore>(MeteringProcessor.Store), agreement));
    }

    static Dictionary<string, InvoiceDocument> Calculator(ContractBook book, List<UsageEvent> events, Timestamp until) =>
        ContractCalculator.Run(book, UsageFile.Parse(Json(events)).Entries, until: until).Documents.Where(d => d.Kind == InvoiceKind.Preview).ToDictionary(d => d.Contract);

    static string Text(InvoiceDocument document) => Encoding.UTF8.GetString(InvoiceDocumentJson.Write(document));

    [Fact]
    public void Of_a_contract_that_has_not_begun_there_is_none()
    {
        var book = ContractFile.Load(File.ReadAllBytes(Path.Combine(Folder, "per-unit.json")));
        using var billed = new Billed(book);
        Assert.Equal("NOT_BEGUN", Preview(billed, book, book.Contracts.Values.First()).Refusal!.Code);
    }
}
