using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Streams.Aggregators.Summaries;
using Streams.Schemas;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;
using Streams.Streaming;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Aggregators.Tests.Summaries;

/// <summary>What is summed up reaches the ERPs once, by the journal that is for it, and can be followed back; everything else goes on as it is.</summary>
public sealed class SummaryTests(ITestOutputHelper output) : IDisposable
{
    const int SchemaId = 7, Seed = 20261122;

    static readonly DateTimeOffset Start = new(2026, 2, 1, 1, 0, 0, TimeSpan.Zero);

    static readonly SummaryOptions Daily = new() { Rules = [new SummaryRule { Name = "daily", LegalEntities = ["US01"] }], CloseAfter = TimeSpan.FromMinutes(10) };

    readonly long[] _offsets = new long[4];
    TopologyTestDriver? _driver;

    public void Dispose() => _driver?.Dispose();

    [Fact]
    public void Documents_of_a_day_and_entity_are_one_journal_with_a_line_for_each_product_and_meter()
    {
        Run(Daily);
        Send(0, Document("a", "US01", ("api", "calls", "10.00"), ("storage", "gb", "2.50")));
        Send(1, Document("b", "US01", ("api", "calls", "5.00"), ("api", "peak", "1.00")));
        Send(1, Document("a", "US01", ("api", "calls", "3.00")) with { Kind = DocumentKind.CreditMemo });
        Pass(TimeSpan.FromMinutes(11));
        var journal = Assert.Single(Written());
        Assert.Equal(("daily", "2026-01-31", 1, DocumentKind.GlJournal, "15.5"), (journal.CustomerId, journal.Period, journal.Revision, journal.Kind, journal.Total.ToString()));
        Assert.Equal(["api calls 12", "api peak 1", "storage gb 2.5"], journal.Lines.Select(l => $"{l.Product} {l.Meter} {l.Amount}"));
        Assert.Equal(["0:0-0 1", "1:0-1 2"], journal.Lines[0].Lineage.Select(r => $"{r.Partition}:{r.FirstOffset}-{r.LastOffset} {r.Events}"));
        Assert.Equal(["1:0-0 1"], journal.Lines[1].Lineage.Select(r => $"{r.Partition}:{r.FirstOffset}-{r.LastOffset} {r.Events}"));
    }

    [Fact]
    public void What_no_rule_is_for_goes_on_byte_for_byte()
    {
        Run(Daily);
        var (other, receipt) = (Encode(Document("a", "DE01", ("api", "calls", "10.00"))), Encode(Document("a", "US01", ("bank", "KEY", "10.00")) with { Kind = DocumentKind.Receipt }));
        byte[]?[] sent = [other, receipt, [1, 2, 3], null];
        foreach (var value in sent) Send(2, Encoding.UTF8.GetBytes("a"), value);
        Pass(TimeSpan.FromHours(1));
        Assert.Equal(sent, _driver!.ReadOutput(Topics.ErpDocuments).Select(o => o.Value));
    }

    [Fact]
    public void A_journal_waits_for_the_end_of_its_day_and_what_comes_later_is_the_next_revision()
    {
        Run(Daily);
        Send(0, Document("a", "US01", ("api", "calls", "10.00")) with { DocumentDate = new(2026, 2, 1) });
        Pass(TimeSpan.FromHours(22));
        Assert.Empty(Written());
        Pass(TimeSpan.FromHours(2));
        Assert.Equal([("2026-02-01", 1, "10")], Written().Select(d => (d.Period, d.Revision, d.Total.ToString())));
        Send(0, Document("b", "US01", ("api", "calls", "4.00")) with { DocumentDate = new(2026, 2, 1) });
        Pass(TimeSpan.FromMinutes(9));
        Assert.Empty(Written());
        Pass(TimeSpan.FromMinutes(2));
        Assert.Equal([("2026-02-01", 2, "4")], Written().Select(d => (d.Period, d.Revision, d.Total.ToString())));
    }

