using Streams.Broker.Api;
using Streams.Broker.Fuzz.Wire;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>A frame (without its length) and where its lengths and counts stand.</summary>
internal sealed record Frame(byte[] Bytes, IReadOnlyList<(int Position, int Size)> Lengths)
{
    public short Key => (short)((Bytes[0] << 8) | Bytes[1]);

    public short Version => (short)((Bytes[2] << 8) | Bytes[3]);
}

/// <summary>Valid requests of every layout, with names and numbers that mean something to the broker often enough to get far into it.</summary>
internal sealed class Seeds(Random random)
{
    public static readonly string[] Topics = ["one", "two", "three"];
    private static readonly string[] Groups = ["g1", "g2", ""];
    private static readonly string[] Ids = ["tx1", "tx2", ""];
    private static readonly Format[] Formats = [.. Format.Requests.Where(f => Apis.Find(f.Key) is { } api && f.Min <= api.Max && f.Max >= api.Min)];
    private int _correlation;

    public Frame Next()
    {
        var format = Formats[random.Next(Formats.Length)];
        // Batches and fetches are where most of the broker's work with bytes is.
        if (random.Next(4) == 0) format = random.Next(3) > 0 ? Format.Find(0, true, (short)random.Next(3, 12))! : Format.Find(1, true, (short)random.Next(4, 17))!;
        var api = Apis.Find(format.Key)!;
        return Of(format, (short)random.Next(Math.Max(format.Min, api.Min), Math.Min(format.Max, api.Max) + 1));
    }

    /// <summary>A valid request of one version; a produce that is answered where <paramref name="answered"/> is asked for.</summary>
    public Frame Of(Format format, short version, bool answered = false)
    {
        var body = Fill(format.Fields);
        if (format.Key == 0 && answered) body.Values[1] = -1L;
        var writer = WireWriter.Request(format, version, ++_correlation, random.Next(10) == 0 ? null : "fuzz", body);
        return new Frame(writer.ToArray(), writer.Lengths);
    }

    private Struct Fill(IReadOnlyList<Field> fields)
    {
        var values = fields.Where(f => f.Tag is null).Select(Value).ToArray();
        List<(uint, byte[])> tags = random.Next(30) == 0 ? [((uint)random.Next(10, 100), new byte[random.Next(8)])] : [];
        return new Struct(values, tags);
    }

    private object? Value(Field field)
    {
        if (field.Nullable && random.Next(4) == 0) return null;
        if (!field.Array) return Single(field);
        var elements = new object?[random.Next(10) == 0 ? 0 : random.Next(1, 3)];
        for (var i = 0; i < elements.Length; i++) elements[i] = Single(field);
        return elements;
    }

    private object? Single(Field field) => field.Type switch
    {
        "" => Fill(field.Fields),
        "bool" => (long)random.Next(2),
        "i8" => (long)random.Next(-1, 4),
        "i16" or "i32" or "i64" => Number(field.Name),
        "uuid" => random.Next(2) == 0 ? Guid.Empty : new Guid(random.Next(), 0, 0, new byte[8]),
        "nstr" => random.Next(3) == 0 ? null : Text(field.Name),
        "str" => Text(field.Name),
        "records" => random.Next(12) == 0 ? null : Records(),
        "nbytes" when random.Next(4) == 0 => null,
        _ => Blob(),
    };

    private byte[] Records()
    {
        var producer = random.Next(3) == 0 ? random.Next(4) : -1;
        var batch = Batches.Create(random.Next(1, 6), producer, (short)(producer < 0 ? -1 : 0), producer < 0 ? -1 : random.Next(3) * 5, (short)(random.Next(3) switch { 0 => 1, 1 => random.Next(32), _ => 0 }));
        return random.Next(2) == 0 ? batch : Batches.Spoil(batch, random);
    }

    private byte[] Blob()
    {
        var bytes = new byte[random.Next(40)];
        random.NextBytes(bytes);
        return bytes;
    }

    private string Text(string field) => field switch
    {
        _ when random.Next(40) == 0 => new string('x', random.Next(300)),
        "group_id" or "groups" or "groups_names" => Groups[random.Next(Groups.Length)],
        _ when field.Contains("transactional_id", StringComparison.Ordinal) => Ids[random.Next(Ids.Length)],
        "member_id" or "leader" => random.Next(2) == 0 ? "" : "member",
        "protocol_type" => "consumer",
        "topic" or "topic_name" or "name" or "resource_name" or "topic_names" => random.Next(12) == 0 ? "range" : Topics[random.Next(Topics.Length)],
        _ => random.Next(3) switch { 0 => "", 1 => "retention.ms", _ => "1000" },
    };

    private long Number(string field) => field switch
    {
        _ when random.Next(60) == 0 => Batches.Odd(random),
        "acks" => random.Next(-1, 2),
        "max_wait_ms" => random.Next(5),
        "min_bytes" => random.Next(2),
        "max_bytes" or "partition_max_bytes" => random.Next(1 << 20),
        "num_partitions" => random.Next(-1, 4),
        "count" => random.Next(1, 6),
        "replication_factor" => random.Next(-1, 2),
        "timestamp" => random.Next(-4, 10),
        "epoch" or "producer_epoch" or "generation_id" or "v3_and_below_producer_epoch" => random.Next(-1, 3),
        "producer_id" or "v3_and_below_producer_id" => random.Next(-1, 4),
        "session_timeout_ms" or "rebalance_timeout_ms" => 6000,
        "transaction_timeout_ms" => 60_000,
        "config_operation" => random.Next(5),
        "resource_type" => 2,
        _ => random.Next(-1, 6),
    };
}
