using System.Buffers;
using System.Buffers.Binary;
using Streams.Schemas;
using Streams.Schemas.Identity;

namespace Streams.Aggregators.Summaries;

/// <summary>
/// A journal that is being gathered. Lines collapse where product and meter are equal, which is all that mappings look at, so nothing collapses that would be mapped apart;
/// a line's lineage are the documents that it comes from, by their positions.
/// </summary>
sealed class OpenSummary(SummaryGroup group, int revision)
{
    const int HeaderSize = sizeof(int) + sizeof(int) + sizeof(long);

    readonly SortedDictionary<(string Product, string Meter), Line> _lines = new(LineOrder.Instance);
    Timestamp _from = new(long.MaxValue), _to = new(long.MinValue);

    public SummaryGroup Group { get; } = group;

    /// <summary>Of the journal that comes next, from 1.</summary>
    public int Revision { get; private set; } = revision;

    public int Documents { get; private set; }

    public int Lines => _lines.Count;

    /// <summary>When the first of its documents came, in milliseconds since the epoch.</summary>
    public long OpenedMs { get; private set; }

    /// <summary>Whether any of its lines comes to something: what cancels out altogether waits for more.</summary>
    public bool IsWorthPosting => _lines.Values.Any(l => l.Amount != ExactDecimal.Zero);

    /// <summary>Lines that there would be with a document's.</summary>
    public int LinesWith(ErpDocument document) => _lines.Count + document.Lines.Select(l => (l.Product, l.Meter)).Distinct().Count(l => !_lines.ContainsKey(l));

    /// <param name="document">An invoice, or a credit memo, whose amounts are taken off.</param>
    public void Add(ErpDocument document, string topic, int partition, long offset, long nowMs)
    {
        if (Documents++ == 0) OpenedMs = nowMs;
        if (document.ServiceFrom < _from) _from = document.ServiceFrom;
        if (document.ServiceTo > _to) _to = document.ServiceTo;
        ExactDecimal Signed(ExactDecimal of) => document.Kind == DocumentKind.CreditMemo ? -of : of;
        foreach (var line in document.Lines)
        {
            if (!_lines.TryGetValue((line.Product, line.Meter), out var sum)) _lines.Add((line.Product, line.Meter), sum = new());
            sum.Quantity += Signed(line.Quantity);
            sum.Rated += Signed(line.RatedAmount);
            sum.Amount += Signed(line.Amount);
            sum.Windows += line.Windows;
            sum.Events += line.Events;
            sum.Came(topic, partition, offset);
        }
    }

    /// <summary>The journal, and an empty one of the next revision in its place.</summary>
    public ErpDocument Close()
    {
        var journal = ToDocument(_lines.Where(l => l.Value.Amount != ExactDecimal.Zero));
        _lines.Clear();
        (_from, _to, Documents, OpenedMs) = (new(long.MaxValue), new(long.MinValue), 0, 0);
        Revision++;
        return DocumentHash.Put(journal);
    }

    /// <summary>Revision, documents and opening time (big-endian), and the lines so far as a document's Avro.</summary>
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        var header = buffer.GetSpan(HeaderSize);
        BinaryPrimitives.WriteInt32BigEndian(header, Revision);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], Documents);
        BinaryPrimitives.WriteInt64BigEndian(header[8..], OpenedMs);
        buffer.Advance(HeaderSize);
        if (Documents > 0) ToDocument(_lines).Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="FormatException">The bytes are not those of <see cref="ToBytes"/>.</exception>
    public static OpenSummary FromBytes(SummaryGroup group, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderSize) throw new FormatException("The state of a summary is cut off");
        var summary = new OpenSummary(group, BinaryPrimitives.ReadInt32BigEndian(bytes)) { Documents = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]), OpenedMs = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) };
        if (summary.Documents == 0) return summary;
        var document = ErpDocument.Read(bytes[HeaderSize..]);
        (summary._from, summary._to) = (document.ServiceFrom, document.ServiceTo);
        foreach (var line in document.Lines)
        {
            summary._lines.Add((line.Product, line.Meter), new()
            {
                Quantity = line.Quantity, Rated = line.RatedAmount, Amount = line.Amount, Windows = line.Windows, Events = line.Events, Ranges = [.. line.Lineage],
            });
        }
        return summary;
    }

    ErpDocument ToDocument(IEnumerable<KeyValuePair<(string Product, string Meter), Line>> of)
    {
        var lines = of.Select((l, i) => l.Value.ToLine(i + 1, l.Key.Product, l.Key.Meter)).ToList();
        return new()
        {
            DocumentKey = PostingKey.Create(Group.Tenant, Group.LegalEntity, "GL_JOURNAL", Group.Bucket, Group.Currency, PostingKey.Party(Group.Customer, Group.Rule, 1), Revision),
            Tenant = Group.Tenant, LegalEntity = Group.LegalEntity, Kind = DocumentKind.GlJournal, CustomerId = Group.Customer, ContractId = Group.Rule, ContractVersion = 1,
            Period = Group.Bucket, Revision = Revision, Currency = Group.Currency, DocumentDate = Group.Date, ServiceFrom = _from, ServiceTo = _to, Lines = lines,
            RatedTotal = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.RatedAmount), Total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount), ContentHash = "",
        };
    }

    sealed class Line
    {
        public ExactDecimal Quantity { get; set; }

        public ExactDecimal Rated { get; set; }

        public ExactDecimal Amount { get; set; }

        public long Windows { get; set; }

        public long Events { get; set; }

        /// <summary>Positions of documents; each range's events are documents.</summary>
        public List<LineageRange> Ranges { get; init; } = [];

        /// <summary>Positions of a partition come in order, also after a repartition.</summary>
        public void Came(string topic, int partition, long offset)
        {
            var last = Ranges.FindLastIndex(r => r.Partition == partition && r.Topic == topic);
            if (last >= 0 && Ranges[last].LastOffset == offset) return;
            if (last >= 0 && Ranges[last].LastOffset == offset - 1) Ranges[last] = Ranges[last] with { LastOffset = offset, Events = Ranges[last].Events + 1 };
            else Ranges.Add(new() { Topic = topic, Partition = partition, FirstOffset = offset, LastOffset = offset, Events = 1 });
        }

        public ErpDocumentLine ToLine(int number, string product, string meter) => new()
        {
            Line = number, Product = product, Meter = meter, Quantity = Quantity, RatedAmount = Rated, Amount = Amount, Windows = Windows, Events = Events,
            Lineage = [.. Ranges.OrderBy(r => r.Partition).ThenBy(r => r.FirstOffset)],
        };
    }

    sealed class LineOrder : IComparer<(string Product, string Meter)>
    {
        public static readonly LineOrder Instance = new();

        public int Compare((string Product, string Meter) x, (string Product, string Meter) y) =>
            string.CompareOrdinal(x.Product, y.Product) is var first and not 0 ? first : string.CompareOrdinal(x.Meter, y.Meter);
    }
}
