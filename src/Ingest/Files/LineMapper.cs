using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Streams.Ingest.Events;
using Streams.Schemas;

namespace Streams.Ingest.Files;

/// <summary>
/// Makes a line's events. Their ids follow from mapping, line number, the line's bytes and meter alone, wherever the file lies and however it is called,
/// so that importing it again adds nothing.
/// </summary>
sealed class LineMapper(ImportMapping mapping, ILineFormat format, UsageEventRules rules)
{
    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>All events of the line, none for a header; one bad field refuses the whole line.</summary>
    /// <exception cref="EventRefusedException">A field breaks a rule.</exception>
    /// <exception cref="LineRefusedException">The line as such cannot be read.</exception>
    public IReadOnlyList<UsageEvent> Map(FileLine line)
    {
        if (line.TooLong) throw new LineRefusedException($"has more than {LineReader.MaxRecordBytes} bytes");
        if (format.Split(Text(line)) is not { } columns) return [];
        string Column(string name) => columns.TryGetValue(name, out var value) ? value : throw new EventRefusedException(RefusalCodes.FieldMissing, name, "is no column of this line");
        var time = mapping.Time.Read(Column(mapping.Time.Column));
        var customer = mapping.Customer.Read(Column, line.Number);
        var dimensions = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (dimension, column) in mapping.Dimensions) dimensions.Add(dimension, Column(column));
        var events = new List<UsageEvent>(mapping.Events.Count);
        foreach (var e in mapping.Events)
        {
            if (e.Column is not null && Column(e.Column) == e.AbsentWhen) continue;
            var quantity = Quantities.FromText(e.Constant ?? Column(e.Column!), e.Column ?? e.Meter);
            var usage = Create(line, e.Meter, time, customer, quantity, dimensions);
            rules.Check(usage);
            events.Add(usage);
        }
        return events;
    }

    UsageEvent Create(FileLine line, string meter, Timestamp time, string customer, ExactDecimal quantity, SortedDictionary<string, string> dimensions)
    {
        var id = Id(line, meter);
        return new()
        {
            Id = id,
            Source = mapping.Source,
            CustomerId = customer,
            Meter = meter,
            OccurredAt = time,
            Quantity = quantity,
            Dimensions = dimensions,
            CorrelationId = EventIdentity.CorrelationId(mapping.Source, id),
        };
    }

    string Id(FileLine line, string meter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{mapping.Id}\0{line.Number.ToString(CultureInfo.InvariantCulture)}\0{meter}\0"));
        hash.AppendData(line.Bytes.Span);
        return EventIdentity.Hex(hash.GetHashAndReset());
    }

    static string Text(FileLine line)
    {
        try
        {
            return StrictUtf8.GetString(line.Bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new LineRefusedException("is not valid UTF-8");
        }
    }
}
