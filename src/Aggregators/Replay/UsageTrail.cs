using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Streams.Aggregators.Billing;
using Streams.Rating.Meters;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Aggregators.Replay;

/// <summary>An event that counts, and where it stands; what replaces a corrected one stands where its correction does.</summary>
public sealed record TrailEvent(long Offset, string Source, string Id, string Customer, string Meter, MeterEvent Usage);

/// <summary>The events that were accepted of those asked for, without what corrections took back: from lines to events and from events to lines.</summary>
/// <param name="most">How many it holds at once.</param>
public sealed class UsageTrail(int most)
{
    readonly Dictionary<UInt128, TrailEvent> _events = [];

    public IReadOnlyCollection<TrailEvent> Events => _events.Values;

    /// <summary>Takes a record that was accepted.</summary>
    /// <exception cref="ReplayException">There are too many.</exception>
    public void Add(in Streams.Streaming.Record record)
    {
        if (Read(record.Value) is not { } usage) return;
        var identity = UsageCorrection.IdentityOf(usage.Source, usage.Id);
        var counts = UsageCorrection.Plain(usage, identity);
        if (UsageCorrection.IsOne(usage))
        {
            if (UsageCorrection.Read(usage, identity, out _) is not { } correction) return;
            _events.Remove(correction.Original.Id);
            if (correction.Replacement is not { } replacement) return;
            counts = replacement;
        }
        if (_events.Count >= most) throw new ReplayException($"There are more than {most} events: ask for less");
        _events[identity] = new(record.Offset, usage.Source, usage.Id, usage.CustomerId, usage.Meter, counts);
    }

    /// <summary>The events behind a line, in the order of the stream.</summary>
    public IReadOnlyList<TrailEvent> Of(string customer, LineUsage line) =>
        [.. _events.Values.Where(e => e.Customer == customer && e.Meter == line.Meter.Id && line.Holds(e.Usage)).OrderBy(e => e.Offset)];

    /// <summary>SHA-256 over the events' identities (16 bytes each, big-endian) in ascending order, as 64 hexadecimal digits.</summary>
    public static string Hash(IEnumerable<TrailEvent> events)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[16];
        foreach (var identity in events.Select(e => e.Usage.Id).Order())
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes, identity);
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A usage event of the current schema; null: none.</summary>
    public static UsageEvent? Read(ReadOnlySpan<byte> value)
    {
        try
        {
            return WireFormat.TryRead(value, out _, out var payload) ? UsageEvent.Read(payload) : null;
        }
        catch (Schemas.Avro.AvroException)
        {
            return null;
        }
    }

    /// <summary>Whether a record's bytes hold a source and an id at all: cheaper than to read it.</summary>
    public static bool MayBe(ReadOnlySpan<byte> value, string source, string id) => value.IndexOf(Encoding.UTF8.GetBytes(id)) >= 0 && value.IndexOf(Encoding.UTF8.GetBytes(source)) >= 0;
}
