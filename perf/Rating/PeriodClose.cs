using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Perf.Rating;

/// <summary>
/// Closes one month for many customers, each with a contract of its own over one price book: usage of every meter, a base fee in advance, a coupon, a grant, tax,
/// a commitment; then the document's canonical bytes and hash and the stored state. Nothing is kept from one customer to the next.
/// </summary>
static class PeriodClose
{
    static readonly Timestamp January = Timestamp.From(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), February = Timestamp.From(new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));

    public static void Measure(int customers, int meters, int threads)
    {
        Close(customers / 20, meters, threads);
        var warm = Peak();
        using var process = Process.GetCurrentProcess();
        var (cpu, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
        var total = Close(customers, meters, threads);
        clock.Stop();
        process.Refresh();
        var spent = process.TotalProcessorTime - cpu;
        Console.WriteLine(FormattableString.Invariant(
            $"period close: {customers:N0} customers × {meters} meters on {threads} threads: {clock.Elapsed.TotalSeconds:F1} s (goal 60), {spent.TotalSeconds:F1} s CPU, {customers * (long)meters / spent.TotalSeconds:N0} usage lines a CPU-second"));
        Console.WriteLine(FormattableString.Invariant($"peak memory {Peak() / 1e6:F0} MB (after a twentieth of the customers: {warm / 1e6:F0} MB); billed {total}"));
    }

    static Exact Close(int customers, int meters, int threads)
    {
        var (book, known) = (Book(meters), Meters(meters));
        var sums = new Exact[threads];
        var workers = Enumerable.Range(0, threads).Select(t => new Thread(() => sums[t] = Share(customers, t, threads, meters, book, known))).ToList();
        foreach (var worker in workers) worker.Start();
        foreach (var worker in workers) worker.Join();
        return Exact.Sum(sums);
    }

    static Exact Share(int customers, int first, int step, int meters, Dictionary<string, PriceBook> book, Dictionary<string, Meter> known)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        var sum = Exact.Zero;
        Span<byte> hash = stackalloc byte[32];
        for (var i = first; i < customers; i += step)
        {
            var engine = new InvoicingEngine(new(Contract(i), book, known));
            var (document, state) = engine.Close(engine.Start().State, Usage(i, meters));
            buffer.ResetWrittenCount();
            InvoiceDocumentJson.Write(document!, buffer);
            SHA256.HashData(buffer.WrittenSpan, hash);
            if (InvoicingStateJson.Write(state).Length == 0) throw new InvalidDataException("a state is empty");
            sum += document!.Total;
        }
        return sum;
    }

    public static Contract Contract(int customer) => new($"contract-{customer}", $"customer-{customer}", "EUR", "Europe/Berlin",
    [
        new(1, January)
        {
            PriceBook = "standard", Coupons = [new("welcome", new(DiscountKind.Percent, 5, 3))], Taxes = [new("vat", 19)], Commitments = [new("least", 500)],
            Credits = new() { Grants = [new("trial", 50) { Expires = February }] },
        },
    ]);

    public static Dictionary<string, PriceBook> Book(int meters)
    {
        PriceTier[] tiers = [new(1_000, Exact.Parse("0.0125")), new(10_000, Exact.Parse("0.01")), new(null, Exact.Parse("0.0075"), 10)];
        PriceModel[] models =
        [
            new Graduated(tiers), new Volume(tiers), new PerUnit(Exact.Parse("0.02")), new Package(1000, 5), new Stairstep([new(1_000, 10), new(null, 50)]),
            new BaseFee(10, 500, new Graduated(tiers)), new CostPlus(20), new Committed(new Graduated(tiers), new Commitment(100, Exact.Parse("1.5"))),
        ];
        var charges = Enumerable.Range(0, meters).Select(ChargeDefinition (m) => new UsageCharge($"charge-{m}", $"product-{m % 3}", $"meter-{m}", models[m % models.Length]));
        return new() { ["standard"] = new("standard", "EUR", [new(1, January, [RecurringCharge.Of("base", "base", 100), .. charges])]) };
    }

    public static Dictionary<string, Meter> Meters(int meters) =>
        Enumerable.Range(0, meters).Select(m => new Meter("unit", $"product-{m % 3}", new() { Id = $"meter-{m}", Aggregation = Aggregation.Sum })).ToDictionary(m => m.Id);

    static PeriodUsage Usage(int customer, int meters)
    {
        var random = new Random(customer);
        var window = new TimeWindow(January, Timestamp.From(new(2026, 1, 31, 23, 0, 0, TimeSpan.Zero)));
        return new(Enumerable.Range(0, meters).Select(m => new UsageFigure($"meter-{m}", window, (Exact)random.Next(20_000_000) * Exact.Parse("0.001"))));
    }

    static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