    [Theory]
    [InlineData(SummaryPer.Day, "2026-01-30 daily 2026-01-30, 2026-01-31 daily 2026-01-31")]
    [InlineData(SummaryPer.Period, "2026-01 daily 2026-01-31")]
    [InlineData(SummaryPer.Customer, "2026-01 a 2026-01-31, 2026-01 b 2026-01-31")]
    public void Per_day_period_or_customer(SummaryPer per, string expected)
    {
        Run(Daily with { Rules = [Daily.Rules[0] with { Per = per }] });
        Send(0, Document("a", "US01", ("api", "calls", "10.00")) with { DocumentDate = new(2026, 1, 30) });
        Send(1, Document("b", "US01", ("api", "calls", "10.00")));
        Pass(TimeSpan.FromMinutes(11));
        Assert.Equal(expected, string.Join(", ", Written().Select(d => $"{d.Period} {d.CustomerId} {d.DocumentDate:yyyy-MM-dd}").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_full_journal_is_closed_at_once()
    {
        Run(Daily with { MaxDocuments = 2, MaxLines = 10 });
        for (var i = 0; i < 3; i++) Send(0, Document("a", "US01", ("api", "calls", "1.00")));
        Assert.Equal(["r1 2"], Written().Select(d => $"r{d.Revision} {d.Total}"));
        Send(0, Document("a", "US01", [.. Enumerable.Range(0, 10).Select(i => ("p", $"m{i}", "1.00"))]));
        Assert.Equal(["r2 1", "r3 10"], Closed().Select(d => $"r{d.Revision} {d.Total}"));
    }

    [Fact]
    public void What_cancels_out_waits_for_more_and_stays_on_record()
    {
        Run(Daily);
        Send(0, Document("a", "US01", ("api", "calls", "10.00")));
        Send(0, Document("a", "US01", ("api", "calls", "10.00")) with { Kind = DocumentKind.CreditMemo });
        Assert.Empty(Closed());
        Send(0, Document("b", "US01", ("api", "calls", "2.00")));
        Assert.Equal(["2 0:0-2"], Closed().Select(d => $"{d.Total} {d.Lines[0].Lineage[0].Partition}:{d.Lines[0].Lineage[0].FirstOffset}-{d.Lines[0].Lineage[0].LastOffset}"));
    }

    [Theory]
    [InlineData("", "name")]
    [InlineData("a|b", "name")]
    public void Rules_that_make_no_sense_are_refused(string name, string field) =>
        Assert.Contains(field, Assert.Throws<ArgumentException>(() => SummaryTopology.Build(new() { Rules = [new SummaryRule { Name = name }] }, SchemaId)).Message);

    [Fact]
    public void Random_documents_with_crashes_come_to_the_same_each_once()
    {
        var count = Tier.Of(40, 1_000);
        output.WriteLine($"seeds {Seed} to {Seed + count - 1}");
        var journals = 0;
        for (var seed = Seed; seed < Seed + count; seed++) journals += Random(seed);
        output.WriteLine($"{journals} journals");
        Assert.True(journals > 2 * count, $"only {journals} journals");
    }

    int Random(int seed)
    {
        var random = new Random(seed);
        Array.Clear(_offsets);
        Run(new SummaryOptions
        {
            Rules = [new() { Name = "eu", LegalEntities = ["DE01"], Per = (SummaryPer)random.Next(3) }, new() { Name = "us", LegalEntities = ["US01"], Currencies = ["USD"] }],
            CloseAfter = TimeSpan.FromMinutes(random.Next(60)), MaxDocuments = random.Next(1, 8), MaxLines = random.Next(10, 14),
        });
        var (sent, written) = (new List<(int Partition, long Offset, ErpDocument Document)>(), new List<ErpDocument>());
        for (var i = 0; i < 60; i++)
        {
            var document = Document($"c{random.Next(4)}", random.Next(3) switch { 0 => "DE01", 1 => "US01", _ => "JP01" },
                [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => ($"p{random.Next(3)}", $"m{random.Next(4)}", (random.Next(1, 5000) / 100m).ToString("0.00", CultureInfo.InvariantCulture)))])
                with { Kind = random.Next(4) == 0 ? DocumentKind.CreditMemo : DocumentKind.ArInvoice, DocumentDate = new(2026, 1, random.Next(28, 32)), Currency = random.Next(4) == 0 ? "EUR" : "USD" };
            var partition = random.Next(4);
            sent.Add((partition, Send(partition, document), document));
            if (random.Next(4) == 0) _driver!.AdvanceWallClockTime(TimeSpan.FromMinutes(random.Next(40)));
            if (random.Next(6) == 0) _driver!.Restart();
            if (random.Next(6) == 0) written.AddRange(Committed());
        }
        written.AddRange(Closed());
        Same(seed, sent, written);
        return written.Count(d => d.Kind == DocumentKind.GlJournal);
    }

    /// <summary>Per currency the same money; each document in what it belongs to, by its position, and nowhere else; the lines' sums by an arithmetic of their own.</summary>
    static void Same(int seed, List<(int Partition, long Offset, ErpDocument Document)> sent, List<ErpDocument> written)
    {
        var places = sent.ToDictionary(s => (s.Partition, s.Offset), s => s.Document);
        Assert.Equal((seed, written.Count), (seed, written.Select(d => d.Kind == DocumentKind.GlJournal ? d.DocumentKey : $"{d.ContentHash}{d.GetHashCode()}").Distinct().Count()));
        var taken = new HashSet<(int, long)>();
        foreach (var journal in written.Where(d => d.Kind == DocumentKind.GlJournal))
        {
            var members = journal.Lines.SelectMany(l => Positions(l)).Distinct().ToList();
            Assert.All(members, m => Assert.True(taken.Add(m), $"seed {seed}: {m} is in two journals"));
            foreach (var line in journal.Lines)
            {
                var parts = Positions(line).SelectMany(p => places[p].Lines.Where(l => (l.Product, l.Meter) == (line.Product, line.Meter)).Select(l => (places[p].Kind == DocumentKind.CreditMemo ? -1 : 1) * Plain(l.Amount)));
                Assert.Equal((seed, Plain(line.Amount)), (seed, parts.Sum()));
            }
            Assert.All(members, m => Assert.Equal((seed, journal.LegalEntity, journal.Currency), (seed, places[m].LegalEntity, places[m].Currency)));
        }
        foreach (var money in sent.GroupBy(s => s.Document.Currency))
            Assert.Equal((seed, money.Sum(s => Balance(s.Document))), (seed, written.Where(d => d.Currency == money.Key).Sum(Balance)));
    }

    static IEnumerable<(int, long)> Positions(ErpDocumentLine line) =>
        line.Lineage.SelectMany(r => Enumerable.Range(0, (int)(r.LastOffset - r.FirstOffset + 1)).Select(i => (r.Partition, r.FirstOffset + i)));

    static decimal Balance(ErpDocument document) => (document.Kind == DocumentKind.CreditMemo ? -1 : 1) * Plain(document.Total);

    static decimal Plain(ExactDecimal amount) => decimal.Parse(amount.ToString(), CultureInfo.InvariantCulture);

    void Run(SummaryOptions options)
    {
        _driver?.Dispose();
        _driver = new(SummaryTopology.Build(options, SchemaId), 4, initialWallClock: Start);
    }

    void Pass(TimeSpan time)
    {
        // After a restart the driver makes a task anew when it is asked for.
        for (var partition = 0; partition < 4; partition++) _driver!.GetStateStore<SummaryStore>(SummaryStore.Store, partition);
        _driver!.AdvanceWallClockTime(time);
    }

    /// <summary>After all waiting.</summary>
    List<ErpDocument> Closed()
    {
        Pass(TimeSpan.FromDays(40));
        return Committed();
    }

    List<ErpDocument> Committed()
    {
        _driver!.Commit();
        return [.. _driver.ReadOutput(Topics.ErpDocuments).Select(o => Checked(o.Key!, o.Value!))];
    }

    List<ErpDocument> Written() => Committed();

    /// <summary>A document as the ledger wants it: hash, key and sums follow from what it says.</summary>
    static ErpDocument Checked(byte[] key, byte[] value)
    {
        Assert.True(WireFormat.TryRead(value, out var id, out var payload));
        var document = ErpDocument.Read(payload);
        if (document.Kind != DocumentKind.GlJournal) return document;
        Assert.Equal((SchemaId, document.CustomerId), (id, Encoding.UTF8.GetString(key)));
        Assert.Equal(PostingKey.Create(document.Tenant, document.LegalEntity, "GL_JOURNAL", document.Period, document.Currency, PostingKey.Party(document.CustomerId, document.ContractId, 1), document.Revision), document.DocumentKey);
        Assert.Equal(Hash(document), document.ContentHash);
        Assert.Equal(Plain(document.Total), document.Lines.Sum(l => Plain(l.Amount)));
        Assert.Equal(Enumerable.Range(1, document.Lines.Count), document.Lines.Select(l => l.Line));
        Assert.DoesNotContain(document.Lines, l => l.Amount == ExactDecimal.Zero);
        return document;
    }

    long Send(int partition, ErpDocument document) => Send(partition, Encoding.UTF8.GetBytes(document.CustomerId), Encode(document));

    long Send(int partition, byte[] key, byte[]? value)
    {
        _driver!.PipeInput(Topics.ErpEntries, partition, key, value, Start.ToUnixTimeMilliseconds());
        return _offsets[partition]++;
    }

    static byte[] Encode(ErpDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, SchemaId);
        (document with { ContentHash = Hash(document) }).Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    static string Hash(ErpDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        (document with { ContentHash = "" }).Write(buffer);
        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    static ErpDocument Document(string customer, string entity, params (string Product, string Meter, string Amount)[] lines)
    {
        var made = lines.Select((l, i) => new ErpDocumentLine
        {
            Line = i + 1, Product = l.Product, Meter = l.Meter, Quantity = ExactDecimal.Parse("1"), RatedAmount = ExactDecimal.Parse(l.Amount), Amount = ExactDecimal.Parse(l.Amount), Windows = 1, Events = 2, Lineage = [],
        }).ToList();
        var total = ExactDecimal.Parse(lines.Sum(l => decimal.Parse(l.Amount, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture));
        return new()
        {
            DocumentKey = "0000000000000000", Tenant = "t", LegalEntity = entity, Kind = DocumentKind.ArInvoice, CustomerId = customer, ContractId = "k", ContractVersion = 1, Period = "2026-01", Revision = 1, Currency = "USD",
            DocumentDate = new(2026, 1, 31), ServiceFrom = new(1), ServiceTo = new(2), Lines = made, RatedTotal = total, Total = total, ContentHash = "",
        };
    }
}
